//! A stack with a WebSocket API, a queue, a schedule and the retries of an alias.

use tokio_tungstenite::{client_async, tungstenite};

use super::*;

/// The template of [`super::template`] with a WebSocket API in front of its function, in place of the
/// HTTP API.
fn template_with_socket() -> Value {
    let mut template = template("One");
    let resources = template["Resources"].as_object_mut().unwrap();
    for gone in ["Api", "Integration", "Permission", "Route"] {
        resources.remove(gone);
    }
    let added = json!({
        "Socket": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {
            "Name": "x", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.type",
        }},
        "Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
            "ApiId": {"Ref": "Socket"}, "IntegrationType": "AWS_PROXY", "IntegrationMethod": "POST",
            "IntegrationUri": {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Alias}/invocations"},
        }},
        "Permission": {"Type": "AWS::Lambda::Permission", "Properties": {
            "Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Alias"},
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Socket}/*"},
        }},
        "Route": {"Type": "AWS::ApiGatewayV2::Route", "Properties": {
            "ApiId": {"Ref": "Socket"}, "RouteKey": "$default",
            "RouteResponseSelectionExpression": "$default",
            "Target": {"Fn::Sub": "integrations/${Integration}"},
        }},
        "Response": {"Type": "AWS::ApiGatewayV2::RouteResponse", "Properties": {
            "ApiId": {"Ref": "Socket"}, "RouteId": {"Fn::GetAtt": ["Route", "RouteId"]},
            "RouteResponseKey": "$default",
        }},
        "Stage": {"Type": "AWS::ApiGatewayV2::Stage", "DependsOn": ["Route"], "Properties": {
            "ApiId": {"Ref": "Socket"}, "StageName": "live", "AutoDeploy": true,
            "DefaultRouteSettings": {"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 100},
        }},
        "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "dead", "MessageRetentionPeriod": 60}},
        "Retries": {"Type": "AWS::Lambda::EventInvokeConfig", "DependsOn": ["Alias"], "Properties": {
            "FunctionName": {"Ref": "Function"}, "Qualifier": "live",
            "MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60,
            "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Dead", "Arn"]}}},
        }},
        "Schedule": {"Type": "AWS::Scheduler::Schedule", "DependsOn": ["Retries"], "Properties": {
            "Name": "sweep", "ScheduleExpression": "rate(1 minute)", "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": {"Ref": "Alias"}, "RoleArn": "arn:x", "Input": "{\"body\":\"exit\"}"},
        }},
    });
    for (id, resource) in added.as_object().unwrap() {
        resources.insert(id.clone(), resource.clone());
    }
    template["Outputs"] = json!({
        "apiUrl": {"Value": {"Fn::Join": ["", [{"Fn::GetAtt": ["Socket", "ApiEndpoint"]}, "/live"]]}},
    });
    template
}

/// Sends a message and gives what comes back.
async fn ask(url: &str, message: &str) -> String {
    use futures_util::{SinkExt, StreamExt};
    let address = url.trim_start_matches("ws://").split('/').next().unwrap();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut socket, _) = client_async(url, stream).await.unwrap();
    socket
        .send(tungstenite::Message::text(message))
        .await
        .unwrap();
    let answer = tokio::time::timeout(LONG, socket.next()).await.unwrap();
    answer
        .unwrap()
        .unwrap()
        .into_text()
        .unwrap()
        .as_str()
        .to_owned()
}

#[tokio::test]
async fn a_websocket_api_a_schedule_and_a_queue_are_as_the_template_says() {
    let stage = Stage::new().await;
    stage.build("One");
    let template = template_with_socket();
    for (id, resource) in template["Resources"].as_object().unwrap() {
        let kind = resource["Type"].as_str().unwrap();
        let provider = provider(kind).unwrap();
        assert_eq!(provider.refuse(&resource["Properties"]), [""; 0], "{id}");
    }
    let deployed = stage.apply(&template).await.unwrap();
    let url = deployed.outputs["apiUrl"].clone();
    assert_eq!(ask(&url, "x").await, "One");
    // The schedule ticks at once, and its function fails: a dead letter.
    let dead = "arn:aws:sqs:us-east-1:000000000000:dead";
    let begun = Instant::now();
    while stage.running.queues.messages(dead).is_empty() {
        assert!(begun.elapsed() < LONG, "the schedule does not tick");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The next supervisor listens on the same port, and the dead letter is still there.
    let stage = stage.again().await;
    assert_eq!(ask(&url, "x").await, "One");
    assert!(!stage.running.queues.messages(dead).is_empty());
    let record = |id: &str| {
        let mut records = stage.records.of("api").into_iter();
        records.find(|record| record.logical_id == id).unwrap()
    };
    for id in ["Socket", "Schedule", "Dead", "Response", "Retries"] {
        let record = record(id);
        let provider = provider(&record.resource_type).unwrap();
        let (health, detail) = provider.health(&stage.running, &record).await;
        assert_eq!(health, crate::target::Health::Ok, "{id}: {detail}");
    }
    let (progress, stack) = (Progress::silent(), "api");
    let update = Update {
        running: &stage.running,
        records: &stage.records,
        progress: &progress,
        stack,
    };
    update.delete().await.unwrap();
    let address = url.trim_start_matches("ws://").split('/').next().unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert!(!stage.running.schedules.runs("sweep"));
    assert!(!stage.files.queue("dead").exists());
}

#[tokio::test]
async fn what_aws_refuses_of_a_websocket_api_is_refused() {
    let stage = Stage::new().await;
    stage.build("One");
    let broken = [
        ("Stage", "StageName", json!("$default")),
        ("Route", "RouteKey", json!("GET /x")),
        ("Integration", "IntegrationUri", json!({"Ref": "Alias"})),
        ("Retries", "Qualifier", json!("other")),
        (
            "Schedule",
            "Target",
            json!({"Arn": "arn:nobody", "RoleArn": "x"}),
        ),
    ];
    for (id, property, value) in broken {
        let mut template = template_with_socket();
        template["Resources"][id]["Properties"][property] = value;
        let error = stage.apply(&template).await.unwrap_err();
        assert!(error.message().starts_with(id), "{id}: {error}");
    }
    // A stage before its routes.
    let mut template = template_with_socket();
    let resources = template["Resources"].as_object_mut().unwrap();
    for gone in ["Route", "Response"] {
        resources.remove(gone);
    }
    resources["Stage"]
        .as_object_mut()
        .unwrap()
        .remove("DependsOn");
    let stage = Stage::new().await;
    stage.build("One");
    let error = stage.apply(&template).await.unwrap_err();
    assert_eq!(
        error.causes(),
        ["At least one route is required before deploying the Api."]
    );
}

#[test]
fn what_aws_refuses_of_a_websocket_api_is_refused_before_anything_starts() {
    let refused = |kind: &str, properties: Value| provider(kind).unwrap().refuse(&properties).len();
    let api = |properties: Value| refused("AWS::ApiGatewayV2::Api", properties);
    let selection = "$request.body.type";
    assert_eq!(api(json!({"ProtocolType": "WEBSOCKET"})), 1);
    assert_eq!(
        api(json!({"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "x"})),
        1
    );
    assert_eq!(
        api(json!({"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": selection})),
        0
    );
    assert_eq!(
        api(
            json!({"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": selection, "CorsConfiguration": {}})
        ),
        1
    );
    assert_eq!(
        api(json!({"ProtocolType": "HTTP", "RouteSelectionExpression": selection})),
        1
    );
    let route = |key: &str, expression: &str| {
        let properties = json!({"RouteKey": key, "RouteResponseSelectionExpression": expression});
        refused("AWS::ApiGatewayV2::Route", properties)
    };
    assert_eq!(
        (route("$connect", "$default"), route("$other", "$default")),
        (0, 1)
    );
    assert_eq!(route("send", "$other"), 1);
    let response = |key: &str| {
        refused(
            "AWS::ApiGatewayV2::RouteResponse",
            json!({"RouteResponseKey": key}),
        )
    };
    assert_eq!((response("$default"), response("other")), (0, 1));
    let live = |properties: Value| refused("AWS::ApiGatewayV2::Stage", properties);
    assert_eq!(live(json!({"StageName": "live", "AutoDeploy": true})), 0);
    assert_eq!(live(json!({"StageName": "live"})), 1);
    assert_eq!(
        live(json!({"StageName": "live", "AutoDeploy": true, "AccessLogSettings": {}})),
        1
    );
    let uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/x/invocations";
    let integration = |properties: Value| {
        let mut all = json!({"IntegrationType": "AWS_PROXY", "IntegrationUri": uri, "IntegrationMethod": "POST"});
        for (name, value) in properties.as_object().unwrap() {
            all[name] = value.clone();
        }
        refused("AWS::ApiGatewayV2::Integration", all)
    };
    assert_eq!(integration(json!({})), 0);
    assert_eq!(integration(json!({"PayloadFormatVersion": "2.0"})), 1);
    assert_eq!(integration(json!({"IntegrationMethod": "GET"})), 1);
}

#[test]
fn what_lambda_and_the_scheduler_refuse_is_refused_before_anything_starts() {
    let refused = |kind: &str, properties: Value| provider(kind).unwrap().refuse(&properties).len();
    let retries = |properties: Value| refused("AWS::Lambda::EventInvokeConfig", properties);
    assert_eq!(
        retries(json!({"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60})),
        0
    );
    assert_eq!(
        retries(json!({"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 59})),
        2
    );
    assert_eq!(retries(json!({"DestinationConfig": {"OnSuccess": {}}})), 1);
    let schedule = |expression: &str, mode: &str, input: &str| {
        let properties = json!({
            "ScheduleExpression": expression, "FlexibleTimeWindow": {"Mode": mode}, "Target": {"Input": input},
        });
        refused("AWS::Scheduler::Schedule", properties)
    };
    assert_eq!(schedule("rate(1 minute)", "OFF", "{}"), 0);
    assert_eq!(schedule("rate(1 minutes)", "FLEXIBLE", "x"), 3);
}

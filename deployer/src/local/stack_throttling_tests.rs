//! The limits of a stage of the API, from the template to the answer.

use super::*;

/// The template with a stage whose routes have these limits, and a second route.
fn limited(settings: Value) -> Value {
    let mut template = template("One");
    template["Resources"]["Stage"] = json!({"Type": "AWS::ApiGatewayV2::Stage", "Properties": {
        "ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": true,
        "DefaultRouteSettings": settings,
    }});
    template["Resources"]["Other"] = json!({"Type": "AWS::ApiGatewayV2::Route", "Properties": {
        "ApiId": {"Ref": "Api"}, "RouteKey": "GET /other",
        "Target": {"Fn::Sub": "integrations/${Integration}"},
    }});
    template
}

#[tokio::test]
async fn the_second_request_of_a_burst_of_one_gets_429() {
    let stage = Stage::new().await;
    stage.build("One");
    // A token an hour: none comes while this runs.
    let seldom = json!({"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 1.0 / 3600.0});
    let deployed = stage.apply(&limited(seldom.clone())).await.unwrap();
    let url = deployed.outputs["apiUrl"].clone();
    let other = format!("{url}other");
    let answers = async || {
        let mut answers = Vec::new();
        for url in [&url, &url, &other] {
            let answer = get(url, LONG).await.unwrap();
            answers.push(format!("{} {}", answer.status.as_u16(), answer.text(100)));
        }
        answers
    };
    let too_many = r#"429 {"message":"Too Many Requests"}"#;
    assert_eq!(answers().await, ["200 One", too_many, "200 One"]);

    // As the limits are changed, they hold.
    let wide = json!({"ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 100});
    stage.apply(&limited(wide)).await.unwrap();
    assert_eq!(answers().await, ["200 One"; 3]);
    stage.apply(&limited(seldom)).await.unwrap();
    // So does the next supervisor.
    let stage = stage.again().await;
    assert_eq!(answers().await, ["200 One", too_many, "200 One"]);

    // Without a stage in the template, nothing is limited.
    stage.apply(&template("One")).await.unwrap();
    for _ in 0..2 {
        assert_eq!(stage.answer(&deployed).await, "One");
    }
}

//! What functions write is what the alarms and the dashboard of the templates read.

use std::{collections::BTreeSet, time::Duration};

use miyabi_tests::{App, Setup, Value, json, until};
use stacks::{Assets, Stage, synth};

/// The line in embedded metric format that a function writes for a request.
async fn written() -> Value {
    let app = App::start().await;
    app.get("/api/health").await.expect(200);
    metrics_of(&app, "docs", 1).await.remove(0)
}

/// The first lines in embedded metric format that a function writes.
async fn metrics_of(app: &App, function: &str, count: usize) -> Vec<Value> {
    until(
        "the metrics are logged",
        Duration::from_secs(10),
        async || {
            let logs = app.logs().await;
            let lines = logs.lines().filter_map(|line| {
                let line: Value = serde_json::from_str(&line[line.find('{')?..]).ok()?;
                (line["_aws"].is_object() && line["function"] == function).then_some(line)
            });
            let lines: Vec<Value> = lines.take(count).collect();
            (lines.len() == count).then_some(lines)
        },
    )
    .await
}

/// What the sweep writes, not a request.
const OF_THE_SWEEP: [&str; 2] = ["outboxLag", "auditDefaultPartition"];

/// Properties of every resource of a type in the templates of `prod`.
fn properties(resource_type: &str) -> Vec<Value> {
    let app = synth(&Stage::built_in("prod").unwrap(), &Assets::placeholder()).unwrap();
    let templates = app.stacks().iter().map(|stack| stack.template());
    templates
        .flat_map(|template| template["Resources"].as_object().unwrap().clone())
        .filter(|(_, resource)| resource["Type"] == resource_type)
        .map(|(_, resource)| resource["Properties"].clone())
        .collect()
}

#[tokio::test]
async fn every_metric_that_is_written_is_read_and_every_alarm_reads_one_that_is_written() {
    let line = written().await;
    let declared = &line["_aws"]["CloudWatchMetrics"][0];
    let namespace = declared["Namespace"].as_str().unwrap();
    let names: BTreeSet<&str> = declared["Metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| metric["Name"].as_str().unwrap())
        .collect();
    let dimensions = &declared["Dimensions"];
    assert_eq!(dimensions.as_array().unwrap().len(), 1);
    // The function that answered, as its line says.
    let values: Vec<&Value> = dimensions[0]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| &line[name.as_str().unwrap()])
        .collect();
    assert_eq!(values, [&json!("local"), &json!("docs")]);

    let mut read = BTreeSet::new();
    let mut of_docs = 0;
    let alarms = properties("AWS::CloudWatch::Alarm");
    for alarm in alarms
        .iter()
        .filter(|alarm| alarm["Namespace"] == namespace)
        .filter(|alarm| !OF_THE_SWEEP.contains(&alarm["MetricName"].as_str().unwrap()))
    {
        let name = alarm["MetricName"].as_str().unwrap();
        assert!(names.contains(name), "nobody writes {name}");
        let by: Vec<&Value> = alarm["Dimensions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|dimension| &dimension["Name"])
            .collect();
        assert_eq!(json!([by]), *dimensions, "{name}");
        of_docs += usize::from(alarm["Dimensions"][1]["Value"] == "docs");
        read.insert(name.to_owned());
    }
    // Of the canary, of the errors and of the cold starts.
    assert_eq!(of_docs, 3, "{read:?}");
    let mut others = BTreeSet::new();
    for dashboard in properties("AWS::CloudWatch::Dashboard") {
        let body = dashboard["DashboardBody"]["Fn::Sub"][0].as_str().unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        for widget in body["widgets"].as_array().unwrap() {
            for metric in widget["properties"]["metrics"].as_array().unwrap() {
                if metric[0] != namespace {
                    others.insert(text_of(&metric[0], &metric[1]));
                    continue;
                }
                assert_eq!(json!([[metric[2], metric[4]]]), *dimensions);
                read.insert(metric[1].as_str().unwrap().to_owned());
            }
        }
    }
    for name in OF_THE_SWEEP {
        assert!(read.remove(name), "{name}: {read:?}");
    }
    assert_eq!(
        read.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        names
    );
    // What is left are metrics of AWS's own.
    let in_alarms: BTreeSet<String> = alarms
        .iter()
        .filter(|alarm| alarm["Namespace"].is_string() && alarm["Namespace"] != namespace)
        .map(|alarm| text_of(&alarm["Namespace"], &alarm["MetricName"]))
        .collect();
    // What raises an alarm is drawn.
    assert_eq!(in_alarms.difference(&others).count(), 0, "{in_alarms:?}");
    assert!(
        in_alarms.contains("AWS/RDS CPUUtilization"),
        "{in_alarms:?}"
    );
}

fn text_of(namespace: &Value, name: &Value) -> String {
    format!("{} {}", namespace.as_str().unwrap(), name.as_str().unwrap())
}

/// Every alarm says what is wrong and what to do; a person who is woken has nothing else.
#[test]
fn every_alarm_has_a_runbook() {
    let alarms = properties("AWS::CloudWatch::Alarm");
    assert!(alarms.len() > 50, "{}", alarms.len());
    for alarm in alarms {
        let text = alarm["AlarmDescription"].as_str().unwrap();
        let (about, runbook) = deployer::alarms::parse_description(text);
        assert!(about.len() > 20 && runbook.len() > 20, "{text}");
    }
}

/// CodeDeploy is not at the emulator, so this follows the chain: what the function writes for its
/// responses raises an alarm of the template, the alarm stops the function's canary, and a canary that
/// was stopped returns the traffic.
#[tokio::test]
async fn fault_42_a_version_that_answers_500_to_everything_stops_its_canary() {
    let setup = Setup {
        // A database that nobody listens for.
        environment: vec![("tasks", "DATABASE_PORT", "1".to_owned())],
        ..Setup::default()
    };
    let app = App::with(setup).await;
    let alice = app.sign_in("alice").await;
    for _ in 0..3 {
        let response = alice.get("/api/tasks").await;
        assert!(response.status.is_server_error(), "{response}");
    }
    let lines = metrics_of(&app, "tasks", 3).await;

    let prod = synth(&Stage::built_in("prod").unwrap(), &Assets::placeholder()).unwrap();
    let api = prod.stack("api").unwrap().template();
    let resources = &api["Resources"];
    let alias = &resources["TasksAlias"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"];
    assert_eq!(alias["DeploymentGroupName"]["Ref"], "TasksDeploymentGroup");
    let group = &resources["TasksDeploymentGroup"]["Properties"];
    let rollback = &group["AutoRollbackConfiguration"];
    assert_eq!(rollback["Enabled"], true);
    let events = rollback["Events"].as_array().unwrap();
    assert!(
        events.contains(&json!("DEPLOYMENT_STOP_ON_ALARM")),
        "{events:?}"
    );
    assert_eq!(group["AlarmConfiguration"]["Enabled"], true);
    let alarms = group["AlarmConfiguration"]["Alarms"].as_array().unwrap();
    let raised = alarms.iter().filter(|alarm| {
        let alarm = &resources[alarm["Name"]["Ref"].as_str().unwrap()]["Properties"];
        is_raised(alarm, &lines)
    });
    assert_eq!(raised.count(), 1, "{lines:?}");
}

/// Whether these lines within a minute raise an alarm, as CloudWatch counts: the sum of the metric
/// with the alarm's dimensions. Only the name of the stage is another one.
fn is_raised(alarm: &Value, lines: &[Value]) -> bool {
    assert_eq!(alarm["Statistic"], "Sum");
    assert_eq!(alarm["ComparisonOperator"], "GreaterThanOrEqualToThreshold");
    let has_its_dimensions = |line: &&Value| {
        let mut dimensions = alarm["Dimensions"].as_array().unwrap().iter();
        dimensions.all(|dimension| {
            let name = dimension["Name"].as_str().unwrap();
            let value = match name {
                "stage" => json!("local"),
                _ => dimension["Value"].clone(),
            };
            line[name] == value
        })
    };
    let metric = alarm["MetricName"].as_str().unwrap();
    let values = lines.iter().filter(has_its_dimensions);
    let sum: f64 = values.filter_map(|line| line[metric].as_f64()).sum();
    sum >= alarm["Threshold"].as_f64().unwrap()
}

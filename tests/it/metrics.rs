//! What functions write is what the alarms and the dashboard of the templates read.

use std::{collections::BTreeSet, time::Duration};

use miyabi_tests::{App, Value, json, until};
use stacks::{Assets, Stage, synth};

/// The line in embedded metric format that a function writes for a request.
async fn written() -> Value {
    let app = App::start().await;
    app.get("/api/health").await.expect(200);
    until(
        "the metrics are logged",
        Duration::from_secs(10),
        async || {
            let logs = app.logs().await;
            logs.lines().find_map(|line| {
                let line: Value = serde_json::from_str(&line[line.find('{')?..]).ok()?;
                line["_aws"].is_object().then_some(line)
            })
        },
    )
    .await
}

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
    assert_eq!(of_docs, 1, "one alarm for each function");
    for dashboard in properties("AWS::CloudWatch::Dashboard") {
        let body: Value =
            serde_json::from_str(dashboard["DashboardBody"].as_str().unwrap()).unwrap();
        for widget in body["widgets"].as_array().unwrap() {
            for metric in widget["properties"]["metrics"].as_array().unwrap() {
                assert_eq!(metric[0], namespace);
                assert_eq!(json!([[metric[2], metric[4]]]), *dimensions);
                read.insert(metric[1].as_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(
        read.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        names
    );
    // What is left are metrics of AWS's own.
    let others: BTreeSet<(&str, &str)> = alarms
        .iter()
        .filter(|alarm| alarm["Namespace"] != namespace)
        .map(|alarm| {
            let text = |key: &str| alarm[key].as_str().unwrap();
            (text("Namespace"), text("MetricName"))
        })
        .collect();
    assert_eq!(others, [("AWS/Lambda", "Errors")].into());
}

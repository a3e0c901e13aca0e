//! Stacks: their order, their bytes, and that YAML says what JSON says.

use cfn::{App, Stack, s3, sns, sqs};

fn pair() -> (Stack, Stack) {
    let mut data = Stack::new("data", "A queue.");
    let queue = data.add("Queue", sqs::Queue::default());
    let arn = data.output("queueArn", queue.arn());
    let mut api = Stack::new("api", "Somebody who listens: \"always\"\n# twice");
    let taken = api.import(&arn);
    api.import(&arn);
    api.add(
        "Topic",
        sns::Topic {
            display_name: Some("yes".into()),
            ..Default::default()
        },
    );
    api.output("sameArn", taken);
    (data, api)
}

#[test]
fn a_stack_comes_after_what_it_takes_from() {
    let (data, api) = pair();
    let mut alone = Stack::new("alone", "Waits for nobody.");
    alone.add("Bucket", s3::Bucket::default());
    let app = App::new([api, data, alone, Stack::new("empty", "Left out.")]);
    let levels: Vec<Vec<&str>> = app
        .levels()
        .unwrap()
        .iter()
        .map(|level| level.iter().map(|stack| stack.name()).collect())
        .collect();
    assert_eq!(levels, [vec!["data", "alone"], vec!["api"]]);
    assert_eq!(app.validate(), []);
}

#[test]
fn a_circle_is_an_error_that_names_it() {
    let (mut data, mut api) = pair();
    let back = api.output("topic", "x");
    data.import(&back);
    let app = App::new([data, api]);
    insta::assert_snapshot!(app.levels().unwrap_err(), @"data.Parameters: These stacks wait for each other: data, api.");
}

#[test]
fn an_output_of_a_stack_that_is_not_there_is_an_error() {
    let (_, api) = pair();
    insta::assert_snapshot!(App::new([api]).levels().unwrap_err(), @"api.Parameters: It takes an output of the stack `data`, which is not there.");
}

#[test]
fn the_same_calls_give_the_same_bytes() {
    assert_eq!(pair().1.yaml(), pair().1.yaml());
}

#[test]
fn yaml_reads_back_as_the_json_it_was_written_from() {
    let awkward = serde_json::json!({
        "empty": {}, "none": [], "texts": ["", " x", "x ", "yes", "1.0", "0x1f", "a: b", "a #b", "- a", "*", "&a", "!x", "%", "@", "`", "{a}", "[b]", "a\tb", "é", "null", "~", "2010-09-09", "'", "\"", "\\"],
        "lines": "function handler(event) {\n  return event; // ok\n}\n",
        "no end": "a\n\nb", "many ends": "a\n\n\n", "starts blank": "\n a", "indented": "  a\nb",
        "nested": [[1, [2, {"a": [{"b": null}]}]], {"x": {"y": [true, false, 1.5, -3]}}],
        "Ref": {"Fn::GetAtt": ["A", "B"]},
        "on": "off", "5": 5,
    });
    let (_, api) = pair();
    for json in [awkward, api.template()] {
        let yaml = cfn::yaml::write(&json);
        let read: serde_json::Value = serde_saphyr::from_str(&yaml).expect(&yaml);
        assert_eq!(read, json, "{yaml}");
    }
}

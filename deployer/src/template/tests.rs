//! Tests of [`super`].

use serde_json::{Value, json};

use super::*;

fn yaml(text: &str) -> Value {
    read(text.as_bytes()).unwrap()
}

fn refused(text: &str) -> String {
    read(text.as_bytes()).unwrap_err().to_string()
}

/// The properties of one resource.
fn properties(text: &str) -> Value {
    let indented = text.replace('\n', "\n      ");
    let template =
        format!("Resources:\n  R:\n    Type: A::B::C\n    Properties:\n      {indented}\n");
    yaml(&template)["Resources"]["R"]["Properties"].clone()
}

#[test]
fn every_short_form_is_its_long_form_nested_or_not() {
    let read = properties(
        "Ref: !Ref Topic
Sub: !Sub 'a-${Topic}'
SubWith: !Sub ['${x}', {x: !Ref Topic}]
Dotted: !GetAtt Db.Endpoint.Port
Listed: !GetAtt [Db, Endpoint.Port]
Join: !Join ['', [a, !Ref B, !Sub '${C}']]
Select: !Select [0, !Split [',', !ImportValue names]]
If: !If [IsProd, !Ref A, !Ref 'AWS::NoValue']
Equals: !Equals [!Ref A, b]
And: !And [!Condition A, !Not [!Condition B], !Or [!Condition C, !Condition D]]
Map: !FindInMap [Sizes, !Ref Stage, db]
Base64:
  Fn::Base64: !Sub |
    #!/bin/sh
    echo ${A}
Code: !Base64 text
Cidr: !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]
Zones: !GetAZs ''
Zone: !Select [1, !GetAZs {Ref: 'AWS::Region'}]
Transform: !Transform {Name: M, Parameters: {a: 1}}
Length: !Length [a, b]",
    );
    assert_eq!(
        read,
        json!({
            "Ref": {"Ref": "Topic"},
            "Sub": {"Fn::Sub": "a-${Topic}"},
            "SubWith": {"Fn::Sub": ["${x}", {"x": {"Ref": "Topic"}}]},
            "Dotted": {"Fn::GetAtt": ["Db", "Endpoint.Port"]},
            "Listed": {"Fn::GetAtt": ["Db", "Endpoint.Port"]},
            "Join": {"Fn::Join": ["", ["a", {"Ref": "B"}, {"Fn::Sub": "${C}"}]]},
            "Select": {"Fn::Select": [0, {"Fn::Split": [",", {"Fn::ImportValue": "names"}]}]},
            "If": {"Fn::If": ["IsProd", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]},
            "Equals": {"Fn::Equals": [{"Ref": "A"}, "b"]},
            "And": {"Fn::And": [{"Condition": "A"}, {"Fn::Not": [{"Condition": "B"}]}, {"Fn::Or": [{"Condition": "C"}, {"Condition": "D"}]}]},
            "Map": {"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "db"]},
            "Base64": {"Fn::Base64": {"Fn::Sub": "#!/bin/sh\necho ${A}\n"}},
            "Code": {"Fn::Base64": "text"},
            "Cidr": {"Fn::Cidr": [{"Fn::GetAtt": ["Vpc", "CidrBlock"]}, 4, 8]},
            "Zones": {"Fn::GetAZs": ""},
            "Zone": {"Fn::Select": [1, {"Fn::GetAZs": {"Ref": "AWS::Region"}}]},
            "Transform": {"Fn::Transform": {"Name": "M", "Parameters": {"a": 1}}},
            "Length": {"Fn::Length": ["a", "b"]}
        })
    );
}

#[test]
fn scalars_are_those_of_yaml_1_1_as_cloudformation_reads_it() {
    let read = properties(
        "A: [yes, No, on, OFF, True, 'yes', y]
B: [0777, 0o17, 010, 0x1F, 0b11, 1_000, 190:20:30, -3, +4]
C: [50.0, 1.5e3, .5, 1e2, -1., 1.10]
D: [2012-10-17, 2001-12-14t21:59:43.10-05:00, 15.7.1, 10:30:70, 0:30]
E: [123456789012, 012345678901, 18446744073709551616, 012]
F: [!!str 123, !!int '7', !!bool 'yes', !!float '1', ! 12]
Version: 2012-10-17",
    );
    assert_eq!(
        read,
        json!({
            "A": [true, false, true, false, true, "yes", "y"],
            "B": [511, "0o17", 8, 31, 3, 1000, 685_230, -3, 4],
            "C": [50.0, 1500.0, 0.5, 100.0, -1.0, 1.1],
            "D": ["2012-10-17", "2001-12-14t21:59:43.10-05:00", "15.7.1", "10:30:70", "0:30"],
            "E": [123_456_789_012_u64, "1.2345678901E10", "18446744073709551616", 10],
            "F": ["123", 7, true, 1, "12"],
            "Version": "2012-10-17"
        })
    );
}

const QUEUE: &str = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: !Sub '${AWS::StackName}-q'\n";

#[test]
fn every_form_of_get_template_is_the_template() {
    let template = yaml(QUEUE);
    let text = template.to_string();
    let with_stages =
        |body: Value| json!({"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]});
    let indented = |depth: usize| QUEUE.replace('\n', &format!("\n{}", " ".repeat(depth)));
    let forms = [
        text.clone(),
        serde_json::to_string_pretty(&template).unwrap(),
        serde_json::to_string_pretty(&template)
            .unwrap()
            .replace("  ", "\t"),
        with_stages(template.clone()).to_string(),
        serde_json::to_string_pretty(&with_stages(QUEUE.into())).unwrap(),
        with_stages(text.clone().into()).to_string(),
        Value::String(QUEUE.to_owned()).to_string(),
        Value::String(text.clone()).to_string(),
        format!(
            "StagesAvailable:\n- Original\n- Processed\nTemplateBody:\n  {}",
            indented(2)
        ),
        format!(
            "StagesAvailable: [Original]\nTemplateBody: |\n  {}",
            indented(2)
        ),
        format!(
            "- StagesAvailable: [Original]\n  TemplateBody: {}\n",
            json!(QUEUE)
        ),
        format!("# by hand\n---\n{QUEUE}...\n"),
        QUEUE.replace('\n', "\r\n"),
        "{Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub '${AWS::StackName}-q'}}}}"
            .to_owned(),
    ];
    for form in forms {
        assert_eq!(read(form.as_bytes()).as_ref(), Ok(&template), "{form}");
        let marked = format!("\u{feff}{form}");
        assert_eq!(read(marked.as_bytes()).as_ref(), Ok(&template), "{form}");
        let little: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&little).as_ref(), Ok(&template), "{form}");
        assert_eq!(read(&big).as_ref(), Ok(&template), "{form}");
    }
}

#[test]
fn what_cannot_be_read_is_an_error_with_line_and_key() {
    let told = [
        "",
        "\n \n",
        "Resources: [\n",
        "Outputs: {}\n",
        "Resources:\n  - a\n",
        "Resources:\n  A:\n    Properties: {}\n",
        "Resources:\n  A:\n    Type: T\n  A:\n    Type: T\n",
        "Resources:\n  A:\n    Type: T\n    Properties:\n      B: 1\n      \"B\": 2\n",
        "{\"Resources\": {\"A\": {\"Type\": \"T\",\n \"Properties\": {\"B\": 1, \"B\": 2}}}}",
        "Resources:\n  A:\n    Type: T\n    Properties:\n      B: !Reference C\n",
        "Resources:\n  A: &a\n    Type: T\n  B: *a\n",
        "Resources:\n  A:\n    Type: T\n    Properties:\n      <<: {a: 1}\n",
        "Resources:\n  A:\n    Type: T\n    Properties:\n      B:\n",
        "Resources:\n  A:\n    Type: T\n    Properties:\n      B: !!binary aGk=\n",
        "Resources:\n  A:\n    Type: T\n    Properties:\n      B: !GetAtt C\n",
        "Resources:\n  A:\n    Type: T\n    Properties:\n      ? [a, b]\n      : 1\n",
        "Resources: {}\n---\nResources: {}\n",
        "{\"Resources\": {\"A\": {\"Type\": \"T\"}}",
        "Resources:\n  A:\n    Type: T\n   B: 1\n",
        "just text",
        "{\"TemplateBody\": \"\", \"StagesAvailable\": []}",
    ]
    .map(|text| format!("{text:?}\n  {}\n", refused(text)));
    insta::assert_snapshot!(told.concat());
}

#[test]
fn neither_deep_nesting_nor_other_bytes_end_the_process() {
    let deep = format!("Resources: {}{}", "[".repeat(5000), "]".repeat(5000));
    assert!(read(deep.as_bytes()).is_err());
    let deep = format!(
        "{{\"Resources\": {}{}}}",
        "[".repeat(5000),
        "]".repeat(5000)
    );
    assert!(read(deep.as_bytes()).is_err());
    for bytes in [
        &b"\xff\xfeR"[..],
        b"\xfe\xff\xd8\x00",
        b"Resources:\n  \xc3\x28: 1",
    ] {
        assert!(read(bytes).is_err(), "{bytes:?}");
    }
}

fn same(a: Value, b: Value) -> bool {
    equal(&a, &b, &[], &|path| path == ["Set"])
}

#[test]
fn spellings_of_one_value_are_equal_and_others_are_not() {
    let statement = |action: Value| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
    let equal = [
        (json!(50), json!(50.0)),
        (json!(50), json!("50")),
        (json!(true), json!("true")),
        (
            json!({"Fn::GetAtt": "A.B.C"}),
            json!({"Fn::GetAtt": ["A", "B.C"]}),
        ),
        (
            json!({"Fn::GetAtt": ["A", "B", "C"]}),
            json!({"Fn::GetAtt": ["A", "B.C"]}),
        ),
        (json!({"Fn::Sub": "${A}"}), json!({"Ref": "A"})),
        (
            json!({"Fn::Sub": ["${A.B}", {}]}),
            json!({"Fn::GetAtt": ["A", "B"]}),
        ),
        (json!({"Fn::Sub": "plain"}), json!("plain")),
        (json!({"Fn::Join": ["-", ["a", 1]]}), json!("a-1")),
        (
            json!({"Fn::Join": ["-", [{"Ref": "A"}]]}),
            json!({"Ref": "A"}),
        ),
        (json!({"Set": ["b", "a"]}), json!({"Set": ["a", "b"]})),
        (
            json!([{"Key": "a", "Value": 1}, {"Key": "b", "Value": 2}]),
            json!([{"Value": "2", "Key": "b"}, {"Key": "a", "Value": "1"}]),
        ),
        (
            json!({"A": 1, "B": {"Ref": "AWS::NoValue"}}),
            json!({"A": 1}),
        ),
        (
            statement(json!("s3:GetObject")),
            statement(json!(["S3:getobject"])),
        ),
        (
            statement(json!(["a:B", "c:D"])),
            statement(json!(["c:D", "a:B", "a:B"])),
        ),
        (
            statement(json!("a:B")),
            json!(statement(json!(["a:B"])).to_string()),
        ),
        (
            json!({"Statement": {"Effect": "Allow", "Action": "a:B", "Principal": "*"}}),
            json!({"Statement": [{"Principal": {"AWS": ["*"]}, "Action": ["a:B"], "Effect": "Allow"}]}),
        ),
        (
            json!({"Statement": [{"Effect": "Allow", "Action": "a:B", "Condition": {"Bool": {"x": true}}}]}),
            json!({"Statement": [{"Effect": "Allow", "Action": "a:B", "Condition": {"Bool": {"x": ["true"]}}}]}),
        ),
        (
            json!({"Statement": [{"Effect": "Allow", "Action": "a:B", "Principal": {"AWS": "123456789012"}}]}),
            json!({"Statement": [{"Effect": "Allow", "Action": "a:B", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}]}),
        ),
    ];
    for (a, b) in equal {
        assert!(same(a.clone(), b.clone()), "{a} is {b}");
    }
    let different = [
        (json!("1.10"), json!("1.1")),
        (json!("050"), json!(50)),
        (json!({"Ref": "A"}), json!("A")),
        (json!(["b", "a"]), json!(["a", "b"])),
        (json!({"Fn::Sub": "${!A}"}), json!({"Ref": "A"})),
        (json!({"Fn::Sub": "${A}${B}"}), json!({"Ref": "A}${B"})),
        (
            json!({"A": {"Ref": "AWS::NoValue"}}),
            json!({"A": {"Ref": "B"}}),
        ),
        (statement(json!("s3:*")), statement(json!("s3:GetObject"))),
        (
            json!({"Statement": [{"Effect": "Allow", "Action": "a:B", "Condition": {"Bool": {"x": true}}}]}),
            json!({"Statement": [{"Effect": "Allow", "Action": "a:B"}]}),
        ),
        (
            json!(9_007_199_254_740_993_u64),
            json!(9_007_199_254_740_992_u64),
        ),
    ];
    for (a, b) in different {
        assert!(!same(a.clone(), b.clone()), "{a} is not {b}");
    }
}

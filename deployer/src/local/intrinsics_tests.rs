//! Intrinsic functions of CloudFormation, and those that cannot be computed.

use super::*;

fn scope() -> Scope {
    Scope {
        parameters: [("Host".to_owned(), "127.0.0.1:8788".to_owned())].into(),
        resources: [(
            "Api".to_owned(),
            (
                "api-1".to_owned(),
                [("Arn".to_owned(), json!("arn:x"))].into(),
            ),
        )]
        .into(),
        stack_name: "miyabi-local-api".to_owned(),
    }
}

#[test]
fn intrinsics_give_what_cloudformation_gives() {
    let cases = [
        (json!({"Ref": "Api"}), json!("api-1")),
        (json!({"Fn::GetAtt": ["Api", "Arn"]}), json!("arn:x")),
        (
            json!({"Fn::Sub": "${Api}-${Api.Arn}-${!x}-${AWS::Region}"}),
            json!("api-1-arn:x-${x}-us-east-1"),
        ),
        (
            json!({"Fn::Sub": ["{\"a\":\"${A}\"}", {"A": {"Ref": "Api"}}]}),
            json!("{\"a\":\"api-1\"}"),
        ),
        (
            json!({"Fn::Join": ["", ["https://", {"Ref": "Host"}]]}),
            json!("http://127.0.0.1:8788"),
        ),
        (
            json!({"Fn::Select": [1, {"Fn::Split": [":", "a:b:c"]}]}),
            json!("b"),
        ),
        (
            json!({"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/16", 4, 12]}]}),
            json!("10.0.16.0/20"),
        ),
        (
            json!({"Fn::Sub": "rediss://${Host}"}),
            json!("rediss://127.0.0.1:8788"),
        ),
        (
            json!([{"a": {"Ref": "Host"}}]),
            json!([{"a": "127.0.0.1:8788"}]),
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(scope().resolve(&value), Ok(expected), "{value}");
    }
}

#[test]
fn what_cannot_be_computed_says_why() {
    let cases = [
        json!({"Ref": "Nobody"}),
        json!({"Fn::GetAtt": ["Api", "Url"]}),
        json!({"Fn::ImportValue": "x"}),
    ];
    let said: Vec<String> = cases
        .iter()
        .map(|value| scope().resolve(value).unwrap_err())
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r"
        There is no `Nobody` to refer to.
        The local target gives `Api` no attribute `Url`.
        The local target does not know `Fn::ImportValue` with this argument.
        ");
}

//! What is wrong with a template is said all at once, with stack, resource and property.

use cfn::{Intrinsic, Stack, lambda, s3, validate, validate_template};
use serde_json::json;

fn said(problems: &[cfn::Problem]) -> String {
    problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect()
}

#[test]
fn a_good_template_has_no_problem() {
    let mut stack = Stack::new("data", "A bucket.");
    stack.add("Bucket", s3::Bucket::default());
    assert_eq!(validate(&stack), []);
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let mut stack = Stack::new("api", "Wrong in many ways.");
    let code = lambda::FunctionCode {
        s3_bucket: Some("assets".into()),
        ..Default::default()
    };
    let function = lambda::Function {
        memory_size: Some(64.into()),
        function_name: Some("a name with blanks".into()),
        kms_key_arn: Some(Intrinsic::get_att("Key", "Arn").into()),
        ..lambda::Function::new(code.clone(), Intrinsic::reference("NoRole"))
    };
    stack.add("Hello", function);
    let url = stack.add("Bad-Id", s3::Bucket::default());
    stack.add("Twice", s3::Bucket::default());
    stack.add("Twice", s3::Bucket::default());
    stack.output("url", Intrinsic::get_att(url.logical_id(), "Url"));
    insta::assert_snapshot!(said(&validate(&stack)));
}

#[test]
fn a_template_of_others_is_checked_too() {
    let template = json!({
        "Resources": {
            "Queue": { "Type": "AWS::SQS::Queue", "Properties": { "FifoQeue": true, "DelaySeconds": "five" } },
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": { "Code": { "S3Key": 5 }, "Architectures": ["arm"], "Timeout": 901 },
                "DependsOn": "Nothing",
                "DeletionPolicy": "Keep",
                "Propertys": {},
            },
            "Thing": { "Type": "AWS::No::Such" },
            "Policy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {
                    "Bucket": { "Fn::Sub": "${Buckett}-${!literal}-${AWS::Region}" },
                    "PolicyDocument": { "Fn::Sub": ["${Name}", { "Name": { "Ref": "Gone" } }] },
                },
            },
        }
    });
    insta::assert_snapshot!(said(&validate_template("other", &template)));
}

#[test]
fn more_than_cloudformation_takes_is_said() {
    let mut stack = Stack::new("big", "Too many.");
    for number in 0..501 {
        stack.add(format!("Bucket{number}"), s3::Bucket::default());
    }
    insta::assert_snapshot!(said(&validate(&stack)), @"big.Resources: There are 501; CloudFormation takes 500 at most.");
}

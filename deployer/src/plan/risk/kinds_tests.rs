//! The kinds of risk and their order.

use serde_json::json;

use super::*;
use crate::plan::rules::Schemas;

struct NoFacts;
impl Schemas for NoFacts {
    fn create_only(&self, resource_type: &str) -> Vec<String> {
        if resource_type == "AWS::RDS::DBInstance" {
            vec!["Name".to_owned()]
        } else {
            Vec::new()
        }
    }
    fn conditional_create_only(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
    fn custom_name(&self, _: &str) -> Option<String> {
        None
    }
    fn is_unordered(&self, _: &str, _: &[String]) -> bool {
        false
    }
}

fn told(old: Value, new: Value) -> String {
    let (old, new) = (json!({"Resources": old}), json!({"Resources": new}));
    let changes = crate::plan::diff::diff(&old, &new, &Default::default(), &NoFacts);
    risks("data", &old, &new, &changes)
        .iter()
        .map(|risk| format!("{:?} {}: {}\n", risk.kind, risk.logical_id, risk.detail))
        .collect()
}

fn role(actions: Value, resource: &str) -> Value {
    json!({"Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource}]}}]}}})
}

#[test]
fn a_policy_that_allows_more_is_told_and_one_that_allows_less_is_not() {
    let narrow = role(json!(["rds-db:connect"]), "arn:db");
    let wide = role(json!(["rds-db:connect", "s3:GetObject"]), "arn:db");
    insta::assert_snapshot!(told(narrow.clone(), wide.clone()), @"Permissions Role: Allow s3:GetObject on arn:db");
    assert_eq!(told(wide, narrow.clone()), "");
    insta::assert_snapshot!(told(narrow, role(json!("rds-db:connect"), "*")), @"Permissions Role: Allow rds-db:connect on *");
}

#[test]
fn a_lifted_denial_is_told() {
    let with = |effect: &str| {
        json!({"P": {"Type": "AWS::S3::BucketPolicy", "Properties": {"PolicyDocument": {"Statement": [
            {"Effect": effect, "Action": "s3:*", "Resource": "b", "Principal": "*"}]}}}})
    };
    insta::assert_snapshot!(told(with("Deny"), with("Allow")), @"
    PublicAccess P: anybody may do s3:*
    Permissions P: Allow s3:* on b to *
    Permissions P: no longer: Deny s3:* on b to *
    ");
}

#[test]
fn lost_data_and_opened_doors_are_told_worst_first() {
    let old = json!({
        "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"SecurityGroupIngress": []}},
        "Site": {"Type": "AWS::S3::Bucket", "Properties": {"PublicAccessBlockConfiguration": {"BlockPublicAcls": true}}},
        "Db": {"Type": "AWS::RDS::DBInstance", "UpdateReplacePolicy": "Snapshot", "Properties": {"Name": "a"}},
        "Secret": {"Type": "AWS::SecretsManager::Secret"}
    });
    let new = json!({
        "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"SecurityGroupIngress": [{"CidrIp": "0.0.0.0/0", "FromPort": 5432}]}},
        "Site": {"Type": "AWS::S3::Bucket"},
        "Db": {"Type": "AWS::RDS::DBInstance", "UpdateReplacePolicy": "Snapshot", "Properties": {"Name": "b", "PubliclyAccessible": true}}
    });
    insta::assert_snapshot!(told(old, new), @r#"
    DataLoss Db: AWS::RDS::DBInstance is replaced by an empty one; a snapshot is kept
    DataLoss Secret: AWS::SecretsManager::Secret is removed; nothing is kept
    PublicAccess Site: BlockPublicAcls is no longer set
    PublicAccess Db: PubliclyAccessible becomes true
    Network Group: SecurityGroupIngress {"CidrIp":"0.0.0.0/0","FromPort":5432}
    "#);
}

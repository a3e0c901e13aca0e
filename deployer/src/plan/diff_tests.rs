//! Tests of [`super`].

use serde_json::json;

use super::*;

/// The few facts that these tests need, as the real schemas have them.
struct Facts;

impl Schemas for Facts {
    fn create_only(&self, resource_type: &str) -> Vec<String> {
        let paths: &[&str] = match resource_type {
            "AWS::RDS::DBInstance" => &["DBSubnetGroupName", "MasterUsername", "StorageEncrypted"],
            "AWS::RDS::DBSubnetGroup" => &["DBSubnetGroupName"],
            "AWS::EC2::Subnet" => &["CidrBlock", "VpcId"],
            "AWS::Lambda::Function" => &["FunctionName"],
            "AWS::Lambda::Permission" => &["FunctionName", "Principal"],
            "AWS::Test::Nested" => &["Config.Kept", "Items.*.Name"],
            _ => &[],
        };
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    fn conditional_create_only(&self, resource_type: &str) -> Vec<String> {
        match resource_type {
            "AWS::RDS::DBInstance" => vec!["Engine".to_owned()],
            _ => Vec::new(),
        }
    }
    fn custom_name(&self, _: &str) -> Option<String> {
        None
    }
    fn is_unordered(&self, _: &str, _: &[String]) -> bool {
        false
    }
}

/// One line a change: action, id, then each cause.
fn told(changes: &[ResourceChange]) -> String {
    let mut text = String::new();
    for change in changes {
        text += &format!("{} {}", change.action.as_str(), change.logical_id);
        if change.stateful {
            text += " (stateful)";
        }
        if let Some(retention) = change.retention {
            text += &format!(" leaves {retention:?}");
        }
        text.push('\n');
        for cause in &change.causes {
            text += &format!(
                "  {} {}: {} -> {}{}\n",
                cause.effect.as_str(),
                cause.property,
                cause.from.as_deref().unwrap_or("-"),
                cause.to.as_deref().unwrap_or("-"),
                cause
                    .through
                    .as_ref()
                    .map(|name| format!(" through {name}"))
                    .unwrap_or_default()
            );
        }
    }
    text
}

fn compare(old: Value, new: Value, changed: &[(&str, ParameterChange)]) -> String {
    let parameters = changed
        .iter()
        .map(|(name, change)| ((*name).to_owned(), change.clone()))
        .collect();
    told(&diff(
        &json!({"Resources": old}),
        &json!({"Resources": new}),
        &parameters,
        &Facts,
    ))
}

#[test]
fn equal_templates_have_no_changes() {
    let template = json!({"Db": {"Type": "AWS::RDS::DBInstance", "Properties": {"Port": 5432}}});
    assert_eq!(compare(template.clone(), template, &[]), "");
}

#[test]
fn additions_changes_and_removals_are_told_with_their_property() {
    let old = json!({
        "Code": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": "a"}, "MemorySize": 128}},
        "Logs": {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain"}
    });
    let new = json!({
        "Code": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": "b"}, "Timeout": 3}},
        "Version": {"Type": "AWS::Lambda::Version"}
    });
    insta::assert_snapshot!(compare(old, new, &[]), @"
    change Code
      change Properties.Code.S3Key: a -> b
      change Properties.Timeout: - -> 3
      change Properties.MemorySize: 128 -> -
    add Version
    remove Logs (stateful) leaves Retained
    ");
}

#[test]
fn a_replacement_is_followed_through_unchanged_references_to_the_database() {
    let template = |cidr: &str| {
        json!({
            "Db": {
                "Type": "AWS::RDS::DBInstance",
                "UpdateReplacePolicy": "Snapshot",
                "Properties": {"DBSubnetGroupName": {"Ref": "Group"}}
            },
            "Group": {
                "Type": "AWS::RDS::DBSubnetGroup",
                "Properties": {"DBSubnetGroupName": {"Fn::Sub": "group-${Subnet}"}}
            },
            "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"CidrBlock": cidr}},
            "Reader": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Environment": {"Variables": {"HOST": {"Fn::GetAtt": ["Db", "Endpoint.Address"]}}}}
            }
        })
    };
    insta::assert_snapshot!(compare(template("10.0.0.0/24"), template("10.0.1.0/24"), &[]), @"
    replace Db (stateful) leaves Snapshot
      replace Properties.DBSubnetGroupName: - -> - through Group
    replace Group leaves Nothing
      replace Properties.DBSubnetGroupName: - -> - through Subnet
    replace Subnet leaves Nothing
      replace Properties.CidrBlock: 10.0.0.0/24 -> 10.0.1.0/24
    change Reader
      change Properties.Environment.Variables.HOST: - -> - through Db
    ");
}

#[test]
fn a_conditional_replacement_stays_a_perhaps_for_its_dependents() {
    let template = |engine: &str| {
        json!({
            "Db": {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": engine}},
            "Copy": {"Type": "AWS::RDS::DBInstance", "Properties": {"MasterUsername": {"Ref": "Db"}}}
        })
    };
    insta::assert_snapshot!(compare(template("postgres"), template("mysql"), &[]), @"
    may_replace Db (stateful) leaves Nothing
      may_replace Properties.Engine: postgres -> mysql
    may_replace Copy (stateful) leaves Nothing
      may_replace Properties.MasterUsername: - -> - through Db
    ");
}

#[test]
fn a_parameter_that_moves_changes_what_refers_to_it() {
    let template = json!({
        "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "VpcId"}}},
        "Other": {"Type": "AWS::EC2::Subnet", "Properties": {"Tags": [{"Key": "a", "Value": {"Ref": "VpcId"}}]}}
    });
    let parameters = ParameterChange {
        name: "VpcId".to_owned(),
        from: Some("vpc-1".to_owned()),
        to: Some("vpc-2".to_owned()),
        certain: true,
    };
    insta::assert_snapshot!(compare(template.clone(), template.clone(), &[("VpcId", parameters.clone())]), @"
    replace Subnet leaves Nothing
      replace Properties.VpcId: vpc-1 -> vpc-2 through VpcId
    change Other
      change Properties.Tags.0.Value: vpc-1 -> vpc-2 through VpcId
    ");
    let perhaps = ParameterChange {
        to: None,
        certain: false,
        ..parameters
    };
    insta::assert_snapshot!(compare(template.clone(), template, &[("VpcId", perhaps)]), @"
    may_replace Subnet leaves Nothing
      may_replace Properties.VpcId: vpc-1 -> - through VpcId
    change Other
      change Properties.Tags.0.Value: vpc-1 -> - through VpcId
    ");
}

#[test]
fn nested_create_only_paths_replace_only_when_they_are_touched() {
    let template = |properties: Value| json!({"Nested": {"Type": "AWS::Test::Nested", "Properties": properties}});
    let old =
        template(json!({"Config": {"Kept": 1, "Free": 1}, "Items": [{"Name": "a", "Size": 1}]}));
    let free =
        template(json!({"Config": {"Kept": 1, "Free": 2}, "Items": [{"Name": "a", "Size": 2}]}));
    let name =
        template(json!({"Config": {"Kept": 1, "Free": 1}, "Items": [{"Name": "b", "Size": 1}]}));
    let gone = template(json!({"Items": [{"Name": "a", "Size": 1}]}));
    insta::assert_snapshot!(compare(old.clone(), free, &[]), @"
    change Nested (stateful)
      change Properties.Config.Free: 1 -> 2
      change Properties.Items.0.Size: 1 -> 2
    ");
    insta::assert_snapshot!(compare(old.clone(), name, &[]), @"
    replace Nested (stateful) leaves Nothing
      replace Properties.Items.0.Name: a -> b
    ");
    insta::assert_snapshot!(compare(old, gone, &[]), @r#"
    replace Nested (stateful) leaves Nothing
      replace Properties.Config: {"Kept":1,"Free":1} -> -
    "#);
}

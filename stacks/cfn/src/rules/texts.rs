//! Descriptions and tags.

use serde_json::Value as Json;

use super::{Findings, Template, length};

/// Letters of a description in EC2 beside ASCII letters and digits
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>).
const EC2: &str = " ._-:/()#,@[]+=&;{}!$*";

/// Type, property, most characters, and the letters that are allowed beside ASCII letters and digits;
/// empty: any. Each as in the API reference of the action that creates the resource.
const TEXTS: &[(&str, &str, usize, &str)] = &[
    ("AWS::ApiGatewayV2::Api", "Description", 1024, ""),
    (
        "AWS::CloudFront::Distribution",
        "DistributionConfig.Comment",
        128,
        "",
    ),
    (
        "AWS::CloudFront::Function",
        "FunctionConfig.Comment",
        128,
        "",
    ),
    ("AWS::CloudWatch::Alarm", "AlarmDescription", 1024, ""),
    ("AWS::EC2::SecurityGroup", "GroupDescription", 255, EC2),
    (
        "AWS::EC2::SecurityGroup",
        "SecurityGroupIngress.*.Description",
        255,
        EC2,
    ),
    (
        "AWS::EC2::SecurityGroup",
        "SecurityGroupEgress.*.Description",
        255,
        EC2,
    ),
    ("AWS::ElastiCache::ServerlessCache", "Description", 255, ""),
    ("AWS::IAM::ManagedPolicy", "Description", 1000, ""),
    ("AWS::IAM::Role", "Description", 1000, ""),
    ("AWS::Lambda::Function", "Description", 256, ""),
    ("AWS::Lambda::Alias", "Description", 256, ""),
    ("AWS::Lambda::Version", "Description", 256, ""),
    ("AWS::RDS::DBParameterGroup", "Description", 255, ""),
    (
        "AWS::RDS::DBSubnetGroup",
        "DBSubnetGroupDescription",
        255,
        "",
    ),
    ("AWS::SecretsManager::Secret", "Description", 2048, ""),
];

pub(super) fn check(template: &Template<'_>, findings: &mut Findings) {
    for (id, resource_type, properties) in template.resources() {
        for (_, property, most, letters) in TEXTS.iter().filter(|(of, ..)| *of == resource_type) {
            for (path, value) in at(properties, property) {
                let Some(text) = value.as_str() else { continue };
                let path = format!("Properties.{path}");
                let count = text.chars().count();
                if count > *most {
                    findings.add(
                        id,
                        &path,
                        format!("It has {count} characters; AWS takes {most} at most."),
                    );
                }
                let fits =
                    |letter: char| letter.is_ascii_alphanumeric() || letters.contains(letter);
                if !letters.is_empty()
                    && let Some(letter) = text.chars().find(|letter| !fits(*letter))
                {
                    findings.add(
                        id,
                        &path,
                        format!("The letter `{letter}` is not allowed in it."),
                    );
                }
            }
        }
    }
}

/// The values at a dotted path, `*` for each item of a list, with the path of each.
pub(super) fn at<'a>(value: &'a Json, path: &str) -> Vec<(String, &'a Json)> {
    let mut found = vec![(String::new(), value)];
    for part in path.split('.') {
        let below = |(path, value): (String, &'a Json)| -> Vec<(String, &'a Json)> {
            let join = |part: &str| {
                if path.is_empty() {
                    part.to_owned()
                } else {
                    format!("{path}.{part}")
                }
            };
            if part == "*" {
                let items = value.as_array().into_iter().flatten().enumerate();
                items
                    .map(|(index, item)| (join(&index.to_string()), item))
                    .collect()
            } else {
                value
                    .get(part)
                    .map(|value| (join(part), value))
                    .into_iter()
                    .collect()
            }
        };
        found = found.into_iter().flat_map(below).collect();
    }
    found
}

pub(super) fn tags(template: &Template<'_>, findings: &mut Findings) {
    for (id, _, properties) in template.resources() {
        let tags = pairs(&properties["Tags"]);
        if tags.len() > 50 {
            findings.add(
                id,
                "Properties.Tags",
                format!("There are {}; AWS takes 50 at most.", tags.len()),
            );
        }
        for (index, (key, value)) in tags.iter().enumerate() {
            let mut refuse = |why: &str| {
                findings.add(id, "Properties.Tags", format!("The tag `{key}`: {why}."));
            };
            if key.to_ascii_lowercase().starts_with("aws:") {
                refuse("keys that begin with `aws:` are AWS's own");
            }
            if key.is_empty() || key.chars().count() > 128 {
                refuse("a key has 1 to 128 characters");
            }
            if length::longest(value).is_some_and(|value| value.chars().count() > 256) {
                refuse("a value has 256 characters at most");
            }
            if tags[..index].iter().any(|(other, _)| other == key) {
                refuse("the key is used twice");
            }
        }
    }
}

/// Tags as a list of `Key` and `Value`, or as an object.
fn pairs(tags: &Json) -> Vec<(&str, &Json)> {
    match tags {
        Json::Array(tags) => tags
            .iter()
            .filter_map(|tag| Some((tag["Key"].as_str()?, &tag["Value"])))
            .collect(),
        Json::Object(tags) => tags
            .iter()
            .map(|(key, value)| (key.as_str(), value))
            .collect(),
        _ => Vec::new(),
    }
}

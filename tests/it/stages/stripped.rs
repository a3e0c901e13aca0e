//! A template without the types that the emulator refuses. What referred to them gets a text in
//! their place; both are listed, so that a test can say exactly what was left out.

use std::collections::BTreeSet;

use miyabi_tests::{Value, json};

/// What was taken out of a template.
#[derive(Default)]
pub(super) struct Stripped {
    /// `EgressGateway AWS::EC2::EgressOnlyInternetGateway`, in the order of the template.
    pub(super) resources: Vec<String>,
    /// `EgressRoute.Properties.EgressOnlyInternetGatewayId: EgressGateway`: where, and what was
    /// referred to there.
    pub(super) stand_ins: Vec<String>,
}

/// Attributes that the emulator does not give, of types that it has, and what stands in for them.
pub(super) fn unknown_attributes() -> [(&'static str, &'static str, Value); 2] {
    let secret = "arn:aws:secretsmanager:us-east-1:000000000000:secret:stand-in";
    [
        // Comes of the `VPCCidrBlock` that is taken out. A block of the range for documentation.
        (
            "AWS::EC2::VPC",
            "Ipv6CidrBlocks",
            json!(["2001:db8:0:ff00::/56"]),
        ),
        (
            "AWS::RDS::DBInstance",
            "MasterUserSecret.SecretArn",
            json!(secret),
        ),
    ]
}

/// Takes every resource of these types out, and alarms on expressions, which the emulator refuses too.
pub(super) fn strip(template: &mut Value, types: &[&str]) -> Stripped {
    let mut stripped = Stripped::default();
    let mut gone = BTreeSet::new();
    let resources = template["Resources"].as_object_mut().unwrap();
    resources.retain(|id, resource| {
        let resource_type = resource["Type"].as_str().unwrap();
        let is_on_expression = resource["Properties"]["Metrics"].is_array();
        let stays = !types.contains(&resource_type) && !is_on_expression;
        if !stays {
            stripped.resources.push(format!("{id} {resource_type}"));
            gone.insert(id.clone());
        }
        stays
    });
    for part in ["Resources", "Outputs"] {
        let entries = template.get_mut(part).and_then(Value::as_object_mut);
        for (id, value) in entries.into_iter().flatten() {
            stand_in(value, id, &gone, &mut stripped.stand_ins);
        }
    }
    stripped
}

/// Puts a text wherever something in `gone` is referred to. `path` is where `value` stands.
fn stand_in(value: &mut Value, path: &str, gone: &BTreeSet<String>, found: &mut Vec<String>) {
    if let Some(text) = without(value, gone) {
        found.push(format!("{path}: {}", referred(value)));
        *value = text;
        return;
    }
    if let Some(object) = value.as_object_mut() {
        if let Some(Value::Array(ids)) = object.get_mut("DependsOn") {
            let gone = |id: &Value| id.as_str().is_some_and(|id| gone.contains(id));
            let lost = ids.iter().filter(|id| gone(id));
            found.extend(lost.map(|id| format!("{path}.DependsOn: {}", id.as_str().unwrap())));
            ids.retain(|id| !gone(id));
        }
        for (name, value) in object {
            stand_in(value, &format!("{path}.{name}"), gone, found);
        }
    } else if let Some(values) = value.as_array_mut() {
        for (index, value) in values.iter_mut().enumerate() {
            stand_in(value, &format!("{path}.{index}"), gone, found);
        }
    }
}

/// What stands in for a reference to something that is gone, or to an attribute that is unknown.
fn without(value: &Value, gone: &BTreeSet<String>) -> Option<Value> {
    let is_gone = |id: &Value| id.as_str().is_some_and(|id| gone.contains(id));
    if is_gone(&value["Ref"]) || is_gone(&value["Fn::GetAtt"][0]) {
        return Some("stand-in".into());
    }
    let mut unknown = unknown_attributes().into_iter();
    if let Some((.., text)) = unknown.find(|(_, name, _)| value["Fn::GetAtt"][1] == *name) {
        return Some(text);
    }
    let text = value["Fn::Sub"].as_str()?;
    let mut parts = text.split("${");
    let mut result = parts.next()?.to_owned();
    let mut found = false;
    for part in parts {
        let (name, rest) = part.split_once('}')?;
        if gone.contains(name.split('.').next()?) {
            result += "stand-in";
            found = true;
        } else {
            result += &format!("${{{name}}}");
        }
        result += rest;
    }
    found.then(|| json!({ "Fn::Sub": result }))
}

/// What a reference refers to, for people.
fn referred(value: &Value) -> String {
    match value.as_object().and_then(|object| object.values().next()) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

//! cloudsplaining: policies that allow more than they name.

use super::*;

/// Runs cloudsplaining on policies by name: a list of `KIND ACTION` for each.
async fn scan(policies: &BTreeMap<String, Value>) -> BTreeMap<String, Vec<String>> {
    let scratch = tempfile::tempdir().unwrap();
    let input = scratch.path().join("policies.json");
    fs::write(&input, serde_json::to_vec(policies).unwrap()).unwrap();
    let script = project().join("xtask/tools/scanners/findings.py");
    let arguments = [script.display().to_string(), input.display().to_string()];
    let python = program("python");
    let arguments = arguments.each_ref().map(String::as_str);
    let text = expect_success(run_tool(&python, &arguments, scratch.path()).await);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A policy document with text in place of every intrinsic function: a reference becomes an ARN,
/// so that it counts as the one resource that it is.
fn as_text(value: &Value) -> Value {
    match value {
        Value::Object(members) if members.len() == 1 => match members.iter().next() {
            Some((name, Value::String(text))) if name == "Fn::Sub" => json!(text),
            Some((name, _)) if name == "Ref" || name.starts_with("Fn::") => {
                json!(format!("arn:aws:reference:::{value}"))
            }
            Some((name, member)) => json!({ name: as_text(member) }),
            None => json!({}),
        },
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), as_text(member)))
            .collect(),
        Value::Array(items) => items.iter().map(as_text).collect(),
        other => other.clone(),
    }
}

/// The policies of a stage: those that a role holds, by policy and role, and managed ones.
fn policies(stage: &str) -> BTreeMap<String, Value> {
    let mut policies = BTreeMap::new();
    for template in templates(stage).values() {
        for (id, resource) in template["Resources"].as_object().unwrap() {
            let properties = &resource["Properties"];
            for policy in properties["Policies"].as_array().into_iter().flatten() {
                let name = policy["PolicyName"].as_str().unwrap();
                let document = as_text(&policy["PolicyDocument"]);
                policies.insert(format!("{name} of {id}"), document);
            }
            if resource["Type"] == "AWS::IAM::ManagedPolicy" {
                policies.insert(id.clone(), as_text(&properties["PolicyDocument"]));
            }
        }
    }
    policies
}

#[tokio::test]
async fn cloudsplaining_finds_what_the_decision_accepts_and_nothing_else() {
    let mut found = Findings::new();
    for stage in STAGES {
        for (policy, findings) in scan(&policies(stage)).await {
            for finding in findings {
                found
                    .entry((finding, policy.clone()))
                    .or_default()
                    .insert(stage.to_owned());
            }
        }
    }
    assert_reviewed("cloudsplaining", &found);
}

#[tokio::test]
async fn cloudsplaining_finds_a_policy_that_gives_itself_more() {
    let document = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["iam:AttachUserPolicy", "s3:GetObject"], "Resource": "*" },
    ] });
    let policies = BTreeMap::from([("wide".to_owned(), document)]);
    let found = &scan(&policies).await["wide"];
    let kinds: BTreeSet<&str> = found.iter().filter_map(|f| f.split(' ').next()).collect();
    let expected = [
        "DataExfiltration",
        "InfrastructureModification",
        "PrivilegeEscalation",
        "ResourceExposure",
    ];
    assert_eq!(kinds, BTreeSet::from(expected), "{found:#?}");
}

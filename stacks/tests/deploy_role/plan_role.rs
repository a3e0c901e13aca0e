//! The role that only plans: it reads what drift detection reads, and can change nothing.

use crate::{
    asked::{arn, asked, never},
    called, policy,
    policy::matches,
    read, types,
};

/// What the handlers read that a plan does without, and why.
const UNREAD: &[(&str, &str)] = &[
    (
        "secretsmanager:GetSecretValue",
        "CloudFormation detects no drift of a value",
    ),
    (
        "kms:*",
        "variables of functions have the key of Lambda itself",
    ),
];

#[test]
fn the_role_that_plans_reads_what_the_handlers_of_every_type_read() {
    let (role, read) = (policy("dev", "PlanRole"), read());
    let mut refused = Vec::new();
    let mut seen = 0;
    for resource_type in types() {
        for action in read.get(&resource_type).into_iter().flatten() {
            let unread = UNREAD.iter().any(|(pattern, _)| matches(pattern, action));
            if never(&resource_type, action) || unread {
                continue;
            }
            seen += 1;
            for resource in asked(&resource_type, action) {
                if !role.allows(action, &resource) {
                    refused.push(format!("{resource_type}: {action} on {resource}"));
                }
            }
        }
    }
    assert!(seen > 100, "the test looks at too little: {seen}");
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn the_role_that_plans_can_change_nothing() {
    let role = policy("dev", "PlanRole");
    let read = read();
    let mut allowed = Vec::new();
    for (resource_type, actions) in called() {
        for action in actions {
            let is_read = |all: &std::collections::BTreeSet<String>| all.contains(&action);
            let (_, name) = action.split_once(':').unwrap();
            let reads = ["Get", "List", "Describe", "View", "BatchGet"];
            let by_name = reads.iter().any(|verb| {
                name.len() >= verb.len() && name[..verb.len()].eq_ignore_ascii_case(verb)
            });
            if by_name || read.get(&resource_type).is_some_and(is_read) {
                continue;
            }
            for resource in asked(&resource_type, &action) {
                if role.allows(&action, &resource) {
                    allowed.push(format!("{resource_type}: {action} on {resource}"));
                }
            }
        }
    }
    assert!(allowed.is_empty(), "{}", allowed.join("\n"));
    let stack = arn("cloudformation", "stack/miyabi-dev-api/0a1b");
    for action in [
        "ExecuteChangeSet",
        "CreateStack",
        "UpdateStack",
        "DeleteStack",
    ] {
        assert!(!role.allows(&format!("cloudformation:{action}"), &stack));
    }
    // The control: what it is for.
    for action in ["CreateChangeSet", "DeleteChangeSet", "DetectStackDrift"] {
        assert!(role.allows(&format!("cloudformation:{action}"), &stack));
    }
    let lease = "arn:${AWS::Partition}:s3:::miyabi-dev-assets-1-us-east-1/lease.json";
    assert!(role.allows("s3:GetObject", lease) && !role.allows("s3:PutObject", lease));
}

#[test]
fn the_role_that_plans_reads_no_secret_no_log_and_nobodys_data() {
    let role = policy("prod", "PlanRole");
    for (action, resource) in [
        (
            "secretsmanager:GetSecretValue",
            arn("secretsmanager", "secret:miyabi-prod-github-ab"),
        ),
        (
            "logs:GetLogEvents",
            arn("logs", "log-group:/aws/lambda/miyabi-prod-tasks:*"),
        ),
        (
            "lambda:InvokeFunction",
            arn("lambda", "function:miyabi-prod-tasks"),
        ),
        ("rds-db:connect", arn("rds-db", "dbuser:*/miyabi_tasks")),
        ("iam:PassRole", "*".to_owned()),
        ("sts:AssumeRole", "*".to_owned()),
    ] {
        assert!(!role.allows(action, &resource), "{action}");
    }
}

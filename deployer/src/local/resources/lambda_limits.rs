//! What Lambda refuses in the configuration of a function.

use std::collections::BTreeMap;

use serde_json::Value;

/// All names and values together, in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const ENVIRONMENT_LIMIT: usize = 4096;

/// Names that only Lambda sets
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>).
const RESERVED: [&str; 18] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// Everything in the properties that Lambda refuses, a sentence each.
pub(super) fn refuse(properties: &Value) -> Vec<String> {
    let mut refused = Vec::new();
    let variables = properties["Environment"]["Variables"].as_object();
    for name in variables.into_iter().flatten().map(|(name, _)| name) {
        if RESERVED.contains(&name.as_str()) {
            refused.push(format!("The variable {name} is reserved: Lambda sets it."));
        } else if !is_name(name) {
            refused.push(format!(
                "`{name}` is not a name of a variable: a letter, then letters, digits and `_`, two at least."
            ));
        }
    }
    for (name, least, most) in [("MemorySize", 128, 10_240), ("Timeout", 1, 900)] {
        let value = properties[name].as_i64();
        if value.is_some_and(|value| !(least..=most).contains(&value)) {
            refused.push(format!("{name} is not between {least} and {most}."));
        }
    }
    let name = properties["FunctionName"].as_str().unwrap_or_default();
    if name.len() > 64 {
        refused.push(format!("The name {name} is longer than 64 characters."));
    }
    refused
}

/// # Errors
///
/// A sentence when the variables are larger than Lambda takes.
pub(super) fn check_environment(variables: &BTreeMap<String, String>) -> Result<(), String> {
    let size: usize = variables
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > ENVIRONMENT_LIMIT {
        return Err(format!(
            "Its environment variables have {size} bytes, and Lambda takes {ENVIRONMENT_LIMIT}."
        ));
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() > 1
        && bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_lambda_refuses_in_a_configuration_is_refused() {
        let properties = json!({
            "FunctionName": "f".repeat(65),
            "MemorySize": 64,
            "Timeout": 901,
            "Environment": {"Variables": {"AWS_REGION": "x", "A": "x", "1A": "x", "FINE_1": "x"}},
        });
        insta::assert_snapshot!(refuse(&properties).join("\n"), @r"
        The variable AWS_REGION is reserved: Lambda sets it.
        `A` is not a name of a variable: a letter, then letters, digits and `_`, two at least.
        `1A` is not a name of a variable: a letter, then letters, digits and `_`, two at least.
        MemorySize is not between 128 and 10240.
        Timeout is not between 1 and 900.
        The name fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff is longer than 64 characters.
        ");
        let fine = json!({"MemorySize": 128, "Timeout": 900, "Environment": {"Variables": {
            "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH": "true",
        }}});
        assert_eq!(refuse(&fine), [""; 0]);
    }

    #[test]
    fn an_environment_of_more_than_4_kb_is_refused() {
        let variables = |size| BTreeMap::from([("AB".to_owned(), "x".repeat(size))]);
        assert_eq!(check_environment(&variables(4094)), Ok(()));
        assert_eq!(
            check_environment(&variables(4095)).unwrap_err(),
            "Its environment variables have 4097 bytes, and Lambda takes 4096."
        );
    }
}

//! What Lambda refuses in the configuration of a function.

use std::collections::BTreeMap;

use cfn::lambda_limits::{ENVIRONMENT, refuse_variable};
use serde_json::Value;

/// Everything in the properties that Lambda refuses, a sentence each.
pub(super) fn refuse(properties: &Value) -> Vec<String> {
    let mut refused = Vec::new();
    let variables = properties["Environment"]["Variables"].as_object();
    for name in variables.into_iter().flatten().map(|(name, _)| name) {
        if let Some(why) = refuse_variable(name) {
            refused.push(format!("`Environment.Variables.{name}`: {why}"));
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
    if size > ENVIRONMENT {
        return Err(format!(
            "Its environment variables have {size} bytes, and Lambda takes {ENVIRONMENT}."
        ));
    }
    Ok(())
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
        `Environment.Variables.AWS_REGION`: Lambda sets this variable itself.
        `Environment.Variables.A`: The name of a variable is two or more letters, digits and `_`, a letter first.
        `Environment.Variables.1A`: The name of a variable is two or more letters, digits and `_`, a letter first.
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

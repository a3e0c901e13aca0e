//! What Lambda and CloudFront Functions take.

use super::{Findings, Template, length::text};

/// Bytes of all names and values of an environment
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
pub const ENVIRONMENT: usize = 4_096;
const EDGE_CODE: usize = 10_240;

/// Variables that Lambda sets itself and refuses to be given
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>).
const RESERVED: &[&str] = &[
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
    "AWS_SECRET_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// Why Lambda refuses a variable of that name, a sentence; `None`: it takes it.
pub fn refuse_variable(name: &str) -> Option<&'static str> {
    let begins = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if RESERVED.contains(&name) {
        Some("Lambda sets this variable itself.")
    } else if name.len() < 2 || !begins || !name.bytes().all(letters) {
        Some("The name of a variable is two or more letters, digits and `_`, a letter first.")
    } else {
        None
    }
}

pub(super) fn environment(template: &Template<'_>, findings: &mut Findings) {
    for (id, properties) in template.of_type("AWS::Lambda::Function") {
        let path = "Properties.Environment.Variables";
        let variables = properties["Environment"]["Variables"].as_object();
        let mut size = 0;
        for (name, value) in variables.into_iter().flatten() {
            size += name.len() + text(value);
            if let Some(why) = refuse_variable(name) {
                findings.add(id, &format!("{path}.{name}"), why);
            }
        }
        if size > ENVIRONMENT {
            findings.add(
                id,
                path,
                format!("About {size} bytes; Lambda takes {ENVIRONMENT} at most."),
            );
        }
    }
}

pub(super) fn edge_code(template: &Template<'_>, findings: &mut Findings) {
    for (id, properties) in template.of_type("AWS::CloudFront::Function") {
        let size = properties["FunctionCode"]
            .as_str()
            .unwrap_or_default()
            .len();
        if size > EDGE_CODE {
            findings.add(
                id,
                "Properties.FunctionCode",
                format!("It has {size} bytes; CloudFront takes {EDGE_CODE} at most."),
            );
        }
    }
}

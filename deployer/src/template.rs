//! The one reader of CloudFormation templates, whatever they come from: a file that somebody gives,
//! GetTemplate, or what `aws cloudformation get-template` printed.
//!
//! It reads JSON and YAML as CloudFormation does, short forms included, and unwraps what the AWS CLI
//! puts around a template. Strict: a duplicate key, an unknown tag, an alias or a null is an error
//! that names the line and the key. A template that cannot be read is never an empty one.

mod canonical;
mod json;
mod policy;
mod scalar;
mod text;
mod yaml;

use std::fmt;

use serde_json::Value;

pub(crate) use canonical::{Unordered, equal};
pub(crate) use policy::{Statement, statements};

/// Why a text is not a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The line where it was noticed, from 1; `None` when the template as a whole is meant.
    pub line: Option<usize>,
    /// What is wrong, naming the key.
    pub message: String,
}

impl TemplateError {
    fn at(line: usize, message: impl Into<String>) -> TemplateError {
        TemplateError {
            line: Some(line),
            message: message.into(),
        }
    }

    fn whole(message: impl Into<String>) -> TemplateError {
        TemplateError {
            line: None,
            message: message.into(),
        }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "line {line}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

impl std::error::Error for TemplateError {}

/// How many wrappings are taken off: the response of the AWS CLI, and the string in it.
const MOST_WRAPPINGS: usize = 3;

/// Reads a template: JSON or YAML, in UTF-8 or, after a byte order mark, UTF-16 (what a redirection
/// in PowerShell writes). Accepted besides the template itself is what
/// `aws cloudformation get-template` prints: the response with `TemplateBody`, as JSON or YAML, its
/// body an object or a string; and the body alone, also as a JSON string.
///
/// The result has long forms only (`Fn::Sub`, never `!Sub`).
pub fn read(bytes: &[u8]) -> Result<Value, TemplateError> {
    let mut value = parse(&text::decode(bytes)?)?;
    for _ in 0..MOST_WRAPPINGS {
        value = match value {
            Value::String(body) => parse(&body)?,
            // `--output yaml-stream` prints a list of pages.
            Value::Array(mut pages) if pages.len() == 1 && has_body(&pages[0]) => pages.remove(0),
            Value::Object(mut response) if has_body_only(&response) => {
                response.remove("TemplateBody").unwrap_or_default()
            }
            template => return checked(template),
        };
    }
    checked(value)
}

fn parse(text: &str) -> Result<Value, TemplateError> {
    if text.trim().is_empty() {
        return Err(TemplateError::whole("it is empty"));
    }
    // A template that begins like JSON may still be YAML in flow style.
    if text.trim_start().starts_with(['{', '[', '"']) {
        match json::read(text) {
            Ok(value) => return Ok(value),
            Err(json::Problem::Strict(error)) => return Err(error),
            Err(json::Problem::Syntax(error)) => {
                return yaml::read(text).map_err(|in_yaml| match in_yaml.syntax {
                    true => error,
                    false => in_yaml.error,
                });
            }
        }
    }
    yaml::read(text).map_err(|problem| problem.error)
}

fn has_body(value: &Value) -> bool {
    value.as_object().is_some_and(has_body_only)
}

fn has_body_only(object: &serde_json::Map<String, Value>) -> bool {
    object.contains_key("TemplateBody") && !object.contains_key("Resources")
}

/// The template, when its parts are where CloudFormation expects them.
fn checked(template: Value) -> Result<Value, TemplateError> {
    let Some(sections) = template.as_object() else {
        return Err(TemplateError::whole(
            "it is not an object with the sections of a template",
        ));
    };
    let resources = match sections.get("Resources") {
        None => return Err(TemplateError::whole("it has no `Resources`")),
        Some(Value::Object(resources)) => resources,
        Some(_) => return Err(TemplateError::whole("`Resources` is not an object")),
    };
    for (id, resource) in resources {
        // A loop of the language extensions holds a list; `Fn::Transform` holds its call.
        if id.starts_with("Fn::") {
            continue;
        }
        if resource.get("Type").and_then(Value::as_str).is_none() {
            return Err(TemplateError::whole(format!(
                "`Resources.{id}` has no `Type`"
            )));
        }
    }
    Ok(template)
}

/// Whether an object is a call of an intrinsic function.
fn is_call(object: &serde_json::Map<String, Value>) -> bool {
    let mut keys = object.keys();
    object.len() == 1 && keys.all(|key| key == "Ref" || key.starts_with("Fn::"))
}

/// ` (at Resources.Queue)`, or nothing at the top.
fn place(path: &[String]) -> String {
    match path {
        [] => String::new(),
        path => format!(" (at `{}`)", path.join(".")),
    }
}

#[cfg(test)]
#[path = "template/tests.rs"]
mod tests;

//! Values of a template as a plan shows them.

use serde_json::Value;

/// A value for people: short, on one line.
pub(super) fn shown(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    const LONGEST: usize = 120;
    if text.chars().count() <= LONGEST {
        return Some(text);
    }
    Some(text.chars().take(LONGEST).chain("..".chars()).collect())
}

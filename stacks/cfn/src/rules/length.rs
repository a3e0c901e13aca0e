//! How long a value will be when the stack is deployed.

use serde_json::Value as Json;

/// The longest that a pseudo parameter can be.
const PSEUDO: &[(&str, &str)] = &[
    ("AWS::AccountId", "123456789012"),
    ("AWS::Partition", "aws-us-gov"),
    ("AWS::Region", "ap-southeast-1"),
    ("AWS::URLSuffix", "amazonaws.com.cn"),
];

/// What any other value counts: an ARN of a role or function has about as many.
const UNKNOWN: usize = 64;

/// The text with its pseudo parameters at their longest; `None` when something else in it is known
/// only at deployment.
pub(super) fn longest(value: &Json) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    let mut text = value["Fn::Sub"].as_str()?.to_owned();
    for (name, at_most) in PSEUDO {
        text = text.replace(&format!("${{{name}}}"), at_most);
    }
    (!text.contains("${")).then_some(text)
}

/// Characters of a text.
pub(super) fn text(value: &Json) -> usize {
    if let Some(text) = longest(value) {
        return text.chars().count();
    }
    if let Some(name) = value["Ref"].as_str() {
        let pseudo = PSEUDO.iter().find(|(pseudo, _)| *pseudo == name);
        return pseudo.map_or(UNKNOWN, |(_, at_most)| at_most.len());
    }
    let sub = match &value["Fn::Sub"] {
        Json::Array(parts) => parts.first().cloned().unwrap_or_default(),
        other => other.clone(),
    };
    if let Some(template) = sub.as_str() {
        let mut parts = template.split("${");
        let fixed = parts.next().unwrap_or_default().chars().count();
        return parts.fold(fixed, |sum, part| {
            let (name, rest) = part.split_once('}').unwrap_or((part, ""));
            let pseudo = PSEUDO.iter().find(|(pseudo, _)| *pseudo == name);
            sum + pseudo.map_or(UNKNOWN, |(_, at_most)| at_most.len()) + rest.chars().count()
        });
    }
    if let (Some(separator), Some(items)) = (
        value["Fn::Join"][0].as_str(),
        value["Fn::Join"][1].as_array(),
    ) {
        let gaps = items.len().saturating_sub(1) * separator.chars().count();
        return gaps + items.iter().map(text).sum::<usize>();
    }
    UNKNOWN
}

/// Characters of a document as IAM counts them: without white space between its parts.
pub(super) fn document(value: &Json) -> usize {
    match value {
        Json::Object(object) if is_intrinsic(value) && !object.is_empty() => 2 + text(value),
        Json::Object(object) => {
            let members = object
                .iter()
                .map(|(key, value)| key.len() + 3 + document(value));
            1 + object.len().max(1) + members.sum::<usize>()
        }
        Json::Array(items) => 1 + items.len().max(1) + items.iter().map(document).sum::<usize>(),
        other => other.to_string().chars().count(),
    }
}

fn is_intrinsic(value: &Json) -> bool {
    value.as_object().is_some_and(|object| {
        object.len() == 1
            && object
                .keys()
                .all(|key| key == "Ref" || key.starts_with("Fn::"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_without_intrinsics_is_as_long_as_its_compact_json() {
        for value in [
            json!({}),
            json!([]),
            json!({"a": ["b", {"c": "d\"e"}], "f": {}, "g": [1, true, null]}),
        ] {
            assert_eq!(
                document(&value),
                value.to_string().chars().count(),
                "{value}"
            );
        }
    }

    #[test]
    fn pseudo_parameters_count_as_their_longest_value() {
        assert_eq!(text(&json!({"Ref": "AWS::AccountId"})), 12);
        assert_eq!(
            text(&json!({"Fn::Sub": "a-${AWS::Region}-${Other}"})),
            2 + 14 + 1 + UNKNOWN
        );
        assert_eq!(text(&json!({"Fn::Join": ["--", ["a", "b", "c"]]})), 7);
        assert_eq!(longest(&json!({"Fn::Sub": "${Other}"})), None);
    }
}

//! As much of IAM's evaluation as these tests need: allowing statements, stars, no conditions.

use serde_json::Value as Json;

/// Statements of one or more documents.
pub(crate) struct Policy {
    statements: Vec<Json>,
}

impl Policy {
    pub(crate) fn of<'a>(documents: impl IntoIterator<Item = &'a Json>) -> Self {
        let statements = documents
            .into_iter()
            .flat_map(|document| document["Statement"].as_array().unwrap().clone())
            .collect();
        Self { statements }
    }

    /// The statements that allow the action on that resource, were their conditions met. The
    /// pseudo parameters of an ARN stay as a template writes them.
    pub(crate) fn allowing(&self, action: &str, resource: &str) -> Vec<&Json> {
        let has = |list: &Json, text: &str| {
            list.as_array()
                .unwrap()
                .iter()
                .any(|item| matches(written(item), text))
        };
        self.statements
            .iter()
            .filter(|statement| {
                assert_eq!(statement["Effect"], "Allow");
                has(&statement["Action"], action) && has(&statement["Resource"], resource)
            })
            .collect()
    }

    pub(crate) fn allows(&self, action: &str, resource: &str) -> bool {
        !self.allowing(action, resource).is_empty()
    }
}

/// `{"Fn::Sub": "arn:.."}` or the text itself.
fn written(item: &Json) -> &str {
    item.get("Fn::Sub").unwrap_or(item).as_str().unwrap()
}

/// Whether a pattern with stars matches; as IAM takes actions, whatever the case of the letters.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    fn from(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => (0..=text.len()).any(|skip| from(rest, &text[skip..])),
            (Some((expected, pattern)), Some((letter, text))) => {
                expected.eq_ignore_ascii_case(letter) && from(pattern, text)
            }
            _ => false,
        }
    }
    from(pattern.as_bytes(), text.as_bytes())
}

#[test]
fn a_star_is_anything_and_the_rest_is_itself() {
    assert!(matches("s3:*", "s3:getObject"));
    assert!(matches("rds:Describe*s", "rds:DescribeDBProxies"));
    assert!(!matches("rds:Describe*", "rds:CreateDBProxy"));
    assert!(!matches("role/miyabi-dev-api-*", "role/miyabi-dev-deploy"));
}

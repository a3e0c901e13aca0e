//! Route selection expressions
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html>).

use serde_json::Value;

/// Where in a message its route key stands: `$request.body.type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    path: Vec<String>,
}

impl Selection {
    /// Parses `$request.body.type`, also written `${request.body.type}`.
    ///
    /// # Errors
    ///
    /// A sentence: API Gateway takes more, and this is what exists here.
    pub fn parse(expression: &str) -> Result<Selection, String> {
        let inner = expression.strip_prefix('$').map(|rest| {
            let braced = rest
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            braced.unwrap_or(rest)
        });
        let path = inner.and_then(|inner| inner.strip_prefix("request.body."));
        let path: Vec<String> = path
            .into_iter()
            .flat_map(|path| path.split('.'))
            .map(str::to_owned)
            .collect();
        if path.is_empty() || path.iter().any(String::is_empty) {
            return Err(format!(
                "RouteSelectionExpression `{expression}` is not a member of the message, such as `$request.body.type`."
            ));
        }
        Ok(Selection { path })
    }

    /// The route key of a message; `None`: it is not JSON, or has no text there.
    pub(super) fn key(&self, message: &str) -> Option<String> {
        let message: Value = serde_json::from_str(message).ok()?;
        let member = self
            .path
            .iter()
            .try_fold(&message, |value, name| value.get(name))?;
        match member {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(member.to_string()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_route_key_is_where_the_expression_says() {
        let selection = Selection::parse("$request.body.type").unwrap();
        for (message, key) in [
            (r#"{"type":"ping"}"#, Some("ping")),
            (r#"{"type":7}"#, Some("7")),
            (r#"{"type":null}"#, None),
            (r#"{"type":{}}"#, None),
            (r#"{"other":"ping"}"#, None),
            ("[]", None),
            ("ping", None),
            ("", None),
        ] {
            assert_eq!(selection.key(message).as_deref(), key, "{message}");
        }
        let nested = Selection::parse("${request.body.a.b}").unwrap();
        assert_eq!(nested.key(r#"{"a":{"b":"c"}}"#).as_deref(), Some("c"));
    }

    #[test]
    fn other_expressions_are_refused() {
        for expression in [
            "",
            "$request.body.",
            "$request.body.a..b",
            "$request.header.x",
            "request.body.type",
            "${request.method} ${request.path}",
        ] {
            assert!(Selection::parse(expression).is_err(), "{expression}");
        }
    }
}

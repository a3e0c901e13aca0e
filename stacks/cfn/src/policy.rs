//! IAM policy documents.

use serde_json::{Value as Json, json};

use crate::Emit;

/// One statement that allows something. IAM denies the rest.
#[derive(Debug, Clone)]
pub struct Allow {
    actions: Vec<&'static str>,
    resources: Vec<Json>,
    condition: Option<Json>,
}

impl Allow {
    /// These actions (`secretsmanager:GetSecretValue`) on these resources (ARNs or intrinsics that
    /// give one).
    pub fn new<R: Emit>(
        actions: impl IntoIterator<Item = &'static str>,
        resources: impl IntoIterator<Item = R>,
    ) -> Self {
        Self {
            actions: actions.into_iter().collect(),
            resources: resources
                .into_iter()
                .map(|resource| resource.emit())
                .collect(),
            condition: None,
        }
    }

    /// Only under this condition: `json!({"StringEquals": {..}})`.
    pub fn when(self, condition: Json) -> Self {
        Self {
            condition: Some(condition),
            ..self
        }
    }

    fn emit(&self, effect: &str) -> Json {
        let mut statement = json!({
            "Effect": effect,
            "Action": self.actions,
            "Resource": self.resources,
        });
        if let Some(condition) = &self.condition {
            statement["Condition"] = condition.clone();
        }
        statement
    }
}

/// One statement that denies something, whatever else allows it.
#[derive(Debug, Clone)]
pub struct Deny(Allow);

impl Deny {
    /// Denies what `statement` would allow.
    pub fn what(statement: Allow) -> Self {
        Self(statement)
    }
}

/// A document of these statements, for a role or a managed policy.
pub fn document(statements: &[Allow]) -> Json {
    document_with(statements, &[])
}

/// A document that allows and denies.
pub fn document_with(allowed: &[Allow], denied: &[Deny]) -> Json {
    let allowed = allowed.iter().map(|statement| statement.emit("Allow"));
    let denied = denied.iter().map(|statement| statement.0.emit("Deny"));
    let statements: Vec<Json> = allowed.chain(denied).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The trust policy of a role that one AWS service takes on: `lambda.amazonaws.com`.
pub fn assumed_by(service: &str) -> Json {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sts:AssumeRole",
        }],
    })
}

//! Secrets Manager: GetSecretValue.

use http::Method;
use serde::Deserialize;

use super::{Aws, AwsError, Call, quick};

const SERVICE: &str = "secretsmanager";

#[derive(Deserialize)]
struct Value {
    #[serde(rename = "SecretString")]
    text: String,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type", default)]
    kind: String,
}

impl Aws {
    /// The text of a secret, by its ARN. Never logged, kept by nobody but the caller.
    ///
    /// # Errors
    ///
    /// When it does not answer, or answers with anything but a text.
    pub(crate) async fn secret(&self, arn: &str) -> Result<String, AwsError> {
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "secretsmanager.GetSecretValue"),
        ];
        let body = serde_json::json!({ "SecretId": arn }).to_string().into();
        let url = format!("{}/", self.secrets_manager());
        let answer = self
            .send(Call {
                service: SERVICE,
                method: Method::POST,
                url,
                headers: &headers,
                body,
                limits: quick(),
            })
            .await?;
        if !answer.status.is_success() {
            // The type of the refusal; its message could repeat what was sent.
            let kind = serde_json::from_slice::<Refusal>(&answer.body)
                .map(|refusal| refusal.kind)
                .unwrap_or_default();
            let message = format!("{kind} for {arn}");
            return Err(AwsError::Refused {
                service: SERVICE,
                status: answer.status.as_u16(),
                message,
            });
        }
        let value: Value = serde_json::from_slice(&answer.body).map_err(|_| AwsError::Refused {
            service: SERVICE,
            status: answer.status.as_u16(),
            message: format!("{arn} has no SecretString"),
        })?;
        Ok(value.text)
    }
}

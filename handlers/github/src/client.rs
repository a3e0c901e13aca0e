//! Id and secret of the OAuth application.

use std::{sync::Arc, time::Duration};

use miyabi_core::{ApiError, App};
use serde::Deserialize;

use crate::{
    GitHub,
    event::{Code, Failure},
};

/// Oldest knowledge of the application that somebody is sent to GitHub with: whoever corrects the
/// secret waits no longer than this. Not the life of the process: with a wrong id GitHub sends
/// nobody back, so that no refusal ever says that the secret must be read again.
const MAX_AGE: Duration = Duration::from_secs(60);

/// The OAuth application. Without `Debug`.
#[derive(Deserialize)]
pub(crate) struct Client {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

impl GitHub {
    /// The application, as it was read within the last minute; an older one while it cannot be read
    /// again, or is malformed.
    pub(crate) async fn client(&self, app: &App) -> Result<Arc<Client>, Failure> {
        // A secret without a value is like an empty one: nobody has put it in place yet.
        let read = async { Ok(app.secret_if_any(&self.secret).await?.unwrap_or_default()) };
        let client = self.client.get(MAX_AGE, read, parse).await;
        client.map_err(|error| match error {
            ApiError::Internal(sentence) => Failure::new(Code::NotConfigured, sentence),
            _ => Failure::new(
                Code::Unavailable,
                "The secret of the OAuth application cannot be read.",
            ),
        })
    }
}

fn parse(secret: &str) -> Result<Client, String> {
    serde_json::from_str(secret)
        .ok()
        .filter(|client: &Client| !client.client_id.is_empty() && !client.client_secret.is_empty())
        .ok_or_else(|| {
            "The secret of the OAuth application is not {\"client_id\": .., \"client_secret\": ..}."
                .to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_has_an_id_and_a_secret() {
        assert!(parse(r#"{"client_id": "a", "client_secret": "b"}"#).is_ok());
        for wrong in [
            "",
            "{}",
            r#"{"client_id": "a"}"#,
            r#"{"client_id": "a", "client_secret": ""}"#,
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

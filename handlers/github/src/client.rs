//! Id and secret of the OAuth application, kept for a while.
//!
//! Not for as long as the process lives: with a wrong id GitHub sends nobody back, so that no
//! refusal ever says that the secret must be read again.

use std::{sync::Arc, time::Duration};

use miyabi_core::ApiError;
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};

use crate::event::{Code, Failure};

/// Oldest knowledge of the application that somebody is sent to GitHub with: whoever corrects the
/// secret waits no longer than this.
const MAX_AGE: Duration = Duration::from_secs(60);

/// The OAuth application. Without `Debug`.
#[derive(Deserialize)]
pub(crate) struct Client {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

/// The application, as it was read last.
#[derive(Default)]
pub(crate) struct LastRead(Mutex<Option<(Instant, Arc<Client>)>>);

impl LastRead {
    /// The application, as read no longer than [`MAX_AGE`] before `now`; `read` is polled when it
    /// is older. When it cannot be read again, the one read before is still good.
    pub(crate) async fn get(
        &self,
        now: Instant,
        read: impl Future<Output = Result<Option<String>, ApiError>>,
    ) -> Result<Arc<Client>, Failure> {
        let mut last = self.0.lock().await;
        if let Some((at, client)) = &*last
            && now.duration_since(*at) < MAX_AGE
        {
            return Ok(Arc::clone(client));
        }
        match read.await {
            Ok(secret) => {
                let client = Arc::new(parse(secret)?);
                *last = Some((now, Arc::clone(&client)));
                Ok(client)
            }
            Err(error) => match &*last {
                Some((_, client)) => {
                    tracing::warn!(
                        ?error,
                        "The OAuth application cannot be read again; the known one stays in use."
                    );
                    Ok(Arc::clone(client))
                }
                None => Err(Failure::new(
                    Code::Unavailable,
                    "The secret of the OAuth application cannot be read.",
                )),
            },
        }
    }

    /// The next invocation reads the secret again: it was changed, or will be.
    pub(crate) async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

fn parse(secret: Option<String>) -> Result<Client, Failure> {
    secret
        .and_then(|secret| serde_json::from_str(&secret).ok())
        .filter(|client: &Client| !client.client_id.is_empty() && !client.client_secret.is_empty())
        .ok_or_else(|| {
            Failure::new(
                Code::NotConfigured,
                "The secret of the OAuth application is not {\"client_id\": .., \"client_secret\": ..}.",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn secret(id: &str) -> Result<Option<String>, ApiError> {
        Ok(Some(
            serde_json::json!({"client_id": id, "client_secret": "secret"}).to_string(),
        ))
    }

    async fn id(
        last: &LastRead,
        now: Instant,
        secret: Result<Option<String>, ApiError>,
    ) -> Result<String, Code> {
        let client = last.get(now, async { secret }).await;
        client
            .map(|client| client.client_id.clone())
            .map_err(|failure| failure.code)
    }

    #[tokio::test]
    async fn a_corrected_secret_is_read_although_nothing_was_refused() {
        let (last, began) = (LastRead::default(), Instant::now());
        assert_eq!(id(&last, began, secret("wrong")).await.unwrap(), "wrong");
        let soon = began + MAX_AGE - SECOND;
        assert_eq!(id(&last, soon, secret("right")).await.unwrap(), "wrong");
        let later = began + MAX_AGE;
        assert_eq!(id(&last, later, secret("right")).await.unwrap(), "right");
        // Its age counts from when it was read, not from when it was first asked for.
        let soon = later + MAX_AGE - SECOND;
        assert_eq!(id(&last, soon, secret("third")).await.unwrap(), "right");
    }

    #[tokio::test]
    async fn what_cannot_be_read_again_stays_in_use_and_what_is_wrong_does_not() {
        let (last, began) = (LastRead::default(), Instant::now());
        let gone = || Err(ApiError::Unavailable("no answer".to_owned()));
        let unread = id(&last, began, gone()).await;
        assert_eq!(unread.unwrap_err(), Code::Unavailable);
        assert_eq!(id(&last, began, secret("one")).await.unwrap(), "one");
        let later = began + MAX_AGE;
        assert_eq!(id(&last, later, gone()).await.unwrap(), "one");
        for wrong in [None, Some("{}".to_owned())] {
            let refused = id(&last, later, Ok(wrong)).await;
            assert_eq!(refused.unwrap_err(), Code::NotConfigured);
        }
    }

    #[tokio::test]
    async fn a_refused_application_is_read_again_at_once() {
        let (last, now) = (LastRead::default(), Instant::now());
        assert_eq!(id(&last, now, secret("wrong")).await.unwrap(), "wrong");
        last.forget().await;
        assert_eq!(id(&last, now, secret("right")).await.unwrap(), "right");
    }
}

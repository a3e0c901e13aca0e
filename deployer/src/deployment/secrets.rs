//! Setting and rotating the secrets of a stage, under its lease.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::Deployment;
use crate::{
    Error,
    rotation::{self, Rotated, RotationState},
};

/// Id and secret of the OAuth application at GitHub, as the function `github` reads them.
const GITHUB: &str = "github";

impl Deployment<'_> {
    /// Sets client id and secret of the OAuth application at GitHub. The function `github` reads them
    /// within a minute.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] for a text that GitHub gives to no application.
    pub async fn set_github(&self, client_id: &str, client_secret: &str) -> Result<(), Error> {
        for (what, text) in [("client id", client_id), ("client secret", client_secret)] {
            let is_good =
                (4..=200).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
            if !is_good {
                return Err(Error::usage(
                    format!(
                        "The {what} is not one of GitHub: printable characters without spaces, 4 to 200. Nothing was changed."
                    ),
                    "Copy both from the page of the OAuth application at https://github.com/settings/developers",
                ));
            }
        }
        let value = json!({"client_id": client_id, "client_secret": client_secret});
        self.interrupt.check("Nothing was changed.")?;
        self.target.put_secret(GITHUB, &value.to_string()).await
    }

    /// The first step of a rotation: a new value is in use, and the old one is still accepted.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] when the stage has no such secret, or the old value of the last
    /// rotation is still needed. When sending the new origin secret fails, the same call continues.
    pub async fn begin_rotation(&self, which: Rotated) -> Result<RotationState, Error> {
        let value = self.rotated_value(which).await?;
        let state = rotation::state(which, &value);
        if which == Rotated::OriginSecret && state != RotationState::Stable {
            // Cut before it was sent everywhere: the distribution may send either value, and a third
            // one would push out one that it sends.
            self.target.send_origin_secret(&self.progress).await?;
            return Ok(state);
        }
        let next = rotation::begin(which, self.stage.name(), &value, OffsetDateTime::now_utc())?;
        self.interrupt.check("Nothing was changed.")?;
        self.put(which, &next).await?;
        if which == Rotated::OriginSecret {
            self.target.send_origin_secret(&self.progress).await?;
        }
        Ok(rotation::state(which, &next))
    }

    /// The second step: the old value is refused. `at_once`: although accepted tokens need it.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] without a first step; [`crate::ErrorKind::ApprovalNeeded`] while
    /// the old value is needed, unless `at_once`.
    pub async fn finish_rotation(&self, which: Rotated, at_once: bool) -> Result<(), Error> {
        let value = self.rotated_value(which).await?;
        let stage = self.stage.name();
        let now = OffsetDateTime::now_utc();
        let next = rotation::finish(which, stage, &value, now, at_once)?;
        self.interrupt.check("Nothing was changed.")?;
        if which == Rotated::OriginSecret {
            // The first step may have been cut before this.
            self.target.send_origin_secret(&self.progress).await?;
        }
        self.put(which, &next).await
    }

    async fn put(&self, which: Rotated, value: &Value) -> Result<(), Error> {
        self.target
            .put_secret(which.secret(), &value.to_string())
            .await
    }

    async fn rotated_value(&self, which: Rotated) -> Result<Value, Error> {
        let stage = self.stage.name();
        let text = self.target.secret(which.secret()).await?.ok_or_else(|| {
            Error::usage(
                format!(
                    "The stage `{stage}` has no {}: it is not deployed, or needs none.",
                    which.as_str()
                ),
                format!("`cargo xtask status --stage {stage} --resources` lists what it has."),
            )
        })?;
        // No cause: it could quote the value.
        serde_json::from_str(&text).map_err(|_| {
            Error::failed(
                format!(
                    "The {} of `{stage}` are not JSON. Nothing was changed.",
                    which.as_str()
                ),
                "docs/ARCHITECTURE.md, \"What a function is given\", describes the form.",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ErrorKind, diary::Diary, interrupt::Interrupt, lease::LeaseHolder, progress::Progress,
        stage::Stage,
    };

    #[tokio::test]
    async fn the_new_origin_secret_is_known_before_it_is_sent_and_sent_before_the_old_one_goes() {
        let diary = Diary::default();
        let put = |value: &str| {
            diary
                .secrets
                .borrow_mut()
                .insert("origin".to_owned(), value.to_owned());
        };
        let stage = Stage::load("local").unwrap();
        let holder = LeaseHolder::this_process("test");
        let (progress, interrupt) = (Progress::silent(), Interrupt::default());
        let deployment = Deployment::begin(&diary, &stage, &holder, &progress, &interrupt)
            .await
            .unwrap();
        let which = Rotated::OriginSecret;
        let missing = deployment.begin_rotation(which).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Usage);
        put(r#"{"value": "old"}"#);
        deployment.begin_rotation(which).await.unwrap();
        let value = diary.secrets.borrow()["origin"].clone();
        assert!(value.contains(r#""previous":"old""#), "{value}");
        // The same command again continues with the same values.
        deployment.begin_rotation(which).await.unwrap();
        assert_eq!(diary.secrets.borrow()["origin"], value);
        deployment.finish_rotation(which, false).await.unwrap();
        assert!(!diary.secrets.borrow()["origin"].contains("old"));
        let (put, send) = ("put secret origin", "send origin secret");
        let steps = [put, send, send, send, put];
        assert_eq!(*diary.lines.borrow(), steps);
        let bad = deployment
            .set_github("id id", "canary-secret")
            .await
            .unwrap_err();
        assert!(bad.kind() == ErrorKind::Usage && !bad.message().contains("canary"));
    }
}

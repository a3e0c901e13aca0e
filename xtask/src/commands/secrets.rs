//! `cargo xtask secrets`: the secrets that a person sets, and rotating those that are generated.

use std::io::{self, Read};

use clap::{Args, Subcommand, ValueEnum};
use deployer::{
    Error,
    deployment::Deployment,
    interrupt::Interrupt,
    lease::LeaseHolder,
    progress::Progress,
    rotation::{Rotated, RotationState},
    stage::Stage,
    target::Target,
};
use serde_json::{Value, json};

use crate::context::Context;

/// Sets and rotates the secrets of a stage.
///
/// Values come from stdin and are never shown, logged or taken as arguments.
#[derive(Args)]
pub(crate) struct Secrets {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Set(Set),
    Rotate(Rotate),
}

/// Sets client id and secret of the OAuth application at GitHub.
///
/// On a terminal, asks for both and does not echo the secret. From a pipe, reads two lines, the id and
/// the secret, or `{"client_id": "..", "client_secret": ".."}`. In use within a minute. On `local`,
/// the next deploy leads people to GitHub itself; the id and the secret `stand-in` lead back to the
/// stand-in.
#[derive(Args)]
struct Set {
    /// Which secret.
    #[arg(default_value = "github")]
    secret: Settable,
    /// The stage.
    #[arg(long)]
    stage: String,
}

/// Replaces a generated secret, in two steps and without signing anybody out.
///
/// The first step generates a new value; the old one is still accepted. The second one (`--finish`)
/// removes the old value, and is refused while an accepted token needs it: 16 minutes and 5 seconds
/// for signing keys. Every process refuses the old value 5 minutes after that. Nothing is deployed.
#[derive(Args)]
struct Rotate {
    /// Which secret.
    secret: Rotatable,
    /// The stage.
    #[arg(long)]
    stage: String,
    /// The second step: refuse the old value.
    #[arg(long)]
    finish: bool,
    /// Refuse the old value although accepted tokens need it: somebody else knows it.
    ///
    /// Sessions stay: a page gets a new access token by itself.
    #[arg(long, requires = "finish")]
    now: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Settable {
    /// Id and secret of the OAuth application.
    Github,
}

#[derive(Clone, Copy, ValueEnum)]
enum Rotatable {
    /// The keys that access tokens are signed with.
    SigningKeys,
    /// The header by which the API knows CloudFront.
    OriginSecret,
}

impl Secrets {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        match self.action {
            Action::Set(set) => set.run(context).await,
            Action::Rotate(rotate) => rotate.run(context).await,
        }
    }
}

impl Set {
    async fn run(self, context: &Context) -> Result<u8, Error> {
        let Settable::Github = self.secret;
        let stage = context.stage(&self.stage)?;
        // Asked for before the stage is taken: a person may take their time.
        let (id, secret) = context.interrupt.or(typed_or_piped(context)).await?;
        let target = context.target(&stage).await?;
        let change = Change::new(context, "secrets set");
        let deployment = change.begin(&*target, &stage).await?;
        deployment
            .run(async |deployment| deployment.set_github(&id, &secret).await)
            .await?;
        let name = stage.name();
        let text = if stage.is_local() {
            format!(
                "Set. To sign in with it: `cargo xtask deploy --stage {name}`, and the callback of the OAuth application is `/api/auth/callback` at the address of the site."
            )
        } else {
            "Set. The function `github` uses it within a minute.".to_owned()
        };
        let value = json!({"stage": name, "secret": "github", "result": "set"});
        context.ui.answer(&value, &text);
        Ok(0)
    }
}

impl Rotate {
    async fn run(self, context: &Context) -> Result<u8, Error> {
        let which = match self.secret {
            Rotatable::SigningKeys => Rotated::SigningKeys,
            Rotatable::OriginSecret => Rotated::OriginSecret,
        };
        let stage = context.stage(&self.stage)?;
        let target = context.target(&stage).await?;
        let change = Change::new(context, "secrets rotate");
        let deployment = change.begin(&*target, &stage).await?;
        let (value, text) = deployment
            .run(async |deployment| {
                if self.finish {
                    deployment.finish_rotation(which, self.now).await?;
                    return Ok(finished(&stage, which));
                }
                let state = deployment.begin_rotation(which).await?;
                Ok(begun(&stage, which, &state))
            })
            .await?;
        context.ui.answer(&value, &text);
        Ok(0)
    }
}

/// What a change of a stage needs beside the stage.
struct Change<'a> {
    holder: LeaseHolder,
    progress: Progress,
    interrupt: &'a Interrupt,
}

impl<'a> Change<'a> {
    fn new(context: &'a Context, command: &str) -> Change<'a> {
        Change {
            holder: LeaseHolder::this_process(command),
            progress: context.ui.progress(),
            interrupt: &context.interrupt,
        }
    }

    async fn begin<'t>(
        &self,
        target: &'t dyn Target,
        stage: &'t Stage,
    ) -> Result<Deployment<'t>, Error> {
        Deployment::begin(target, stage, &self.holder, &self.progress, self.interrupt).await
    }
}

fn begun(stage: &Stage, which: Rotated, state: &RotationState) -> (Value, String) {
    let (name, stage) = (which.as_str(), stage.name());
    let from = match state {
        RotationState::Rotating {
            finish_from: Some(from),
            ..
        } => format!("From {from} on"),
        _ => "Then".to_owned(),
    };
    let value = json!({"stage": stage, "secret": name, "result": "rotated", "rotation": state});
    let text = format!(
        "A new value of the {name} is in use, and the old one is still accepted. {from}: {}",
        which.command(stage, " --finish")
    );
    (value, text)
}

fn finished(stage: &Stage, which: Rotated) -> (Value, String) {
    let (name, seconds) = (which.as_str(), which.refused_within().as_secs());
    let value = json!({"stage": stage.name(), "secret": name, "result": "finished", "refused_within_seconds": seconds});
    let text = format!(
        "The old value of the {name} is removed; every process refuses it within {} minutes.",
        seconds / 60
    );
    (value, text)
}

/// Client id and secret.
async fn typed_or_piped(context: &Context) -> Result<(String, String), Error> {
    if context.ui.can_ask() {
        let ui = context.ui.clone();
        let typed = tokio::task::spawn_blocking(move || {
            let id = ui.ask("Client id:")?;
            let secret = ui.ask_secret("Client secret (not shown):")?;
            Some((id, secret))
        });
        return typed.await.ok().flatten().ok_or_else(nothing_read);
    }
    let read = tokio::task::spawn_blocking(|| {
        let mut text = String::new();
        io::stdin().take(LONGEST).read_to_string(&mut text).ok()?;
        Some(text)
    });
    let text = read.await.ok().flatten().ok_or_else(nothing_read)?;
    parse(&text).ok_or_else(nothing_read)
}

/// Bytes of stdin that are read; both values together have some dozen.
const LONGEST: u64 = 4096;

fn parse(text: &str) -> Option<(String, String)> {
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let member = |name: &str| value[name].as_str().map(str::to_owned);
        return member("client_id").zip(member("client_secret"));
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let both = (lines.next()?.to_owned(), lines.next()?.to_owned());
    lines.next().is_none().then_some(both)
}

/// Never with what was read.
fn nothing_read() -> Error {
    Error::usage(
        "Stdin has not the client id and the client secret. Nothing was changed.",
        "Write two lines to it, the id and the secret, or run the command on a terminal, which asks for both.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stdin_has_two_lines_or_one_object() {
        let both = Some(("Iv1.abc".to_owned(), "0123".to_owned()));
        assert_eq!(parse("Iv1.abc\n0123\n"), both);
        assert_eq!(parse("  Iv1.abc \r\n\n0123"), both);
        assert_eq!(
            parse(r#"{"client_id": "Iv1.abc", "client_secret": "0123"}"#),
            both
        );
        for wrong in ["", "one line", "a\nb\nc", r#"{"client_id": "a"}"#, "[1, 2]"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}

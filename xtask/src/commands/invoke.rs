//! `cargo xtask invoke`: one call of a function, past the gateway.

use std::{
    fs,
    io::{self, Read},
};

use clap::Args;
use deployer::{Error, event::Request, sign_in::sign_in, stage::Stage, state, target::Target};
use serde_json::{Value, json};

use crate::{context::Context, ui::plain};

/// Invokes a function directly and shows its answer.
///
/// With `--route`, it gets the event that the HTTP API would send, and the answer is shown as an
/// HTTP answer: exit code 1 from status 400 on.
#[derive(Args)]
pub(crate) struct Invoke {
    /// The function by its short name.
    function: String,
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Method and path: 'GET /api/tasks?status=pending'.
    #[arg(long, conflicts_with = "event", required_unless_present = "event")]
    route: Option<String>,
    /// The body of the request: JSON.
    #[arg(long, requires = "route")]
    body: Option<String>,
    /// A header of the request: 'If-Match: "1"'. May be given more than once.
    #[arg(long = "header", value_name = "NAME: VALUE", requires = "route")]
    headers: Vec<String>,
    /// Sign in as one of the seeded people first (stage `local` only).
    #[arg(long = "as", value_name = "PERSON", requires = "route")]
    person: Option<String>,
    /// A file with the event, or `-` for stdin.
    #[arg(long, value_name = "FILE")]
    event: Option<String>,
}

/// What is sent to the function.
enum Call {
    /// An event, as it is.
    Event(Value),
    /// A request, which becomes the event of an HTTP API.
    Request(Request),
}

impl Invoke {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        super::known_function(&self.function)?;
        let call = self.call(&stage)?;
        let target = context.target(&stage).await?;
        context
            .interrupt
            .or(async {
                let event = self.event(call, &stage, &*target).await?;
                let payload = event.to_string();
                let answer = target.invoke(&self.function, payload.as_bytes()).await?;
                let text = String::from_utf8_lossy(&answer.payload).into_owned();
                if let Some(kind) = answer.function_error {
                    return Err(Error::failed(
                        format!("The function `{}` failed ({kind}).", self.function),
                        format!(
                            "See its log: `cargo xtask logs {} --stage {} --since 5m`",
                            self.function,
                            stage.name()
                        ),
                    )
                    .because(text));
                }
                let value: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
                Ok(self.show(context, &value))
            })
            .await
    }

    /// What was typed, checked before anything is built or called.
    fn call(&self, stage: &Stage) -> Result<Call, Error> {
        let Some(route) = &self.route else {
            return self.read_event().map(Call::Event);
        };
        if self.person.is_some() && !stage.is_local() {
            return Err(Error::usage(
                format!(
                    "The stage `{}` has no seeded people to sign in as; only `local` has.",
                    stage.name()
                ),
                "Sign in with a browser and pass the access token: `--header 'authorization: Bearer TOKEN'`",
            ));
        }
        let mut request = Request::parse(route)?;
        for header in &self.headers {
            let Some((name, value)) = header.split_once(':') else {
                return Err(Error::usage(
                    format!(
                        "`{header}` is not a header: a name, a colon and a value are required."
                    ),
                    "For example: `--header 'If-Match: \"1\"'`",
                ));
            };
            request
                .headers
                .push((name.trim().to_owned(), value.trim().to_owned()));
        }
        if let Some(body) = &self.body {
            request.body = Some(body.clone());
            request.headers.insert(
                0,
                ("content-type".to_owned(), "application/json".to_owned()),
            );
        }
        request.event(&self.function)?;
        Ok(Call::Request(request))
    }

    async fn event(&self, call: Call, stage: &Stage, target: &dyn Target) -> Result<Value, Error> {
        let mut request = match call {
            Call::Event(event) => return Ok(event),
            Call::Request(request) => request,
        };
        if let Some(person) = &self.person {
            let outputs = state::public_outputs(&target.deployed().await?.stacks);
            let Some(origin) = outputs.get("siteUrl") else {
                return Err(Error::failed(
                    format!("The stage `{}` has no site to sign in at.", stage.name()),
                    format!("`cargo xtask deploy --stage {}`", stage.name()),
                ));
            };
            let token = sign_in(origin, person).await?;
            request
                .headers
                .push(("authorization".to_owned(), format!("Bearer {token}")));
        }
        request.event(&self.function)
    }

    fn read_event(&self) -> Result<Value, Error> {
        let path = self.event.as_deref().unwrap_or("-");
        let unreadable = || {
            Error::usage(
                format!("The event in `{path}` cannot be read."),
                "Give a file with one JSON value, or `-` for stdin.",
            )
        };
        let mut text = String::new();
        if path == "-" {
            io::stdin()
                .read_to_string(&mut text)
                .map_err(|cause| unreadable().because(cause))?;
        } else {
            text = fs::read_to_string(path).map_err(|cause| unreadable().because(cause))?;
        }
        serde_json::from_str(&text).map_err(|cause| unreadable().because(cause))
    }

    /// An HTTP answer as status, then body; anything else as it is.
    fn show(&self, context: &Context, value: &Value) -> u8 {
        let status = value.get("statusCode").and_then(Value::as_u64);
        let (Some(_), Some(status)) = (&self.route, status) else {
            context.ui.answer(value, &shown(context, value));
            return 0;
        };
        let body = value
            .get("body")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let body: Value = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
        let answer = json!({
            "status": status,
            "headers": value.get("headers").cloned().unwrap_or_default(),
            "body": body,
        });
        context.ui.say(&context.ui.paint("1", &status.to_string()));
        context.ui.answer(&answer, &shown(context, &body));
        u8::from(status >= 400)
    }
}

/// As the function sent it; for a person, without what would control the terminal.
fn shown(context: &Context, value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    if context.ui.is_read_by_a_person() {
        plain(&text).into_owned()
    } else {
        text
    }
}

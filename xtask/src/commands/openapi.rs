use std::{fs, time::Instant};

use clap::Args;
use deployer::{
    Error,
    build::{self, BuildFor},
};
use serde_json::{Value, json};

use crate::{checks::Outcome, context::Context, one_shot};

/// Writes the OpenAPI document of the functions to frontend/openapi.json.
///
/// It is what the function `docs` answers for /api/openapi.json; nothing needs to be deployed.
#[derive(Args)]
pub(crate) struct Openapi {
    /// Write nothing; exit code 1 when the file is not as it would be written.
    #[arg(long)]
    check: bool,
}

const PATH: &str = "frontend/openapi.json";

impl Openapi {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let document = document(context).await?;
        let path = context.project.root().join(PATH);
        let same = fs::read_to_string(&path).is_ok_and(|there| there == document);
        if self.check && !same {
            return Err(stale());
        }
        if !same {
            let cannot_write = |cause| {
                Error::failed(
                    format!("{PATH} cannot be written."),
                    "Check the permissions of the folder.",
                )
                .because(cause)
            };
            fs::create_dir_all(context.project.root().join("frontend")).map_err(cannot_write)?;
            fs::write(&path, document).map_err(cannot_write)?;
        }
        let text = if same {
            "is as it would be written"
        } else {
            "written"
        };
        context.ui.answer(
            &json!({"path": PATH, "changed": !same}),
            &format!("{PATH}: {text}"),
        );
        Ok(0)
    }
}

/// Compares the checked-in document with what the functions say, as a named check.
pub(crate) async fn as_checked_in(context: &Context) -> Result<Outcome, Error> {
    let began = Instant::now();
    let there = fs::read_to_string(context.project.root().join(PATH)).unwrap_or_default();
    let result = document(context).await;
    let ok = result.as_ref().is_ok_and(|document| *document == there);
    if let Err(error) = result {
        context.ui.error(&error);
    } else if !ok {
        context.ui.error(&stale());
    }
    Ok(Outcome {
        name: "openapi",
        ok,
        seconds: began.elapsed().as_secs_f64(),
    })
}

fn stale() -> Error {
    Error::failed(
        format!("{PATH} is not what the functions say."),
        "`cargo xtask openapi`, then commit what it wrote",
    )
}

/// The document, indented, with a line end.
async fn document(context: &Context) -> Result<String, Error> {
    let progress = context.ui.progress();
    let built = context
        .interrupt
        .or(build::build(&context.project, BuildFor::Local, &progress))
        .await?;
    let step = progress.step(
        "openapi",
        "Asking the function docs for the OpenAPI document",
    );
    let wrong = |cause: String| {
        Error::failed(
            "The function `docs` gave no OpenAPI document.",
            "See handlers/docs; `cargo test -p miyabi-docs`",
        )
        .because(cause)
    };
    let docs = built
        .iter()
        .find(|function| function.asset.function == "docs")
        .ok_or_else(|| wrong("it was not built".to_owned()))?;
    let request = deployer::event::Request::parse("GET /api/openapi.json")?;
    let answer = one_shot::invoke(&docs.bootstrap, &request.event("docs")?)
        .await
        .map_err(wrong)?;
    let body = answer
        .get("body")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let document: Value = serde_json::from_str(body).map_err(|_| wrong(answer.to_string()))?;
    step.done("");
    Ok(serde_json::to_string_pretty(&document).unwrap_or_default() + "\n")
}

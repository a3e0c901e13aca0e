//! `cargo xtask openapi`: writes the document that the functions describe themselves with.

use std::{fs, time::Instant};

use clap::Args;
use deployer::Error;
use serde_json::{Value, json};

use crate::{checks::Outcome, context::Context, process::Tool, ui::plural};

/// Writes the OpenAPI document of the functions to frontend/openapi.json.
///
/// The function `docs` is built with this file and answers it for /api/openapi.json, and the
/// client of the dashboard is made from it.
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
        context.ui.report(&error);
    } else if !ok {
        context.ui.report(&stale());
    }
    Ok(Outcome {
        name: "openapi",
        ok,
        seconds: began.elapsed().as_secs_f64(),
    })
}

fn stale() -> Error {
    Error::failed(
        format!("{PATH} differs from the document of the functions."),
        "`cargo xtask openapi`, then commit the files it wrote",
    )
}

/// The document, indented, with a line end.
async fn document(context: &Context) -> Result<String, Error> {
    let progress = context.ui.progress();
    let step = progress.step("openapi", "Reading the OpenAPI document of the functions");
    let arguments = ["run", "--quiet", "--package", "miyabi-openapi"];
    let tool = Tool::cargo(&arguments).within(context.project.root());
    let ended = context
        .interrupt
        .or(tool.run_well("Fix the errors above, then `cargo xtask openapi` again"))
        .await?;
    let document: Value = serde_json::from_str(&ended.stdout).map_err(|cause| {
        Error::failed(
            "The crate `miyabi-openapi` printed no OpenAPI document.",
            "See handlers/openapi; `cargo test -p miyabi-openapi`",
        )
        .because(cause)
    })?;
    let operations = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_, methods)| methods.as_object())
        .map(serde_json::Map::len)
        .sum();
    step.done(plural(operations, "operation"));
    Ok(serde_json::to_string_pretty(&document).unwrap_or_default() + "\n")
}

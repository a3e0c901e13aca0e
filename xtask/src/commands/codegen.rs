//! `cargo xtask codegen`: writes what is generated from schemas and from the database.

use std::{fs, path::Path, time::Instant};

use clap::Args;
use deployer::{Error, ErrorKind, progress::Progress, project::Project};
use serde_json::json;

use crate::{checks::Outcome, context::Context, offline_queries, process::Tool, ui::plural};

/// Writes what is generated and checked in: the typed CloudFormation resources and sqlx's data.
///
/// The types come from AWS's resource schemas in stacks/cfn/schemas. The data of the checked
/// queries (.sqlx) comes from a PostgreSQL that lives for a minute and has the migrations.
#[derive(Args)]
pub(crate) struct Codegen {
    /// Write nothing; exit code 1 when something is not as it would be written.
    #[arg(long)]
    check: bool,
    /// Copy the schemas again from an unpacked cfn-lint: its folder `cfnlint/data/schemas`.
    #[arg(long, value_name = "FOLDER", conflicts_with = "check")]
    vendor: Option<String>,
}

impl Codegen {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let progress = context.ui.progress();
        if let Some(package) = &self.vendor {
            let schemas = context.project.root().join("stacks/cfn/schemas");
            cfn_codegen::vendor(Path::new(package), &schemas).map_err(cannot_generate)?;
        }
        let mut stale = context
            .interrupt
            .or(types(&context.project, &progress, self.check))
            .await?;
        stale.extend(
            context
                .interrupt
                .or(offline_queries::write(
                    &context.project,
                    &progress,
                    self.check,
                ))
                .await?,
        );
        if self.check && !stale.is_empty() {
            let count = plural(stale.len(), "generated file");
            let error = Error::failed(
                format!("{count} not as the generator writes it."),
                "`cargo xtask codegen`, then commit the files it wrote",
            );
            return Err(error.because(stale.join("\n")));
        }
        let text = match stale.is_empty() {
            true => "Everything generated is as it would be written.".to_owned(),
            false => stale
                .iter()
                .map(|path| format!("written: {path}\n"))
                .collect(),
        };
        let value = json!({"check": self.check, "written": stale});
        context.ui.answer(&value, &text);
        Ok(0)
    }
}

/// Compares the typed resources with what the generator writes, as a named check.
pub(crate) async fn types_as_generated(context: &Context) -> Result<Outcome, Error> {
    let began = Instant::now();
    let progress = context.ui.progress();
    let stale = context
        .interrupt
        .or(types(&context.project, &progress, true))
        .await?;
    for path in &stale {
        context.ui.say(&format!(
            "{path} is not as the generator writes it: `cargo xtask codegen`"
        ));
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(Outcome {
        name: "codegen",
        ok: stale.is_empty(),
        seconds,
    })
}

/// Compares sqlx's data with what the queries and migrations give, as a named check.
pub(crate) async fn queries_as_checked_in(context: &Context) -> Result<Outcome, Error> {
    let began = Instant::now();
    let progress = context.ui.progress();
    let result = context
        .interrupt
        .or(offline_queries::write(&context.project, &progress, true))
        .await;
    let ok = match result {
        Ok(stale) => {
            for path in &stale {
                context.ui.say(&format!(
                    "{path} does not match the database: `cargo xtask codegen`"
                ));
            }
            stale.is_empty()
        }
        Err(error) if error.kind() == ErrorKind::Failed => {
            context.ui.report(&error);
            false
        }
        Err(error) => return Err(error),
    };
    Ok(Outcome {
        name: "queries",
        ok,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// Generates the types; gives the paths that differ from what is checked in.
async fn types(project: &Project, progress: &Progress, check: bool) -> Result<Vec<String>, Error> {
    let step = progress.step("codegen", "Generating the typed resources");
    let generated = cfn_codegen::generate(&project.root().join("stacks/cfn/schemas"))
        .map_err(cannot_generate)?;
    let scratch = tempfile::tempdir().map_err(cannot_generate)?;
    let mut paths: Vec<String> = Vec::new();
    for (path, content) in &generated {
        let path = scratch.path().join(path);
        fs::write(&path, content).map_err(cannot_generate)?;
        paths.push(path.display().to_string());
    }
    let mut arguments = vec!["--edition", "2024"];
    arguments.extend(paths.iter().map(String::as_str));
    Tool::new("rustfmt", &arguments)
        .run_well("`rustup component add rustfmt`")
        .await?;
    let folder = project.root().join("stacks/cfn/src/types");
    let mut stale = Vec::new();
    for path in generated.keys() {
        let formatted = fs::read(scratch.path().join(path)).map_err(cannot_generate)?;
        if fs::read(folder.join(path)).is_ok_and(|there| there == formatted) {
            continue;
        }
        if !check {
            fs::write(folder.join(path), &formatted).map_err(cannot_generate)?;
        }
        stale.push(format!("stacks/cfn/src/types/{}", path.display()));
    }
    step.done(format!(
        "{}, {} differ",
        plural(generated.len(), "file"),
        stale.len()
    ));
    Ok(stale)
}

fn cannot_generate(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::failed(
        "The typed resources cannot be generated.",
        "See stacks/cfn/schemas/README.md for where the schemas come from.",
    )
    .because(cause)
}

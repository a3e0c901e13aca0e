//! `cargo xtask synth`: the templates of a stage.

use std::fs;

use clap::{Args, ValueEnum};
use deployer::{Error, synth};
use serde_json::{Map, Value, json};

use crate::context::Context;

/// Writes the templates of a stage.
///
/// Nothing is built: where no function was built yet, the key of its code says so. With `--json`,
/// one object with the template of each stack.
#[derive(Args)]
pub(crate) struct Synth {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Only these stacks, by their short names.
    #[arg(long, value_name = "STACK", value_delimiter = ',')]
    only: Vec<String>,
    /// Write each template to a file in this folder instead of stdout.
    #[arg(long, value_name = "FOLDER")]
    out: Option<String>,
    /// How they are written.
    #[arg(long, value_enum, default_value = "yaml")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Yaml,
    Json,
}

impl Synth {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        let templates = synth::templates(&context.project, &stage, &self.only)?;
        if let Some(folder) = &self.out {
            let cannot_write = |cause| {
                Error::failed(
                    format!("The templates cannot be written to `{folder}`."),
                    "Name a folder that can be written to: `--out target/templates`",
                )
                .because(cause)
            };
            fs::create_dir_all(folder).map_err(cannot_write)?;
            let mut written = Vec::new();
            for template in &templates {
                let end = if self.format == Format::Json {
                    "json"
                } else {
                    "yaml"
                };
                let path = format!("{folder}/{}.{end}", template.stack);
                fs::write(&path, self.text(template)).map_err(cannot_write)?;
                written.push(path);
            }
            context
                .ui
                .answer(&json!({"written": written}), &written.join("\n"));
            return Ok(0);
        }
        if self.format == Format::Yaml && !context.ui.is_json() {
            let documents: Vec<String> = templates
                .iter()
                .map(|template| format!("# {}\n{}", template.stack, template.yaml()))
                .collect();
            context.ui.data(&documents.join("---\n"));
            return Ok(0);
        }
        let all: Map<String, Value> = templates
            .into_iter()
            .map(|template| (template.stack, template.json))
            .collect();
        if context.ui.is_json() {
            context.ui.answer(&all, "");
        } else {
            context
                .ui
                .data(&serde_json::to_string_pretty(&all).unwrap_or_default());
        }
        Ok(0)
    }

    fn text(&self, template: &synth::SynthesizedTemplate) -> String {
        match self.format {
            Format::Yaml => template.yaml(),
            Format::Json => serde_json::to_string_pretty(&template.json).unwrap_or_default() + "\n",
        }
    }
}

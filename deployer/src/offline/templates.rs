//! Templates that somebody gives: a folder as `synth --out` writes it, or one file.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{Error, template};

/// What the file of a template ends with.
const ENDS: &[&str] = &["yaml", "yml", "json", "template"];

/// Templates that were read.
#[derive(Debug)]
pub(super) struct Given {
    /// By the name of the file without its end.
    pub(super) stacks: BTreeMap<String, Value>,
    /// Where each was.
    pub(super) paths: BTreeMap<String, PathBuf>,
    /// Whether a file was named, and no folder.
    pub(super) is_one_file: bool,
}

/// Reads every template of a folder, or the one file.
pub(super) fn read(path: &Path, stage: &str) -> Result<Given, Error> {
    let metadata = fs::metadata(path).map_err(|cause| {
        Error::usage(
            format!("There are no templates at {}.", path.display()),
            format!("Name a folder with the deployed templates, as `cargo xtask synth --stage {stage} --out FOLDER` writes them, or one of its files."),
        )
        .because(cause)
    })?;
    let mut given = Given {
        stacks: BTreeMap::new(),
        paths: BTreeMap::new(),
        is_one_file: metadata.is_file(),
    };
    if given.is_one_file {
        given.add(path)?;
        return Ok(given);
    }
    let unreadable = |cause: std::io::Error| {
        Error::usage(
            format!("The folder {} cannot be read.", path.display()),
            "Check its permissions, or name another one: `--deployed FOLDER`",
        )
        .because(cause)
    };
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let end = file.extension().and_then(OsStr::to_str);
        if end.is_some_and(|end| ENDS.contains(&end)) {
            given.add(&file)?;
        }
    }
    if given.stacks.is_empty() {
        return Err(Error::usage(
            format!("The folder {} has no template.", path.display()),
            "A template is a file called after its stack: `data.yaml` or `data.json`.",
        ));
    }
    Ok(given)
}

impl Given {
    fn add(&mut self, path: &Path) -> Result<(), Error> {
        let name = path.file_stem().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let template = template_at(path)?;
        if let Some(twin) = self.paths.insert(name.clone(), path.to_owned()) {
            return Err(Error::usage(
                format!(
                    "{} and {} are templates of the same stack.",
                    twin.display(),
                    path.display()
                ),
                "Remove the one that is not deployed.",
            ));
        }
        self.stacks.insert(name, template);
        Ok(())
    }
}

fn template_at(path: &Path) -> Result<Value, Error> {
    let broken = |why: String| {
        Error::usage(
            format!("{} cannot be read as a CloudFormation template.", path.display()),
            "Write the deployed one there: `aws cloudformation get-template --stack-name miyabi-STAGE-STACK > STACK.json`",
        )
        .because(why)
    };
    let bytes = fs::read(path).map_err(|cause| broken(cause.to_string()))?;
    template::read(&bytes).map_err(|error| broken(error.to_string()))
}

//! The stage that a command works on.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    Error,
    build::{Architecture, BuildFor},
};

/// A stage, read from its file and checked.
#[derive(Debug, Clone)]
pub struct Stage {
    name: String,
    stage: stacks::Stage,
}

/// The stage that is this machine.
const LOCAL: &str = "local";

impl Stage {
    /// The stage of that name, from the stage files as they were when this program was built.
    /// [`crate::ErrorKind::Usage`] when there is none of that name, or something in it is wrong.
    pub fn load(name: &str) -> Result<Stage, Error> {
        Self::parse(name, &stacks::stage::built_in())
    }

    /// The stage of that name from the `*.yaml` files of a folder, each of which takes the place of
    /// the built-in one of the same name. A missing folder is not an error.
    ///
    /// # Errors
    ///
    /// As [`Stage::load`]; also when a file cannot be read.
    pub fn load_from(folder: &Path, name: &str) -> Result<Stage, Error> {
        let mut files = stacks::stage::built_in();
        files.extend(read_files(folder)?);
        Self::parse(name, &files)
    }

    fn parse(name: &str, files: &stacks::stage::Files) -> Result<Stage, Error> {
        stacks::Stage::parse(name, files)
            .map(Stage::new)
            .map_err(|error| Error::usage(error.message, error.hint))
    }

    /// A stage that was read and checked elsewhere.
    pub fn new(stage: stacks::Stage) -> Stage {
        Stage {
            name: stage.name.clone(),
            stage,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its file says.
    pub fn settings(&self) -> &stacks::Stage {
        &self.stage
    }

    /// Whether it is this machine.
    pub fn is_local(&self) -> bool {
        self.name == LOCAL
    }

    /// Whether what it has may not go by accident: its database is protected.
    pub fn is_protected(&self) -> bool {
        self.stage.database.deletion_protection
    }

    /// Refuses a stage whose database is protected: destroying it takes a word of its own.
    pub fn assert_unprotected(&self) -> Result<(), Error> {
        if !self.is_protected() {
            return Ok(());
        }
        Err(Error::usage(
            format!(
                "The stage `{}` is protected: its database may not be deleted. Nothing was changed.",
                self.name
            ),
            format!(
                "When all of it may go: `cargo xtask destroy --stage {0} --confirm {0} --unprotect`",
                self.name
            ),
        ))
    }

    /// What its functions are built for.
    pub fn build_for(&self) -> BuildFor {
        if self.is_local() {
            return BuildFor::Local;
        }
        match self.stage.architecture {
            stacks::stage::Architecture::Arm64 => BuildFor::Lambda(Architecture::Arm64),
            stacks::stage::Architecture::X86 => BuildFor::Lambda(Architecture::X86_64),
            stacks::stage::Architecture::Host => BuildFor::Emulator,
        }
    }
}

/// The stage files of a folder, by name without `.yaml`.
fn read_files(folder: &Path) -> Result<stacks::stage::Files, Error> {
    let unreadable = |path: &Path, error: std::io::Error| {
        Error::usage(
            format!(
                "The stage files cannot be read: {}: {error}.",
                path.display()
            ),
            format!("`ls -l {}`", folder.display()),
        )
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.map_err(|error| unreadable(folder, error))?,
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let is_yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml");
        let name = path.file_stem().and_then(|stem| stem.to_str());
        if let Some(name) = name.filter(|_| is_yaml) {
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            files.insert(name.to_owned(), text);
        }
    }
    Ok(files)
}

/// A hint that names what was probably meant, or everything that there is.
pub fn did_you_mean(wrong: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .min_by_key(|name| strsim::levenshtein(wrong, name));
    match nearest {
        Some(name) if strsim::levenshtein(wrong, name) <= wrong.len().max(3) / 2 => {
            format!("Did you mean `{name}`? There are: {}", known.join(", "))
        }
        _ => format!("There are: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_file_that_was_written_after_the_build_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let unknown = Stage::load_from(folder.path(), "staging2").unwrap_err();
        assert_eq!(unknown.hint(), "Did you mean `--stage staging`?");
        let unknown = Stage::load_from(folder.path(), "qa").unwrap_err();
        assert_eq!(
            unknown.hint(),
            "Write stacks/stages/qa.yaml, beginning with `extends: base`."
        );
        let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        file("qa.yaml", "extends: base\nregion: eu-west-1\n");
        file("notes.txt", "no stage");
        let qa = Stage::load_from(folder.path(), "qa").unwrap();
        assert_eq!((qa.name(), &*qa.settings().region), ("qa", "eu-west-1"));
        file("qa.yaml", "extends: base\nregon: eu-west-1\n");
        let wrong = Stage::load_from(folder.path(), "qa").unwrap_err();
        let message = wrong.message();
        assert!(
            message.starts_with("stacks/stages/qa.yaml:2: "),
            "{message}"
        );
        // A file takes the place of the built-in one.
        file("dev.yaml", "extends: base\ncache: true\n");
        assert!(
            Stage::load_from(folder.path(), "dev")
                .unwrap()
                .settings()
                .cache
        );
    }

    #[test]
    fn a_slip_of_the_finger_is_recognized_and_nonsense_is_not() {
        let stages = ["dev", "local", "prod"];
        assert_eq!(
            did_you_mean("locla", &stages),
            "Did you mean `local`? There are: dev, local, prod"
        );
        assert_eq!(
            did_you_mean("qwertyuiop", &stages),
            "There are: dev, local, prod"
        );
    }
}

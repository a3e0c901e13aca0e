//! The stage that a command works on.

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
        let stage = stacks::Stage::built_in(name)
            .map_err(|error| Error::usage(error.message, error.hint))?;
        Ok(Stage {
            name: name.to_owned(),
            stage,
        })
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

    /// Refuses a stage whose database is protected: it can only be destroyed in two steps.
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
                "When all of it may go: set `database.deletion-protection: false` in stacks/stages/{0}.yaml, `cargo xtask deploy --stage {0}`, then `cargo xtask destroy --stage {0}`",
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

//! What is wrong with a stage file: file, line, key, and what is allowed.

/// A stage that cannot be used. The message is complete; the hint says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StageError {
    /// File and line, what was found, what is allowed.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl StageError {
    /// In `file`, which is named without folder and ending.
    pub(super) fn at(file: &str, line: usize, message: &str, hint: String) -> Self {
        Self {
            message: format!("stacks/stages/{file}.yaml:{line}: {message}"),
            hint,
        }
    }

    pub(super) fn unknown(name: &str, known: &[&str]) -> Self {
        Self {
            message: format!(
                "There is no stage `{name}`; there are {}.",
                known.join(", ")
            ),
            hint: Self::hint_for(name, known),
        }
    }

    /// No file is suggested for a name that no stage can have.
    fn hint_for(name: &str, known: &[&str]) -> String {
        if let Some(near) = nearest(name, known) {
            return format!("Did you mean `--stage {near}`?");
        }
        if name == "base" {
            return "Stages extend stacks/stages/base.yaml; it is not a stage itself.".to_owned();
        }
        match super::name::check(name) {
            Ok(()) => format!("Write stacks/stages/{name}.yaml, beginning with `extends: base`."),
            Err(_) => {
                let first = known.first().copied().unwrap_or("dev");
                format!("Name one of them, as in `--stage {first}`.")
            }
        }
    }
}

/// The word that was probably meant: the nearest one, if it is near.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::levenshtein(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The line, from 1, on which the key at that path stands; 1 when it does not.
pub(super) fn line_of(text: &str, keys: &[&str]) -> usize {
    let mut depth = 0;
    let mut inside: Vec<usize> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let indent = line.len() - trimmed.len();
        while inside.last().is_some_and(|parent| indent <= *parent) {
            inside.pop();
            depth = depth.min(inside.len());
        }
        if depth == inside.len() && trimmed.split(':').next() == Some(keys[depth]) {
            if depth + 1 == keys.len() {
                return number + 1;
            }
            depth += 1;
            inside.push(indent);
        }
    }
    1
}

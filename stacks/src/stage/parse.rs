//! From files to a [`Stage`]: each file alone must be right, then they are merged.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    Stage, StageError, check,
    error::{line_of, nearest},
};

/// Stage files by name without `.yaml`.
pub type Files = BTreeMap<String, String>;

/// The stage files of the project, as they were when it was built.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("base", include_str!("../../stages/base.yaml")),
    ("dev", include_str!("../../stages/dev.yaml")),
    ("local", include_str!("../../stages/local.yaml")),
    ("prod", include_str!("../../stages/prod.yaml")),
    ("sandbox", include_str!("../../stages/sandbox.yaml")),
    ("staging", include_str!("../../stages/staging.yaml")),
];

/// The built-in stage files.
pub fn built_in() -> Files {
    BUILT_IN
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect()
}

/// A stage file: a part of a stage, and what it extends.
#[derive(Deserialize)]
struct Head {
    extends: Option<String>,
}

impl Stage {
    /// The stage of that name from these files. Pure.
    ///
    /// A name has at most 16 lowercase letters and digits and begins with a letter: see
    /// [`super::name`].
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with file, line and key.
    pub fn parse(name: &str, files: &Files) -> Result<Stage, StageError> {
        if name == "base" || !files.contains_key(name) {
            let known: Vec<&str> = files
                .keys()
                .map(String::as_str)
                .filter(|known| *known != "base")
                .collect();
            return Err(StageError::unknown(name, &known));
        }
        super::name::check(name)?;
        let chain = chain(name, files)?;
        let mut merged = Json::Null;
        for (file, text) in chain.iter().rev() {
            let part = part(file, text)?;
            merge(&mut merged, part);
        }
        let mut stage: Stage = serde_json::from_value(merged).map_err(|error| StageError {
            message: format!(
                "stacks/stages/{name}.yaml does not fit together with what it extends: {error}."
            ),
            hint: "Compare it with stacks/stages/base.yaml.".to_owned(),
        })?;
        stage.name = name.to_owned();
        check::check(&stage, &chain)?;
        Ok(stage)
    }

    /// The stage of that name from the files that are built in.
    ///
    /// # Errors
    ///
    /// As [`Stage::parse`].
    pub fn built_in(name: &str) -> Result<Stage, StageError> {
        Self::parse(name, &built_in())
    }
}

/// The files that make the stage, the most special first.
fn chain<'a>(name: &str, files: &'a Files) -> Result<Vec<(&'a str, &'a str)>, StageError> {
    let mut chain: Vec<(&str, &str)> = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(name) = next {
        let Some((file, text)) = files.get_key_value(&name) else {
            let (below, text) = chain[chain.len() - 1];
            let known: Vec<&str> = files.keys().map(String::as_str).collect();
            return Err(StageError::at(
                below,
                line_of(text, &["extends"]),
                &format!(
                    "extends: there is no stage file `{name}`; there are {}.",
                    known.join(", ")
                ),
                "Name one of them, or write it.".to_owned(),
            ));
        };
        if chain.iter().any(|(seen, _)| seen == file) {
            return Err(StageError::at(
                file,
                line_of(text, &["extends"]),
                "extends: the files extend each other in a circle.",
                "Let the last one extend `base`, which extends nothing.".to_owned(),
            ));
        }
        next = read::<Head>(file, text)?.extends;
        chain.push((file, text));
    }
    Ok(chain)
}

/// One file as JSON, after it was read as a stage: a wrong key or value is found where it stands.
fn part(file: &str, text: &str) -> Result<Json, StageError> {
    let mut part: Json = read(file, text)?;
    if part["account"].is_number() {
        return Err(StageError::at(
            file,
            line_of(text, &["account"]),
            &format!(
                "account: found the number {}; it must be 12 digits in quotes.",
                part["account"]
            ),
            "Put it in quotes: YAML would drop its leading zeros.".to_owned(),
        ));
    }
    if let Some(part) = part.as_object_mut() {
        part.shift_remove("extends");
    }
    // The key `extends` is no part of a stage; its line stays, so that lines keep their numbers.
    let body: String = text
        .split_inclusive('\n')
        .map(|line| {
            if line.starts_with("extends:") {
                "\n"
            } else {
                line
            }
        })
        .collect();
    if !part.is_null() && part.as_object().is_none_or(|part| !part.is_empty()) {
        read::<Stage>(file, &body)?;
    }
    Ok(part)
}

fn read<T: for<'de> Deserialize<'de>>(file: &str, text: &str) -> Result<T, StageError> {
    serde_saphyr::from_str(text).map_err(|error| {
        let line = error
            .location()
            .map_or(1, |location| location.line() as usize);
        let full = error.without_snippet().to_string();
        let said = full.split(" at line ").next().unwrap_or_default();
        let key = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let key = key.split(':').next().unwrap_or_default().trim();
        let message = if said.contains(&format!("`{key}`")) {
            said.to_owned()
        } else {
            format!("{key}: {said}")
        };
        StageError::at(file, line, &format!("{message}."), hint(said))
    })
}

/// What was probably meant, from a message that lists what is allowed.
fn hint(said: &str) -> String {
    let wrong = said.split('`').nth(1).unwrap_or_default();
    let allowed: Vec<&str> = said
        .split("expected one of ")
        .nth(1)
        .unwrap_or_default()
        .split(", ")
        .collect();
    nearest(wrong, &allowed)
        .filter(|near| !near.is_empty())
        .map_or_else(
            || "stacks/stages/base.yaml describes every key.".to_owned(),
            |near| format!("Did you mean `{near}`?"),
        )
}

/// Puts `over` on top: maps are merged key by key, everything else is replaced.
fn merge(under: &mut Json, over: Json) {
    match (under, over) {
        (Json::Object(under), Json::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key).or_insert(Json::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

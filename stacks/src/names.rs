//! Names of things, made from stage and function.

use crate::Stage;

/// `miyabi-dev-tasks`: the physical name of a thing of this stage.
pub(crate) fn physical(stage: &Stage, name: &str) -> String {
    format!("miyabi-{}-{name}", stage.name)
}

/// `ws-connect` -> `WsConnect`, for logical ids.
pub(crate) fn pascal(name: &str) -> String {
    name.split(|character: char| !character.is_ascii_alphanumeric())
        .flat_map(|word| {
            let mut characters = word.chars();
            characters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(characters)
        })
        .collect()
}

/// `miyabi_tasks` -> `Tasks`: a database role in a logical id.
pub(crate) fn role(database_role: &str) -> String {
    pascal(database_role.trim_start_matches("miyabi_"))
}

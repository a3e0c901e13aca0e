//! Names of things, made from stage and function.

use cfn::Intrinsic;

use crate::Stage;

/// `miyabi-dev-tasks`: the physical name of a thing of this stage.
pub(crate) fn physical(stage: &Stage, name: &str) -> String {
    format!("miyabi-{}-{name}", stage.name)
}

/// The ARN of the policy beyond which no role of the stage may do anything, which the bootstrap stack
/// makes; `None` where the stage is not on AWS and there is none.
pub(crate) fn boundary(stage: &Stage) -> Option<Intrinsic> {
    stage.account.as_ref().map(|_| boundary_arn(&stage.name))
}

/// [`boundary`] of the stage of that name.
pub(crate) fn boundary_arn(stage: &str) -> Intrinsic {
    Intrinsic::sub(format!(
        "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/miyabi-{stage}-boundary"
    ))
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

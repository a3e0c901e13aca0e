//! Whether somebody who may say yes has said yes; nothing is assumed.

use deployer::{
    Error, ErrorKind,
    plan::{Plan, RiskKind},
};

use crate::context::Context;

/// Ends well when somebody who may say yes has said yes.
pub(crate) async fn approve(
    context: &Context,
    plan: &Plan,
    yes: bool,
    confirm: Option<&str>,
) -> Result<(), Error> {
    let stage = plan.stage.as_str();
    if plan.risk_kinds().contains(&RiskKind::DataLoss) {
        let typed = match confirm {
            Some(confirm) => Some(confirm.to_owned()),
            None => {
                let question = format!(
                    "Data will be lost, see above. Type the name of the stage ({stage}) to go on:"
                );
                ask(context, question).await
            }
        };
        if typed.as_deref() != Some(stage) {
            let refused = not_approved(
                "The plan replaces or removes something that holds data, and nobody confirmed it.",
                format!(
                    "When the data may go: `cargo xtask deploy --stage {stage} --yes --confirm {stage}`"
                ),
            );
            return Err(refused.because(losses(plan).join("\n")));
        }
        return Ok(());
    }
    let question = format!("Apply this to `{stage}`? [y/N]");
    agree(context, &format!("deploy --stage {stage}"), question, yes).await
}

/// Ends well when `yes` was given, or somebody answers the question with yes. `command` is what is
/// run, for the hint.
pub(crate) async fn agree(
    context: &Context,
    command: &str,
    question: String,
    yes: bool,
) -> Result<(), Error> {
    if yes {
        return Ok(());
    }
    match ask(context, question).await.as_deref() {
        Some("y" | "Y" | "yes") => Ok(()),
        Some(_) => Err(not_approved(
            "It was not approved.",
            format!("`cargo xtask {command}` asks again."),
        )),
        None => Err(not_approved(
            "It needs an approval, and nobody is there to ask.",
            format!("`cargo xtask {command} --yes`"),
        )),
    }
}

fn not_approved(message: &str, hint: String) -> Error {
    Error::new(
        ErrorKind::ApprovalNeeded,
        format!("{message} Nothing was changed."),
        hint,
    )
}

/// What would be lost, one line each.
fn losses(plan: &Plan) -> Vec<String> {
    let lost = plan
        .risks
        .iter()
        .filter(|risk| risk.kind == RiskKind::DataLoss);
    lost.map(|risk| format!("{}: {}", risk.place(), risk.detail))
        .collect()
}

/// Asks without holding up the signals.
pub(crate) async fn ask(context: &Context, question: String) -> Option<String> {
    let ui = context.ui.clone();
    tokio::task::spawn_blocking(move || ui.ask(&question))
        .await
        .ok()
        .flatten()
}

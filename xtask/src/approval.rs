//! Asking a person for the approvals that a plan needs. What needs one is decided in the library.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use deployer::{
    Error, ErrorKind,
    approval::{ApprovalKind, ApprovalRequest, Approvals, Approved},
    plan::Plan,
};

use crate::context::Context;

/// The approvals that can be given as options.
#[derive(Args, Clone, Default)]
pub(crate) struct ApprovalOptions {
    /// Approve the plan without being asked. Covers no risk: see `--allow` and `--confirm`.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Approve these kinds of risk: wider permissions, more public access.
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(crate) allow: Vec<Allow>,
}

/// A kind of risk that can be approved by an option.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allow {
    /// A role may do more than before, or is new.
    Permissions,
    /// Something is reachable or readable by more of the world, or is new and public.
    PublicAccess,
}

impl ApprovalOptions {
    /// What was given.
    pub(crate) fn given(&self) -> Approvals {
        let allowed = self.allow.iter().map(|kind| match kind {
            Allow::Permissions => ApprovalKind::Permissions,
            Allow::PublicAccess => ApprovalKind::PublicAccess,
        });
        let mut kinds: BTreeSet<ApprovalKind> = allowed.collect();
        if self.yes {
            kinds.insert(ApprovalKind::Apply);
        }
        Approvals {
            kinds,
            typed_name: None,
        }
    }
}

/// Asks for each kind of approval that the plan needs and `given` lacks. `command` is what was typed,
/// without its approvals, for the hint.
pub(crate) async fn approve(
    context: &Context,
    plan: Plan,
    given: Approvals,
    command: &str,
) -> Result<Approved<Plan>, Error> {
    let given = complete(context, &plan.approval(), &plan.stage, given).await;
    plan.approve(&given)
        .map_err(|refused| refused.error(command))
}

/// `given` with what a person adds when asked, kind by kind. Ends with the first no.
pub(crate) async fn complete(
    context: &Context,
    request: &ApprovalRequest,
    stage: &str,
    mut given: Approvals,
) -> Approvals {
    let mut missing = request.missing(&given);
    // The typed name approves the plan, too: it is the only question then.
    if missing.contains(&ApprovalKind::DataLoss) {
        missing.retain(|kind| *kind != ApprovalKind::Apply);
    }
    for kind in missing {
        if kind == ApprovalKind::DataLoss {
            let question = format!(
                "Data is lost, see above. Type the name of the stage ({stage}) to continue:"
            );
            given.typed_name = ask(context, question).await;
            continue;
        }
        let question = match kind {
            ApprovalKind::Apply => format!("Apply this to `{stage}`? [y/N]"),
            kind => format!("Approve {}, see above? [y/N]", kind.title()),
        };
        match ask(context, question).await.as_deref() {
            Some("y" | "Y" | "yes") => drop(given.kinds.insert(kind)),
            _ => break,
        }
    }
    given
}

/// Succeeds when `yes` was given, or somebody answers the question with yes. `command` is what was
/// typed, for the hint.
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
        _ => Err(Error::new(
            ErrorKind::ApprovalNeeded,
            "It was not approved. Nothing was changed.",
            format!("To approve it: `{command} --yes`"),
        )),
    }
}

/// Asks without holding up the signals.
async fn ask(context: &Context, question: String) -> Option<String> {
    let ui = context.ui.clone();
    tokio::task::spawn_blocking(move || ui.ask(&question))
        .await
        .ok()
        .flatten()
}

//! What a plan needs approved, and the proof that it was.
//!
//! An approval is given by kind: nothing covers what it does not name, and the loss of data needs the
//! typed name of the stage whatever else was given. [`Approved`] can only be made here, from a plan
//! and the approvals given for it, so that no caller can apply what nobody approved:
//!
//! ```compile_fail,E0423
//! # fn plan() -> deployer::plan::Plan { unimplemented!() }
//! let approved = deployer::approval::Approved(plan());
//! ```

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Error, ErrorKind,
    plan::{Plan, Removal, Risk, RiskKind},
};

/// Kinds of approval, in the order in which a person is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApprovalKind {
    /// Overwriting what was changed or deleted outside of the deployer.
    Drift,
    /// More of the world reaches or reads something than before.
    PublicAccess,
    /// A role may do more than before.
    Permissions,
    /// Applying the plan at all.
    Apply,
    /// Data is replaced or removed: approved by the typed name of the stage alone.
    DataLoss,
}

impl ApprovalKind {
    /// What it approves, to be followed by "not approved": `wider permissions`.
    pub const fn title(self) -> &'static str {
        match self {
            ApprovalKind::Drift => "overwriting changes made by hand",
            ApprovalKind::PublicAccess => "more public access",
            ApprovalKind::Permissions => "wider permissions",
            ApprovalKind::Apply => "applying the plan",
            ApprovalKind::DataLoss => "the loss of data",
        }
    }

    fn of(risk: RiskKind) -> ApprovalKind {
        match risk {
            RiskKind::DataLoss => ApprovalKind::DataLoss,
            RiskKind::Drift | RiskKind::DeletedOutOfBand => ApprovalKind::Drift,
            RiskKind::PublicAccess | RiskKind::Network => ApprovalKind::PublicAccess,
            RiskKind::Permissions => ApprovalKind::Permissions,
        }
    }
}

/// The approvals that somebody gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approvals {
    /// Kinds that were approved. [`ApprovalKind::DataLoss`] has no effect here.
    pub kinds: BTreeSet<ApprovalKind>,
    /// The name of the stage as it was typed, which approves the loss of data and the plan itself.
    pub typed_name: Option<String>,
}

impl Approvals {
    /// Approves applying a plan, and none of its risks.
    pub fn apply() -> Approvals {
        Approvals {
            kinds: BTreeSet::from([ApprovalKind::Apply]),
            typed_name: None,
        }
    }

    /// The same, with one more kind.
    #[must_use]
    pub fn and(mut self, kind: ApprovalKind) -> Approvals {
        self.kinds.insert(kind);
        self
    }

    /// The same, with the typed name of the stage.
    #[must_use]
    pub fn typed(mut self, stage: impl Into<String>) -> Approvals {
        self.typed_name = Some(stage.into());
        self
    }
}

/// What must be approved, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRequest {
    stage: String,
    kinds: BTreeMap<ApprovalKind, Vec<String>>,
}

impl ApprovalRequest {
    /// Each kind with what it is about, one line per risk.
    pub fn kinds(&self) -> impl Iterator<Item = (ApprovalKind, &[String])> {
        self.kinds.iter().map(|(kind, lines)| (*kind, &lines[..]))
    }

    /// The kinds that `given` does not cover.
    pub fn missing(&self, given: &Approvals) -> Vec<ApprovalKind> {
        let named = given.typed_name.as_deref() == Some(self.stage.as_str());
        let covers = |kind: &ApprovalKind| match kind {
            ApprovalKind::DataLoss => named,
            ApprovalKind::Apply => {
                given.kinds.contains(kind)
                    || (named && self.kinds.contains_key(&ApprovalKind::DataLoss))
            }
            _ => given.kinds.contains(kind),
        };
        self.kinds
            .keys()
            .copied()
            .filter(|kind| !covers(kind))
            .collect()
    }

    /// The options that approve all of it: `--yes --allow permissions --confirm dev`.
    pub fn options(&self) -> String {
        let has = |kind| self.kinds.contains_key(&kind);
        let allowed: Vec<&str> = [
            (ApprovalKind::Permissions, "permissions"),
            (ApprovalKind::PublicAccess, "public-access"),
        ]
        .into_iter()
        .filter(|(kind, _)| has(*kind))
        .map(|(_, name)| name)
        .collect();
        let mut options = vec!["--yes".to_owned()];
        if !allowed.is_empty() {
            options.push(format!("--allow {}", allowed.join(",")));
        }
        if has(ApprovalKind::Drift) {
            options.push("--allow-drift".to_owned());
        }
        if has(ApprovalKind::DataLoss) {
            options.push(format!("--confirm {}", self.stage));
        }
        options.join(" ")
    }

    fn check(self, given: &Approvals) -> Result<(), Unapproved> {
        let missing = self.missing(given);
        if missing.is_empty() {
            return Ok(());
        }
        Err(Unapproved {
            request: self,
            missing,
        })
    }
}

/// The refusal of a plan for want of approvals. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unapproved {
    request: ApprovalRequest,
    /// What was not approved.
    pub missing: Vec<ApprovalKind>,
}

impl Unapproved {
    /// The error for a person; `command` is what was run, without its approvals:
    /// `cargo xtask deploy --stage dev`. The hint is that command with every approval it needs.
    pub fn error(self, command: &str) -> Error {
        let titles: Vec<&str> = self.missing.iter().map(|kind| kind.title()).collect();
        let risks: Vec<&str> = self
            .missing
            .iter()
            .rev()
            .flat_map(|kind| &self.request.kinds[kind])
            .map(String::as_str)
            .collect();
        let error = Error::new(
            ErrorKind::ApprovalNeeded,
            format!("Not approved: {}. Nothing was changed.", titles.join(", ")),
            format!("To approve it: `{command} {}`", self.request.options()),
        );
        if risks.is_empty() {
            error
        } else {
            error.because(risks.join("\n"))
        }
    }
}

/// Something that was approved, with every risk that it has.
#[derive(Debug)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    /// What was approved.
    pub fn get(&self) -> &T {
        &self.0
    }
}

impl Plan {
    /// What must be approved before this plan can be applied. An empty plan needs nothing.
    ///
    /// On this machine everything listens on 127.0.0.1 and no role is of an account, so wider
    /// permissions and public access are shown and need no approval of their own.
    pub fn approval(&self) -> ApprovalRequest {
        let here = self
            .made_from
            .stage
            .as_ref()
            .is_some_and(|id| id.is_this_machine());
        let exposes = |kind| matches!(kind, ApprovalKind::Permissions | ApprovalKind::PublicAccess);
        let mut kinds = BTreeMap::new();
        if !self.is_empty() {
            kinds.insert(ApprovalKind::Apply, Vec::new());
            add(&mut kinds, &self.risks);
            kinds.retain(|kind, _| !(here && exposes(*kind)));
        }
        ApprovalRequest {
            stage: self.stage.clone(),
            kinds,
        }
    }

    /// The plan with the proof that everything about it was approved.
    ///
    /// # Errors
    ///
    /// [`Unapproved`] with the kinds that `given` does not cover.
    pub fn approve(self, given: &Approvals) -> Result<Approved<Plan>, Unapproved> {
        self.approval().check(given)?;
        Ok(Approved(self))
    }
}

impl Removal {
    /// What must be approved before the stage can be destroyed: always the loss of its data, also
    /// when nothing that holds data is deployed.
    pub fn approval(&self) -> ApprovalRequest {
        let mut kinds = BTreeMap::from([(ApprovalKind::DataLoss, Vec::new())]);
        let lost = |risk: &&Risk| risk.kind == RiskKind::DataLoss;
        add(&mut kinds, self.plan().risks.iter().filter(lost));
        ApprovalRequest {
            stage: self.plan().stage.clone(),
            kinds,
        }
    }

    /// The removal with the proof that the name of the stage was typed.
    ///
    /// # Errors
    ///
    /// [`Unapproved`] when it was not.
    pub fn approve(self, given: &Approvals) -> Result<Approved<Removal>, Unapproved> {
        self.approval().check(given)?;
        Ok(Approved(self))
    }
}

fn add<'a>(
    kinds: &mut BTreeMap<ApprovalKind, Vec<String>>,
    risks: impl IntoIterator<Item = &'a Risk>,
) {
    for risk in risks {
        let lines = kinds.entry(ApprovalKind::of(risk.kind)).or_default();
        lines.push(format!("{}: {}", risk.place(), risk.detail));
    }
}

#[cfg(test)]
#[path = "approval_tests.rs"]
mod tests;

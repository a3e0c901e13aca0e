//! What the account answered, as values.

use std::collections::BTreeMap;

use super::demands::Name;

/// What the account answered. `None` where it could not be asked: then CloudFormation will say it,
/// and [`Facts::unreadable`] names the action.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// The stage.
    pub(super) stage: String,
    /// The stage's region.
    pub(super) region: String,
    /// The stage's account.
    pub(super) account: String,
    /// Version of the deployed bootstrap stack; `Some(0)`: it is deployed and older than versions.
    pub(super) bootstrap: Option<u32>,
    /// Version of the bootstrap stack that this deployer needs.
    pub(super) bootstrap_needed: u32,
    /// Lambda's concurrency.
    pub(super) concurrency: Option<Concurrency>,
    /// By ARN; the inner `None`: there is no such certificate.
    pub(super) certificates: BTreeMap<String, Option<Certificate>>,
    /// Hosted zones by id: their names with the last dot; the inner `None`: there is no such zone.
    pub(super) zones: BTreeMap<String, Option<String>>,
    /// The names that somebody has already.
    pub(super) taken: Vec<Taken>,
    /// Whether the account has a distribution already.
    pub(super) has_distributions: Option<bool>,
    /// Names of secrets that exist and have no value.
    pub(super) empty_secrets: Vec<String>,
    /// The actions that these credentials may not do, so that something was not checked.
    pub(super) unreadable: Vec<&'static str>,
}

/// `lambda:GetAccountSettings`, and what the stage's functions reserve now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Concurrency {
    /// How many executions the account may have at the same time in the region.
    pub(super) quota: u64,
    /// How many of them no function reserves.
    pub(super) unreserved: u64,
    /// The stage's functions that exist -> what each reserves, 0 for nothing.
    pub(super) reserved_now: BTreeMap<String, u64>,
}

/// `acm:DescribeCertificate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    /// `ISSUED`, `PENDING_VALIDATION`, `EXPIRED` ..
    pub(super) status: String,
    /// The host names that it is for, with wildcards.
    pub(super) names: Vec<String>,
}

/// A name that somebody has already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    /// What wants it.
    pub(super) name: Name,
    /// The stack of the stage that has it; `None`: no stack of the stage.
    pub(super) held_by: Option<String>,
    /// Whether it belongs to another account; only buckets can.
    pub(super) is_foreign: bool,
}

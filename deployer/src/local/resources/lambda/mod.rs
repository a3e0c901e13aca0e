//! Functions of Lambda, their versions, aliases and permissions.
//!
//! A version that does not start stops the deploy before the alias moves to it: what ran before
//! still runs.

mod alias;
mod function;
mod permission;
mod version;

use serde_json::Value;

use crate::local::{ACCOUNT, REGION};

pub(super) use alias::Alias;
pub(super) use function::Function;
pub(super) use permission::Permission;
pub(super) use version::Version;

pub(super) fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// `tasks` of `arn:..:function:tasks:live` or of `tasks`.
pub(super) fn function_name(reference: &str) -> &str {
    let name = reference.split(":function:").nth(1).unwrap_or(reference);
    name.split(':').next().unwrap_or(name)
}

pub(super) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

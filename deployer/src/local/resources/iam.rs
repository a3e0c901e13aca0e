//! Roles. A function may read the secrets and call the functions whose ARNs its environment names,
//! which is what its role says in every template: see `aws_api`. The role itself is only a name.

use async_trait::async_trait;

use super::{Made, Provider, PutRequest, RunningStage};
use crate::local::ACCOUNT;

pub(super) struct Role;

#[async_trait]
impl Provider for Role {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "AssumeRolePolicyDocument",
            "Description",
            "ManagedPolicyArns",
            "Policies",
            "RoleName",
            "Tags",
        ]
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let name = request.name(running, "RoleName");
        Ok(Made::new(&name)
            .with("Arn", format!("arn:aws:iam::{ACCOUNT}:role/{name}"))
            .with("RoleId", request.id(running, "AROA").to_uppercase()))
    }
}

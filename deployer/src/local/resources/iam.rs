//! Roles. A function may read the secrets and call the functions whose ARNs its environment names,
//! which is what its role says in every template: see `aws_api`. The role itself is only a name.

use async_trait::async_trait;

use super::{Made, Provider, Wish, World};
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

    async fn put(&self, world: &World, wish: &Wish) -> Result<Made, String> {
        let name = wish.name(world, "RoleName");
        Ok(Made::new(&name)
            .with("Arn", format!("arn:aws:iam::{ACCOUNT}:role/{name}"))
            .with("RoleId", wish.id(world, "AROA").to_uppercase()))
    }
}

//! The names that the templates want and somebody has already.

use futures_util::future::join_all;

use super::{
    demands::{Demands, Kind, Name},
    facts::Taken,
    gather::Lookup,
};
use crate::{
    Error,
    aws::{Aws, aws_error::AwsError, stack::Phase},
    target::ResourceStatus,
};

impl Aws {
    /// The names that somebody has already. Resources of a failed creation do not count: it is
    /// removed before the stack is created again.
    pub(super) async fn taken(
        &self,
        demands: &Demands,
        unreadable: &mut Vec<&'static str>,
    ) -> Result<Vec<Taken>, Error> {
        let asked = join_all(demands.names.iter().map(|name| self.look_up(name))).await;
        let mut found = Vec::new();
        for (name, asked) in demands.names.iter().zip(asked) {
            match asked {
                Lookup::Found(is_foreign) => found.push((name, is_foreign)),
                Lookup::Missing => (),
                Lookup::Unreadable(action) => unreadable.push(action),
            }
        }
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let stacks = self.stacks().await?;
        let mut held: Vec<(Phase, ResourceStatus)> = Vec::new();
        for view in stacks.values() {
            let resources = self.resources_of(view).await?;
            held.extend(resources.into_iter().map(|resource| (view.phase, resource)));
        }
        let taken = found.into_iter().filter_map(|(name, is_foreign)| {
            let holder = held.iter().find(|(_, resource)| is_held(name, resource));
            match holder {
                Some((Phase::NeverCreated, _)) => None,
                holder => Some(Taken {
                    name: name.clone(),
                    held_by: holder.map(|(_, resource)| resource.stack.clone()),
                    is_foreign,
                }),
            }
        });
        Ok(taken.collect())
    }

    /// Whether a resource has that name; found: whether it is another account's.
    async fn look_up(&self, name: &Name) -> Lookup<bool> {
        let clients = &self.clients;
        let id = &name.name;
        match name.kind {
            Kind::Secret => {
                let answer = clients.secrets.describe_secret().secret_id(id).send().await;
                let answer = answer.map_err(|e| AwsError::new("secretsmanager:DescribeSecret", e));
                Lookup::from(answer.map(|_| false))
            }
            Kind::LogGroup => {
                let answer = clients.logs.describe_log_groups().log_group_name_prefix(id);
                let answer = answer.send().await;
                match answer.map_err(|e| AwsError::new("logs:DescribeLogGroups", e)) {
                    Ok(answer) => {
                        let mut groups = answer.log_groups().iter();
                        match groups.any(|group| group.log_group_name() == Some(id)) {
                            true => Lookup::Found(false),
                            false => Lookup::Missing,
                        }
                    }
                    Err(refused) => Lookup::from(Err(refused)),
                }
            }
            Kind::Bucket => {
                let answer = clients.s3.head_bucket().bucket(id);
                let answer = answer.expected_bucket_owner(&self.account).send().await;
                match answer.map_err(|e| AwsError::new("s3:ListBucket", e)) {
                    Err(refused) if refused.is_forbidden() => Lookup::Found(true),
                    answer => Lookup::from(answer.map(|_| false)),
                }
            }
            Kind::Function => {
                let answer = clients
                    .lambda
                    .get_function_configuration()
                    .function_name(id);
                let answer = answer.send().await;
                let answer =
                    answer.map_err(|e| AwsError::new("lambda:GetFunctionConfiguration", e));
                Lookup::from(answer.map(|_| false))
            }
            Kind::Database => {
                let answer = clients
                    .rds
                    .describe_db_instances()
                    .db_instance_identifier(id);
                let answer = answer.send().await;
                let answer = answer.map_err(|e| AwsError::new("rds:DescribeDBInstances", e));
                Lookup::from(answer.map(|_| false))
            }
        }
    }
}

/// Whether a resource of a stack is what has the name. The physical id of a secret is its ARN, which
/// ends with the name and six characters that Secrets Manager adds.
fn is_held(name: &Name, resource: &ResourceStatus) -> bool {
    let id = &resource.physical_id;
    let of_secret = id
        .split_once(":secret:")
        .and_then(|(_, secret)| secret.rsplit_once('-'))
        .map(|(secret, _)| secret);
    resource.resource_type == name.kind.resource_type()
        && (*id == name.name || of_secret == Some(name.name.as_str()))
}

//! What a stage needs in its account before anything can be deployed: the bucket for what is
//! deployed, the boundary of every role of the stage, and, for deploys from GitHub, a role that only
//! one repository can take on.

mod boundary;
mod permissions;

use cfn::{Handle, Intrinsic, Problem, RemovalPolicy, Stack, iam, policy::document, s3};
use serde_json::json;

use crate::{Stage, bucket};

use permissions::permissions;

/// The version of the bootstrap stack: it goes up with each change of the template, and a deploy that
/// needs a newer one than is deployed is refused before it writes anything.
pub const VERSION: u32 = 5;
/// The output of the stack that says its version.
pub const VERSION_OUTPUT: &str = "bootstrapVersion";

/// Where GitHub's workflows get their identity from.
const GITHUB: &str = "token.actions.githubusercontent.com";

/// The repository whose workflows may deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GithubRepository {
    /// `owner/name`
    pub name: String,
    /// Whether the account has GitHub's identity provider already: it can have only one.
    pub provider_exists: bool,
}

/// The stack of one stage, checked.
///
/// # Errors
///
/// Everything that is wrong with the template.
pub fn bootstrap(stage: &Stage, github: Option<&GithubRepository>) -> Result<Stack, Vec<Problem>> {
    let mut stack = Stack::new(
        "bootstrap",
        &format!("Miyabi {}: what a deploy needs.", stage.name),
    );
    let bucket = asset_bucket(&mut stack, stage);
    stack.output("assetBucket", bucket.reference());
    stack.output(VERSION_OUTPUT, VERSION.to_string());
    if stage.account.is_some() {
        boundary::add(&mut stack, stage);
    }
    if let Some(github) = github {
        deploy_role(&mut stack, stage, github);
    }
    let problems = cfn::validate(&stack);
    if problems.is_empty() {
        Ok(stack)
    } else {
        Err(problems)
    }
}

/// Named, so that the deployer knows it before it asks. The lease in it is written again every few
/// seconds while a deploy runs: old versions go.
fn asset_bucket(stack: &mut Stack, stage: &Stage) -> Handle<s3::Bucket> {
    let name = format!(
        "miyabi-{}-assets-${{AWS::AccountId}}-${{AWS::Region}}",
        stage.name
    );
    let bucket = bucket::private(stack, "AssetBucket", Some(Intrinsic::sub(name)));
    stack.add(
        "AssetBucketPolicy",
        s3::BucketPolicy::new(
            bucket.reference(),
            json!({ "Version": "2012-10-17", "Statement": [bucket::tls_only(&bucket)] }),
        ),
    );
    bucket
}

/// The role that the workflows of one repository take on, from the GitHub environment that is called
/// as the stage.
fn deploy_role(stack: &mut Stack, stage: &Stage, github: &GithubRepository) {
    let provider = if github.provider_exists {
        Intrinsic::sub(format!(
            "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{GITHUB}"
        ))
    } else {
        let provider = stack.add(
            "GithubProvider",
            iam::OIDCProvider {
                url: Some(format!("https://{GITHUB}").into()),
                client_id_list: Some(["sts.amazonaws.com"].into_iter().collect()),
                ..Default::default()
            },
        );
        // Other stages of the account use it too.
        stack.on_removal(&provider, RemovalPolicy::Retain);
        provider.reference()
    };
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": cfn::Emit::emit(&provider) },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": {
                format!("{GITHUB}:aud"): "sts.amazonaws.com",
                format!("{GITHUB}:sub"): format!("repo:{}:environment:{}", github.name, stage.name),
            } },
        }],
    });
    let role = stack.add(
        "DeployRole",
        iam::Role {
            role_name: Some(format!("miyabi-{}-deploy", stage.name).into()),
            description: Some(
                format!("Deploys the stage {} from {}.", stage.name, github.name).into(),
            ),
            max_session_duration: Some(7200.into()),
            policies: Some(
                permissions(stage)
                    .into_iter()
                    .map(|(name, statements)| iam::RolePolicy::new(document(&statements), name))
                    .collect(),
            ),
            ..iam::Role::new(trust)
        },
    );
    stack.metadata(
        &role,
        json!({
            "miyabi:github": github.name,
            "miyabi:provider-exists": github.provider_exists,
            // It does not know the tagging actions of API Gateway, which AWS's handlers call.
            "cfn-lint": { "config": { "ignore_checks": ["W3037"] } },
        }),
    );
    stack.output("deployRole", role.arn());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_repository_and_one_environment_may_take_the_role() {
        let stage = Stage::built_in("prod").unwrap();
        let github = GithubRepository {
            name: "owner/name".to_owned(),
            provider_exists: false,
        };
        let template = bootstrap(&stage, Some(&github)).unwrap().template();
        let trust = &template["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"];
        let condition = &trust["Statement"][0]["Condition"]["StringEquals"];
        assert_eq!(
            condition["token.actions.githubusercontent.com:sub"],
            "repo:owner/name:environment:prod"
        );
        assert_eq!(trust["Statement"].as_array().map(Vec::len), Some(1));
    }

    /// [`VERSION`] and the hash of the template that it stands for.
    const FINGERPRINT: (u32, &str) = (5, "eb16b810d355");

    /// A deploy refuses an older bootstrap stack, so a change without a new version would reach nobody.
    #[test]
    fn a_changed_template_has_a_new_version() {
        use sha2::{Digest, Sha256};

        let stage = Stage::built_in("prod").unwrap();
        let github = GithubRepository {
            name: "owner/name".to_owned(),
            provider_exists: false,
        };
        let template = bootstrap(&stage, Some(&github)).unwrap().template();
        let digest = Sha256::digest(template.to_string());
        let hash: String = digest
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            (VERSION, hash.as_str()),
            FINGERPRINT,
            "the template of the bootstrap stack changed: raise VERSION by one and set FINGERPRINT to it and the hash"
        );
    }

    #[test]
    fn without_a_repository_there_is_only_the_bucket() {
        let stage = Stage::built_in("sandbox").unwrap();
        let template = bootstrap(&stage, None).unwrap().template();
        let ids: Vec<&String> = template["Resources"].as_object().unwrap().keys().collect();
        assert_eq!(ids, ["AssetBucket", "AssetBucketPolicy"]);
    }
}

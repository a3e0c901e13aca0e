//! What a stage needs in its account before anything can be deployed: the bucket for what is
//! deployed, the boundary of every role of the stage, and, for deploys from GitHub, a role that only
//! one repository can take on.

mod boundary;
mod permissions;

use cfn::{
    Handle, Intrinsic, Problem, RemovalPolicy, Stack, iam,
    policy::{Allow, document},
    s3,
};
use serde_json::json;

use crate::{Stage, bucket};

use permissions::{grafana, permissions, plan};

/// The version of the bootstrap stack: it goes up with each change of the template, and a deploy that
/// needs a newer one than is deployed is refused before it writes anything.
pub const VERSION: u32 = 6;
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
        roles(&mut stack, stage, github);
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

/// The roles that the workflows of one repository take on: the one that deploys from the GitHub
/// environment that is called as the stage, the one that only plans from `STAGE-plan`.
fn roles(stack: &mut Stack, stage: &Stage, github: &GithubRepository) {
    let provider = provider(stack, github);
    let (name, repository) = (&stage.name, &github.name);
    // A policy of its own: the inline policies of a role have 10,240 characters together.
    let grafana = stage.ops.grafana.then(|| {
        let policy = iam::ManagedPolicy::new(document(&grafana(stage)));
        let policy = stack.add("GrafanaPolicy", policy);
        [policy.reference()].into_iter().collect()
    });
    let deploy = stack.add(
        "DeployRole",
        iam::Role {
            role_name: Some(format!("miyabi-{name}-deploy").into()),
            description: Some(format!("Deploys the stage {name} from {repository}.").into()),
            max_session_duration: Some(7200.into()),
            managed_policy_arns: grafana,
            policies: Some(inline(permissions(stage))),
            ..iam::Role::new(trust(&provider, github, name))
        },
    );
    let planner = stack.add(
        "PlanRole",
        iam::Role {
            role_name: Some(format!("miyabi-{name}-plan").into()),
            description: Some(format!("Plans the stage {name} for {repository}.").into()),
            policies: Some(inline(plan(stage))),
            ..iam::Role::new(trust(&provider, github, &format!("{name}-plan")))
        },
    );
    // It does not know the tagging actions of API Gateway, which AWS's handlers call.
    let lint = json!({ "config": { "ignore_checks": ["W3037"] } });
    stack.metadata(
        &deploy,
        json!({
            "miyabi:github": github.name,
            "miyabi:provider-exists": github.provider_exists,
            "cfn-lint": lint,
        }),
    );
    stack.output("deployRole", deploy.arn());
    stack.output("planRole", planner.arn());
}

fn inline(policies: Vec<(&'static str, Vec<Allow>)>) -> cfn::List<iam::RolePolicy> {
    let policy =
        |(name, statements): (_, Vec<Allow>)| iam::RolePolicy::new(document(&statements), name);
    policies.into_iter().map(policy).collect()
}

/// GitHub's identity provider, which an account can have once.
fn provider(stack: &mut Stack, github: &GithubRepository) -> Intrinsic {
    if github.provider_exists {
        return Intrinsic::sub(format!(
            "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{GITHUB}"
        ));
    }
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
}

/// Only jobs of that environment of that repository.
fn trust(provider: &Intrinsic, github: &GithubRepository, environment: &str) -> cfn::Json {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": cfn::Emit::emit(provider) },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": {
                format!("{GITHUB}:aud"): "sts.amazonaws.com",
                format!("{GITHUB}:sub"): format!("repo:{}:environment:{environment}", github.name),
            } },
        }],
    })
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
        for (role, environment) in [("DeployRole", "prod"), ("PlanRole", "prod-plan")] {
            let role = &template["Resources"][role]["Properties"];
            let trust = &role["AssumeRolePolicyDocument"];
            let condition = &trust["Statement"][0]["Condition"]["StringEquals"];
            assert_eq!(
                condition["token.actions.githubusercontent.com:sub"],
                format!("repo:owner/name:environment:{environment}")
            );
            assert_eq!(trust["Statement"].as_array().map(Vec::len), Some(1));
        }
    }

    /// [`VERSION`] and the hash of the template that it stands for.
    const FINGERPRINT: (u32, &str) = (6, "73c028b74d7c");

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

//! What of the templates' demands does not fit the account. A pure function over gathered facts: each
//! finding has a unit test.

use std::fmt;

use super::{
    demands::{CertificateDemand, Demands, Kind, Name, RecordDemand},
    facts::{Facts, Taken},
};

/// Something that does not fit, and the command that fixes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// True: AWS will refuse the deploy. False: it may, or something will not work afterwards.
    pub(super) is_refusal: bool,
    what: String,
    fix: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n    {}", self.what, self.fix)
    }
}

impl Finding {
    fn refusal(what: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding {
            is_refusal: true,
            what: what.into(),
            fix: fix.into(),
        }
    }

    fn warning(what: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding {
            is_refusal: false,
            ..Finding::refusal(what, fix)
        }
    }
}

/// Lambda keeps that many executions for functions that reserve none:
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>
const KEPT_UNRESERVED: u64 = 100;
/// Lambda's quota "Concurrent executions" at Service Quotas.
const CONCURRENCY_QUOTA: &str = "L-B99A9384";
/// What AWS gives to accounts that ask; see `docs/deploying.md`.
const USUAL_QUOTA: u64 = 1000;

/// Everything that does not fit, in the order in which a deploy would meet it.
pub(super) fn findings(demands: &Demands, facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(bootstrap(facts));
    found.extend(concurrency(demands, facts));
    found.extend(provisioned(demands));
    found.extend(
        demands
            .certificates
            .iter()
            .flat_map(|demand| certificate(demand, facts)),
    );
    found.extend(
        demands
            .records
            .iter()
            .filter_map(|demand| record(demand, facts)),
    );
    found.extend(facts.taken.iter().map(|taken| taken_name(taken, facts)));
    found.extend(distribution(demands, facts));
    found.extend(
        facts
            .empty_secrets
            .iter()
            .map(|name| empty_secret(name, facts)),
    );
    found.extend(unreadable(facts));
    found
}

fn bootstrap(facts: &Facts) -> Option<Finding> {
    let deployed = facts.bootstrap?;
    (deployed < facts.bootstrap_needed).then(|| {
        Finding::refusal(
            format!(
                "The bootstrap stack has version {deployed}, and this deployer needs version {}: the deploy role and the boundary of roles are older than the templates.",
                facts.bootstrap_needed
            ),
            format!("`cargo xtask bootstrap --stage {}`, with an administrator's credentials", facts.stage),
        )
    })
}

fn concurrency(demands: &Demands, facts: &Facts) -> Option<Finding> {
    let lambda = facts.concurrency.as_ref()?;
    let now = |name: &str| lambda.reserved_now.get(name).copied();
    let mut reserved = 0;
    let mut reserved_now = 0;
    let mut provisioned = 0;
    for function in &demands.functions {
        reserved += function.reserved.unwrap_or(0);
        reserved_now += now(&function.name).unwrap_or(0);
        // What a function keeps started counts against its own reservation; without one against
        // what the others share. An existing function has its share already.
        if function.reserved.is_none() && now(&function.name).is_none() {
            provisioned += function.provisioned;
        }
    }
    let more = reserved.saturating_sub(reserved_now) + provisioned;
    if more == 0 || lambda.unreserved >= more + KEPT_UNRESERVED {
        return None;
    }
    let missing = more + KEPT_UNRESERVED - lambda.unreserved;
    let desired = USUAL_QUOTA.max(lambda.quota + missing);
    Some(Finding::refusal(
        format!(
            "The functions reserve {reserved} concurrent executions and provision {provisioned} more; the account may have {} in {}, of which {} are free, and Lambda keeps {KEPT_UNRESERVED} for functions that reserve none. {missing} are missing.",
            lambda.quota, facts.region, lambda.unreserved
        ),
        format!(
            "`aws service-quotas request-service-quota-increase --region {} --service-code lambda --quota-code {CONCURRENCY_QUOTA} --desired-value {desired}`, or smaller `reserved-concurrency` in stacks/stages/{}.yaml",
            facts.region, facts.stage
        ),
    ))
}

/// What a function keeps started must fit into what it reserves.
fn provisioned(demands: &Demands) -> Vec<Finding> {
    let too_much = demands.functions.iter().filter_map(|function| {
        let reserved = function.reserved?;
        (function.provisioned > reserved).then(|| {
            Finding::refusal(
                format!(
                    "The function `{}` provisions {} executions and reserves only {reserved}.",
                    function.name, function.provisioned
                ),
                "Set `provisioned-concurrency` to at most `reserved-concurrency` in the stage file.",
            )
        })
    });
    too_much.collect()
}

fn certificate(demand: &CertificateDemand, facts: &Facts) -> Vec<Finding> {
    let CertificateDemand {
        place,
        arn,
        domains,
        ..
    } = demand;
    let region = demand.region.unwrap_or(&facts.region);
    let request = || {
        let domain = domains.first().map_or("DOMAIN", String::as_str);
        format!(
            "`aws acm request-certificate --region {region} --validation-method DNS --domain-name {domain}`, validate it, and put its ARN into stacks/stages/{}.yaml",
            facts.stage
        )
    };
    // arn:aws:acm:us-east-1:111111111111:certificate/..
    let actual = arn.split(':').nth(3).unwrap_or_default();
    if actual != region {
        return vec![Finding::refusal(
            format!("{place} needs a certificate of {region}; `{arn}` is one of {actual}."),
            request(),
        )];
    }
    match facts.certificates.get(arn) {
        None => Vec::new(),
        Some(None) => vec![Finding::refusal(
            format!("{place} uses the certificate `{arn}`, which does not exist."),
            request(),
        )],
        Some(Some(found)) if found.status != "ISSUED" => vec![Finding::refusal(
            format!(
                "{place} uses the certificate `{arn}`, which is not issued: {}.",
                found.status
            ),
            format!(
                "`aws acm describe-certificate --region {region} --certificate-arn {arn}` shows the records that validate it"
            ),
        )],
        Some(Some(found)) => domains
            .iter()
            .filter(|domain| !found.names.iter().any(|name| covers(name, domain)))
            .map(|domain| {
                Finding::refusal(
                    format!(
                        "{place} answers for `{domain}`, and its certificate is only for {}.",
                        found.names.join(", ")
                    ),
                    request(),
                )
            })
            .collect(),
    }
}

/// A wildcard stands for exactly one label (RFC 6125, section 6.4.3).
fn covers(name: &str, domain: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => domain
            .split_once('.')
            .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
        None => name.eq_ignore_ascii_case(domain),
    }
}

fn record(demand: &RecordDemand, facts: &Facts) -> Option<Finding> {
    let RecordDemand { place, zone, name } = demand;
    let find = format!(
        "`aws route53 list-hosted-zones-by-name` lists the zones; set the right one in stacks/stages/{}.yaml",
        facts.stage
    );
    match facts.zones.get(zone)? {
        None => Some(Finding::refusal(
            format!(
                "{place} makes a record in the hosted zone `{zone}`, which does not exist in the account {}.",
                facts.account
            ),
            find,
        )),
        Some(of) => {
            let (of, host) = (of.trim_end_matches('.'), name.trim_end_matches('.'));
            let is_inside = host == of || host.ends_with(&format!(".{of}"));
            (!is_inside).then(|| {
                Finding::refusal(
                    format!("{place} makes a record for `{host}` in the hosted zone `{zone}`, which is the one of `{of}`."),
                    find,
                )
            })
        }
    }
}

fn taken_name(taken: &Taken, facts: &Facts) -> Finding {
    let Name {
        stack,
        logical_id,
        kind,
        name,
    } = &taken.name;
    let region = &facts.region;
    let what = format!(
        "{stack} {logical_id} ({}) is created with the name `{name}`, which",
        kind.resource_type()
    );
    if taken.held_by.as_ref() == Some(stack) {
        return Finding::refusal(
            format!(
                "{what} another resource of the same stack has: CloudFormation creates before it deletes."
            ),
            "Keep the logical id of that resource, or give the new one another name.",
        );
    }
    if let Some(holder) = &taken.held_by {
        return Finding::refusal(
            format!("{what} a resource of the stack `{holder}` has."),
            format!(
                "`cargo xtask deploy --stage {} --only {holder}` first, when that stack has no such resource any more",
                facts.stage
            ),
        );
    }
    if taken.is_foreign {
        return Finding::refusal(
            format!("{what} belongs to another account."),
            "Names of buckets are unique in the world: rename the stage.",
        );
    }
    let fix = match kind {
        Kind::Secret => format!(
            "`aws secretsmanager delete-secret --force-delete-without-recovery --region {region} --secret-id {name}`; first keep the values that a deploy cannot create again: `aws secretsmanager get-secret-value --region {region} --secret-id {name}`"
        ),
        Kind::LogGroup => {
            format!("`aws logs delete-log-group --region {region} --log-group-name {name}`")
        }
        Kind::Bucket => format!(
            "`aws s3 rb --force --region {region} s3://{name}`, after a look at its objects"
        ),
        Kind::Function => {
            format!("`aws lambda delete-function --region {region} --function-name {name}`")
        }
        Kind::Database => format!(
            "`aws rds delete-db-instance --region {region} --db-instance-identifier {name} --final-db-snapshot-identifier {name}-final`"
        ),
    };
    Finding::refusal(
        format!(
            "{what} exists already and belongs to no stack of the stage: an earlier stack left it behind."
        ),
        fix,
    )
}

/// No call says whether an account is verified for CloudFront; one with a distribution is.
fn distribution(demands: &Demands, facts: &Facts) -> Option<Finding> {
    (demands.creates_distribution && facts.has_distributions == Some(false)).then(|| {
        Finding::warning(
            "This is the account's first CloudFront distribution. AWS refuses it in a new account until the account is verified, and nothing says so before.",
            "When the stack fails with `Your account must be verified`: https://console.aws.amazon.com/support/home#/case/create, then deploy again.",
        )
    })
}

fn empty_secret(name: &str, facts: &Facts) -> Finding {
    let message =
        format!("The secret `{name}` has no value yet, and the functions that read it need one.");
    if name == format!("miyabi-{}-github", facts.stage) {
        let hint = format!("`cargo xtask secrets set github --stage {}`", facts.stage);
        return Finding::warning(message, hint);
    }
    Finding::warning(
        message,
        format!(
            "`aws secretsmanager put-secret-value --region {} --secret-id {name} --secret-string ..`; docs/deploying.md describes its value",
            facts.region
        ),
    )
}

fn unreadable(facts: &Facts) -> Option<Finding> {
    let mut actions = facts.unreadable.clone();
    actions.sort_unstable();
    actions.dedup();
    (!actions.is_empty()).then(|| {
        Finding::warning(
            format!("Not everything could be checked before the deploy: these credentials may not do {}.", actions.join(", ")),
            format!("`cargo xtask bootstrap --stage {}` gives the deploy role the permissions that it needs.", facts.stage),
        )
    })
}

#[cfg(test)]
#[path = "findings_tests.rs"]
mod tests;

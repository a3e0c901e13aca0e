//! Values that have the right type and are wrong all the same.

mod functions;

use miyabi_catalog::FUNCTIONS;

use super::{DatabaseTls, Rollout, Stage, StageError, error::line_of};

/// Regions whose RDS certificates are built into the functions: the files of `handlers/core/certs`.
pub const DATABASE_REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ca-central-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "me-central-1",
    "me-south-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Reports a value: the keys of its path, the value, and what is allowed.
pub(super) type Wrong<'a> = dyn Fn(&[&str], &str, &str) -> Result<(), StageError> + 'a;

/// The first value that is out of its range. `chain` is the stage's files, the most special first.
pub(super) fn check(stage: &Stage, chain: &[(&str, &str)]) -> Result<(), StageError> {
    let wrong = |keys: &[&str], found: &str, allowed: &str| {
        // The file that says it last is the one to change.
        let (file, line) = chain
            .iter()
            .map(|(file, text)| (*file, line_of(text, keys)))
            .find(|(_, line)| *line > 1)
            .unwrap_or((chain[0].0, 1));
        let message = format!("{}: found {found}; it must be {allowed}.", keys.join("."));
        Err(StageError::at(
            file,
            line,
            &message,
            "stacks/stages/base.yaml describes each key.".to_owned(),
        ))
    };
    account(stage, &wrong)?;
    network(stage, &wrong)?;
    hotswap(stage, &wrong)?;
    database(stage, &wrong)?;
    cache(stage, &wrong)?;
    functions::check(stage, &wrong)?;
    super::alarms::check(stage, &wrong)?;
    super::cost::check(stage, &wrong)?;
    super::limits::check(stage, &wrong)?;
    let months = stage.audit.retention_months;
    between(&wrong, &["audit", "retention-months"], months, 1, 120)?;
    let throttling = &stage.throttling;
    between(&wrong, &["throttling", "rate"], throttling.rate, 1, 10_000)?;
    between(&wrong, &["throttling", "burst"], throttling.burst, 1, 5_000)?;
    domains(stage, &wrong)?;
    cors_origins(stage, &wrong)
}

fn between(
    wrong: &Wrong<'_>,
    keys: &[&str],
    value: u32,
    least: u32,
    most: u32,
) -> Result<(), StageError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    wrong(keys, &value.to_string(), &format!("from {least} to {most}"))
}

fn account(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    if let Some(account) = &stage.account
        && (account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return wrong(&["account"], &format!("`{account}`"), "12 digits in quotes");
    }
    let region = stage.region.as_str();
    let may_be_in_a_region = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !region.bytes().all(may_be_in_a_region) || region.len() < 9 {
        return wrong(
            &["region"],
            &format!("`{region}`"),
            "a region such as `us-east-1`",
        );
    }
    if stage.account.is_some()
        && stage.database.managed
        && stage.database.tls == DatabaseTls::VerifyFull
        && !DATABASE_REGIONS.contains(&region)
    {
        return wrong(
            &["region"],
            &format!(
                "`{region}`, whose RDS certificate is not in handlers/core/certs, so that no function could verify the database"
            ),
            &format!("one of {}", DATABASE_REGIONS.join(", ")),
        );
    }
    Ok(())
}

fn network(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    if is_sixteen_block(&stage.network.cidr) {
        return Ok(());
    }
    wrong(
        &["network", "cidr"],
        &format!("`{}`", stage.network.cidr),
        "an IPv4 block such as `10.0.0.0/16`",
    )
}

fn hotswap(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    let kept_started = FUNCTIONS
        .iter()
        .any(|function| stage.functions.size(function.name).provisioned_concurrency > 0);
    if stage.hotswap && (stage.rollout != Rollout::AllAtOnce || kept_started) {
        return wrong(
            &["hotswap"],
            "`true`",
            "false unless `rollout` is all-at-once and no function is kept started",
        );
    }
    Ok(())
}

fn database(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    let database = &stage.database;
    if !database.class.starts_with("db.") {
        return wrong(
            &["database", "class"],
            &format!("`{}`", database.class),
            "a class such as `db.t3.small`",
        );
    }
    between(
        wrong,
        &["database", "storage"],
        database.storage,
        20,
        65_536,
    )?;
    let days = database.backup_days.into();
    between(wrong, &["database", "backup-days"], days, 0, 35)?;
    if database.managed && !stage.network.vpc {
        return wrong(
            &["database", "managed"],
            "true",
            "false where `network.vpc` is false: RDS lives in a VPC",
        );
    }
    Ok(())
}

fn cache(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    if stage.cache && !stage.network.vpc {
        return wrong(
            &["cache"],
            "true",
            "false where `network.vpc` is false: ElastiCache lives in a VPC",
        );
    }
    Ok(())
}

fn domains(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    for (section, domain, certificate) in [
        ("site", &stage.site.domain, &stage.site.certificate),
        ("api", &stage.api.domain, &stage.api.certificate),
    ] {
        if domain.is_some() != certificate.is_some() {
            let key = if domain.is_some() {
                "domain"
            } else {
                "certificate"
            };
            return wrong(
                &[section, key],
                "one without the other",
                "both `domain` and `certificate`, or neither",
            );
        }
    }
    Ok(())
}

fn cors_origins(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    for origin in &stage.api.cors_origins {
        let host = origin
            .strip_prefix("https://")
            .or(origin.strip_prefix("http://127.0.0.1"));
        if host.is_none_or(|host| host.contains(['/', '*', ' '])) {
            return wrong(
                &["api", "cors-origins"],
                &format!("`{origin}`"),
                "origins such as `https://app.example.com`, without path or `*`",
            );
        }
    }
    Ok(())
}

fn is_sixteen_block(cidr: &str) -> bool {
    let Some(address) = cidr.strip_suffix("/16") else {
        return false;
    };
    address
        .parse::<std::net::Ipv4Addr>()
        .is_ok_and(|address| address.octets()[2..] == [0, 0])
}

//! Values that have the right type and are wrong all the same.

use miyabi_catalog::FUNCTIONS;

use super::{
    DatabaseTls, Stage, StageError,
    error::{line_of, nearest},
};

/// Days that CloudWatch Logs can keep logs.
const RETENTION: &[u16] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

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
    let between = |keys: &[&str], value: u32, least: u32, most: u32| {
        if (least..=most).contains(&value) {
            return Ok(());
        }
        wrong(keys, &value.to_string(), &format!("from {least} to {most}"))
    };

    if let Some(account) = &stage.account
        && (account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return wrong(&["account"], &format!("`{account}`"), "12 digits in quotes");
    }
    if !stage
        .region
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        || stage.region.len() < 9
    {
        return wrong(
            &["region"],
            &format!("`{}`", stage.region),
            "a region such as `us-east-1`",
        );
    }
    if stage.account.is_some()
        && stage.database.managed
        && stage.database.tls == DatabaseTls::VerifyFull
        && !DATABASE_REGIONS.contains(&stage.region.as_str())
    {
        return wrong(
            &["region"],
            &format!(
                "`{}`, whose RDS certificate is not in handlers/core/certs, so that no function could verify the database",
                stage.region
            ),
            &format!("one of {}", DATABASE_REGIONS.join(", ")),
        );
    }
    if !is_sixteen_block(&stage.network.cidr) {
        return wrong(
            &["network", "cidr"],
            &format!("`{}`", stage.network.cidr),
            "an IPv4 block such as `10.0.0.0/16`",
        );
    }
    let kept_started = FUNCTIONS
        .iter()
        .any(|function| stage.functions.size(function.name).provisioned_concurrency > 0);
    if stage.hotswap && (stage.rollout != super::Rollout::AllAtOnce || kept_started) {
        return wrong(
            &["hotswap"],
            "`true`",
            "false unless `rollout` is all-at-once and no function is kept started",
        );
    }
    if !stage.database.class.starts_with("db.") {
        return wrong(
            &["database", "class"],
            &format!("`{}`", stage.database.class),
            "a class such as `db.t3.small`",
        );
    }
    between(&["database", "storage"], stage.database.storage, 20, 65_536)?;
    between(
        &["database", "backup-days"],
        stage.database.backup_days.into(),
        0,
        35,
    )?;
    if stage.database.managed && !stage.network.vpc {
        return wrong(
            &["database", "managed"],
            "true",
            "false where `network.vpc` is false: RDS lives in a VPC",
        );
    }
    if stage.cache && !stage.network.vpc {
        return wrong(
            &["cache"],
            "true",
            "false where `network.vpc` is false: ElastiCache lives in a VPC",
        );
    }
    if !RETENTION.contains(&stage.functions.log_retention_days) {
        let days: Vec<String> = RETENTION.iter().map(u16::to_string).collect();
        let found = stage.functions.log_retention_days.to_string();
        return wrong(
            &["functions", "log-retention-days"],
            &found,
            &format!("one of {}", days.join(", ")),
        );
    }
    for name in stage.functions.overrides.keys() {
        let known: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
        if !known.contains(&name.as_str()) {
            let near = nearest(name, &known)
                .map(|near| format!(" (did you mean `{near}`?)"))
                .unwrap_or_default();
            let allowed = format!("a function: {}{near}", known.join(", "));
            return wrong(
                &["functions", "overrides", name],
                &format!("`{name}`"),
                &allowed,
            );
        }
    }
    for function in FUNCTIONS {
        let size = stage.functions.size(function.name);
        let own = stage.functions.overrides.get(function.name);
        let keys = |key: &'static str, is_own: bool| -> Vec<&str> {
            if is_own {
                vec!["functions", "overrides", function.name, key]
            } else {
                vec!["functions", "defaults", key]
            }
        };
        between(
            &keys("memory", own.is_some_and(|own| own.memory.is_some())),
            size.memory,
            128,
            10_240,
        )?;
        between(
            &keys("timeout", own.is_some_and(|own| own.timeout.is_some())),
            size.timeout,
            1,
            900,
        )?;
    }
    concurrency(stage, &wrong)?;
    super::alarms::check(stage, &wrong)?;
    super::cost::check(stage, &wrong)?;
    super::limits::check(stage, &wrong)?;
    between(
        &["audit", "retention-months"],
        stage.audit.retention_months,
        1,
        120,
    )?;
    between(&["throttling", "rate"], stage.throttling.rate, 1, 10_000)?;
    between(&["throttling", "burst"], stage.throttling.burst, 1, 5_000)?;
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

/// Reports a value: the keys of its path, the value, and what is allowed.
pub(super) type Wrong<'a> = dyn Fn(&[&str], &str, &str) -> Result<(), StageError> + 'a;

/// What Lambda refuses: a reservation of 0 (nothing ever runs), and more environments kept started
/// than may run
/// (<https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html>).
fn concurrency(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    for function in FUNCTIONS {
        let size = stage.functions.size(function.name);
        let Some(reserved) = size.reserved_concurrency else {
            continue;
        };
        let own = stage.functions.overrides.get(function.name);
        let key = |key: &'static str, is_own: bool| {
            let mut keys = vec!["functions"];
            if is_own {
                keys.extend(["overrides", function.name]);
            } else {
                keys.push("defaults");
            }
            keys.push(key);
            keys
        };
        if reserved == 0 {
            let is_own = own.is_some_and(|own| own.reserved_concurrency.is_some());
            return wrong(
                &key("reserved-concurrency", is_own),
                "0",
                "1 or more, or null: with 0 the function never runs",
            );
        }
        if size.provisioned_concurrency > reserved {
            let is_own = own.is_some_and(|own| own.provisioned_concurrency.is_some());
            return wrong(
                &key("provisioned-concurrency", is_own),
                &size.provisioned_concurrency.to_string(),
                &format!(
                    "at most {reserved}, the reserved concurrency of `{}`",
                    function.name
                ),
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

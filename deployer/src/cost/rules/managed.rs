//! Managed services that are mostly paid by the month: RDS, ElastiCache, Secrets Manager, KMS, and
//! what carries messages.

use super::super::{
    bill::{Bill, Charge, Context},
    decimal::Decimal,
    inventory::{Resource, per_month},
    load::HOURS_PER_MONTH,
    prices::Unit,
};

const RDS: &str = "AmazonRDS";
const CACHE: &str = "AmazonElastiCache";
const SECRETS: &str = "AWSSecretsManager";

fn charge(
    what: impl Into<String>,
    (service, key): (&'static str, &str),
    unit: Unit,
    quantity: impl Into<Decimal>,
) -> Charge {
    Charge {
        what: what.into(),
        service,
        key: key.to_owned(),
        unit,
        quantity: quantity.into(),
        free_tier: true,
    }
}

/// An instance of PostgreSQL with its storage
/// (<https://aws.amazon.com/rds/postgresql/pricing/>).
pub(super) fn database<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    let class = resource.text("/DBInstanceClass").unwrap_or_default();
    let engine = resource.text("/Engine").unwrap_or_default();
    let (zones, standby) = match resource.is("/MultiAZ") {
        true => ("multi_az", " with a standby"),
        false => ("single_az", ""),
    };
    let key = format!("{engine}.{class}.{zones}");
    let what = format!("{class}{standby}");
    bill.charge(
        resource,
        charge(what, (RDS, &key), Unit::Hours, HOURS_PER_MONTH),
    );
    let storage = resource.text("/StorageType").unwrap_or("gp2");
    let key = format!("{storage}.{zones}");
    match resource.number("/AllocatedStorage") {
        Some(size) => bill.charge(
            resource,
            charge("storage", (RDS, &key), Unit::GbMonths, size),
        ),
        None => bill.unknown(resource, "storage", "its size is not in the template"),
    }
    if resource.is("/ManageMasterUserPassword") {
        // RDS makes a secret of Secrets Manager, which is in no template.
        let secret = charge("secret of the owner", (SECRETS, "secret"), Unit::Months, 1);
        bill.charge(resource, secret);
    }
    if resource
        .number("/BackupRetentionPeriod")
        .is_some_and(|days| days > 0)
    {
        let why = "as much as the storage is free; beyond it, it depends on what changes each day";
        bill.unpriced(resource, "backups", RDS, "backup.beyond_free", why);
    }
    if class.starts_with("db.t") {
        let why = "it depends on how long the processor is busier than the class allows";
        bill.unpriced(resource, "CPU credits", RDS, "cpu_credits.t3_t4g", why);
    }
    if resource.at("/EnableCloudwatchLogsExports").is_some() {
        let why = "it depends on how many statements are slow";
        let price = "logs.ingest.standard";
        bill.unpriced(
            resource,
            "log lines of PostgreSQL",
            "AmazonCloudWatch",
            price,
            why,
        );
    }
}

/// RDS Proxy counts the vCPUs of the instance, two at least.
pub(super) fn database_proxy<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    let quantity = 2 * HOURS_PER_MONTH;
    let what = "proxy of an instance with up to 2 vCPUs";
    bill.charge(
        resource,
        charge(what, (RDS, "proxy"), Unit::VcpuHours, quantity),
    );
}

/// ElastiCache Serverless with Valkey: at least 100 MB, and a unit for each command
/// (<https://aws.amazon.com/elasticache/pricing/>).
pub(super) fn cache<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    let engine = resource.text("/Engine").unwrap_or_default();
    let key = format!("serverless.{engine}.data");
    let smallest = Decimal::ratio(HOURS_PER_MONTH, 10);
    bill.charge(
        resource,
        charge("100 MB, the least", (CACHE, &key), Unit::GbHours, smallest),
    );
    // A look-up of less than 1 KB is one unit, and a request makes one at most.
    let commands = context.load.requests;
    let key = format!("serverless.{engine}.ecpu");
    bill.charge(
        resource,
        charge("commands", (CACHE, &key), Unit::Ecpus, commands),
    );
}

/// A secret, and its part of the reads.
pub(super) fn secret<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    bill.charge(
        resource,
        charge("secret", (SECRETS, "secret"), Unit::Months, 1),
    );
    let rate = u64::from(context.load.assumed.secret_reads_per_1000_requests);
    let all = Decimal::ratio(context.load.requests, 1000).times(rate);
    let own = all.divided(context.inventory.count(resource.kind));
    bill.charge(
        resource,
        charge("reads", (SECRETS, "api"), Unit::Requests, own),
    );
}

/// A key of the account's own.
pub(super) fn key<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    bill.charge(
        resource,
        charge("key", ("awskms", "customer_key"), Unit::Months, 1),
    );
    let why = "nothing in the templates says how often it is used";
    bill.unpriced(resource, "its use", "awskms", "requests", why);
}

/// Standard parameters are free.
pub(super) fn parameter<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    if resource
        .text("/Tier")
        .is_some_and(|tier| tier != "Standard")
    {
        bill.unknown(resource, "advanced parameter", "the price table has none");
    }
}

/// A budget without actions is free by the table.
pub(super) fn budget<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    let price = ("AWSBudgets", "budget_without_actions");
    bill.charge(resource, charge("budget", price, Unit::Months, 1));
}

/// Invocations by a schedule; those by a rule of EventBridge are free.
pub(super) fn schedule<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    let expression = resource.text("/ScheduleExpression");
    if resource.kind == "AWS::Events::Rule" {
        if expression.is_none() {
            bill.unknown(
                resource,
                "events",
                "nothing in the template says how many match",
            );
        }
        return;
    }
    match expression.and_then(per_month) {
        Some(count) => {
            let price = ("AWSEvents", "scheduler.invocations");
            bill.charge(
                resource,
                charge("invocations", price, Unit::Invocations, count),
            );
        }
        None => bill.unknown(resource, "invocations", "its expression is not a rate"),
    }
}

/// Messages of a queue.
pub(super) fn queue<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    if resource.is("/FifoQueue") {
        bill.unknown(
            resource,
            "messages",
            "the price table has only standard queues",
        );
        return;
    }
    let why = "nothing in the templates says how many messages it gets";
    bill.unpriced(
        resource,
        "messages",
        "AWSQueueService",
        "standard.requests",
        why,
    );
}

/// Messages of a topic.
pub(super) fn topic<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    let why = "it depends on how often something is reported";
    bill.unpriced(resource, "notifications", "AmazonSNS", "requests", why);
}

//! What a stage runs into first when its traffic grows: the limits that its templates set, and those
//! that AWS sets for what is in them.

use serde::Serialize;

use super::{
    decimal::Decimal,
    inventory::{Inventory, Resource},
    load::{Load, SECONDS_PER_MONTH},
};

/// Concurrent executions of a new account, which functions without a reservation share:
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const NEW_ACCOUNT_CONCURRENCY: u64 = 10;
/// Requests a second that API Gateway takes from an account in a region:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>.
const ACCOUNT_REQUESTS: u64 = 10_000;
/// New connections a second to WebSocket APIs, from the same page.
const ACCOUNT_CONNECTIONS: u64 = 500;
/// Connections that PostgreSQL on RDS accepts for each GiB: about 190 at 2 GiB, since the system
/// takes a part of the memory that `max_connections` is computed from:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html>.
const CONNECTIONS_PER_GIB: u64 = 95;
/// The variable by which a function learns where the database is: docs/ARCHITECTURE.md.
const DATABASE_VARIABLE: &str = "/Environment/Variables/DATABASE_HOST";

/// What a limit holds back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// Environments of functions that work at the same time.
    Concurrency,
    /// Requests and connections that API Gateway accepts.
    Throttle,
    /// Connections that the database accepts.
    Connections,
}

/// A limit, and how much of it the busiest second of a month takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Limit {
    /// What it holds back.
    pub kind: LimitKind,
    /// `concurrency of tasks`
    pub what: String,
    /// Where it is set: `api/TasksFunction`, or whose it is.
    pub set_by: String,
    /// The limit.
    pub limit: u64,
    /// What the busiest second takes.
    pub needed: Decimal,
    /// Users at whose traffic it is reached; `None`: this traffic takes nothing of it.
    pub reached_at_users: Option<u64>,
}

/// The limits of these resources under this load, the one that is reached first at the front.
pub(super) fn limits(inventory: &Inventory<'_>, load: &Load) -> Vec<Limit> {
    let mut limits = Vec::new();
    let mut add = |kind, what: String, set_by: String, limit: u64, needed: Decimal| {
        limits.push(Limit {
            kind,
            what,
            set_by,
            limit,
            needed,
            reached_at_users: reached_at(load.users, limit, needed),
        });
    };
    let mut without_reservation = Decimal::ZERO;
    let mut connections = Decimal::ZERO;
    let mut busiest = 0;
    let mut has_unreserved = false;
    for function in inventory.functions() {
        // What is not known is not taken for nothing: there is no limit to compare it with.
        let Ok(invocations) = load.invocations(function) else {
            continue;
        };
        let concurrency = concurrency(load, invocations);
        if function.resource.at(DATABASE_VARIABLE).is_some() {
            connections = connections + concurrency;
        }
        if !function.entries.is_empty() {
            busiest = busiest.max(invocations);
        }
        match function.resource.number("/ReservedConcurrentExecutions") {
            Some(limit) => {
                let what = format!("concurrency of `{}`", function.name);
                add(
                    LimitKind::Concurrency,
                    what,
                    place(&function.resource),
                    limit,
                    concurrency,
                );
            }
            None => {
                has_unreserved = true;
                without_reservation = without_reservation + concurrency;
            }
        }
    }
    if has_unreserved {
        add(
            LimitKind::Concurrency,
            "concurrency of functions without a reservation".to_owned(),
            "the quota of a new account".to_owned(),
            NEW_ACCOUNT_CONCURRENCY,
            without_reservation,
        );
    }
    for stage in inventory.of("AWS::ApiGatewayV2::Stage") {
        if let Some(rate) = rate(stage) {
            // As if one route got everything that its function answers.
            let needed = at_peak(load, busiest);
            add(
                LimitKind::Throttle,
                "requests a second to one route".to_owned(),
                place(stage),
                rate,
                needed,
            );
        }
    }
    if inventory.count("AWS::ApiGatewayV2::Api") > 0 {
        add(
            LimitKind::Throttle,
            "requests a second to all routes".to_owned(),
            "API Gateway, for an account".to_owned(),
            ACCOUNT_REQUESTS,
            at_peak(load, load.requests),
        );
    }
    if inventory.apis("WEBSOCKET") > 0 {
        add(
            LimitKind::Throttle,
            "new connections a second".to_owned(),
            "API Gateway, for an account".to_owned(),
            ACCOUNT_CONNECTIONS,
            at_peak(load, load.connects()),
        );
    }
    for database in inventory.of("AWS::RDS::DBInstance") {
        let class = database.text("/DBInstanceClass").unwrap_or_default();
        if let Some(memory) = memory(class) {
            add(
                LimitKind::Connections,
                format!("connections to a {class}"),
                place(database),
                memory * CONNECTIONS_PER_GIB,
                connections,
            );
        }
    }
    limits.sort_by_key(|limit| limit.reached_at_users.unwrap_or(u64::MAX));
    limits
}

/// Of a month, in the busiest second.
fn at_peak(load: &Load, count: u64) -> Decimal {
    let busiest = count.saturating_mul(u64::from(load.assumed.peak_factor));
    Decimal::ratio(busiest, SECONDS_PER_MONTH)
}

/// Environments that work at the same time in the busiest second (Little's law).
fn concurrency(load: &Load, invocations: u64) -> Decimal {
    at_peak(load, invocations).times(Decimal::ratio(u64::from(load.assumed.duration_ms), 1000))
}

/// Traffic grows with the users.
fn reached_at(users: u64, limit: u64, needed: Decimal) -> Option<u64> {
    // In millionths: a busy second may take a small part of a limit.
    let millionths = needed.times(1_000_000).whole();
    if millionths == 0 {
        return None;
    }
    let reached = u128::from(users) * u128::from(limit) * 1_000_000 / u128::from(millionths);
    u64::try_from(reached).ok()
}

fn rate(stage: &Resource<'_>) -> Option<u64> {
    let rate = stage.at("/DefaultRouteSettings/ThrottlingRateLimit")?;
    // Templates have it as 200.0.
    rate.as_u64()
        .or_else(|| rate.to_string().split('.').next()?.parse().ok())
}

fn place(resource: &Resource<'_>) -> String {
    format!("{}/{}", resource.stack, resource.id)
}

/// GiB of a database class: <https://aws.amazon.com/rds/instance-types/>.
fn memory(class: &str) -> Option<u64> {
    let mut parts = class.strip_prefix("db.")?.split('.');
    let (family, size) = (parts.next()?, parts.next()?);
    let large = match family.as_bytes().first()? {
        b't' => match size {
            "micro" => return Some(1),
            "small" => return Some(2),
            "medium" => return Some(4),
            _ => 8,
        },
        b'm' => 8,
        b'r' => 16,
        _ => return None,
    };
    let times = match size {
        "large" => 1,
        "xlarge" => 2,
        other => 2 * other.strip_suffix("xlarge")?.parse::<u64>().ok()?,
    };
    Some(large * times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_has_the_memory_that_aws_gives_it() {
        let classes = [
            ("db.t3.micro", Some(1)),
            ("db.t4g.small", Some(2)),
            ("db.t3.large", Some(8)),
            ("db.m6g.large", Some(8)),
            ("db.m6g.2xlarge", Some(32)),
            ("db.r6g.xlarge", Some(32)),
            ("db.x2g.large", None),
            ("small", None),
        ];
        for (class, expected) in classes {
            assert_eq!(memory(class), expected, "{class}");
        }
    }

    #[test]
    fn a_limit_is_reached_when_the_traffic_has_grown_to_it() {
        let quarter = Decimal::ratio(1, 4);
        assert_eq!(reached_at(100, 10, quarter), Some(4_000));
        assert_eq!(reached_at(100, 10, Decimal::ZERO), None);
    }
}

//! What a stage runs into first when its traffic grows: the limits that its templates set, and those
//! that AWS sets for what is in them.

use serde::Serialize;

use super::{
    decimal::Decimal,
    inventory::{Entry, Function, Inventory, Resource},
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
    let mut found = Limits {
        load,
        limits: Vec::new(),
    };
    found.of_functions(inventory);
    found.of_apis(inventory);
    found.of_databases(inventory);
    let mut limits = found.limits;
    limits.sort_by_key(|limit| limit.reached_at_users.unwrap_or(u64::MAX));
    limits
}

struct Limits<'a> {
    load: &'a Load,
    limits: Vec<Limit>,
}

impl Limits<'_> {
    fn add(
        &mut self,
        (kind, what): (LimitKind, String),
        set_by: impl Into<String>,
        limit: u64,
        needed: Decimal,
    ) {
        self.limits.push(Limit {
            kind,
            what,
            set_by: set_by.into(),
            limit,
            needed,
            reached_at_users: reached_at(self.load.users, limit, needed),
        });
    }

    /// Environments that work at the same time.
    fn of_functions(&mut self, inventory: &Inventory<'_>) {
        let mut without_reservation = None;
        for function in inventory.functions() {
            // What is not known is not taken for nothing: it has no part in any limit.
            let Ok(needed) = concurrency(self.load, function) else {
                continue;
            };
            match function.resource.number("/ReservedConcurrentExecutions") {
                Some(limit) => {
                    let what = format!("concurrency of `{}`", function.name);
                    let place = place(&function.resource);
                    self.add((LimitKind::Concurrency, what), place, limit, needed);
                }
                None => {
                    let sum = without_reservation.unwrap_or(Decimal::ZERO);
                    without_reservation = Some(sum + needed);
                }
            }
        }
        if let Some(needed) = without_reservation {
            let what = "concurrency of functions without a reservation".to_owned();
            self.add(
                (LimitKind::Concurrency, what),
                "the quota of a new account",
                NEW_ACCOUNT_CONCURRENCY,
                needed,
            );
        }
    }

    /// What API Gateway accepts in a second.
    fn of_apis(&mut self, inventory: &Inventory<'_>) {
        let load = self.load;
        let busiest = |entry: Entry| {
            let functions = inventory.functions().iter();
            functions
                .filter(|function| function.entries.contains(&entry))
                .filter_map(|function| load.invocations(function).ok())
                .max()
                .unwrap_or_default()
        };
        for stage in inventory.of("AWS::ApiGatewayV2::Stage") {
            let Some(rate) = rate(stage) else { continue };
            let (what, entry) = match inventory.is_web_socket(stage) {
                true => ("messages a second to one route", Entry::WebSocket),
                false => ("requests a second to one route", Entry::Http),
            };
            // As if one route got everything that its function answers.
            let needed = at_peak(load, busiest(entry));
            let limit = (LimitKind::Throttle, what.to_owned());
            self.add(limit, place(stage), rate, needed);
        }
        let account = [
            ("HTTP", "requests a second", ACCOUNT_REQUESTS, load.requests),
            (
                "WEBSOCKET",
                "new connections a second",
                ACCOUNT_CONNECTIONS,
                load.connects(),
            ),
        ];
        for (protocol, what, limit, count) in account {
            if inventory.apis(protocol) > 0 {
                let needed = at_peak(load, count);
                let what = (LimitKind::Throttle, what.to_owned());
                self.add(what, "API Gateway, for an account", limit, needed);
            }
        }
    }

    /// Connections: each environment of a function with a database holds one.
    fn of_databases(&mut self, inventory: &Inventory<'_>) {
        let functions = inventory.functions().iter();
        let needed: Decimal = functions
            .filter(|function| function.resource.at(DATABASE_VARIABLE).is_some())
            .filter_map(|function| concurrency(self.load, function).ok())
            .sum();
        for database in inventory.of("AWS::RDS::DBInstance") {
            let class = database.text("/DBInstanceClass").unwrap_or_default();
            if let Some(memory) = memory(class) {
                let what = format!("connections to a {class}");
                let limit = memory * CONNECTIONS_PER_GIB;
                self.add(
                    (LimitKind::Connections, what),
                    place(database),
                    limit,
                    needed,
                );
            }
        }
    }
}

/// Of a month, in the busiest second.
fn at_peak(load: &Load, count: u64) -> Decimal {
    let busiest = count.saturating_mul(u64::from(load.assumed.peak_factor));
    Decimal::ratio(busiest, SECONDS_PER_MONTH)
}

/// Environments that work at the same time in the busiest second (Little's law); the error says what
/// is not known.
fn concurrency(load: &Load, function: &Function<'_>) -> Result<Decimal, String> {
    let invocations = load.invocations(function)?;
    let seconds = Decimal::ratio(u64::from(load.assumed.duration_ms), 1000);
    Ok(at_peak(load, invocations).times(seconds))
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
#[path = "limits_tests.rs"]
mod tests;

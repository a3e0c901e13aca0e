//! The metrics that functions write in CloudWatch's embedded metric format. Alarms and dashboard of the
//! stacks read them by these names.

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// `latency`
    pub name: &'static str,
    /// CloudWatch's name of its unit: `Milliseconds`, `Seconds`, `Count`.
    pub unit: &'static str,
}

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Miyabi";

/// The one set of dimensions. Each distinct set of values is a metric that costs money, so there is
/// never a user or an organization among them.
pub const DIMENSIONS: [&str; 2] = ["stage", "function"];

/// From the request's arrival to its response.
pub const LATENCY: Metric = milliseconds("latency");
/// Time in which the database was waited for.
pub const DATABASE: Metric = milliseconds("database");
/// 1 for the first request of an environment, else 0.
pub const COLD_START: Metric = count("coldStart");
/// 1 for a response with status 500 or above, else 0. `AWS/Lambda Errors` counts failed invocations
/// alone.
pub const SERVER_ERROR: Metric = count("serverError");

/// Those that are written for each request.
pub const OF_A_REQUEST: [Metric; 4] = [LATENCY, DATABASE, COLD_START, SERVER_ERROR];

/// How long the oldest event of any organization has waited to be sent; 0: none waits. `ws-broadcast`
/// writes it with each sweep.
pub const OUTBOX_LAG: Metric = Metric {
    name: "outboxLag",
    unit: "Seconds",
};

/// 1 when rows of the last hour are in the default partition of the audit trail, else 0: nobody made the
/// partition of this month in time. `ws-broadcast` writes it with each sweep.
pub const AUDIT_DEFAULT_PARTITION: Metric = count("auditDefaultPartition");

const fn milliseconds(name: &'static str) -> Metric {
    Metric {
        name,
        unit: "Milliseconds",
    }
}

const fn count(name: &'static str) -> Metric {
    Metric {
        name,
        unit: "Count",
    }
}

//! What a cost estimate assumes. Nothing here changes a template.

use std::collections::BTreeMap;

use miyabi_catalog::FUNCTIONS;
use serde::{Deserialize, Serialize};

use super::{Stage, StageError, check::Wrong, error::nearest};

/// What the stage may cost, and the traffic that an estimate counts with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Cost {
    /// USD a month; `None`: no budget.
    pub budget: Option<u32>,
    /// The assumed traffic.
    pub traffic: Traffic,
}

/// The traffic of a month. Means, unless the name says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Traffic {
    /// People.
    pub users: u32,
    /// Requests of one person to the HTTP API.
    pub requests_per_user: u32,
    /// Bytes of a request, headers included.
    pub request_bytes: u32,
    /// Bytes of a response, headers included.
    pub response_bytes: u32,
    /// Milliseconds for which a function is billed at one invocation.
    pub duration_ms: u32,
    /// Bytes that a function logs at one invocation; API Gateway's access log is as large.
    pub log_bytes: u32,
    /// Invocations of each function at 100 requests: for those with routes, the requests that each
    /// answers; for the others, how often requests lead to one.
    pub functions: BTreeMap<String, u32>,
    /// How often one person loads the site.
    pub page_loads_per_user: u32,
    /// Files of one load.
    pub page_files: u32,
    /// Bytes of one load, all files together.
    pub page_bytes: u32,
    /// Percent of those files that the edge fetches from the bucket.
    pub cache_miss_percent: u32,
    /// Percent of the users who are connected to the WebSocket API.
    pub connected_percent: u32,
    /// Messages that a connected client sends in an hour.
    pub client_messages_per_hour: u32,
    /// Messages that a connected client receives in an hour.
    pub server_messages_per_hour: u32,
    /// Bytes of a message.
    pub message_bytes: u32,
    /// Reads of secrets at 1,000 requests.
    pub secret_reads_per_1000_requests: u32,
    /// GB in each bucket.
    pub bucket_gb: u32,
    /// How many times the mean the busiest second has.
    pub peak_factor: u32,
}

/// The largest payload of API Gateway and the largest load of the site that is believed, bytes.
const LARGEST_BYTES: u32 = 10 * 1024 * 1024;

/// A value that no estimate can be made with.
pub(super) fn check(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    let traffic = &stage.cost.traffic;
    let limits = [
        ("users", traffic.users, 0, 1_000_000_000),
        ("requests-per-user", traffic.requests_per_user, 0, 1_000_000),
        ("request-bytes", traffic.request_bytes, 0, LARGEST_BYTES),
        ("response-bytes", traffic.response_bytes, 0, LARGEST_BYTES),
        ("duration-ms", traffic.duration_ms, 1, 900_000),
        ("log-bytes", traffic.log_bytes, 0, LARGEST_BYTES),
        (
            "page-loads-per-user",
            traffic.page_loads_per_user,
            0,
            1_000_000,
        ),
        ("page-files", traffic.page_files, 0, 10_000),
        ("page-bytes", traffic.page_bytes, 0, 10 * LARGEST_BYTES),
        ("cache-miss-percent", traffic.cache_miss_percent, 0, 100),
        ("connected-percent", traffic.connected_percent, 0, 100),
        (
            "client-messages-per-hour",
            traffic.client_messages_per_hour,
            0,
            1_000_000,
        ),
        (
            "server-messages-per-hour",
            traffic.server_messages_per_hour,
            0,
            1_000_000,
        ),
        ("message-bytes", traffic.message_bytes, 0, 128 * 1024),
        (
            "secret-reads-per-1000-requests",
            traffic.secret_reads_per_1000_requests,
            0,
            100_000,
        ),
        ("bucket-gb", traffic.bucket_gb, 0, 1_000_000),
        ("peak-factor", traffic.peak_factor, 1, 10_000),
    ];
    for (key, value, least, most) in limits {
        if !(least..=most).contains(&value) {
            return wrong(
                &["cost", "traffic", key],
                &value.to_string(),
                &format!("from {least} to {most}"),
            );
        }
    }
    if stage.cost.budget == Some(0) {
        return wrong(&["cost", "budget"], "0", "1 or more, or null for no budget");
    }
    functions(traffic, wrong)
}

/// The functions exist, and all requests are answered by those with routes.
fn functions(traffic: &Traffic, wrong: &Wrong<'_>) -> Result<(), StageError> {
    let known: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
    for (name, share) in &traffic.functions {
        if !known.contains(&name.as_str()) {
            let near = nearest(name, &known)
                .map(|near| format!(" (did you mean `{near}`?)"))
                .unwrap_or_default();
            return wrong(
                &["cost", "traffic", "functions", name],
                &format!("`{name}`"),
                &format!("a function: {}{near}", known.join(", ")),
            );
        }
        if *share > 100_000 {
            return wrong(
                &["cost", "traffic", "functions", name],
                &share.to_string(),
                "at most 100000 invocations at 100 requests",
            );
        }
    }
    let with_routes = FUNCTIONS
        .iter()
        .filter(|function| !function.routes.is_empty());
    let sum: u32 = with_routes
        .filter_map(|function| traffic.functions.get(function.name))
        .sum();
    if sum != 100 {
        return wrong(
            &["cost", "traffic", "functions"],
            &format!("{sum}"),
            "100, all functions with routes together: each request is answered by one of them",
        );
    }
    Ok(())
}

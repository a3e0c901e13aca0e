//! The list of the alarms.

use cfn::cloudwatch::AlarmTreatMissingData::{self, Breaching, Ignore, Missing, NotBreaching};
use miyabi_catalog::{FUNCTIONS, Function, metrics};

use super::{
    Watched,
    alarm::{Alarm, Raised, Reading},
    source::Source,
};
use crate::Stage;

/// MiB -> bytes, GiB -> MiB.
const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1024.0 * MIB;

/// Every alarm of a stage that has a threshold there.
pub(super) fn alarms(stage: &Stage, watched: &Watched<'_>) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    alarms.extend(api(stage));
    for function in FUNCTIONS.iter().filter(|function| is_watched(function)) {
        alarms.extend(of_function(stage, function));
    }
    if watched.database.is_some() {
        alarms.extend(database(stage));
    }
    if watched.cache.is_some() {
        alarms.extend(cache(stage));
    }
    alarms.extend(live_updates(stage));
    alarms.extend(audit_trail(stage));
    alarms
}

/// `migrate` is invoked by deploys alone, which report how it ended.
pub(super) fn is_watched(function: &Function) -> bool {
    function.name != "migrate"
}

/// An alarm without its texts; `None`: the stage has no threshold for it.
fn above(
    name: &str,
    threshold: Option<u32>,
    reading: Reading,
    missing: AlarmTreatMissingData,
) -> Option<Alarm> {
    Some(Alarm {
        name: name.to_owned(),
        about: String::new(),
        runbook: String::new(),
        reading,
        raised_when: Raised::AtLeast,
        threshold: threshold?.into(),
        missing,
        at_once: false,
    })
}

impl Alarm {
    fn means(self, about: &str, runbook: &str) -> Alarm {
        Alarm {
            about: about.to_owned(),
            runbook: runbook.to_owned(),
            ..self
        }
    }

    /// Raised below `threshold`.
    fn below(self, threshold: f64) -> Alarm {
        Alarm {
            raised_when: Raised::Below,
            threshold,
            ..self
        }
    }

    fn at_once(self) -> Alarm {
        Alarm {
            at_once: true,
            ..self
        }
    }
}

fn api(stage: &Stage) -> impl Iterator<Item = Alarm> {
    let thresholds = &stage.alarms.thresholds;
    let latency = |of: &'static str, threshold| {
        let reading = Reading::Metric(Source::http_api("Latency"), of);
        let alarm = above(&format!("latency-{of}"), threshold, reading, NotBreaching)?;
        let share = of.trim_start_matches('p');
        Some(alarm.means(
            &format!("API Gateway takes too long to answer {share} of 100 requests."),
            &format!(
                "Compare the alarms of the functions and the database. `cargo xtask logs --stage {}` shows the slow routes; cold starts, a busy database and a slow query are the usual causes.",
                stage.name
            ),
        ))
    };
    let rate = Reading::Percent {
        of: Source::http_api("5xx"),
        all: Source::http_api("Count"),
    };
    // The emulator has no alarms on expressions.
    let rate = above("error-rate", thresholds.error_rate, rate, NotBreaching)
        .filter(|_| !stage.is_for_emulators());
    [
        latency("p50", thresholds.latency_p50),
        latency("p95", thresholds.latency_p95),
        latency("p99", thresholds.latency_p99),
        rate.map(|alarm| {
            alarm.means(
                "API Gateway answers too many requests with a status of 500 or above.",
                &format!(
                    "`cargo xtask logs --stage {0} --level error` shows why. When it began with a deploy: `cargo xtask rollback --stage {0}`.",
                    stage.name
                ),
            )
        }),
    ]
    .into_iter()
    .flatten()
}

fn of_function(stage: &Stage, function: &Function) -> impl Iterator<Item = Alarm> {
    let thresholds = &stage.alarms.thresholds;
    let name = function.name;
    let logs = format!(
        "`cargo xtask logs {name} --stage {} --level error`",
        stage.name
    );
    let lambda =
        |metric, statistic| Reading::Metric(Source::lambda(stage, name, metric), statistic);
    let own = |metric| Reading::Metric(Source::own(stage, name, metric), "Sum");
    let has_routes = !function.routes.is_empty();
    let of_routes = |threshold: Option<u32>| threshold.filter(|_| has_routes);
    let timeout = f64::from(stage.functions.size(name).timeout) * 1000.0;
    let duration = above(
        &format!("{name}-duration"),
        thresholds.function_duration,
        lambda("Duration", "Maximum"),
        NotBreaching,
    );
    [
        above(
            &format!("{name}-server-errors"),
            of_routes(thresholds.server_errors),
            own(metrics::SERVER_ERROR),
            NotBreaching,
        )
        .map(|alarm| {
            alarm.means(
                &format!("The function {name} answers with a status of 500 or above."),
                &format!("{logs} shows the causes. 503 is a database or a service that does not answer; 500 is a fault in the code."),
            )
        }),
        above(
            &format!("{name}-errors"),
            thresholds.function_errors,
            lambda("Errors", "Sum"),
            NotBreaching,
        )
        .map(|alarm| {
            alarm.means(
                &format!("Invocations of the function {name} fail: it ends, times out or reports an error."),
                &format!("{logs} shows the last words. A function that does not start names the setting that it lacks."),
            )
        }),
        above(
            &format!("{name}-throttles"),
            thresholds.function_throttles,
            lambda("Throttles", "Sum"),
            NotBreaching,
        )
        .map(|alarm| {
            alarm.means(
                &format!("Lambda refuses invocations of the function {name}: too many run at once."),
                &format!("Raise `functions.overrides.{name}.reserved-concurrency` in the stage file within what the database takes as connections, or find what makes the function slow."),
            )
        }),
        duration.map(|alarm| {
            let threshold = timeout * alarm.threshold / 100.0;
            Alarm { threshold, ..alarm }.means(
                &format!("An invocation of the function {name} takes nearly as long as its timeout allows."),
                "Look for what it waits for: the database's alarms, then its log. Raising the timeout only hides it.",
            )
        }),
        above(
            &format!("{name}-cold-starts"),
            of_routes(thresholds.cold_starts),
            own(metrics::COLD_START),
            NotBreaching,
        )
        .map(|alarm| {
            alarm.means(
                &format!("Many environments of the function {name} start, each slower than a started one."),
                &format!("After a deploy it ends by itself. Else keep some started: `functions.overrides.{name}.provisioned-concurrency`."),
            )
        }),
    ]
    .into_iter()
    .flatten()
}

fn database(stage: &Stage) -> impl Iterator<Item = Alarm> {
    let thresholds = &stage.alarms.thresholds;
    let settings = &stage.database;
    let read = |name, statistic| Reading::Metric(Source::database(name), statistic);
    let storage = f64::from(settings.storage) * GIB;
    // Only AWS has credits.
    let credits = thresholds
        .database_credits
        .filter(|_| settings.class.starts_with("db.t") && stage.account.is_some());
    [
        // An instance that runs always reports them.
        above(
            "database-connections",
            thresholds.database_connections,
            read("DatabaseConnections", "Maximum"),
            Breaching,
        )
        .map(|alarm| {
            alarm.means(
                "The database has nearly as many connections as it takes, or reports none at all: it does not run.",
                &format!("`cargo xtask status --stage {}` shows whether it answers. Too many connections: lower the reserved concurrency of the functions or take a larger class.", stage.name),
            )
        }),
        above("database-cpu", thresholds.database_cpu, read("CPUUtilization", "Average"), Missing).map(|alarm| {
            alarm.means(
                "The database is busy.",
                &format!("`cargo xtask logs database --stage {}` shows statements of half a second and longer. Add the index that is missing, or take a larger class.", stage.name),
            )
        }),
        above("database-credits", credits, read("CPUCreditBalance", "Minimum"), Missing).map(|alarm| {
            let threshold = alarm.threshold;
            alarm.below(threshold).means(
                "The database has used up its CPU credits; it slows down or is billed for more when they end.",
                "It needs more than its class has for good: take a larger one, or one of `db.m`.",
            )
        }),
        above("database-storage", thresholds.database_storage, read("FreeStorageSpace", "Minimum"), Missing).map(|alarm| {
            let threshold = storage * alarm.threshold / 100.0;
            alarm.below(threshold).means(
                "The disk of the database is nearly full. A full one stops every write.",
                "Raise `database.storage` in the stage file and deploy: it grows without an interruption, once in six hours.",
            )
        }),
        above("database-memory", thresholds.database_memory, read("FreeableMemory", "Minimum"), Missing).map(|alarm| {
            let threshold = MIB * alarm.threshold;
            alarm.below(threshold).means(
                "The database has nearly no memory left. IAM logins need some hundred MB of it.",
                "Take a larger class, or lower the reserved concurrency of the functions.",
            )
        }),
    ]
    .into_iter()
    .flatten()
}

fn cache(stage: &Stage) -> Option<Alarm> {
    let rate = Reading::Metric(Source::cache("CacheHitRate"), "Average");
    let alarm = above(
        "cache-hit-rate",
        stage.alarms.thresholds.cache_hit_rate,
        rate,
        Missing,
    )?;
    Some(alarm.means(
        "Most tokens that are looked up in the cache are withdrawn ones: a client does not stop, or somebody tries stolen tokens.",
        &format!("`cargo xtask logs gateway --stage {} --all` shows the addresses with many answers of 401.", stage.name),
    ))
}

fn live_updates(stage: &Stage) -> impl Iterator<Item = Alarm> {
    let thresholds = &stage.alarms.thresholds;
    let socket = |name: &str, metric| {
        let reading = Reading::Metric(Source::web_socket_api(metric), "Sum");
        above(name, thresholds.websocket_errors, reading, NotBreaching)
    };
    let waiting = Reading::Metric(Source::dead_letters(stage), "Maximum");
    let lag = Source::own(stage, "ws-broadcast", metrics::OUTBOX_LAG);
    [
        socket("websocket-integration-errors", "IntegrationError").map(|alarm| {
            alarm.means(
                "The functions behind the WebSocket API fail or do not answer.",
                &format!("`cargo xtask logs ws-connect --stage {} --level error` shows why.", stage.name),
            )
        }),
        socket("websocket-execution-errors", "ExecutionError").map(|alarm| {
            alarm.means(
                "The WebSocket API cannot call its functions.",
                &format!("A permission or a route is missing: `cargo xtask drift --stage {}` compares the stage with its templates.", stage.name),
            )
        }),
        above("dead-letters", thresholds.dead_letters, waiting, NotBreaching).map(|alarm| {
            alarm.at_once().means(
                "Invocations of ws-broadcast failed for good. The next sweep does their work, unless it fails too.",
                &format!("`cargo xtask logs ws-broadcast --stage {} --level error` shows why. Then purge the queue `miyabi-{0}-dead-letters`, so that the alarm ends.", stage.name),
            )
        }),
        // A sweep writes it each minute: without one, nobody sends what was left.
        above("outbox-lag", thresholds.outbox_lag, Reading::Metric(lag, "Maximum"), lag_missing(stage)).map(|alarm| {
            alarm.means(
                "Events wait too long to be sent, or the sweep that sends them does not run: live updates are late.",
                &format!("`cargo xtask logs ws-broadcast --stage {} --level error` shows why. Nothing is lost: clients catch up by `/api/changes`.", stage.name),
            )
        }),
    ]
    .into_iter()
    .flatten()
}

/// A sweep writes the metric each minute; between two data points the state stays.
fn audit_trail(stage: &Stage) -> Option<Alarm> {
    let rows = Source::own(stage, "ws-broadcast", metrics::AUDIT_DEFAULT_PARTITION);
    let alarm = above(
        "audit-default-partition",
        stage.alarms.thresholds.audit_default_partition,
        Reading::Metric(rows, "Maximum"),
        Ignore,
    )?;
    Some(alarm.at_once().means(
        "Rows of the audit trail land in its default partition: the sweep has not made the partition of this month in time.",
        &format!("`cargo xtask logs ws-broadcast --stage {} --level error --filter partitions` shows why. Nothing is lost: the rows are read and deleted in time like others. After the cause is fixed the next months get partitions; the alarm ends with this month.", stage.name),
    ))
}

/// A period that is shorter than the pause between two sweeps has no data point most of the time.
fn lag_missing(stage: &Stage) -> AlarmTreatMissingData {
    match stage.alarms.period < 60 {
        true => Ignore,
        false => Breaching,
    }
}

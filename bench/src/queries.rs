//! Lists, filters and searches of an organization with 100,000 tasks, beside another with as many:
//! time at the database, of all statements of a request together.

use crate::{Context, Error, finding::Finding, runtime::Environment, statements, subject};

const TASKS: u32 = 100_000;

/// What is asked for; the placeholders are ids of the organization.
const PATHS: [&str; 22] = [
    "/api/tasks",
    "/api/tasks?limit=100",
    "/api/tasks?sort=created_at",
    "/api/tasks?sort=-updated_at",
    "/api/tasks?sort=due_at",
    "/api/tasks?sort=-due_at",
    "/api/tasks?sort=priority",
    "/api/tasks?sort=-priority",
    "/api/tasks?sort=title",
    "/api/tasks?status=failed",
    "/api/tasks?status=pending,in_progress",
    "/api/tasks?priority=p0",
    "/api/tasks?status=failed&priority=p3",
    "/api/tasks?assignee={user}",
    "/api/tasks?label={label}",
    "/api/tasks?label={label}&status=failed",
    "/api/tasks?q=needle",
    "/api/tasks?q=common",
    "/api/tasks?q=%22some+description%22+needle",
    "/api/tasks?q=common&status=failed&priority=p3",
    "/api/tasks?title_prefix=needle",
    "/api/tasks/stats",
];

/// One finding for each path.
pub(crate) fn run(context: &Context) -> Result<Vec<Finding>, Error> {
    let tasks = context.function("tasks")?;
    let database = context.database()?;
    database.database.tenant(TASKS)?;
    let tenant = database.database.tenant(TASKS)?;
    let label = database.database.value(&format!(
        "select id::text from labels where organization_id = '{}'",
        tenant.organization
    ))?;
    let rounds = context.count(40);
    let mut findings = Vec::new();
    for path in PATHS {
        let path = path
            .replace("{user}", &tenant.user.to_string())
            .replace("{label}", &label);
        let event = subject::event(tenant, &path);
        let logged = database.database.logged(subject::role(), true, || {
            let mut environment =
                Environment::spawn(&mut database.surroundings.command(tasks, &[])?)?;
            for _ in 0..rounds {
                let answer = environment.invoke(&event)?.body;
                if !String::from_utf8_lossy(&answer).contains("\"statusCode\":200") {
                    return Err(Error::Function(
                        String::from_utf8_lossy(&answer).into_owned(),
                    ));
                }
            }
            Ok(())
        });
        let what = format!(
            "GET {}",
            path.replace(&label, "..")
                .replace(&tenant.user.to_string(), "..")
        );
        findings.push(match logged {
            Ok(logged) => {
                let mut durations = statements::durations(&logged);
                durations.sort_by(f64::total_cmp);
                let rank = |percent: usize| {
                    durations
                        .get((durations.len() * percent).div_ceil(100).max(1) - 1)
                        .copied()
                };
                let (p50, p95) = (rank(50).unwrap_or(f64::NAN), rank(95).unwrap_or(f64::NAN));
                let finding = Finding::new(
                    "queries",
                    what,
                    format!("p50 {p50:.2} ms, p95 {p95:.2} ms, n = {}", durations.len()),
                    p95,
                );
                // A count over everything is no page; it is shown beside them.
                if path.ends_with("/stats") {
                    finding
                } else {
                    finding.at_most(20.0, " ms")
                }
            }
            Err(error) => Finding::absent("queries", what, error),
        });
    }
    Ok(findings)
}

//! Lists, filters and searches of an organization with 100,000 tasks among many small ones: time at
//! the database, of all statements of a request together.

use crate::{
    Context, Error, database::Tenant, finding::Finding, runtime::Environment, statements, subject,
};

/// How many small organizations there are beside the large one. Those of the first round are there
/// in the second, too.
const SMALL: [u32; 2] = [50, 1000];

/// What is asked for; the placeholders are ids of the organization. Label 1 is on every second task,
/// label 3 on 3 of 100, label 7 on 5 of 1,000.
const PATHS: [&str; 72] = [
    "/api/tasks",
    "/api/tasks?limit=100",
    "/api/tasks?sort=created_at",
    "/api/tasks?sort=-updated_at",
    "/api/tasks?sort=due_at",
    "/api/tasks?sort=-due_at",
    "/api/tasks?sort=priority",
    "/api/tasks?sort=-priority",
    "/api/tasks?sort=title",
    "/api/tasks?sort=rank",
    "/api/tasks?sort=rank&status=pending",
    "/api/tasks?status=failed",
    "/api/tasks?status=pending,in_progress",
    "/api/tasks?priority=p0",
    "/api/tasks?priority=p0,p1&sort=-updated_at",
    "/api/tasks?status=failed&priority=p3",
    "/api/tasks?assignee={user}",
    "/api/tasks?assignee={user}&sort=-priority",
    "/api/tasks?assignee=none",
    "/api/tasks?assignee=none&sort=-priority",
    "/api/tasks?assignee=none&status=pending&sort=due_at",
    "/api/tasks?label={Label 1}",
    "/api/tasks?label={Label 7}",
    "/api/tasks?label={Label 3}&status=failed",
    "/api/tasks?label={Label 1}&sort=title",
    "/api/tasks?label={Label 3}&sort=-priority",
    "/api/tasks?label={Label 7}&sort=due_at",
    "/api/tasks?due_after=2026-01-20T00:00:00Z",
    "/api/tasks?due_after=2026-01-20T00:00:00Z&due_before=2026-02-20T00:00:00Z&sort=due_at",
    "/api/tasks?due_before=2026-01-20T00:00:00Z&status=pending&sort=priority",
    "/api/tasks?created_after=2025-12-25T00:00:00Z&sort=due_at",
    "/api/tasks?created_before=2025-12-01T00:00:00Z&sort=-due_at",
    "/api/tasks?created_before=2025-12-01T00:00:00Z&sort=title",
    "/api/tasks?due_before=2016-01-01T00:00:00Z",
    "/api/tasks?due_before=2020-01-01T00:00:00Z&sort=title",
    "/api/tasks?created_before=2025-12-01T00:00:00Z&label={Label 1}&sort=-due_at",
    "/api/tasks?created_after=2025-12-25T00:00:00Z&label={Label 1}&sort=due_at",
    "/api/tasks?due_before=2020-01-01T00:00:00Z&label={Label 7}&sort=-updated_at",
    "/api/tasks?due_before=2016-01-01T00:00:00Z&label={Label 1}",
    "/api/tasks?created_after=2025-12-25T00:00:00Z&label={Label 1}&sort=created_at",
    "/api/tasks?due_before=2016-01-01T00:00:00Z&priority=p0,p1&sort=priority",
    "/api/tasks?due_before=2016-01-01T00:00:00Z&sort=-updated_at",
    "/api/tasks?created_after=2025-12-25T00:00:00Z&sort=updated_at",
    "/api/tasks?due_before=2016-01-01T00:00:00Z&status=completed&sort=priority",
    "/api/tasks?due_before=2016-01-01T00:00:00Z&status=completed&sort=-updated_at",
    "/api/tasks?created_after=2025-12-25T00:00:00Z&status=completed&sort=due_at",
    "/api/tasks?created_after=2025-12-25T00:00:00Z&status=completed&sort=-title",
    "/api/tasks?created_after=2025-12-25T00:00:00Z&priority=p3&sort=due_at",
    "/api/tasks?created_after=2025-12-25T00:00:00Z&assignee={user}&sort=due_at",
    "/api/tasks?deleted=true",
    "/api/tasks?q=needle",
    "/api/tasks?q=common",
    "/api/tasks?q=maple",
    "/api/tasks?q=zebra",
    "/api/tasks?q=%22some+description%22+needle",
    "/api/tasks?q=common&status=failed&priority=p3",
    "/api/tasks?q=common&label={Label 3}",
    // A word in comments alone; 共通, 共通の仕事, 議事録 and 録: of a third of the tasks, and of few comments.
    "/api/tasks?q=walnut",
    "/api/tasks?q=%E5%85%B1%E9%80%9A",
    "/api/tasks?q=%E5%85%B1%E9%80%9A%E3%81%AE%E4%BB%95%E4%BA%8B",
    "/api/tasks?q=%E8%AD%B0%E4%BA%8B%E9%8C%B2",
    "/api/tasks?q=%E9%8C%B2",
    // Half of the tasks have the word, the older one; a phrase of 22 words that all have and none in that
    // order; 25 negations; any of 35 numbers.
    "/api/tasks?q=quince",
    "/api/tasks?q=%22{some description, 11 times}%22",
    "/api/tasks?q=quince{25 negations}",
    "/api/tasks?q=1{or numbers to 35}",
    "/api/tasks?title_prefix=needle",
    "/api/labels",
    "/api/tasks/stats",
    "/api/tasks/flow?from=2025-12-03&to=2026-01-01&tz=Asia/Tokyo",
    "/api/tasks/flow?from=2025-01-01&to=2025-12-31&tz=Asia/Tokyo",
    "/api/stats/history?from=2025-01-01&to=2025-12-31",
];

/// What stands for the parts of long searches.
fn long_searches() -> [(String, String); 3] {
    let negations: String = (0..25).map(|n| format!("+-{}", 90_000 - 7 * n)).collect();
    let numbers: String = (2..=35).map(|n| format!("+or+{n}")).collect();
    [
        (
            "{some description, 11 times}".to_owned(),
            ["some+description"; 11].join("+"),
        ),
        ("{25 negations}".to_owned(), negations),
        ("{or numbers to 35}".to_owned(), numbers),
    ]
}

/// One finding for each path and number of organizations.
pub(crate) fn run(context: &Context) -> Result<Vec<Finding>, Error> {
    let database = &context.database()?.database;
    let tenant = database.large_among(SMALL[0])?;
    let mut findings = among(context, tenant, SMALL[0])?;
    database.add_small(SMALL[0] + 1, SMALL[1])?;
    findings.extend(among(context, tenant, SMALL[1])?);
    Ok(findings)
}

fn among(context: &Context, tenant: Tenant, small: u32) -> Result<Vec<Finding>, Error> {
    let tasks = context.function("tasks")?;
    let database = context.database()?;
    let mut ids = vec![("{user}".to_owned(), tenant.user.to_string())];
    for label in ["Label 1", "Label 3", "Label 7"] {
        let id = database.database.value(&format!(
            "select id::text from labels where organization_id = '{}' and name = '{label}'",
            tenant.organization
        ))?;
        ids.push((format!("{{{label}}}"), id));
    }
    ids.extend(long_searches());
    let rounds = context.count(40);
    let mut findings = Vec::new();
    for path in PATHS {
        let with_ids = |path: String, (name, id): &(String, String)| path.replace(name, id);
        let what = format!("GET {path}, among {small}");
        let path = ids.iter().fold(path.to_owned(), with_ids);
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
                match path.as_str() {
                    // A count over everything is not a page; it is shown beside them.
                    "/api/tasks/stats" => finding,
                    path if path.starts_with("/api/tasks/flow") => finding,
                    // Half of the tasks or all have the words.
                    path if path.contains("q=quince")
                        || path.contains("q=%22some+description+some") =>
                    {
                        finding.at_most(100.0, " ms")
                    }
                    // No index has the tasks of a label in this order.
                    path if path.contains("label=") && path.contains("sort=") => {
                        finding.at_most(70.0, " ms")
                    }
                    _ => finding.at_most(20.0, " ms"),
                }
            }
            Err(error) => Finding::absent("queries", what, error),
        });
    }
    Ok(findings)
}

//! What revocation, role checks and rate limits add to a page of tasks: the same function, with the
//! database as it is and with copies of it in which the SQL functions that decide return at once. The
//! message that opens the transaction, its round trip and the work of the function are the same in both.

use crate::{Context, Error, database::Tenant, finding::Finding, runtime::Environment, subject};

use super::{PATH, Sample, WARM_UP};

/// They may add 10 % to the median, all three together.
const MOST: f64 = 1.10;

const REVOCATION: &str = "create or replace function app.is_withdrawn(p_user uuid, p_session uuid, p_token uuid, p_issued_at timestamptz)
    returns boolean language plpgsql stable as $$ begin return false; end $$;";

/// Membership, role and permissions; whether the token was withdrawn is still asked.
const ROLES: &str = "create or replace function app.enter(p_user uuid, p_organization uuid, p_session uuid, p_token uuid,
        p_issued_at timestamptz, p_ask_withdrawn boolean, out verdict text, out role text, out permissions text)
    returns record language plpgsql stable as $$
    begin
        verdict := case when p_ask_withdrawn and app.is_withdrawn(p_user, p_session, p_token, p_issued_at) then 'withdrawn' else 'welcome' end;
        role := 'owner';
        permissions := 'tasks.read';
    end $$;";

const LIMITS: &str = "create or replace function app.take_requests(p_bucket text, p_wanted integer, p_per_minute integer, p_burst integer,
        out granted integer, out retry_after_ms integer)
    returns record language plpgsql as $$ begin granted := p_wanted; retry_after_ms := 0; end $$;";

/// What a copy lacks, its name, and the statements that take it away.
const COPIES: [(&str, &str, &[&str]); 4] = [
    (
        "revocation, role checks and rate limits",
        "without_checks",
        &[REVOCATION, ROLES, LIMITS],
    ),
    ("revocation", "without_revocation", &[REVOCATION]),
    ("role checks", "without_roles", &[ROLES]),
    ("rate limits", "without_limits", &[LIMITS]),
];

/// One finding for the three together, which has the goal, and one for each.
pub(super) fn run(context: &Context, tenant: Tenant) -> Result<Vec<Finding>, Error> {
    let tasks = context.function("tasks")?;
    let database = context.database()?;
    let start = |name: &str| {
        let mut command = database.surroundings.command(tasks, &[])?;
        Environment::spawn(command.env("DATABASE_NAME", name))
    };
    let mut measured = Vec::new();
    // Copied before anything is connected.
    for (_, name, statements) in COPIES {
        database.database.copy(name, &statements.concat())?;
    }
    for name in [database.database.name()]
        .into_iter()
        .chain(COPIES.map(|(_, name, _)| name))
    {
        measured.push((start(name)?, Sample::default()));
    }
    let event = subject::event(tenant, PATH);
    for call in 0..context.count(1000) + WARM_UP {
        for (environment, sample) in &mut measured {
            let answer = environment.invoke(&event)?;
            subject::assert_page(&answer.body)?;
            if call >= WARM_UP {
                sample.push(answer.took);
            }
        }
    }
    let Some(((_, all), others)) = measured.split_first() else {
        return Ok(Vec::new());
    };
    let findings = COPIES.iter().zip(others).enumerate();
    let findings = findings.map(|(number, ((what, ..), (_, without)))| {
        let finding = Finding::new(
            "revocation",
            format!("warm page of tasks with {what}, over one without"),
            all.to_string(),
            all.over(without),
        );
        let finding = finding.against(format!("without: {without}"));
        match number {
            0 => finding.at_most(MOST, " times the median"),
            _ => finding,
        }
    });
    Ok(findings.collect())
}

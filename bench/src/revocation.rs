//! What revocation, role checks and rate limits add to a warm page of 50 tasks, and whether a cache
//! makes revocation quicker: with and without, in turn. See
//! docs/decisions/0006-revocation-is-decided-by-postgresql.md and 0016-rate-limits.md.

mod checks;

use std::{path::Path, sync::mpsc, thread};

use valkey_server::{Identity, Options, Program, Server};

use crate::{Context, Error, finding::Finding, runtime::Environment, sample::Sample, subject};

const PATH: &str = "/api/tasks";
/// The first requests of an environment connect.
const WARM_UP: u32 = 50;

/// Interleaved; each request of the second pair has a token that the function has not seen.
pub(crate) fn run(context: &Context) -> Result<Vec<Finding>, Error> {
    let tasks = context.function("tasks")?;
    let database = context.database()?;
    let tenant = database.database.tenant(500)?;
    let mut findings = checks::run(context, tenant)?;
    let cache = Cache::start(context)?;
    let with = || {
        let mut command = database.surroundings.command(tasks, &[])?;
        command
            .env("VALKEY_URL", &cache.url)
            .env("VALKEY_CA_FILE", &cache.ca_file);
        Environment::spawn(&mut command)
    };
    let without = || Environment::spawn(&mut database.surroundings.command(tasks, &[])?);
    for (what, same_token) in [
        ("the same access token", true),
        ("a new access token each time", false),
    ] {
        let (mut cached, mut plain) = (Sample::default(), Sample::default());
        let (mut one, mut other) = (with()?, without()?);
        let mut event = subject::event(tenant, PATH);
        let calls = context.count(1000);
        for call in 0..calls + WARM_UP {
            if !same_token {
                event = subject::event(tenant, PATH);
            }
            for (environment, sample) in [(&mut one, &mut cached), (&mut other, &mut plain)] {
                let answer = environment.invoke(&event)?;
                subject::assert_page(&answer.body)?;
                if call >= WARM_UP {
                    sample.push(answer.took);
                }
            }
        }
        findings.push(
            Finding::new(
                "revocation",
                format!("warm page of tasks with a cache, {what}"),
                cached.to_string(),
                cached.over(&plain),
            )
            .against(format!("without: {plain}"))
            .note("Valkey on loopback, TLS terminated by rustls in the bench"),
        );
    }
    Ok(findings)
}

/// A Valkey whose TLS a thread of its own serves.
struct Cache {
    url: String,
    ca_file: String,
    /// The thread ends, and the server with it, when this is dropped.
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Cache {
    fn start(context: &Context) -> Result<Cache, Error> {
        let dir = context.scratch().join("valkey");
        let program =
            Program::find(&context.project().join(".miyabi/cache/valkey")).map_err(Error::other)?;
        let identity = Identity::in_dir(&dir).map_err(Error::other)?;
        let ca_file = identity.certificate().display().to_string();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (report, started) = mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::spawn(move || {
            runtime.block_on(async {
                match server(&program, &identity, &dir).await {
                    Ok(server) => {
                        let _ = report.send(Ok(server.port()));
                        let _ = stopped.await;
                    }
                    Err(error) => drop(report.send(Err(error))),
                }
            });
        });
        let port = started
            .recv()
            .map_err(Error::other)?
            .map_err(Error::other)?;
        Ok(Cache {
            url: format!("rediss://127.0.0.1:{port}"),
            ca_file,
            _stop: stop,
        })
    }
}

async fn server(
    program: &Program,
    identity: &Identity,
    dir: &Path,
) -> Result<Server, valkey_server::Error> {
    let options = Options {
        dir: dir.to_owned(),
        port: 0,
        keep: false,
        max_memory: None,
    };
    Server::start(program, identity, &options).await
}

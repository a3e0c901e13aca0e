//! sqlx's offline data: what PostgreSQL says about each query in the code, checked in under
//! `.sqlx`, so that building needs no database.
//!
//! The macros write it themselves when they are expanded with `DATABASE_URL` and
//! `SQLX_OFFLINE_DIR`. Expanding again what is compiled already is brought about by a flag that is
//! new each time and that no code reads.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use deployer::{Error, migrations, progress::Progress, project::Project};
use postgres_server::{Binaries, Options, Server};

use crate::{process::Tool, sql, ui::plural};

const DATABASE: &str = "postgres";

/// Writes the data, or with `check` only compares; gives the paths that differ.
pub(crate) async fn write(
    project: &Project,
    progress: &Progress,
    check: bool,
) -> Result<Vec<String>, Error> {
    let step = progress.step("sqlx", "Checking the queries against a database");
    let crates = crates_with_queries(project)?;
    if crates.is_empty() {
        step.done("no queries");
        return Ok(Vec::new());
    }
    let scratch = tempfile::tempdir().map_err(cannot)?;
    let fresh = scratch.path().join("sqlx");
    fs::create_dir(&fresh).map_err(cannot)?;
    step.doing("starting PostgreSQL");
    let server = server(project, scratch.path()).await?;
    make_schema(project, server.port())?;
    let flag = flag();
    let database_url = format!("postgres://postgres@127.0.0.1:{}/{DATABASE}", server.port());
    for name in &crates {
        step.doing(name.clone());
        let arguments = [
            "rustc",
            "--quiet",
            "--profile",
            "check",
            "--lib",
            "--package",
            name,
            "--",
            "--cfg",
            &flag,
        ];
        Tool::cargo(&arguments)
            .within(project.root())
            .env("SQLX_OFFLINE", "false")
            .env("DATABASE_URL", &database_url)
            .env("SQLX_OFFLINE_DIR", &fresh)
            .run_well("Fix the query or the migration, then `cargo xtask codegen` again")
            .await?;
    }
    stop(server).await;
    let stale = replace(&project.root().join(".sqlx"), &fresh, check).map_err(cannot)?;
    step.done(format!(
        "{}, {} differ",
        plural(crates.len(), "crate"),
        stale.len()
    ));
    Ok(stale)
}

/// The packages under `handlers/` whose sources call sqlx's checked macros.
fn crates_with_queries(project: &Project) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(project.root().join("handlers")).map_err(cannot)? {
        let folder = entry.map_err(cannot)?.path();
        if has_queries(&folder.join("src")).map_err(cannot)?
            && let Some(name) = folder.file_name().and_then(|name| name.to_str())
        {
            names.push(format!("miyabi-{name}"));
        }
    }
    names.sort();
    Ok(names)
}

fn has_queries(folder: &Path) -> std::io::Result<bool> {
    if !folder.is_dir() {
        return Ok(false);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let found = if path.is_dir() {
            has_queries(&path)?
        } else {
            let text = fs::read_to_string(&path).unwrap_or_default();
            ["query!(", "query_as!(", "query_scalar!("]
                .iter()
                .any(|call| text.contains(call))
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn server(project: &Project, scratch: &Path) -> Result<Server, Error> {
    let cache = project.postgres_cache();
    let options = Options {
        dir: postgres_server::place(&scratch.join("data")),
        fast_and_unsafe: true,
        ..Options::default()
    };
    let started = tokio::task::spawn_blocking(move || {
        Server::start(&Binaries::find(None, &cache)?, &options)
    });
    let started = started.await.map_err(cannot)?;
    started.map_err(|cause| {
        Error::failed(
            "PostgreSQL did not start.",
            "See which tools are missing: `cargo xtask doctor`",
        )
        .because(cause)
    })
}

async fn stop(server: Server) {
    let dir = server.dir().to_owned();
    // A server that does not stop ends with this process.
    let _ = tokio::task::spawn_blocking(move || {
        server.stop();
        let _ = fs::remove_dir_all(dir);
    })
    .await;
}

/// The migrations, in order, each in a transaction, as the superuser: who owns what makes no
/// difference to the types of queries.
fn make_schema(project: &Project, port: u16) -> Result<(), Error> {
    let folder = project.migrations();
    for file in migrations::files(project)? {
        let prefix = format!("{:04}_", file.version);
        let path = fs::read_dir(&folder)
            .map_err(cannot)?
            .flatten()
            .map(|entry| entry.path())
            .find(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with(&prefix))
            })
            .ok_or_else(|| {
                cannot(std::io::Error::other(format!(
                    "no file of migration {prefix}"
                )))
            })?;
        let script = fs::read_to_string(&path).map_err(cannot)?;
        sql::run_script(port, DATABASE, &script).map_err(|cause| {
            Error::failed(
                format!("The migration {} does not run.", path.display()),
                "Fix it, then `cargo xtask codegen` again",
            )
            .because(cause)
        })?;
    }
    Ok(())
}

fn flag() -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    format!("sqlx_data_{}", now.as_nanos())
}

/// Makes `there` hold what `fresh` holds; gives the names that differ.
fn replace(there: &Path, fresh: &Path, check: bool) -> std::io::Result<Vec<String>> {
    let (old, new) = (read(there)?, read(fresh)?);
    let mut stale: Vec<String> = Vec::new();
    for name in old.keys().chain(new.keys()) {
        if old.get(name) != new.get(name) && !stale.iter().any(|known| known.ends_with(name)) {
            stale.push(format!(".sqlx/{name}"));
        }
    }
    if !check && !stale.is_empty() {
        fs::create_dir_all(there)?;
        for name in old.keys().filter(|name| !new.contains_key(*name)) {
            fs::remove_file(there.join(name))?;
        }
        for (name, content) in &new {
            fs::write(there.join(name), content)?;
        }
    }
    Ok(stale)
}

fn read(folder: &Path) -> std::io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str())
            && name.starts_with("query-")
        {
            files.insert(name.to_owned(), fs::read(&path)?);
        }
    }
    Ok(files)
}

fn cannot(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::failed(
        "The data of the queries cannot be made.",
        "See which tools are missing: `cargo xtask doctor`; then `cargo xtask codegen` again",
    )
    .because(cause)
}

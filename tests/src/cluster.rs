//! The database server of a test run, and the databases on it.
//!
//! One server for all tests of a binary. Its template database is migrated once by the `migrate`
//! function; a test's database is a copy of it. Nothing is kept from one run to the next.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use postgres_server::{Binaries, Options, Server};
use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};
use sqlx::{
    Connection, Executor, PgConnection,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgSslMode},
};

use crate::{
    Stopped,
    binaries::{project, run_dir, target_dir},
    environment,
};

const SUPERUSER_PASSWORD: &str = "superuser";
const TEMPLATE: &str = "miyabi_template";

/// A database of one test. Its tables belong to `miyabi_owner`.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// The server's port on 127.0.0.1.
    pub port: u16,
}

impl Database {
    /// What the server of this database wrote to its log so far, for all of its databases.
    pub fn server_log() -> String {
        let log = run_dir().join("cluster/server.log");
        fs::read_to_string(&log).unwrap_or_else(|error| panic!("{}: {error}", log.display()))
    }

    /// A new database with the schema that the migrations make and no rows but their seed.
    pub async fn migrated() -> Database {
        create(Some(TEMPLATE)).await
    }

    /// A new database in which no migration ran; `miyabi_owner` may create everything there.
    pub async fn empty() -> Database {
        create(None).await
    }

    /// A connection as a role of the catalogue (`miyabi_tasks`), with its password, as its function
    /// connects.
    pub async fn connect_as(&self, role: &str) -> PgConnection {
        self.connect(role, &password(role)).await
    }

    /// A connection as `postgres`, which row-level security does not hold back: to arrange what a
    /// test needs and to look at everything. Never to prove that something is refused.
    pub async fn connect_as_superuser(&self) -> PgConnection {
        self.connect("postgres", SUPERUSER_PASSWORD).await
    }

    /// Runs the migrations as the owner, then lets every role of the catalogue log in.
    pub async fn migrate(&self) {
        let mut owner = self.connect_as("miyabi_owner").await;
        let migrator = Migrator::new(project().join("migrations")).await.unwrap();
        migrator
            .run(&mut owner)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        for role in environment::database_roles().filter(|role| *role != "miyabi_owner") {
            let statement = format!("alter role {role} login password '{}'", password(role));
            owner.execute(statement.as_str()).await.unwrap();
        }
    }

    async fn connect(&self, role: &str, password: &str) -> PgConnection {
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .database(&self.name)
            .username(role)
            .password(password)
            .ssl_mode(PgSslMode::Disable);
        PgConnection::connect_with(&options)
            .await
            .unwrap_or_else(|error| panic!("{role} cannot connect to {}: {error}", self.name))
    }
}

/// The password that the test run gives a role.
pub(crate) fn password(role: &str) -> String {
    format!("{role}-password-of-the-tests")
}

async fn create(template: Option<&str>) -> Database {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let database = Database {
        name: format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
        port: port(),
    };
    let maintenance = Database {
        name: "postgres".to_owned(),
        port: database.port,
    };
    let mut connection = maintenance.connect_as_superuser().await;
    let name = &database.name;
    let from = template.unwrap_or("template1");
    connection
        .execute(format!("create database {name} template {from} owner miyabi_owner").as_str())
        .await
        .unwrap();
    // Rights inside a database are copied with it, those on the database itself are not.
    if template.is_some() {
        let copy_rights = "update pg_database set datacl = template.datacl from pg_database template \
            where pg_database.datname = $1 and template.datname = $2";
        sqlx::query(copy_rights)
            .bind(name)
            .bind(from)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    database
}

/// The server's port. Starts the server when this is the first to ask.
fn port() -> u16 {
    // A failure is kept, too: a hundred tests need not try again.
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        // A thread of its own: the template needs a runtime, and this test's has one already.
        let started = thread::spawn(start).join();
        started.unwrap_or_else(|_| Err("The template database was not made; see above.".to_owned()))
    });
    server
        .as_ref()
        .unwrap_or_else(|error| panic!("{error}"))
        .port()
}

/// A server of one test alone: to be stopped, restarted or cut off.
#[derive(Debug)]
pub struct OwnServer {
    server: Server,
    database: Database,
}

impl OwnServer {
    /// Starts it, with a migrated database.
    pub async fn start() -> OwnServer {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let name = format!("server-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let started = thread::spawn(move || launch(&name)).join().unwrap();
        let server = started.unwrap_or_else(|error| panic!("{error}"));
        let database = Database {
            name: TEMPLATE.to_owned(),
            port: server.port(),
        };
        OwnServer { server, database }
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Stops all of its processes until the value is dropped; the kernel keeps taking connections.
    pub fn hang(&self) -> Stopped {
        Stopped::tree(self.server.pid())
    }
}

fn start() -> Result<Server, String> {
    let wish = target_dir().join("miyabi-tests");
    remove_leftovers(&wish);
    remove_leftovers(&postgres_server::place(&wish));
    launch("cluster")
}

/// A server with the template database, below the directory of this run.
fn launch(name: &str) -> Result<Server, String> {
    let root = postgres_server::place(&target_dir().join("miyabi-tests"));
    let named = env::var_os("MIYABI_POSTGRES").map(PathBuf::from);
    let binaries = Binaries::find(named.as_deref(), &root.join("postgres"))
        .map_err(|error| error.to_string())?;
    let mut settings = settings_of_production();
    for (name, value) in [("max_connections", "400"), ("shared_buffers", "128MB")] {
        settings.push((name.to_owned(), value.to_owned()));
    }
    let options = Options {
        dir: run_dir().join(name),
        password: Some(SUPERUSER_PASSWORD.to_owned()),
        fast_and_unsafe: true,
        settings,
        ..Options::default()
    };
    let server = Server::start(&binaries, &options).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(make_template(server.port()));
    Ok(server)
}

/// The parameter group of `prod`, without what only RDS knows: what the server logs is what it logs
/// there.
fn settings_of_production() -> Vec<(String, String)> {
    let app = stacks::synth(
        &stacks::Stage::built_in("prod").unwrap(),
        &stacks::Assets::placeholder(),
    )
    .unwrap();
    let template = app.stack("data").unwrap().template();
    let group = &template["Resources"]["DatabaseParameters"]["Properties"]["Parameters"];
    let parameters = group.as_object().unwrap().iter();
    parameters
        .filter(|(name, _)| !name.starts_with("rds."))
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}

/// The template database, migrated by the real function.
async fn make_template(port: u16) {
    let maintenance = Database {
        name: "postgres".to_owned(),
        port,
    };
    let mut connection = maintenance.connect_as_superuser().await;
    let owner = format!(
        "create role miyabi_owner login createrole password '{}'; ",
        password("miyabi_owner")
    );
    connection.execute(owner.as_str()).await.unwrap();
    connection
        .execute(format!("create database {TEMPLATE} owner miyabi_owner").as_str())
        .await
        .unwrap();
    drop(connection);
    let template = Database {
        name: TEMPLATE.to_owned(),
        port,
    };
    template.migrate().await;
}

/// What runs that are over left.
fn remove_leftovers(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name
            .strip_prefix("run-")
            .and_then(|pid| Pid::from_raw(pid.parse().ok()?));
        if pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

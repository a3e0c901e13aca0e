//! The database of the measurements: a real PostgreSQL with the real schema, over TLS where the
//! server can, and its log, from which the statements of a function and their durations are read.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use postgres_server::{Binaries, Options, Server, Tls};
use serde_json::Value;
use sqlx::{
    Connection, Executor, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::Error;

/// Of every role.
pub(crate) const PASSWORD: &str = "the password of the measurements";
const NAME: &str = "miyabi";

/// A server with one database.
pub(crate) struct Database {
    server: Server,
    runtime: Runtime,
    /// The certificate to verify it by; `None`: this PostgreSQL has no TLS.
    pub(crate) ca_file: Option<PathBuf>,
}

/// An organization and its owner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tenant {
    /// The organization.
    pub(crate) organization: Uuid,
    /// Its owner.
    pub(crate) user: Uuid,
}

/// A line of the server's log.
pub(crate) struct Logged {
    /// `statement: commit`, `execute sqlx_s_1: select ..`, `duration: 0.1 ms ..`.
    pub(crate) message: String,
    /// `parameters: $1 = '..'`; empty when there are none.
    pub(crate) detail: String,
}

impl Database {
    /// Starts a server in `scratch` and makes the schema.
    pub(crate) fn start(project: &Path, scratch: &Path) -> Result<Database, Error> {
        let binaries = Binaries::find(
            std::env::var_os("MIYABI_POSTGRES")
                .map(PathBuf::from)
                .as_deref(),
            &project.join(".miyabi/cache/postgres"),
        )?;
        let certificate =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).map_err(Error::other)?;
        let pem = certificate.cert.pem();
        let tls = Tls {
            certificate: pem.clone(),
            key: certificate.signing_key.serialize_pem(),
        };
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut options = Options {
            dir: postgres_server::place(&scratch.join("postgres")),
            password: Some(PASSWORD.to_owned()),
            fast_and_unsafe: true,
            tls: Some(tls),
            settings: vec![
                setting("shared_buffers", "256MB"),
                setting("logging_collector", "on"),
                setting("log_destination", "jsonlog"),
                setting("log_filename", "statements.log"),
                setting("log_rotation_size", "0"),
            ],
            ..Options::default()
        };
        let mut ca_file = Some(scratch.join("ca.pem"));
        let server = match Server::start(&binaries, &options) {
            Err(postgres_server::Error::NoTls) => {
                options.tls = None;
                ca_file = None;
                Server::start(&binaries, &options)?
            }
            started => started?,
        };
        if let Some(path) = &ca_file {
            fs::write(path, pem)?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let database = Database {
            server,
            runtime,
            ca_file,
        };
        database.run_in("postgres", &format!("create database {NAME}"))?;
        database.migrate(project)?;
        Ok(database)
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        NAME
    }

    /// Runs statements as the superuser.
    pub(crate) fn run(&self, sql: &str) -> Result<(), Error> {
        self.run_in(NAME, sql)
    }

    /// Copies the database under another name, and runs statements there as the superuser. Nothing may be
    /// connected to the original.
    pub(crate) fn copy(&self, name: &str, sql: &str) -> Result<(), Error> {
        self.run_in(
            "postgres",
            &format!("create database {name} template {NAME}"),
        )?;
        self.run_in(name, sql)
    }

    /// The first column of the first row, as text, as the superuser.
    pub(crate) fn value(&self, sql: &str) -> Result<String, Error> {
        self.runtime.block_on(async {
            let mut connection = self.connect(NAME).await?;
            Ok(sqlx::query_scalar(sql).fetch_one(&mut connection).await?)
        })
    }

    /// An organization with an owner and that many tasks, a fiftieth of them with a label.
    pub(crate) fn tenant(&self, tasks: u32) -> Result<Tenant, Error> {
        let tenant = Tenant {
            organization: Uuid::new_v4(),
            user: Uuid::new_v4(),
        };
        let Tenant { organization, user } = tenant;
        let github_id = user.as_u64_pair().0 >> 1;
        self.run(&format!(
            "insert into users (id, github_id, login) values ('{user}', {github_id}, 'bench');
             insert into organizations (id, name) values ('{organization}', 'Bench');
             insert into memberships (organization_id, user_id, role) values ('{organization}', '{user}', 'owner');
             insert into labels (organization_id, id, name) values ('{organization}', gen_random_uuid(), 'label');
             insert into tasks (organization_id, id, number, title, description, status, priority, assignee_id, due_at, created_by, created_at, updated_at)
             select '{organization}', gen_random_uuid(), {tasks} + 1 - n,
                case when n % 10000 = 0 then 'Needle ' else 'Common ' end || n, 'Some description of ' || n,
                (array['pending', 'in_progress', 'completed', 'failed', 'cancelled'])[1 + n % 5],
                'p' || n % 4, case when n % 3 = 0 then '{user}'::uuid end, now() + n * interval '1 minute',
                '{user}', now() - n * interval '1 second', now() - (n * 7919 % {tasks}) * interval '1 second'
             from generate_series(1, {tasks}) n;
             insert into task_numbers (organization_id, last_number) values ('{organization}', {tasks});
             insert into task_labels (organization_id, task_id, label_id, task_created_at)
             select t.organization_id, t.id, l.id, t.created_at from tasks t join labels l using (organization_id)
             where t.organization_id = '{organization}' and abs(hashtext(t.title)) % 50 = 0;"
        ))?;
        self.run("vacuum analyze")?;
        Ok(tenant)
    }

    /// An organization with 100,000 tasks among so many small ones, in the shape that the tests have.
    pub(crate) fn large_among(&self, small: u32) -> Result<Tenant, Error> {
        self.fill(0, small)?;
        let large = "(select organization_id from tasks group by 1 order by count(*) desc limit 1)";
        let id = |what: &str| self.value(what)?.parse().map_err(Error::other);
        Ok(Tenant {
            organization: id(&format!("select {large}::text"))?,
            user: id(&format!(
                "select user_id::text from memberships where organization_id = {large} and role = 'owner'"
            ))?,
        })
    }

    /// The small organizations with these numbers, after those of [`Database::large_among`].
    pub(crate) fn add_small(&self, first: u32, last: u32) -> Result<(), Error> {
        self.fill(first, last)
    }

    fn fill(&self, first: u32, last: u32) -> Result<(), Error> {
        let sql = include_str!("../../tests/shape/tenants.sql")
            .replace("FIRST", &first.to_string())
            .replace("LAST", &last.to_string())
            .replace("LARGE", "100000");
        self.run(&sql)?;
        self.run("vacuum analyze")
    }

    /// What the server logged of a role's statements while `work` ran: each with its duration when
    /// `durations`, else with its parameters. Only connections that begin during `work` are logged.
    pub(crate) fn logged(
        &self,
        role: &str,
        durations: bool,
        work: impl FnOnce() -> Result<(), Error>,
    ) -> Result<Vec<Logged>, Error> {
        let setting = if durations {
            "log_min_duration_statement"
        } else {
            "log_statement"
        };
        let value = if durations { "0" } else { "all" };
        let path = self.server.dir().join("data/log/statements.json");
        let before = fs::metadata(&path).map(|file| file.len()).unwrap_or(0);
        self.run(&format!("alter role {role} set {setting} = '{value}'"))?;
        let worked = work();
        self.run(&format!("alter role {role} reset {setting}"))?;
        worked?;
        // The collector is a process of its own and writes when it gets to it.
        std::thread::sleep(Duration::from_millis(300));
        let bytes = fs::read(&path)?;
        let text = String::from_utf8_lossy(
            bytes
                .get(usize::try_from(before).unwrap_or(0)..)
                .unwrap_or_default(),
        )
        .into_owned();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let field = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        Ok(lines
            .filter(|line| line["user"] == role)
            .map(|line| Logged {
                message: field(&line, "message"),
                detail: field(&line, "detail"),
            })
            .collect())
    }

    fn migrate(&self, project: &Path) -> Result<(), Error> {
        let mut files: Vec<PathBuf> = fs::read_dir(project.join("migrations"))?
            .flatten()
            .map(|file| file.path())
            .collect();
        files.retain(|path| {
            path.extension().is_some_and(|end| end == "sql") && !path.ends_with("schema.sql")
        });
        files.sort();
        for file in files {
            self.run(&fs::read_to_string(&file)?)?;
        }
        self.run(&format!(
            "alter role miyabi_tasks login password '{PASSWORD}'"
        ))
    }

    fn run_in(&self, database: &str, sql: &str) -> Result<(), Error> {
        self.runtime.block_on(async {
            let mut connection = self.connect(database).await?;
            connection.execute(sqlx::raw_sql(sql)).await?;
            Ok(connection.close().await?)
        })
    }

    async fn connect(&self, database: &str) -> Result<PgConnection, sqlx::Error> {
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port())
            .database(database)
            .username("postgres")
            .password(PASSWORD)
            .ssl_mode(PgSslMode::Disable);
        PgConnection::connect_with(&options).await
    }
}

//! Databases: a real PostgreSQL each, on a port of its own.
//!
//! As on RDS, the master user may create roles and databases and is no superuser, and its password
//! is in a secret that the instance itself manages.

use async_trait::async_trait;
use postgres_server::{Binaries, Options, Server};
use serde_json::{Value, json};

use super::{Made, Provider, PutRequest, Record, RunningStage};
use crate::{
    local::{
        ACCOUNT, REGION,
        secrets::{Secrets, random},
    },
    mutex::lock,
    target::Health,
};

/// The port that is taken for a database when it is free.
const PREFERRED_PORT: u16 = 54_320;

pub(super) struct DbInstance;
pub(super) struct DbParameterGroup;
pub(super) struct DbSubnetGroup;

#[async_trait]
impl Provider for DbSubnetGroup {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "DBSubnetGroupDescription",
            "DBSubnetGroupName",
            "SubnetIds",
            "Tags",
        ]
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        Ok(Made::new(request.name(running, "DBSubnetGroupName")))
    }
}

#[async_trait]
impl Provider for DbParameterGroup {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "DBParameterGroupName",
            "Description",
            "Family",
            "Parameters",
            "Tags",
        ]
    }

    /// A change of settings counts from the next start of the instance, as static ones do on RDS.
    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let name = request.name(running, "DBParameterGroupName");
        lock(&running.parameter_groups)
            .insert(name.clone(), request.properties["Parameters"].clone());
        Ok(Made::new(&name).with("DBParameterGroupName", name.as_str()))
    }
}

#[async_trait]
impl Provider for DbInstance {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "AllocatedStorage",
            "AutoMinorVersionUpgrade",
            "BackupRetentionPeriod",
            "CopyTagsToSnapshot",
            "DBInstanceClass",
            "DBInstanceIdentifier",
            "DBName",
            "DBParameterGroupName",
            "DBSubnetGroupName",
            "DeletionProtection",
            "EnableCloudwatchLogsExports",
            "EnableIAMDatabaseAuthentication",
            "Engine",
            "EngineLifecycleSupport",
            "EngineVersion",
            "ManageMasterUserPassword",
            "MasterUsername",
            "MultiAZ",
            "PubliclyAccessible",
            "StorageEncrypted",
            "StorageType",
            "Tags",
            "VPCSecurityGroups",
        ]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        let mut refused = Vec::new();
        if properties["Engine"] != "postgres" {
            refused.push("Engine is not postgres.".to_owned());
        }
        if properties["ManageMasterUserPassword"] != true {
            refused.push("ManageMasterUserPassword is not true.".to_owned());
        }
        if properties["EnableIAMDatabaseAuthentication"] == true {
            refused.push("EnableIAMDatabaseAuthentication: there is no IAM here.".to_owned());
        }
        refused
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let id = request.name(running, "DBInstanceIdentifier");
        let secret = Secrets::arn(&format!("rds!{id}"));
        // An existing server cannot change these: it is replaced, as the plan says.
        let fixed = ["DBInstanceIdentifier", "DBName", "MasterUsername"];
        if let Some(before) = &request.before
            && fixed
                .iter()
                .any(|name| before.text(name) != request.text(name))
        {
            self.delete(running, before).await?;
        }
        let name = format!("database/{}", request.logical_id);
        let mut attempts = 10;
        let (port, version) = loop {
            attempts -= 1;
            let port = running.files().port(&name, PREFERRED_PORT);
            let port = port.map_err(|error| format!("It has no port: {error}."))?;
            match start(running, request, &id, &secret, port).await {
                Ok(version) => break (port, version),
                // Nobody knows the port yet: another one does as well.
                Err(why)
                    if request.before.is_none()
                        && attempts > 0
                        && why.contains("Address already in use") =>
                {
                    let forgotten = running.files().forget_port(&name);
                    forgotten.map_err(|error| format!("It has no port: {error}."))?;
                }
                Err(why) => return Err(why),
            }
        };
        Ok(Made::new(&id)
            .with(
                "DBInstanceArn",
                format!("arn:aws:rds:{REGION}:{ACCOUNT}:db:{id}"),
            )
            .with("DbiResourceId", request.id(running, "db-").to_uppercase())
            .with("Endpoint.Address", "127.0.0.1")
            .with("Endpoint.Port", port.to_string())
            .with("MasterUserSecret.SecretArn", secret)
            .keeping(json!({"version": version})))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        let server = lock(&running.databases).remove(&record.reference);
        let dir = postgres_server::place(&running.files().database(&record.reference));
        let removed = tokio::task::spawn_blocking(move || {
            drop(server);
            match std::fs::remove_dir_all(&dir) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!(
                    "Its data, {}, cannot be removed: {error}.",
                    dir.display()
                )),
                _ => Ok(()),
            }
        });
        removed.await.map_err(|error| error.to_string())??;
        if let Some(secret) = record.attributes.get("MasterUserSecret.SecretArn") {
            let removed = running.secrets.remove(secret.as_str().unwrap_or_default());
            removed.map_err(|error| format!("Its secret cannot be removed: {error}."))?;
        }
        Ok(())
    }

    async fn health(&self, running: &RunningStage, record: &Record) -> (Health, String) {
        let version = record.kept["version"].as_str().unwrap_or_default();
        match lock(&running.databases).get_mut(&record.reference) {
            None => (Health::Missing, String::new()),
            Some(server) => {
                let (port, pid) = (server.port(), server.pid());
                if server.is_ready() {
                    (
                        Health::Ok,
                        format!("PostgreSQL {version}, 127.0.0.1:{port}, pid {pid}"),
                    )
                } else {
                    (
                        Health::Failing,
                        format!("the server, pid {pid}, takes no connections"),
                    )
                }
            }
        }
    }

    fn holds_data(&self) -> bool {
        true
    }
}

/// Starts the server unless it runs; gives its version.
async fn start(
    running: &RunningStage,
    request: &PutRequest,
    id: &str,
    secret: &str,
    port: u16,
) -> Result<String, String> {
    let recorded = request
        .before
        .as_ref()
        .and_then(|before| before.kept["version"].as_str());
    if let Some(server) = lock(&running.databases).get_mut(id)
        && server.is_ready()
    {
        return Ok(recorded.unwrap_or_default().to_owned());
    }
    let ended = lock(&running.databases).remove(id);
    let options = options(running, request, id, secret, port)?;
    let cache = running.cache().join("postgres");
    let started = tokio::task::spawn_blocking(move || {
        drop(ended);
        let named = std::env::var_os("MIYABI_POSTGRES").map(std::path::PathBuf::from);
        let binaries =
            Binaries::find(named.as_deref(), &cache).map_err(|error| error.to_string())?;
        let server = Server::start(&binaries, &options).map_err(|error| error.to_string())?;
        Ok::<_, String>((binaries.version, server))
    });
    let (version, server) = started.await.map_err(|error| error.to_string())??;
    lock(&running.databases).insert(id.to_owned(), server);
    Ok(version)
}

fn options(
    running: &RunningStage,
    request: &PutRequest,
    id: &str,
    secret: &str,
    port: u16,
) -> Result<Options, String> {
    let unkept = |error: std::io::Error| format!("Its passwords cannot be kept: {error}.");
    let owner = request.text("MasterUsername");
    let value = running.secrets.get_or_make(secret, || {
        json!({"username": owner, "password": random(40)}).to_string()
    });
    let value: Value = serde_json::from_str(&value.map_err(unkept)?).unwrap_or_default();
    let password = value["password"].as_str().unwrap_or_default();
    let superuser = Secrets::arn(&format!("{id}-superuser"));
    let superuser = running
        .secrets
        .get_or_make(&superuser, || random(40))
        .map_err(unkept)?;
    let mut first_sql = vec![format!(
        "create role {} login createrole createdb password {}",
        quoted(owner, '"'),
        quoted(password, '\'')
    )];
    if !request.text("DBName").is_empty() {
        let database = quoted(request.text("DBName"), '"');
        first_sql.push(format!(
            "create database {database} owner {}",
            quoted(owner, '"')
        ));
    }
    let group = lock(&running.parameter_groups)
        .get(request.text("DBParameterGroupName"))
        .cloned();
    let settings = group.unwrap_or_default();
    let settings = settings.as_object().into_iter().flatten();
    Ok(Options {
        dir: running.files().database(id),
        port: Some(port),
        password: Some(superuser),
        first_sql,
        settings: settings
            // Those of RDS itself mean nothing to a PostgreSQL.
            .filter(|(name, _)| !name.starts_with("rds."))
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect(),
        ..Options::default()
    })
}

/// SQL's quoting of names (`"`) and texts (`'`).
fn quoted(text: &str, quote: char) -> String {
    let doubled = text.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{doubled}{quote}")
}

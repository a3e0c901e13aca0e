//! The function that migrates the schema, and the passwords of the roles that migrations make.
//!
//! Its outputs are the address of a database that has been migrated: the deployer invokes the
//! function when this stack is done, and a stack that takes the address from here comes after that.

use cfn::{
    Handle, Intrinsic, Output, RemovalPolicy, Stack, Value,
    policy::Allow,
    secretsmanager::{Secret, SecretGenerateSecretString},
};
use miyabi_catalog::FUNCTIONS;
use serde_json::json;

use crate::{
    Assets, Stage,
    data::{Address, DATABASE, OWNER, Server},
    function::Function,
    names::{physical, role},
    network::NetworkOutputs,
    parameter,
    stage::DatabaseAuth,
};

/// What a function needs to log in to the migrated database.
pub(crate) struct Database {
    host: Output,
    port: Output,
    /// Names the instance in the ARNs of IAM logins.
    resource_id: Option<Output>,
    /// Database role -> ARN of its secret, where functions log in by password.
    role_secrets: Vec<(&'static str, Output)>,
}

/// The function `migrate` and the database as it leaves it.
pub(crate) fn migrate(
    stage: &Stage,
    assets: &Assets,
    network: &NetworkOutputs,
    server: Server,
) -> (Stack, Database) {
    let mut stack = Stack::new(
        "migrate",
        &format!("Miyabi {}: the migrations of the database.", stage.name),
    );
    let (host, port) = address(&mut stack, &server);
    let secrets = role_secrets(&mut stack, stage);
    if let Some(spec) = miyabi_catalog::function("migrate") {
        // By password on every stage: the owner is who lets others in by IAM.
        let owner_secret = stack.import(&server.owner_secret);
        let function = Function::new(spec, stage)
            .env("DATABASE_HOST", host.clone())
            .env("DATABASE_PORT", port.clone())
            .env("DATABASE_NAME", DATABASE)
            .env("DATABASE_USER", OWNER)
            .env("DATABASE_AUTH", DatabaseAuth::Password.as_str())
            .env("DATABASE_TLS", stage.database.tls.as_str())
            .reads_secret("DATABASE_SECRET", owner_secret);
        let live = sets_passwords(function, &secrets).add(&mut stack, network, assets);
        stack.output("migrateFunction", live.alias.reference());
    }
    let database = Database {
        host: stack.output("databaseHost", host),
        port: stack.output("databasePort", port),
        resource_id: server.resource_id,
        role_secrets: secrets
            .iter()
            .map(|(name, secret)| {
                let output = format!("{}RoleSecret", role(name).to_lowercase());
                (*name, stack.output(&output, secret.reference()))
            })
            .collect(),
    };
    (stack, database)
}

fn address(stack: &mut Stack, server: &Server) -> (Value<String>, Value<String>) {
    let (host, port) = match &server.address {
        Address::Instance { host, port } => (stack.import(host), stack.import(port)),
        Address::Parameters => (
            stack.parameter(parameter::DATABASE_HOST, "Host of the database."),
            stack.parameter(parameter::DATABASE_PORT, "Port of the database."),
        ),
    };
    (host.into(), port.into())
}

/// A secret for each runtime role, where functions log in by password.
fn role_secrets(stack: &mut Stack, stage: &Stage) -> Vec<(&'static str, Handle<Secret>)> {
    if stage.database.auth == DatabaseAuth::Iam {
        return Vec::new();
    }
    runtime_roles()
        .map(|name| {
            let id = format!("{}RoleSecret", role(name));
            let secret = stack.add(id, role_secret(stage, name));
            stack.on_removal(&secret, RemovalPolicy::Retain);
            (name, secret)
        })
        .collect()
}

fn role_secret(stage: &Stage, name: &str) -> Secret {
    let short = format!("role-{}", role(name).to_lowercase());
    Secret {
        name: Some(physical(stage, &short).into()),
        description: Some(format!("Password of the database role {name}.").into()),
        generate_secret_string: Some(SecretGenerateSecretString {
            secret_string_template: Some(json!({ "username": name }).to_string().into()),
            generate_string_key: Some("password".into()),
            password_length: Some(40.into()),
            exclude_punctuation: Some(true.into()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// The roles that functions log in with; the owner is not one of them.
fn runtime_roles() -> impl Iterator<Item = &'static str> {
    FUNCTIONS
        .iter()
        .filter_map(|function| function.database_role)
        .filter(|role| *role != OWNER)
}

/// Lets `migrate` read the passwords that it sets.
fn sets_passwords<'a>(
    function: Function<'a>,
    secrets: &[(&'static str, Handle<Secret>)],
) -> Function<'a> {
    if secrets.is_empty() {
        return function;
    }
    // Fn::Sub tells the braces of the JSON from its own by the dollar sign.
    let members: Vec<String> = secrets
        .iter()
        .map(|(name, secret)| format!("\"{name}\":\"${{{}}}\"", secret.logical_id()))
        .collect();
    function
        .env(
            "DATABASE_ROLE_SECRETS",
            Intrinsic::sub(format!("{{{}}}", members.join(","))),
        )
        .allow(Allow::new(
            ["secretsmanager:GetSecretValue"],
            secrets.iter().map(|(_, secret)| secret.reference()),
        ))
}

impl Database {
    /// Lets a function log in with its own role.
    pub(crate) fn open<'a>(
        &self,
        function: Function<'a>,
        stack: &mut Stack,
        stage: &Stage,
        role: &str,
    ) -> Function<'a> {
        let function = function
            .env("DATABASE_HOST", stack.import(&self.host))
            .env("DATABASE_PORT", stack.import(&self.port))
            .env("DATABASE_NAME", DATABASE)
            .env("DATABASE_USER", role)
            .env("DATABASE_AUTH", stage.database.auth.as_str())
            .env("DATABASE_TLS", stage.database.tls.as_str());
        let secret = self.role_secrets.iter().find(|(name, _)| *name == role);
        match (secret, &self.resource_id) {
            (Some((_, secret)), _) => {
                function.reads_secret("DATABASE_SECRET", stack.import(secret))
            }
            (None, Some(id)) => {
                let arn = Intrinsic::sub_with(
                    format!(
                        "arn:${{AWS::Partition}}:rds-db:${{AWS::Region}}:${{AWS::AccountId}}:dbuser:${{Id}}/{role}"
                    ),
                    [("Id", stack.import(id))],
                );
                function.allow(Allow::new(["rds-db:connect"], [arn]))
            }
            (None, None) => function,
        }
    }
}

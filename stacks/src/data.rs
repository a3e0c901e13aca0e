//! What holds data: the database, the cache, the secrets of the database roles, and the function
//! that migrates the schema.

use cfn::{
    Handle, Intrinsic, Output, RemovalPolicy, Stack, Value, elasticache, iam,
    policy::{Allow, assumed_by, document},
    rds, secretsmanager,
};
use miyabi_catalog::FUNCTIONS;
use serde_json::json;

use crate::{
    Assets, Stage,
    function::Function,
    names::{boundary, physical, role},
    network::Lan,
    parameter,
    stage::DatabaseAuth,
};

/// The master user: owner of the schema, used by `migrate` alone.
const OWNER: &str = "miyabi_owner";
const DATABASE: &str = "miyabi";

/// What a function needs to log in.
pub(crate) struct Database {
    host: Output,
    port: Output,
    /// The part of an IAM ARN that names the instance or the proxy.
    resource_id: Option<Output>,
    /// Database role -> ARN of its secret, where functions log in by password.
    role_secrets: Vec<(&'static str, Output)>,
    /// `rediss://..`
    pub(crate) valkey_url: Option<Output>,
}

/// Everything that must survive.
pub(crate) fn data(stage: &Stage, assets: &Assets, lan: &Lan) -> (Stack, Database) {
    let mut stack = Stack::new("data", &format!("Miyabi {}: the database.", stage.name));
    let server = if stage.database.managed {
        instance(&mut stack, stage, lan)
    } else {
        given(&mut stack, stage)
    };
    let role_secrets = role_secrets(&mut stack, stage);
    let valkey = stage.cache.then(|| cache(&mut stack, stage, lan));
    migrate(&mut stack, stage, assets, lan, &server, &role_secrets);

    let proxy = stage
        .database
        .proxy
        .then(|| proxy(&mut stack, stage, lan, &server));
    let (host, resource_id) = match proxy {
        Some(proxy) => {
            // prx-.. is the last part of the proxy's ARN.
            let id = Intrinsic::select(6, Intrinsic::split(":", proxy.db_proxy_arn()));
            (proxy.endpoint(), Some(id.into()))
        }
        None => (server.host.clone(), server.resource_id.clone()),
    };
    let database = Database {
        host: stack.output("databaseHost", host),
        port: stack.output("databasePort", server.port),
        resource_id: resource_id.map(|id: Value<String>| stack.output("databaseResourceId", id)),
        role_secrets: role_secrets
            .iter()
            .map(|(name, secret)| {
                let output = format!("{}RoleSecret", role(name).to_lowercase());
                (*name, stack.output(&output, secret.reference()))
            })
            .collect(),
        valkey_url: valkey.map(|valkey| {
            let url = Intrinsic::sub(format!(
                "rediss://${{{0}.Endpoint.Address}}:${{{0}.Endpoint.Port}}",
                valkey.logical_id()
            ));
            stack.output("valkeyUrl", url)
        }),
    };
    (stack, database)
}

/// The database server as this stack sees it.
struct Server {
    host: Value<String>,
    port: Value<String>,
    resource_id: Option<Value<String>>,
    /// `{"username": .., "password": ..}` of the owner.
    owner_secret: Value<String>,
    instance: Option<Handle<rds::DBInstance>>,
}

fn instance(stack: &mut Stack, stage: &Stage, lan: &Lan) -> Server {
    let (private, groups) = (lan.subnets(stack), lan.database_groups(stack));
    let subnets = stack.add(
        "DatabaseSubnets",
        rds::DBSubnetGroup {
            db_subnet_group_name: Some(physical(stage, "database").into()),
            ..rds::DBSubnetGroup::new("The private subnets.", private)
        },
    );
    let force_tls = match stage.database.tls {
        crate::stage::DatabaseTls::VerifyFull => "1",
        crate::stage::DatabaseTls::Disable => "0",
    };
    let parameters = stack.add(
        "DatabaseParameters",
        rds::DBParameterGroup {
            parameters: Some(json!({
                "rds.force_ssl": force_tls,
                // Nobody waits for ever for a function that was frozen inside a transaction.
                "idle_in_transaction_session_timeout": "60000",
                "log_min_duration_statement": "500",
            })),
            ..rds::DBParameterGroup::new(
                "Miyabi: TLS only, no transaction left open.",
                "postgres15",
            )
        },
    );
    let instance = stack.add(
        "Database",
        rds::DBInstance {
            db_instance_identifier: Some(physical(stage, "database").into()),
            db_name: Some(DATABASE.into()),
            engine: Some("postgres".into()),
            // The major version alone: RDS takes minor ones by itself, and its schema compares by
            // prefix (`propertyTransform`), so that a full number would be drift after the first.
            engine_version: Some("15".into()),
            engine_lifecycle_support: Some("open-source-rds-extended-support-disabled".into()),
            db_instance_class: Some(stage.database.class.clone().into()),
            allocated_storage: Some(stage.database.storage.to_string().into()),
            storage_type: Some("gp3".into()),
            storage_encrypted: Some(true.into()),
            multi_az: Some(stage.database.multi_az.into()),
            master_username: Some(OWNER.into()),
            manage_master_user_password: Some(true.into()),
            enable_iam_database_authentication: Some(
                (stage.database.auth == DatabaseAuth::Iam).into(),
            ),
            db_subnet_group_name: Some(subnets.reference().into()),
            db_parameter_group_name: Some(parameters.reference().into()),
            vpc_security_groups: Some(groups),
            publicly_accessible: Some(false.into()),
            backup_retention_period: Some(i64::from(stage.database.backup_days).into()),
            copy_tags_to_snapshot: Some(true.into()),
            deletion_protection: Some(stage.database.deletion_protection.into()),
            auto_minor_version_upgrade: Some(true.into()),
            enable_cloudwatch_logs_exports: Some(["postgresql"].into()),
            ..Default::default()
        },
    );
    stack.on_removal(&instance, RemovalPolicy::Snapshot);
    // cfn-lint knows versions with their minor number only, and takes any other for an old one.
    stack.metadata(
        &instance,
        json!({ "cfn-lint": { "config": { "ignore_checks": ["W3691"] } } }),
    );
    Server {
        host: instance.endpoint_address(),
        port: instance.endpoint_port(),
        resource_id: Some(instance.dbi_resource_id()),
        owner_secret: instance.master_user_secret_secret_arn(),
        instance: Some(instance),
    }
}

/// A database that the deployer was given by URL; it writes the owner's password into the secret.
fn given(stack: &mut Stack, stage: &Stage) -> Server {
    let secret = stack.add(
        "DatabaseOwnerSecret",
        secretsmanager::Secret {
            name: Some(physical(stage, "database-owner").into()),
            description: Some("The owner of the schema; its value comes from the deployer.".into()),
            ..Default::default()
        },
    );
    stack.on_removal(&secret, RemovalPolicy::Retain);
    stack.output("databaseOwnerSecret", secret.reference());
    Server {
        host: stack
            .parameter(parameter::DATABASE_HOST, "Host of the database.")
            .into(),
        port: stack
            .parameter(parameter::DATABASE_PORT, "Port of the database.")
            .into(),
        resource_id: None,
        owner_secret: secret.reference().into(),
        instance: None,
    }
}

/// A secret for each runtime role, where functions log in by password.
fn role_secrets(
    stack: &mut Stack,
    stage: &Stage,
) -> Vec<(&'static str, Handle<secretsmanager::Secret>)> {
    if stage.database.auth == DatabaseAuth::Iam {
        return Vec::new();
    }
    runtime_roles()
        .map(|name| {
            let secret = stack.add(
                format!("{}RoleSecret", role(name)),
                secretsmanager::Secret {
                    name: Some(
                        physical(stage, &format!("role-{}", role(name).to_lowercase())).into(),
                    ),
                    description: Some(format!("Password of the database role {name}.").into()),
                    generate_secret_string: Some(secretsmanager::SecretGenerateSecretString {
                        secret_string_template: Some(
                            json!({ "username": name }).to_string().into(),
                        ),
                        generate_string_key: Some("password".into()),
                        password_length: Some(40.into()),
                        exclude_punctuation: Some(true.into()),
                        ..Default::default()
                    }),
                    ..Default::default()
                },
            );
            stack.on_removal(&secret, RemovalPolicy::Retain);
            (name, secret)
        })
        .collect()
}

/// The roles that functions log in with; the owner is not one of them.
fn runtime_roles() -> impl Iterator<Item = &'static str> {
    FUNCTIONS
        .iter()
        .filter_map(|function| function.database_role)
        .filter(|role| *role != OWNER)
}

fn cache(stack: &mut Stack, stage: &Stage, lan: &Lan) -> Handle<elasticache::ServerlessCache> {
    let (subnets, groups) = (lan.subnets(stack), lan.database_groups(stack));
    stack.add(
        "Cache",
        elasticache::ServerlessCache {
            description: Some(
                "The revocation list: nothing that cannot be lost for 15 minutes.".into(),
            ),
            subnet_ids: Some(subnets),
            security_group_ids: Some(groups),
            ..elasticache::ServerlessCache::new("valkey", physical(stage, "cache"))
        },
    )
}

/// RDS Proxy, which logs in with the secrets of the roles.
fn proxy(stack: &mut Stack, stage: &Stage, lan: &Lan, server: &Server) -> Handle<rds::DBProxy> {
    let role = stack.add(
        "ProxyRole",
        iam::Role {
            permissions_boundary: boundary(stage).map(Into::into),
            policies: Some(
                [iam::RolePolicy::new(
                    document(&[Allow::new(
                        ["secretsmanager:GetSecretValue"],
                        [server.owner_secret.clone()],
                    )]),
                    "secrets",
                )]
                .into(),
            ),
            ..iam::Role::new(assumed_by("rds.amazonaws.com"))
        },
    );
    let (subnets, groups) = (lan.subnets(stack), lan.database_groups(stack));
    let proxy = stack.add(
        "Proxy",
        rds::DBProxy {
            default_auth_scheme: Some(rds::DBProxyDefaultAuthScheme::IamAuth.into()),
            require_tls: Some(true.into()),
            vpc_security_group_ids: Some(groups),
            ..rds::DBProxy::new(
                physical(stage, "proxy"),
                rds::DBProxyEngineFamily::Postgresql,
                role.arn(),
                subnets,
            )
        },
    );
    stack.add(
        "ProxyTargets",
        rds::DBProxyTargetGroup {
            db_instance_identifiers: server
                .instance
                .as_ref()
                .map(|instance| [instance.reference()].into_iter().collect()),
            ..rds::DBProxyTargetGroup::new(
                proxy.reference(),
                rds::DBProxyTargetGroupTargetGroupName::Default,
            )
        },
    );
    proxy
}

/// The function that brings the schema up to date. It logs in as the owner, by password on every
/// stage: the owner is who lets others in by IAM.
fn migrate(
    stack: &mut Stack,
    stage: &Stage,
    assets: &Assets,
    lan: &Lan,
    server: &Server,
    role_secrets: &[(&'static str, Handle<secretsmanager::Secret>)],
) {
    let Some(spec) = miyabi_catalog::function("migrate") else {
        return;
    };
    let mut function = Function::new(spec, stage)
        .given("DATABASE_HOST", server.host.clone())
        .given("DATABASE_PORT", server.port.clone())
        .given("DATABASE_NAME", DATABASE)
        .given("DATABASE_USER", OWNER)
        .given("DATABASE_AUTH", DatabaseAuth::Password.as_str())
        .given("DATABASE_TLS", stage.database.tls.as_str())
        .reads("DATABASE_SECRET", server.owner_secret.clone());
    if !role_secrets.is_empty() {
        // Fn::Sub keeps the braces of the JSON apart from its own by name.
        let text: Vec<String> = role_secrets
            .iter()
            .map(|(name, secret)| format!("\"{name}\":\"${{{}}}\"", secret.logical_id()))
            .collect();
        function = function
            .given(
                "DATABASE_ROLE_SECRETS",
                Intrinsic::sub(format!("{{{}}}", text.join(","))),
            )
            .may(Allow::new(
                ["secretsmanager:GetSecretValue"],
                role_secrets.iter().map(|(_, secret)| secret.reference()),
            ));
    }
    let live = function.add(stack, lan, assets);
    stack.output("migrateFunction", live.alias.reference());
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
            .given("DATABASE_HOST", stack.import(&self.host))
            .given("DATABASE_PORT", stack.import(&self.port))
            .given("DATABASE_NAME", DATABASE)
            .given("DATABASE_USER", role)
            .given("DATABASE_AUTH", stage.database.auth.as_str())
            .given("DATABASE_TLS", stage.database.tls.as_str());
        let secret = self.role_secrets.iter().find(|(name, _)| *name == role);
        match (secret, &self.resource_id) {
            (Some((_, secret)), _) => function.reads("DATABASE_SECRET", stack.import(secret)),
            (None, Some(id)) => {
                let arn = Intrinsic::sub_with(
                    format!(
                        "arn:${{AWS::Partition}}:rds-db:${{AWS::Region}}:${{AWS::AccountId}}:dbuser:${{Id}}/{role}"
                    ),
                    [("Id", stack.import(id))],
                );
                function.may(Allow::new(["rds-db:connect"], [arn]))
            }
            (None, None) => function,
        }
    }
}

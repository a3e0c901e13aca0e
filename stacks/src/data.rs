//! The database, and nothing else: a stack that holds data is touched by nothing that changes often.

use cfn::{Handle, Output, RemovalPolicy, Stack, rds, secretsmanager};
use serde_json::{Value as Json, json};

use crate::{
    Stage,
    names::physical,
    network::NetworkOutputs,
    stage::{DatabaseAuth, DatabaseTls},
};

/// The master user: owner of the schema, used by `migrate` alone.
pub(crate) const OWNER: &str = "miyabi_owner";
/// The database in the server.
pub(crate) const DATABASE: &str = "miyabi";

/// The database server, before a migration ran in it.
pub(crate) struct Server {
    pub(crate) address: Address,
    /// Its identifier; `None`: it is not RDS.
    pub(crate) instance: Option<Output>,
    /// `db-ABC..`: names the instance in the ARNs of IAM logins. `None`: it is not RDS.
    pub(crate) resource_id: Option<Output>,
    /// ARN of `{"username": .., "password": ..}` of the owner.
    pub(crate) owner_secret: Output,
}

/// Where a database server answers.
pub(crate) enum Address {
    /// An RDS instance of the stage.
    Instance { host: Output, port: Output },
    /// Passed by whoever deploys.
    Parameters,
}

/// The database of the stage.
pub(crate) fn data(stage: &Stage, network: &NetworkOutputs) -> (Stack, Server) {
    let mut stack = Stack::new("data", &format!("Miyabi {}: the database.", stage.name));
    let server = if stage.database.managed {
        managed(&mut stack, stage, network)
    } else {
        external(&mut stack, stage)
    };
    (stack, server)
}

fn managed(stack: &mut Stack, stage: &Stage, network: &NetworkOutputs) -> Server {
    let subnets = network.subnets(stack);
    let subnets = stack.add(
        "DatabaseSubnets",
        rds::DBSubnetGroup::new("The private subnets.", subnets),
    );
    let parameters = stack.add(
        "DatabaseParameters",
        rds::DBParameterGroup {
            parameters: Some(settings(stage)),
            ..rds::DBParameterGroup::new(
                "Miyabi: TLS only, no transaction left open, no values in the log.",
                "postgres15",
            )
        },
    );
    let mut instance = instance(stage);
    instance.db_subnet_group_name = Some(subnets.reference().into());
    instance.db_parameter_group_name = Some(parameters.reference().into());
    instance.vpc_security_groups = Some(network.database_groups(stack));
    let instance = stack.add("Database", instance);
    stack.on_removal(&instance, RemovalPolicy::Snapshot);
    accept_major_version(stack, &instance);
    Server {
        address: Address::Instance {
            host: stack.output("databaseHost", instance.endpoint_address()),
            port: stack.output("databasePort", instance.endpoint_port()),
        },
        instance: Some(stack.output("databaseInstance", instance.reference())),
        resource_id: Some(stack.output("databaseResourceId", instance.dbi_resource_id())),
        owner_secret: stack.output(
            "databaseOwnerSecret",
            instance.master_user_secret_secret_arn(),
        ),
    }
}

/// The instance without what it takes from other resources. It has no `DBInstanceIdentifier`:
/// CloudFormation cannot replace a resource with a custom name, and a restore or a change of the
/// storage's key is a replacement.
fn instance(stage: &Stage) -> rds::DBInstance {
    let database = &stage.database;
    rds::DBInstance {
        db_name: Some(DATABASE.into()),
        engine: Some("postgres".into()),
        // The major version alone: RDS takes minor ones by itself, and its schema compares by prefix
        // (`propertyTransform`), so that a full number would be drift after the first.
        engine_version: Some("15".into()),
        engine_lifecycle_support: Some("open-source-rds-extended-support-disabled".into()),
        db_instance_class: Some(database.class.clone().into()),
        allocated_storage: Some(database.storage.to_string().into()),
        storage_type: Some("gp3".into()),
        storage_encrypted: Some(true.into()),
        multi_az: Some(database.multi_az.into()),
        master_username: Some(OWNER.into()),
        manage_master_user_password: Some(true.into()),
        enable_iam_database_authentication: Some((database.auth == DatabaseAuth::Iam).into()),
        publicly_accessible: Some(false.into()),
        backup_retention_period: Some(i64::from(database.backup_days).into()),
        copy_tags_to_snapshot: Some(true.into()),
        deletion_protection: Some(database.deletion_protection.into()),
        auto_minor_version_upgrade: Some(true.into()),
        enable_cloudwatch_logs_exports: Some(["postgresql"].into()),
        ..Default::default()
    }
}

/// Settings of the server. The log of a database outlives what was deleted from it, so no value gets
/// into it: <https://www.postgresql.org/docs/15/runtime-config-logging.html>.
fn settings(stage: &Stage) -> Json {
    json!({
        "rds.force_ssl": match stage.database.tls {
            DatabaseTls::VerifyFull => "1",
            DatabaseTls::Disable => "0",
        },
        // Nobody waits for ever for a function that was frozen inside a transaction.
        "idle_in_transaction_session_timeout": "60000",
        // Slow statements with their placeholders, without what was bound to them.
        "log_min_duration_statement": "500",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        // Errors without their statement, and without DETAIL, which quotes the failing row.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    })
}

/// cfn-lint knows versions with their minor number only, and reports any other as outdated.
fn accept_major_version(stack: &mut Stack, instance: &Handle<rds::DBInstance>) {
    let ignored = json!({ "cfn-lint": { "config": { "ignore_checks": ["W3691"] } } });
    stack.metadata(instance, ignored);
}

/// A database that the deployer knows by URL; it writes the owner's password into the secret.
fn external(stack: &mut Stack, stage: &Stage) -> Server {
    let secret = stack.add(
        "DatabaseOwnerSecret",
        secretsmanager::Secret {
            name: Some(physical(stage, "database-owner").into()),
            description: Some("The owner of the schema; its value comes from the deployer.".into()),
            ..Default::default()
        },
    );
    stack.on_removal(&secret, RemovalPolicy::Retain);
    Server {
        address: Address::Parameters,
        instance: None,
        resource_id: None,
        owner_secret: stack.output("databaseOwnerSecret", secret.reference()),
    }
}

//! A function as a group of resources: role, log group, function, version, alias.

use cfn::{
    Emit, Handle, Intrinsic, Json, Map, RemovalPolicy, Stack, Value, iam, lambda, logs,
    policy::{Allow, Deny, assumed_by, document_with},
};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    Assets, Stage,
    names::{boundary, pascal, physical},
    network::NetworkOutputs,
    parameter, rollout,
    stage::Architecture,
};

/// A function that is being put together. Begin with [`Function::new`], say what it is given and
/// what it may do, end with [`Function::add`].
pub(crate) struct Function<'a> {
    spec: &'a miyabi_catalog::Function,
    stage: &'a Stage,
    environment: Map<Value<String>>,
    statements: Vec<Allow>,
}

/// A function in a stack: what routes and other functions point at.
pub(crate) struct Live {
    /// The function itself.
    pub(crate) function: Handle<lambda::Function>,
    /// The alias that every caller uses.
    pub(crate) alias: Handle<lambda::Alias>,
}

/// The alias that always is the version in service.
pub(crate) const ALIAS: &str = "live";

/// `ws-broadcast` -> `WS_BROADCAST_FUNCTION`: the variable with the ARN of a function's alias.
pub(crate) fn variable(function: &str) -> String {
    format!("{}_FUNCTION", function.to_uppercase().replace('-', "_"))
}

/// Variables that say where something else answers. Together they stay under the 256 characters of
/// a description.
const ADDRESSES: &[&str] = &[
    "AWS_ENDPOINT_URL",
    "CONNECTIONS_ENDPOINT",
    "DATABASE_HOST",
    "DATABASE_PORT",
    "GITHUB_ORIGIN",
    "GITHUB_API_ORIGIN",
    "VALKEY_URL",
];

/// What Lambda does with the role of a function in a VPC.
const NETWORK_INTERFACES: [&str; 6] = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
];

impl<'a> Function<'a> {
    /// A function of the catalogue, with the environment that every one gets.
    pub(crate) fn new(spec: &'a miyabi_catalog::Function, stage: &'a Stage) -> Self {
        let mut environment = Map::new();
        let mut set = |name: &str, value: &str| environment.insert(name.to_owned(), value.into());
        set("MIYABI_STAGE", &stage.name);
        if stage.network.vpc && spec.in_vpc {
            set("AWS_USE_DUALSTACK_ENDPOINT", "true");
        }
        Self {
            spec,
            stage,
            environment,
            statements: Vec::new(),
        }
    }

    /// An environment variable. Never a secret: the ARN of one.
    pub(crate) fn env(mut self, name: &str, value: impl Into<Value<String>>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// A secret: its ARN in the environment, and the permission to read it.
    pub(crate) fn reads_secret(self, name: &str, arn: impl Into<Value<String>>) -> Self {
        let arn = arn.into();
        self.allow(Allow::new(["secretsmanager:GetSecretValue"], [arn.clone()]))
            .env(name, arn)
    }

    /// Another function, by the ARN of its alias: in the environment, and the permission to invoke it.
    pub(crate) fn invokes(self, variable: &str, alias: Intrinsic) -> Self {
        self.allow(Allow::new(["lambda:InvokeFunction"], [alias.clone()]))
            .env(variable, alias)
    }

    /// A permission.
    pub(crate) fn allow(mut self, statement: Allow) -> Self {
        self.statements.push(statement);
        self
    }

    /// Adds its resources.
    pub(crate) fn add(
        mut self,
        stack: &mut Stack,
        network: &NetworkOutputs,
        assets: &Assets,
    ) -> Live {
        if self.stage.is_for_emulators() {
            // An emulator need not know under which address it is reached.
            let endpoint = stack.parameter(parameter::ENDPOINT_URL, "Where the emulator answers.");
            self = self.env("AWS_ENDPOINT_URL", endpoint);
        }
        let id = pascal(self.spec.name);
        let name = physical(self.stage, self.spec.name);
        let log = stack.add(
            format!("{id}Log"),
            logs::LogGroup {
                log_group_name: Some(format!("/aws/lambda/{name}").into()),
                retention_in_days: Some(i64::from(self.stage.functions.log_retention_days).into()),
                ..Default::default()
            },
        );
        stack.on_removal(&log, RemovalPolicy::Delete);
        let in_vpc = self.stage.network.vpc && self.spec.in_vpc;
        self.statements.push(Allow::new(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [Intrinsic::get_att(log.logical_id(), "Arn")],
        ));
        let mut denied = Vec::new();
        if in_vpc {
            // Lambda makes the network interfaces with this role, and AWS lets none of these actions
            // name a resource. The code of the function is denied them:
            // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
            let interfaces = Allow::new(NETWORK_INTERFACES, ["*"]);
            let code = Intrinsic::sub(format!(
                "arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name}"
            ));
            let by_code = json!({ "ArnEquals": { "lambda:SourceFunctionArn": code.emit() } });
            denied.push(Deny::what(interfaces.clone().when(by_code)));
            self.statements.push(interfaces);
        }
        let role = stack.add(
            format!("{id}Role"),
            iam::Role {
                description: Some(format!("What the function {name} may do.").into()),
                permissions_boundary: boundary(self.stage).map(Into::into),
                policies: Some(
                    [iam::RolePolicy::new(
                        document_with(&self.statements, &denied),
                        self.spec.name,
                    )]
                    .into(),
                ),
                ..iam::Role::new(assumed_by("lambda.amazonaws.com"))
            },
        );
        let function = self.function(stack, &name, &role, &log, network, assets);
        let fingerprint = fingerprint(&function, assets.sha256(self.spec.name));
        let function = stack.add(format!("{id}Function"), function);
        self.live(stack, &id, &function, &fingerprint)
    }

    fn function(
        &self,
        stack: &mut Stack,
        name: &str,
        role: &Handle<iam::Role>,
        log: &Handle<logs::LogGroup>,
        network: &NetworkOutputs,
        assets: &Assets,
    ) -> lambda::Function {
        let size = self.stage.functions.size(self.spec.name);
        let code = lambda::FunctionCode {
            s3_bucket: Some(
                stack
                    .parameter(
                        parameter::ASSET_BUCKET,
                        "The bucket with the functions' code.",
                    )
                    .into(),
            ),
            s3_key: Some(assets.key(self.spec.name).into()),
            ..Default::default()
        };
        let architecture = match self.stage.architecture {
            Architecture::Arm64 => Some(lambda::FunctionArchitectures::Arm64),
            Architecture::X86 => Some(lambda::FunctionArchitectures::X86_64),
            // Not said: the same template on every machine.
            Architecture::Host => None,
        };
        let vpc = (self.stage.network.vpc && self.spec.in_vpc).then(|| lambda::FunctionVpcConfig {
            subnet_ids: Some(network.subnets(stack)),
            security_group_ids: Some(network.function_groups(stack)),
            ipv6_allowed_for_dual_stack: Some(true.into()),
        });
        lambda::Function {
            function_name: Some(name.into()),
            description: Some(self.spec.about.into()),
            runtime: Some(lambda::FunctionRuntime::ProvidedAl2023.into()),
            handler: Some("bootstrap".into()),
            architectures: architecture.map(|architecture| [architecture].into()),
            memory_size: Some(size.memory.into()),
            timeout: Some(size.timeout.into()),
            reserved_concurrent_executions: size.reserved_concurrency.map(Into::into),
            environment: Some(lambda::FunctionEnvironment {
                variables: Some(self.environment.clone()),
            }),
            logging_config: Some(lambda::FunctionLoggingConfig {
                log_format: Some(lambda::FunctionLoggingConfigLogFormat::Json.into()),
                log_group: Some(log.reference().into()),
                ..Default::default()
            }),
            vpc_config: vpc,
            ..lambda::Function::new(code, role.arn())
        }
    }

    /// The addresses in the environment that are known only when the stack is deployed, as the
    /// description of a version. A version keeps the environment that it was made with, and its
    /// text stays the same when only a value moves (a database that was replaced): a description
    /// that moves with it makes a new version, which is what its schema says of that property.
    fn addresses(&self) -> Option<Value<String>> {
        let computed = ADDRESSES
            .iter()
            .filter_map(|name| self.environment.get(*name))
            .filter_map(|value| match value {
                Value::Computed(intrinsic) => Some(intrinsic.clone()),
                Value::Literal(_) => None,
            });
        let computed: Vec<Intrinsic> = computed.collect();
        (!computed.is_empty()).then(|| Intrinsic::join(" ", computed).into())
    }

    /// The version that this deploy makes, and the alias that moves to it.
    fn live(
        &self,
        stack: &mut Stack,
        id: &str,
        function: &Handle<lambda::Function>,
        fingerprint: &str,
    ) -> Live {
        let size = self.stage.functions.size(self.spec.name);
        // A version never changes; a new one is a new resource, and old ones stay to go back to.
        let version = stack.add(
            format!("{id}Version{fingerprint}"),
            lambda::Version {
                description: self.addresses(),
                ..lambda::Version::new(function.reference())
            },
        );
        stack.on_removal(&version, RemovalPolicy::Retain);
        let alias = stack.add(
            format!("{id}Alias"),
            lambda::Alias {
                provisioned_concurrency_config: (size.provisioned_concurrency > 0).then(|| {
                    lambda::AliasProvisionedConcurrencyConfiguration::new(
                        size.provisioned_concurrency,
                    )
                }),
                ..lambda::Alias::new(function.reference(), version.version(), ALIAS)
            },
        );
        // `migrate` is invoked by the deployer alone; `realtime` says why its functions move at once.
        if !self.spec.routes.is_empty() {
            rollout::shift_traffic(stack, self.stage, self.spec.name, function, &alias);
        }
        Live {
            function: function.clone(),
            alias,
        }
    }
}

/// Twelve hex digits that change with the code and with everything else that a version fixes.
fn fingerprint(function: &lambda::Function, code: &str) -> String {
    let mut properties: Json = function.emit();
    // Not part of a version: a change of it makes no new one.
    if let Some(properties) = properties.as_object_mut() {
        properties.shift_remove("ReservedConcurrentExecutions");
    }
    let digest = Sha256::new()
        .chain_update(properties.to_string())
        .chain_update(code)
        .finalize();
    digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

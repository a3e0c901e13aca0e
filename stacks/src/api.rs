//! The functions that answer requests, their secrets, and the routes that lead to them.

use cfn::{
    Handle, Intrinsic, Output, RemovalPolicy, Stack,
    apigatewayv2::{Integration, Route as ApiRoute},
    lambda, secretsmanager,
};
use miyabi_catalog::{FUNCTIONS, Route};
use serde_json::json;

use crate::{
    Assets, Stage,
    function::{Function, Live, variable},
    gateway::{GatewayOutputs, execution_arn},
    migrate::Database,
    names::{pascal, physical},
    network::NetworkOutputs,
    parameter, realtime, rollout,
    stage::{OriginSecret, Scheme},
};

/// What the functions use of other stacks.
pub(crate) struct Uses<'a> {
    pub(crate) network: &'a NetworkOutputs,
    pub(crate) gateway: &'a GatewayOutputs,
    pub(crate) database: &'a Database,
    /// `rediss://..`; `None`: the stage has no cache.
    pub(crate) valkey_url: Option<&'a Output>,
}

/// The functions, their secrets and their routes. `elsewhere`: the aliases of functions in other stacks,
/// by name.
pub(crate) fn api(
    stage: &Stage,
    assets: &Assets,
    uses: &Uses<'_>,
    elsewhere: &[(&str, Output)],
) -> Stack {
    let mut stack = Stack::new(
        "api",
        &format!("Miyabi {}: the functions and their routes.", stage.name),
    );
    let secrets = Secrets::add(&mut stack, stage);
    let origin = uses.gateway.origin_secret.as_ref();
    rollout::application(&mut stack, stage);

    let mut live: Vec<(&str, Live)> = Vec::new();
    // A function comes after those that it invokes.
    let (invoked, others): (Vec<_>, Vec<_>) = FUNCTIONS
        .iter()
        .filter(|function| function.name != "migrate" && !realtime::has(function))
        .partition(|function| function.routes.is_empty());
    for spec in invoked.into_iter().chain(others) {
        let mut function = Function::new(spec, stage);
        if let Some(role) = spec.database_role {
            function = uses.database.open(function, &mut stack, stage, role);
        }
        function = secrets.give(function, spec);
        if let Some(secret) = origin.filter(|_| !spec.routes.is_empty()) {
            function = function
                .reads_secret("ORIGIN_SECRET", stack.import(secret))
                .env("ORIGIN_SECRET_REQUIRED", origin_required(stage));
        }
        if spec.limits_requests() {
            function = function.env("RATE_LIMITS", stage.limits.variable());
        }
        if stage.site.scheme == Scheme::Http && !spec.routes.is_empty() {
            function = function.env("PUBLIC_SCHEME", "http");
        }
        if let Some(url) = uses.valkey_url.filter(|_| spec.reads_jwt_keys) {
            function = function.env("VALKEY_URL", stack.import(url));
        }
        for (name, other) in live.iter().filter(|(name, _)| spec.invokes.contains(name)) {
            function = function.invokes(&variable(name), other.alias.reference());
        }
        for (name, alias) in elsewhere
            .iter()
            .filter(|(name, _)| spec.invokes.contains(name))
        {
            function = function.invokes(&variable(name), stack.import(alias));
        }
        if spec.name == "github" {
            function = github(function, &mut stack);
        }
        let added = function.add(&mut stack, uses.network, assets);
        routes(&mut stack, uses.gateway, spec.name, spec.routes, &added);
        live.push((spec.name, added));
    }
    stack
}

/// Whether a request without the origin header is refused, as functions read it.
fn origin_required(stage: &Stage) -> &'static str {
    match stage.site.origin_secret {
        OriginSecret::Required => "true",
        OriginSecret::Accepted | OriginSecret::None => "false",
    }
}

/// The secrets of the functions. No template holds a value: the signing key is generated, GitHub's
/// secret is written by whoever registered the application.
struct Secrets {
    jwt_keys: Handle<secretsmanager::Secret>,
    github: Handle<secretsmanager::Secret>,
}

impl Secrets {
    fn add(stack: &mut Stack, stage: &Stage) -> Self {
        let mut secret =
            |id: &str, name: &str, about: &str, generated: Option<(serde_json::Value, &str)>| {
                let handle = stack.add(
                    id,
                    secretsmanager::Secret {
                        name: Some(physical(stage, name).into()),
                        description: Some(about.into()),
                        generate_secret_string: generated.map(|(template, key)| {
                            secretsmanager::SecretGenerateSecretString {
                                secret_string_template: Some(template.to_string().into()),
                                generate_string_key: Some(key.into()),
                                password_length: Some(64.into()),
                                exclude_punctuation: Some(true.into()),
                                ..Default::default()
                            }
                        }),
                        ..Default::default()
                    },
                );
                stack.on_removal(&handle, RemovalPolicy::Retain);
                handle
            };
        Self {
            jwt_keys: secret(
                "JwtKeys",
                "jwt-keys",
                "The keys that access tokens are signed with.",
                Some((json!({ "kid": "1" }), "key")),
            ),
            github: secret(
                "GithubSecret",
                "github",
                "Client id and secret of the GitHub OAuth application: {\"client_id\": .., \"client_secret\": ..}.",
                None,
            ),
        }
    }

    fn give<'a>(
        &self,
        mut function: Function<'a>,
        spec: &miyabi_catalog::Function,
    ) -> Function<'a> {
        if spec.reads_jwt_keys {
            function = function.reads_secret("JWT_KEYS_SECRET", self.jwt_keys.reference());
        }
        if spec.name == "github" {
            function = function.reads_secret("GITHUB_SECRET", self.github.reference());
        }
        function
    }
}

fn github<'a>(function: Function<'a>, stack: &mut Stack) -> Function<'a> {
    let site = stack.parameter(
        parameter::GITHUB_ORIGIN,
        "Where people sign in: https://github.com.",
    );
    let api = stack.parameter(
        parameter::GITHUB_API_ORIGIN,
        "GitHub's API: https://api.github.com.",
    );
    function
        .env("GITHUB_ORIGIN", site)
        .env("GITHUB_API_ORIGIN", api)
}

/// The routes of one function: one integration, one permission, a resource for each route.
fn routes(stack: &mut Stack, gateway: &GatewayOutputs, name: &str, routes: &[Route], live: &Live) {
    if routes.is_empty() {
        return;
    }
    let id = pascal(name);
    let api = stack.import(&gateway.api_id);
    let source_arn = execution_arn(stack, &gateway.api_id);
    let integration = stack.add(
        format!("{id}Integration"),
        Integration {
            integration_uri: Some(live.alias.reference().into()),
            payload_format_version: Some("2.0".into()),
            ..Integration::new(api.clone(), "AWS_PROXY")
        },
    );
    stack.add(
        format!("{id}Permission"),
        lambda::Permission {
            source_arn: Some(source_arn.into()),
            ..lambda::Permission::new(
                "lambda:InvokeFunction",
                live.alias.reference(),
                "apigateway.amazonaws.com",
            )
        },
    );
    for route in routes {
        let method = route.method.as_str();
        let target = Intrinsic::sub(format!("integrations/${{{}}}", integration.logical_id()));
        stack.add(
            format!(
                "Route{}{}",
                pascal(&method.to_lowercase()),
                pascal(route.path)
            ),
            ApiRoute {
                target: Some(target.into()),
                ..ApiRoute::new(api.clone(), format!("{method} {}", route.path))
            },
        );
    }
}

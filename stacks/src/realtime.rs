//! Live updates: the functions behind the WebSocket API, its routes and its stage, the schedule that
//! sweeps what a lost nudge left, and the queue of the invocations that failed for good.
//!
//! These functions get new versions at once, on every stage: a connection outlives any canary, and the
//! smoke test covers both.

use cfn::{
    Emit, Handle, Intrinsic, Output, Stack,
    apigatewayv2::{self, Integration, Route, RouteResponse},
    iam, lambda,
    policy::{Allow, document},
    scheduler::{self, Schedule, ScheduleTarget},
    sqs,
};
use miyabi_catalog::FUNCTIONS;
use serde_json::json;

use crate::{
    Assets, Stage,
    api::Uses,
    function::{ALIAS, Function, Live, variable},
    gateway::{SOCKET_STAGE, SocketOutputs, execution_arn},
    names::{boundary, pascal, physical},
};

/// Seconds after which an asynchronous invocation is not retried any more: five sweeps have done its
/// work by then.
const EVENT_AGE: i64 = 300;
/// Seconds that a failed invocation stays in the queue, the most that SQS takes: 14 days.
const DEAD_LETTER_AGE: i64 = 14 * 24 * 3600;

/// Whether a function of the catalogue belongs to this stack.
pub(crate) fn has(spec: &miyabi_catalog::Function) -> bool {
    !spec.socket_routes.is_empty() || spec.every_minute || spec.posts_to_connections
}

/// The stack, and the aliases of its functions that functions of other stacks invoke, by name.
pub(crate) fn realtime(
    stage: &Stage,
    assets: &Assets,
    uses: &Uses<'_>,
) -> (Stack, Vec<(&'static str, Output)>) {
    let mut stack = Stack::new("realtime", &format!("Miyabi {}: live updates.", stage.name));
    let socket = &uses.gateway.socket;
    let dead_letters = stack.add("DeadLetters", dead_letters(stage));
    let mut live: Vec<(&'static str, Live)> = Vec::new();
    // A function comes after those that it invokes.
    let (invoked, others): (Vec<_>, Vec<_>) = FUNCTIONS
        .iter()
        .filter(|spec| has(spec))
        .partition(|spec| spec.invokes.is_empty());
    let mut routes = Vec::new();
    for spec in invoked.into_iter().chain(others) {
        let mut function = Function::new(spec, stage);
        if let Some(role) = spec.database_role {
            function = uses.database.open(function, &mut stack, stage, role);
        }
        for (name, other) in live.iter().filter(|(name, _)| spec.invokes.contains(name)) {
            function = function.invokes(&variable(name), other.alias.reference());
        }
        if spec.posts_to_connections {
            function = posts_to_connections(function, &mut stack, stage, socket);
        }
        if spec.every_minute {
            // Lambda sends with the function's own role what it could not have done.
            function = function
                .allow(Allow::new(["sqs:SendMessage"], [dead_letters.arn()]))
                .env(
                    "AUDIT_RETENTION_MONTHS",
                    stage.audit.retention_months.to_string(),
                );
        }
        let added = function.add(&mut stack, uses.network, assets);
        if spec.every_minute {
            limited_retries(&mut stack, spec.name, &added, &dead_letters);
            every_minute(&mut stack, stage, spec.name, &added);
        }
        routes.extend(socket_routes(&mut stack, stage, spec, socket, &added));
        live.push((spec.name, added));
    }
    socket_stage(&mut stack, stage, socket, &routes);
    let aliases = live
        .into_iter()
        .map(|(name, live)| {
            let output = format!("{}Function", lower_first(&pascal(name)));
            (name, stack.output(&output, live.alias.reference()))
        })
        .collect();
    (stack, aliases)
}

/// `WsBroadcast` -> `wsBroadcast`.
fn lower_first(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_ascii_lowercase())
}

fn dead_letters(stage: &Stage) -> sqs::Queue {
    sqs::Queue {
        queue_name: Some(physical(stage, "dead-letters").into()),
        message_retention_period: Some(DEAD_LETTER_AGE.into()),
        sqs_managed_sse_enabled: Some(true.into()),
        ..Default::default()
    }
}

fn posts_to_connections<'a>(
    function: Function<'a>,
    stack: &mut Stack,
    stage: &Stage,
    socket: &SocketOutputs,
) -> Function<'a> {
    let connections = socket.connections_arn(stack);
    function
        .allow(Allow::new(["execute-api:ManageConnections"], [connections]))
        .env(
            "CONNECTIONS_ENDPOINT",
            socket.connections_endpoint(stack, stage),
        )
}

/// One retry, and then the queue: the next sweep does the same work.
fn limited_retries(stack: &mut Stack, name: &str, live: &Live, queue: &Handle<sqs::Queue>) {
    let config = stack.add(
        format!("{}Invocations", pascal(name)),
        lambda::EventInvokeConfig {
            maximum_retry_attempts: Some(1.into()),
            maximum_event_age_in_seconds: Some(EVENT_AGE.into()),
            destination_config: Some(lambda::EventInvokeConfigDestinationConfig {
                on_failure: Some(lambda::EventInvokeConfigOnFailure::new(queue.arn())),
                ..Default::default()
            }),
            ..lambda::EventInvokeConfig::new(live.function.reference(), ALIAS)
        },
    );
    stack.depends_on(&config, &live.alias);
}

/// Invokes a function each minute. A minute that is missed is made up for by the next one.
fn every_minute(stack: &mut Stack, stage: &Stage, name: &str, live: &Live) {
    let id = pascal(name);
    let allowed = Allow::new(["lambda:InvokeFunction"], [live.alias.reference()]);
    let role = stack.add(
        format!("{id}ScheduleRole"),
        iam::Role {
            description: Some(format!("Lets the schedule invoke {name}.").into()),
            policies: Some([iam::RolePolicy::new(document(&[allowed]), "invoke")].into()),
            permissions_boundary: boundary(stage).map(Into::into),
            ..iam::Role::new(assumed_by_schedules())
        },
    );
    let off =
        scheduler::ScheduleFlexibleTimeWindow::new(scheduler::ScheduleFlexibleTimeWindowMode::Off);
    stack.add(
        format!("{id}Schedule"),
        Schedule {
            name: Some(physical(stage, name).into()),
            description: Some("Sends what a lost nudge left.".into()),
            ..Schedule::new(
                off,
                "rate(1 minute)",
                ScheduleTarget {
                    input: Some(json!({ "kind": "sweep" }).to_string().into()),
                    retry_policy: Some(scheduler::ScheduleRetryPolicy {
                        maximum_retry_attempts: Some(0.into()),
                        ..Default::default()
                    }),
                    ..ScheduleTarget::new(live.alias.reference(), role.arn())
                },
            )
        },
    );
}

/// Only schedules of this account take the role on: the service acts for every account
/// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html>).
fn assumed_by_schedules() -> cfn::Json {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "scheduler.amazonaws.com" },
            "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": {
                "aws:SourceAccount": cfn::pseudo::account_id().emit(),
            } },
        }],
    })
}

/// The routes of one function: one integration, one permission, a resource for each route key.
fn socket_routes(
    stack: &mut Stack,
    stage: &Stage,
    spec: &miyabi_catalog::Function,
    socket: &SocketOutputs,
    live: &Live,
) -> Vec<Handle<Route>> {
    if spec.socket_routes.is_empty() {
        return Vec::new();
    }
    let id = pascal(spec.name);
    let api = stack.import(&socket.api_id);
    let source_arn = execution_arn(stack, &socket.api_id);
    let integration = stack.add(
        format!("{id}Integration"),
        Integration {
            integration_method: Some("POST".into()),
            integration_uri: Some(invocation_uri(live).into()),
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
    let target = Intrinsic::sub(format!("integrations/${{{}}}", integration.logical_id()));
    let mut routes = Vec::new();
    for key in spec.socket_routes {
        let answers = *key == "$default";
        let route = stack.add(
            format!("SocketRoute{}", pascal(key)),
            Route {
                target: Some(target.clone().into()),
                route_response_selection_expression: answers.then(|| "$default".into()),
                ..Route::new(api.clone(), *key)
            },
        );
        // Without it, API Gateway drops what the function returns. Emulators send it in any case,
        // and do not have the type.
        if answers && !stage.is_for_emulators() {
            stack.add(
                format!("SocketRoute{}Response", pascal(key)),
                RouteResponse::new(api.clone(), route.route_id(), "$default"),
            );
        }
        routes.push(route);
    }
    routes
}

/// How a WebSocket API names a function
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-requests.html>).
fn invocation_uri(live: &Live) -> Intrinsic {
    Intrinsic::sub(format!(
        "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{}}}/invocations",
        live.alias.logical_id()
    ))
}

/// The stage, after the routes that it deploys.
///
/// It has no access log: for a WebSocket API, API Gateway writes one with a role that is set for the
/// whole account, not for a stage, and refuses the stage where none is set
/// (<https://github.com/anomalyco/sst/issues/1556>). The functions log every event with its connection.
fn socket_stage(
    stack: &mut Stack,
    stage: &Stage,
    socket: &SocketOutputs,
    routes: &[Handle<Route>],
) {
    let api = stack.import(&socket.api_id);
    let live = stack.add(
        "SocketStage",
        apigatewayv2::Stage {
            auto_deploy: Some(true.into()),
            default_route_settings: Some(apigatewayv2::StageRouteSettings {
                throttling_rate_limit: Some(f64::from(stage.throttling.rate).into()),
                throttling_burst_limit: Some(stage.throttling.burst.into()),
                ..Default::default()
            }),
            ..apigatewayv2::Stage::new(api, SOCKET_STAGE)
        },
    );
    for route in routes {
        stack.depends_on(&live, route);
    }
}

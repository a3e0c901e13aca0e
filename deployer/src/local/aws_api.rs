//! The two AWS APIs that functions call, on one port: Secrets Manager's `GetSecretValue` and
//! Lambda's `Invoke`. A function is known by its session token, which nobody else has, and gets the
//! secrets and functions that its own environment names.

use std::sync::Arc;

use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{
    http::{Reply, bytes, json as answer},
    lambda::{Asynchronous, Outcome, PAYLOAD_LIMIT, Pauses, Refusal, Version},
    registry::Functions,
    secrets::Secrets,
};

/// What the endpoint answers from.
#[derive(Debug, Clone)]
pub struct AwsApi {
    functions: Functions,
    asynchronous: Asynchronous,
    secrets: Arc<Secrets>,
}

impl AwsApi {
    /// The endpoint for these functions and secrets. What is invoked asynchronously and fails for
    /// good is given to no queue.
    pub fn new(functions: Functions, secrets: Arc<Secrets>) -> AwsApi {
        let asynchronous = Asynchronous::new(functions.clone(), Arc::default(), Pauses::default());
        AwsApi {
            functions,
            asynchronous,
            secrets,
        }
    }

    /// The same with invocations that nobody waits for.
    #[must_use]
    pub fn asynchronous(self, asynchronous: Asynchronous) -> AwsApi {
        AwsApi {
            asynchronous,
            ..self
        }
    }

    /// Answers a request.
    pub async fn serve(&self, request: Request<Incoming>) -> Reply {
        let path = request.uri().path().to_owned();
        let Some(caller) = self.caller(&request) else {
            return error(
                StatusCode::FORBIDDEN,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            );
        };
        let function = path.strip_prefix("/2015-03-31/functions/");
        if let Some(function) = function.and_then(|rest| rest.strip_suffix("/invocations")) {
            return self
                .invoke(
                    &caller,
                    &percent_decode_str(function).decode_utf8_lossy(),
                    request,
                )
                .await;
        }
        let target = request
            .headers()
            .get("x-amz-target")
            .and_then(|value| value.to_str().ok());
        if path == "/" && target == Some("secretsmanager.GetSecretValue") {
            return self.secret(&caller, request).await;
        }
        error(
            StatusCode::BAD_REQUEST,
            "UnknownOperationException",
            "The local target has GetSecretValue and Invoke only.",
        )
    }

    /// The function that calls, told by its session token.
    fn caller(&self, request: &Request<Incoming>) -> Option<Arc<Version>> {
        let token = request
            .headers()
            .get("x-amz-security-token")?
            .to_str()
            .ok()?;
        let is_its = |version: &Arc<Version>| {
            let own = version.spec().environment.get("AWS_SESSION_TOKEN");
            own.is_some_and(|own| own == token)
        };
        self.functions.alive().into_iter().find(is_its)
    }

    async fn secret(&self, caller: &Version, request: Request<Incoming>) -> Reply {
        let body: Value = match Limited::new(request.into_body(), 64 * 1024).collect().await {
            Ok(body) => serde_json::from_slice(&body.to_bytes()).unwrap_or_default(),
            Err(_) => Value::Null,
        };
        let id = body["SecretId"].as_str().unwrap_or_default();
        if !names(caller, id) {
            return error(
                StatusCode::BAD_REQUEST,
                "AccessDeniedException",
                &format!(
                    "The caller is not authorized to perform secretsmanager:GetSecretValue on {id}."
                ),
            );
        }
        match self.secrets.value(id) {
            Some((arn, value)) => answer(
                StatusCode::OK,
                &json!({"ARN": arn, "Name": id, "SecretString": value, "VersionStages": ["AWSCURRENT"]}),
            ),
            None => error(
                StatusCode::BAD_REQUEST,
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
            ),
        }
    }

    async fn invoke(&self, caller: &Version, function: &str, request: Request<Incoming>) -> Reply {
        if !names(caller, function) {
            return error(
                StatusCode::FORBIDDEN,
                "AccessDeniedException",
                &format!(
                    "The caller is not authorized to perform lambda:InvokeFunction on {function}."
                ),
            );
        }
        let Some(version) = self.functions.by_arn(function) else {
            return error(
                StatusCode::NOT_FOUND,
                "ResourceNotFoundException",
                &format!("Function not found: {function}"),
            );
        };
        let kind = request.headers().get("x-amz-invocation-type").cloned();
        let body = Limited::new(request.into_body(), PAYLOAD_LIMIT + 1)
            .collect()
            .await;
        let payload = match body {
            Ok(body) => body.to_bytes().to_vec(),
            Err(_) => vec![0; PAYLOAD_LIMIT + 1],
        };
        if kind.is_some_and(|kind| kind == "Event") {
            return match self.asynchronous.accept(function, payload) {
                Ok(()) => bytes(StatusCode::ACCEPTED, "application/json", ""),
                Err(refusal) => refused(refusal),
            };
        }
        let number = version.number().to_owned();
        reply(version.invoke(payload).await, &number)
    }
}

/// The answer of the Invoke API to how an invocation ended.
pub(super) fn reply(outcome: Outcome, version: &str) -> Reply {
    let mut reply = match outcome {
        Outcome::Answer(payload) => bytes(StatusCode::OK, "application/json", payload),
        Outcome::Unhandled(payload) => {
            let mut reply = bytes(StatusCode::OK, "application/json", payload);
            reply.headers_mut().insert(
                "x-amz-function-error",
                HeaderValue::from_static("Unhandled"),
            );
            reply
        }
        Outcome::Refused(refusal) => refused(refusal),
    };
    if let Ok(version) = version.parse() {
        reply
            .headers_mut()
            .insert("x-amz-executed-version", version);
    }
    reply
}

fn refused(refusal: Refusal) -> Reply {
    let (status, kind, body) = refusal.parts();
    let mut reply = answer(
        StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
        &body,
    );
    if let Ok(kind) = kind.parse() {
        reply.headers_mut().insert("x-amzn-errortype", kind);
    }
    reply
}

fn error(status: StatusCode, kind: &str, message: &str) -> Reply {
    let mut reply = answer(status, &json!({"__type": kind, "message": message}));
    if let Ok(kind) = kind.parse() {
        reply.headers_mut().insert("x-amzn-errortype", kind);
    }
    reply
}

/// A function may read and call what its environment names, which is what its role says in every
/// template.
fn names(caller: &Version, id: &str) -> bool {
    !id.is_empty()
        && caller
            .spec()
            .environment
            .values()
            .any(|value| value.contains(id))
}

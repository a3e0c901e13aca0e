//! The Lambda Runtime API
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>) for one environment.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde_json::json;
use tokio::sync::{Notify, oneshot};

use super::{Outcome, RESPONSE_LIMIT, unhandled};
use crate::local::http::{Reply, Server, json as answer};

/// One event on its way through an environment.
pub(super) struct Job {
    pub(super) request_id: String,
    pub(super) payload: Vec<u8>,
    /// When the environment will be stopped if it has not answered.
    pub(super) deadline: SystemTime,
    pub(super) function_arn: String,
    pub(super) done: oneshot::Sender<Outcome>,
}

/// The Runtime API of one environment.
pub(super) struct RuntimeApi {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Waits for the environment's next `next`.
    waiting: Mutex<Option<Job>>,
    arrived: Notify,
    /// Taken by the environment and not answered yet.
    running: Mutex<Option<(String, oneshot::Sender<Outcome>)>>,
    /// The environment asked for work for the first time, or said why it cannot.
    ready: Notify,
    init: Mutex<Option<Result<(), Vec<u8>>>>,
}

impl RuntimeApi {
    pub(super) async fn start() -> std::io::Result<RuntimeApi> {
        let shared = Arc::new(Shared::default());
        let of_server = shared.clone();
        let server = Server::start(0, move |request| {
            let shared = of_server.clone();
            async move { shared.serve(request).await }
        })
        .await?;
        Ok(RuntimeApi { server, shared })
    }

    /// For `AWS_LAMBDA_RUNTIME_API`.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.server.port())
    }

    /// Waits until the environment asks for work; what it reported when it cannot start.
    pub(super) async fn ready(&self) -> Result<(), Vec<u8>> {
        loop {
            let ready = self.shared.ready.notified();
            if let Some(init) = lock(&self.shared.init).clone() {
                return init;
            }
            ready.await;
        }
    }

    /// Hands a job to the environment.
    pub(super) fn offer(&self, job: Job) {
        *lock(&self.shared.waiting) = Some(job);
        self.shared.arrived.notify_one();
    }
}

impl Shared {
    async fn serve(&self, request: Request<Incoming>) -> Reply {
        let path = request.uri().path().to_owned();
        let Some(path) = path.strip_prefix("/2018-06-01/runtime/") else {
            return answer(
                StatusCode::NOT_FOUND,
                &json!({"errorMessage": "no such path"}),
            );
        };
        match path.split('/').collect::<Vec<_>>()[..] {
            ["invocation", "next"] => self.next().await,
            ["invocation", id, kind @ ("response" | "error")] => {
                self.finish(id, kind, request).await
            }
            ["init", "error"] => {
                let body = read(request).await.unwrap_or_default();
                *lock(&self.init) = Some(Err(body));
                self.ready.notify_waiters();
                accepted()
            }
            _ => answer(
                StatusCode::NOT_FOUND,
                &json!({"errorMessage": "no such path"}),
            ),
        }
    }

    async fn next(&self) -> Reply {
        let first = lock(&self.init).get_or_insert(Ok(())).is_ok();
        if first {
            self.ready.notify_waiters();
        }
        let job = loop {
            let arrived = self.arrived.notified();
            if let Some(job) = lock(&self.waiting).take() {
                break job;
            }
            arrived.await;
        };
        let deadline = job
            .deadline
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO)
            .as_millis();
        let trace = format!("Root=1-{:08x}-{:0>24}", deadline / 1000, "0");
        let reply = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", &job.request_id)
            .header("lambda-runtime-deadline-ms", deadline.to_string())
            .header("lambda-runtime-invoked-function-arn", &job.function_arn)
            .header("lambda-runtime-trace-id", trace)
            .body(Full::new(job.payload.into()));
        *lock(&self.running) = Some((job.request_id, job.done));
        reply.unwrap_or_else(|_| answer(StatusCode::INTERNAL_SERVER_ERROR, &json!({})))
    }

    async fn finish(&self, id: &str, kind: &str, request: Request<Incoming>) -> Reply {
        let body = read(request).await;
        let done = lock(&self.running)
            .take_if(|(running, _)| running == id)
            .map(|(_, done)| done);
        let Some(done) = done else {
            return answer(
                StatusCode::BAD_REQUEST,
                &json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"}),
            );
        };
        let (outcome, reply) = match body {
            Ok(body) if kind == "response" => (Outcome::Answer(body), accepted()),
            Ok(body) => (Outcome::Unhandled(body), accepted()),
            Err(TooLarge) => (
                unhandled(
                    "Function.ResponseSizeTooLarge",
                    &format!(
                        "Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
                    ),
                ),
                answer(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    &json!({
                        "errorType": "RequestEntityTooLarge",
                        "errorMessage": format!("Exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."),
                    }),
                ),
            ),
        };
        // Nobody waits any more when the time was up in the same moment.
        let _ = done.send(outcome);
        reply
    }
}

struct TooLarge;

async fn read(request: Request<Incoming>) -> Result<Vec<u8>, TooLarge> {
    let body = Limited::new(request.into_body(), RESPONSE_LIMIT)
        .collect()
        .await;
    body.map(|body| body.to_bytes().to_vec())
        .map_err(|_| TooLarge)
}

fn accepted() -> Reply {
    answer(StatusCode::ACCEPTED, &json!({"status": "OK"}))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

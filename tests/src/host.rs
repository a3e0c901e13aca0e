//! Where a test's functions run until the local target can host them.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ::http::{Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Notify, oneshot},
};

type Answer = Result<Vec<u8>, Vec<u8>>;

/// An invocation that no environment took yet: request id, event, who waits.
type Waiting = (String, Vec<u8>, oneshot::Sender<Answer>);

#[derive(Default)]
struct Queue {
    waiting: Mutex<VecDeque<Waiting>>,
    running: Mutex<HashMap<String, oneshot::Sender<Answer>>>,
    arrived: Notify,
}

struct Function {
    queue: Arc<Queue>,
    _process: tokio::process::Child,
}

pub(crate) struct Host {
    binaries: PathBuf,
    logs: PathBuf,
    variables: BTreeMap<String, BTreeMap<String, String>>,
    secrets: BTreeMap<String, String>,
    functions: tokio::sync::Mutex<HashMap<String, Function>>,
    api: Mutex<Option<SocketAddr>>,
}

fn reply(status: u16, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .body(Full::new(body.into()))
        .unwrap()
}

/// Serves on a free port until the runtime of the test ends.
pub(crate) async fn serve<F>(
    answer: impl Fn(Request<Bytes>) -> F + Clone + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let answer = answer.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request: Request<Incoming>| {
                    let answer = answer.clone();
                    async move {
                        let (parts, body) = request.into_parts();
                        let body = body.collect().await?.to_bytes();
                        Ok::<_, hyper::Error>(answer(Request::from_parts(parts, body)).await)
                    }
                });
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    address
}

impl Host {
    pub(crate) async fn start(
        binaries: &Path,
        logs: &Path,
        variables: BTreeMap<String, BTreeMap<String, String>>,
        secrets: BTreeMap<String, String>,
    ) -> Arc<Host> {
        std::fs::create_dir_all(logs).unwrap();
        let host = Arc::new(Host {
            binaries: binaries.to_owned(),
            logs: logs.to_owned(),
            variables,
            secrets,
            functions: tokio::sync::Mutex::default(),
            api: Mutex::default(),
        });
        let shared = host.clone();
        let address = serve(move |request| {
            let host = shared.clone();
            async move { host.aws_api(request).await }
        })
        .await;
        *host.api.lock().unwrap() = Some(address);
        host
    }

    async fn aws_api(self: Arc<Host>, request: Request<Bytes>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        if let Some(rest) = path.strip_prefix("/2015-03-31/functions/") {
            let arn = rest
                .split('/')
                .next()
                .unwrap_or_default()
                .replace("%3A", ":")
                .replace("%3a", ":");
            let name = arn
                .split(':')
                .nth(6)
                .unwrap_or_default()
                .rsplit('-')
                .next()
                .unwrap_or_default()
                .to_owned();
            return match Box::pin(self.invoke(&name, request.into_body().to_vec())).await {
                Ok(body) => reply(200, body),
                Err(body) => {
                    let mut response = reply(200, body);
                    response
                        .headers_mut()
                        .insert("x-amz-function-error", "Unhandled".parse().unwrap());
                    response
                }
            };
        }
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let id = body["SecretId"].as_str().unwrap_or_default();
        match self.secrets.get(id) {
            Some(text) => reply(
                200,
                json!({"ARN": id, "Name": id, "SecretString": text, "VersionId": "1"}).to_string(),
            ),
            None => reply(
                400,
                json!({"__type": "ResourceNotFoundException", "message": "no such secret"})
                    .to_string(),
            ),
        }
    }

    pub(crate) async fn invoke(&self, name: &str, event: Vec<u8>) -> Answer {
        let queue = {
            let mut functions = self.functions.lock().await;
            if !functions.contains_key(name) {
                let function = self.spawn(name).await;
                functions.insert(name.to_owned(), function);
            }
            functions[name].queue.clone()
        };
        let (sender, receiver) = oneshot::channel();
        queue
            .waiting
            .lock()
            .unwrap()
            .push_back((uuid::Uuid::new_v4().to_string(), event, sender));
        queue.arrived.notify_one();
        match tokio::time::timeout(Duration::from_secs(60), receiver).await {
            Ok(Ok(answer)) => answer,
            _ => panic!("{name} did not answer within 60 s"),
        }
    }

    async fn spawn(&self, name: &str) -> Function {
        let queue = Arc::new(Queue::default());
        let shared = queue.clone();
        let address = serve(move |request| runtime_api(shared.clone(), request)).await;
        let api = self.api.lock().unwrap().unwrap();
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.logs.join(format!("{name}.log")))
            .unwrap();
        let binary = self.binaries.join(name);
        let process = tokio::process::Command::new(&binary)
            .env_clear()
            .envs(&self.variables[name])
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", format!("miyabi-test-{name}"))
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env(
                "AWS_LAMBDA_LOG_GROUP_NAME",
                format!("/aws/lambda/miyabi-test-{name}"),
            )
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "test")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_SESSION_TOKEN", "test")
            .env("AWS_ENDPOINT_URL", format!("http://{api}"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
        Function {
            queue,
            _process: process,
        }
    }
}

async fn runtime_api(queue: Arc<Queue>, request: Request<Bytes>) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    if path.ends_with("/invocation/next") {
        loop {
            let next = queue.waiting.lock().unwrap().pop_front();
            if let Some((id, event, sender)) = next {
                let now = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap()
                    .as_millis();
                queue.running.lock().unwrap().insert(id.clone(), sender);
                return Response::builder()
                    .header("lambda-runtime-aws-request-id", id)
                    .header("lambda-runtime-deadline-ms", (now + 30_000).to_string())
                    .header(
                        "lambda-runtime-invoked-function-arn",
                        "arn:aws:lambda:us-east-1:000000000000:function:test",
                    )
                    .header(
                        "lambda-runtime-trace-id",
                        "Root=1-00000000-000000000000000000000000",
                    )
                    .header("content-type", "application/json")
                    .body(Full::new(event.into()))
                    .unwrap();
            }
            queue.arrived.notified().await;
        }
    }
    let segments: Vec<&str> = path.split('/').collect();
    let (id, kind) = (segments[segments.len() - 2], segments[segments.len() - 1]);
    let body = request.body().to_vec();
    if let Some(sender) = queue.running.lock().unwrap().remove(id) {
        let _ = sender.send(if kind == "response" {
            Ok(body)
        } else {
            Err(body)
        });
    } else {
        for (_, _, sender) in queue.waiting.lock().unwrap().drain(..) {
            let _ = sender.send(Err(body.clone()));
        }
    }
    reply(202, "")
}

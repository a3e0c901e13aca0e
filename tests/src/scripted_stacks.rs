//! A small endpoint in front of an emulator that answers some calls itself, for states that the
//! emulator cannot get into. Its answers have the shapes of CloudFormation's service model; they were
//! never recorded from AWS.

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
};

use ::http::{Request, StatusCode, header};
use bytes::Bytes;
use deployer::local::http::{Reply, Server};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;

use crate::{emulator::Emulator, http};

/// Answers a call of CloudFormation by its action and parameters, or leaves it to the emulator.
type Script = dyn FnMut(&str, &BTreeMap<String, String>) -> Option<(u16, String)> + Send;

/// Answers a request of another service by its method and path, or leaves it to the emulator.
type Answer = dyn FnMut(&str) -> Option<(u16, String)> + Send;

/// Something that happens between the emulator's response to a request and its delivery.
type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is scripted besides CloudFormation.
#[derive(Default)]
struct Rest {
    answers: Vec<Box<Answer>>,
    meanwhile: Vec<(String, Meanwhile)>,
}

impl Rest {
    fn answer(&mut self, request: &str) -> Option<(u16, String)> {
        self.answers.iter_mut().find_map(|answer| answer(request))
    }

    fn meanwhile(&mut self, request: &str) -> Option<Meanwhile> {
        let at = self.meanwhile.iter().position(|(of, _)| of == request)?;
        Some(self.meanwhile.remove(at).1)
    }
}

/// The endpoint; it answers until it is dropped.
pub struct ScriptedStacks {
    server: Server,
    rest: Arc<Mutex<Rest>>,
    seen: Arc<Mutex<Vec<String>>>,
    requests: Arc<Mutex<Vec<String>>>,
    lost: Arc<Mutex<Vec<String>>>,
}

impl ScriptedStacks {
    /// In front of `emulator`.
    pub async fn before(
        emulator: &Emulator,
        script: impl FnMut(&str, &BTreeMap<String, String>) -> Option<(u16, String)> + Send + 'static,
    ) -> ScriptedStacks {
        let upstream: SocketAddr = emulator
            .url()
            .trim_start_matches("http://")
            .parse()
            .unwrap();
        let script: Arc<Mutex<Box<Script>>> = Arc::new(Mutex::new(Box::new(script)));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let lost: Arc<Mutex<Vec<String>>> = Arc::default();
        let (noted, log, losing) = (seen.clone(), requests.clone(), lost.clone());
        let rest: Arc<Mutex<Rest>> = Arc::default();
        let scripted = rest.clone();
        let serve = move |request: Request<Incoming>| {
            let what = format!("{} {}", request.method(), request.uri().path());
            let is_lost = {
                let mut losing = losing.lock().unwrap();
                let at = losing.iter().position(|lost| *lost == what);
                at.map(|at| losing.remove(at)).is_some()
            };
            log.lock().unwrap().push(what.clone());
            let own = scripted.lock().unwrap().answer(&what);
            let meanwhile = scripted.lock().unwrap().meanwhile(&what);
            let answer = serve(upstream, script.clone(), noted.clone(), request);
            async move {
                if let Some((status, text)) = own {
                    let status = StatusCode::from_u16(status).unwrap();
                    return deployer::local::http::bytes(status, "application/json", text);
                }
                let mut answer = answer.await;
                if let Some(meanwhile) = meanwhile {
                    meanwhile.await;
                }
                if is_lost {
                    *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                }
                answer
            }
        };
        ScriptedStacks {
            server: Server::start(0, serve).await.unwrap(),
            rest,
            seen,
            requests,
            lost,
        }
    }

    /// Has the next request of that method and path done, and its answer replaced by a failure of the
    /// server.
    pub fn lose_answer_to(&self, request: impl Into<String>) {
        self.lost.lock().unwrap().push(request.into());
    }

    /// Has requests of services with JSON bodies answered by their method and path
    /// (`GET /2016-08-19/account-settings`); `None` leaves one to the emulator.
    pub fn answer(&self, answer: impl FnMut(&str) -> Option<(u16, String)> + Send + 'static) {
        self.rest.lock().unwrap().answers.push(Box::new(answer));
    }

    /// Has something happen after the emulator answered the next request of that method and path, and
    /// before its response is delivered: a race, at a known moment.
    pub fn meanwhile(
        &self,
        request: impl Into<String>,
        what: impl Future<Output = ()> + Send + 'static,
    ) {
        let entry: (String, Meanwhile) = (request.into(), Box::pin(what));
        self.rest.lock().unwrap().meanwhile.push(entry);
    }

    /// Its address, for `--endpoint-url`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port())
    }

    /// The actions of CloudFormation that were called, in order.
    pub fn actions(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Every request, method and path, in order.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// An answer of DescribeStacks with one stack in that status.
    pub fn stack(id: &str, name: &str, stage: &str, status: &str, reason: &str) -> (u16, String) {
        let text = format!(
            "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeStacksResult><Stacks><member>\
             <StackName>{name}</StackName><StackId>{id}</StackId><CreationTime>2026-01-01T00:00:00.000Z</CreationTime>\
             <StackStatus>{status}</StackStatus><StackStatusReason>{reason}</StackStatusReason>\
             <Tags><member><Key>miyabi:stage</Key><Value>{stage}</Value></member></Tags>\
             </member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
        );
        (200, text)
    }

    /// A refusal.
    pub fn refusal(status: u16, code: &str, message: &str) -> (u16, String) {
        let text = format!(
            "<ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Error><Type>Sender</Type>\
             <Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        );
        (status, text)
    }
}

impl fmt::Debug for ScriptedStacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScriptedStacks({})", self.url())
    }
}

async fn serve(
    upstream: SocketAddr,
    script: Arc<Mutex<Box<Script>>>,
    seen: Arc<Mutex<Vec<String>>>,
    request: Request<Incoming>,
) -> Reply {
    let (mut parts, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let is_form = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    if is_form {
        let parameters = form(&body);
        if let Some(action) = parameters
            .get("Action")
            .filter(|action| *action != "GetCallerIdentity")
        {
            seen.lock().unwrap().push(action.clone());
            let answer = (*script.lock().unwrap())(action, &parameters);
            if let Some((status, text)) = answer {
                return deployer::local::http::bytes(
                    StatusCode::from_u16(status).unwrap(),
                    "text/xml",
                    text,
                );
            }
        }
    }
    // As the emulator would have been asked.
    parts
        .headers
        .insert(header::HOST, upstream.to_string().parse().unwrap());
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str())
        .to_owned();
    parts.uri = target.parse().unwrap();
    let answer = http::send(upstream, Request::from_parts(parts, Full::new(body))).await;
    let mut reply = Reply::new(Full::new(answer.body));
    *reply.status_mut() = answer.status;
    *reply.headers_mut() = answer.headers;
    reply.headers_mut().remove(header::TRANSFER_ENCODING);
    reply
}

fn form(body: &Bytes) -> BTreeMap<String, String> {
    form_urlencoded::parse(body).into_owned().collect()
}

//! The WebSocket API with real sockets and a function that this test binary plays itself.

mod connections;
mod limits;
mod routes;

use std::{
    fs,
    net::Ipv4Addr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use super::*;
use crate::local::{
    http::Server,
    lambda::{
        Concurrency, Log, Spec,
        tests::{bootstrap_of, play_function},
    },
    orphans::Orphans,
};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:played:live";
/// Longer than anything here takes, on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// No test: the function behind the API, in a process of its own. `$connect` is answered with the
/// status of the query string, a message with its whole event unless it says otherwise, and every
/// event is printed.
#[test]
fn plays_a_socket_function() {
    play_function(|event| {
        println(event);
        let context = &event["requestContext"];
        match context["eventType"].as_str().unwrap() {
            "CONNECT" => {
                let query = &event["queryStringParameters"];
                let status = query["status"].as_str().unwrap_or("200");
                match status {
                    "exit" => std::process::exit(7),
                    "none" => json!({}),
                    status => {
                        let mut answer = json!({ "statusCode": status.parse::<u16>().unwrap() });
                        if let Some(protocol) = query["protocol"].as_str() {
                            answer["headers"] = json!({ "Sec-WebSocket-Protocol": protocol });
                        }
                        answer
                    }
                }
            }
            "MESSAGE" => match event["body"].as_str().unwrap() {
                "exit" => std::process::exit(7),
                "hang" => loop {
                    std::thread::sleep(Duration::from_secs(1));
                },
                "silence" => json!({ "statusCode": 200 }),
                _ => json!({ "statusCode": 200, "body": event.to_string() }),
            },
            _ => json!({ "statusCode": 200 }),
        }
    });
}

/// To the function's log.
fn println(event: &Value) {
    use std::io::Write;
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{event}");
}

type Socket = WebSocketStream<TcpStream>;

struct Played {
    api: Arc<SocketApi>,
    version: Arc<Version>,
    server: Server,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl Played {
    async fn start() -> Played {
        Played::with(Limits::default()).await
    }

    /// An API whose routes `$connect`, `$default`, `send` and `$disconnect` lead to the function; what
    /// `$default` returns is sent to the client.
    async fn with(limits: Limits) -> Played {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let functions = Functions::default();
        let api = Arc::new(SocketApi::with_limits("api", functions.clone(), limits));
        let serving = api.clone();
        let serve = move |request| {
            let api = serving.clone();
            async move { api.serve(request).await }
        };
        let server = Server::start(0, serve).await.unwrap();
        let domain = format!("127.0.0.1:{}", server.port());
        let environment = [
            ("AWS_ACCESS_KEY_ID", "LOCAL"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_SESSION_TOKEN", "token"),
            ("CONNECTIONS_ENDPOINT", &format!("http://{domain}/live")),
        ];
        let spec = Spec {
            name: "played".to_owned(),
            bootstrap: bootstrap_of(
                folder.path(),
                "bootstrap",
                "local::socket::tests::plays_a_socket_function",
                "",
            ),
            environment: environment
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            memory: 128,
            timeout: LONG,
            log_group: "/aws/lambda/played".to_owned(),
            orphans: Orphans::watch().unwrap(),
        };
        let concurrency = Concurrency::new(None);
        let version = Version::new(spec, "1", ARN, Log::open(&log).unwrap(), concurrency);
        let version = Arc::new(version);
        version.warm().await.unwrap();
        functions.register(&version);
        functions.point(ARN, Some(version.clone()));
        api.set_domain(&domain);
        api.set_selection(Selection::parse("$request.body.type").unwrap());
        api.set_integration("i", Some(ARN.to_owned()));
        api.set_permission("p", Some(ARN.to_owned()));
        for key in ["$connect", "$default", "$disconnect", "send"] {
            let route = Route {
                key: key.to_owned(),
                integration: "i".to_owned(),
                selects_response: key == "$default",
            };
            api.set_route(key, Some(route));
        }
        api.set_response("s", Some("$default".to_owned()));
        api.set_stage(Some(("live", None)));
        Played {
            api,
            version,
            server,
            log,
            _folder: folder,
        }
    }

    /// A socket, or the status with which it was refused.
    async fn connect(&self, query: &str) -> Result<Socket, StatusCode> {
        let port = self.server.port();
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        let url = format!("ws://127.0.0.1:{port}/live{query}");
        let mut request = url.into_client_request().unwrap();
        let origin = "http://127.0.0.1:4000".parse().unwrap();
        request.headers_mut().insert("origin", origin);
        if query.contains("protocol=") {
            let protocol = "chat".parse().unwrap();
            request
                .headers_mut()
                .insert("sec-websocket-protocol", protocol);
        }
        match client_async(request, stream).await {
            Ok((socket, response)) => {
                if query.contains("protocol=") {
                    assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
                }
                Ok(socket)
            }
            Err(Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("{error}"),
        }
    }

    /// A socket and the id of its connection, which it has from an event.
    async fn connected(&self) -> (Socket, String) {
        let mut socket = self.connect("").await.unwrap();
        socket.send(Message::text("who am I?")).await.unwrap();
        let event: Value = serde_json::from_str(&text(&mut socket).await).unwrap();
        let id = event["requestContext"]["connectionId"].as_str().unwrap();
        (socket, id.to_owned())
    }

    fn logged(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The events that the function has printed, which the log begins with a time.
    fn events(&self) -> Vec<Value> {
        let log = self.logged();
        let lines = log
            .lines()
            .filter_map(|line| line.find('{').map(|at| &line[at..]));
        lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// The event of that kind that the function has had for a connection.
    async fn event(&self, kind: &str, connection: &str) -> Value {
        until(&format!("{kind} of {connection}"), || {
            self.events().into_iter().find(|event| {
                let context = &event["requestContext"];
                context["eventType"] == kind && context["connectionId"] == connection
            })
        })
        .await
    }
}

/// Waits for a condition.
async fn until<T>(what: &str, condition: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(begun.elapsed() < LONG, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The next message, which is a text.
async fn text(socket: &mut Socket) -> String {
    let message = tokio::time::timeout(LONG, socket.next()).await.unwrap();
    match message {
        Some(Ok(Message::Text(text))) => text.as_str().to_owned(),
        other => panic!("no text: {other:?}"),
    }
}

/// The close code with which the other side ends the connection.
async fn closed(socket: &mut Socket) -> u16 {
    loop {
        let message = tokio::time::timeout(LONG, socket.next()).await.unwrap();
        match message {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
            Some(Ok(Message::Close(None))) => return 1005,
            Some(Ok(_)) => {}
            other => panic!("no close frame: {other:?}"),
        }
    }
}

//! No event ends a function: events of other services, and HTTP events that make no request.

mod not_http;
mod requests;

use miyabi_catalog::{FUNCTIONS, Function};
use miyabi_tests::{App, Value, http_event, json};

/// An event, and whether it is an HTTP request of payload format 2.0.
pub(crate) struct Odd {
    pub(crate) what: String,
    pub(crate) event: Vec<u8>,
    pub(crate) is_http: bool,
}

/// At least 100 events that nobody who wrote the functions had in mind.
pub(crate) fn odd_events() -> Vec<Odd> {
    let mut events = not_http::other_services();
    events.extend(not_http::not_objects());
    events.extend(requests::odd_requests());
    assert!(events.len() >= 100, "{} events", events.len());
    events
}

/// That a function answered an HTTP event with a refusal in the promised form.
#[track_caller]
pub(crate) fn assert_refusal(answer: &Value, what: &str) {
    let status = answer["statusCode"].as_u64().unwrap_or_default();
    assert!((400..500).contains(&status), "{what}: {answer:.600}");
    let kind = &answer["headers"]["content-type"];
    assert_eq!(kind, "application/problem+json", "{what}: {answer:.600}");
    let problem: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(problem["status"], status, "{what}: {problem}");
}

/// What the function behind the WebSocket API answers to an event of its own: a handshake without a
/// ticket is refused, and a message that says nothing is an error.
pub(crate) fn expected_of_socket(function: &Function, what: &str) -> Option<Value> {
    if function.socket_routes.is_empty() {
        None
    } else if what.ends_with("WebSocket connect") {
        Some(json!({"statusCode": 403}))
    } else if what.ends_with("WebSocket message") {
        let error = r#"{"type":"error","code":"bad_message"}"#;
        Some(json!({"statusCode": 200, "body": error}))
    } else {
        None
    }
}

#[tokio::test]
async fn no_event_ends_a_function() {
    let app = App::start().await;
    for function in FUNCTIONS {
        let name = function.name;
        let first = http_event("GET /api/odd", "/api/odd", &[], None);
        let _ = app.invoke(name, &first).await;
        let process = app.processes(name);
        assert_eq!(process.len(), 1, "{name}: {process:?}");
        for Odd {
            what,
            event,
            is_http,
        } in odd_events()
        {
            let what = format!("{name}, {what}");
            match app.invoke_raw(name, event).await {
                Ok(answer) if is_http && !function.routes.is_empty() => {
                    assert_refusal(&answer, &what);
                }
                Ok(answer) if expected_of_socket(function, &what).is_some() => {
                    assert_eq!(Some(answer), expected_of_socket(function, &what), "{what}");
                }
                Ok(answer) => panic!("{what} was answered: {answer:.600}"),
                Err(error) => {
                    let kind = error["errorType"].as_str().unwrap_or_default();
                    assert!(
                        !kind.is_empty() && !kind.starts_with("Runtime."),
                        "{what}: {error:.600}"
                    );
                    assert!(
                        !is_http || function.routes.is_empty(),
                        "{what}: {error:.600}"
                    );
                }
            }
        }
        assert_eq!(app.processes(name), process, "{name} was started again");
    }
}

//! Each function's own binary, invoked over the Runtime API with the events that AWS documents:
//! API Gateway's payload format 2.0 with all its members, and the direct invocations of this
//! project.

use base64::{Engine, engine::general_purpose::STANDARD};
use miyabi_tests::{App, Value, json};

/// The example of AWS's page "Create AWS Lambda proxy integrations for HTTP APIs", member for
/// member, as a request of ours.
fn documented(method: &str, route: &str, path: &str, query: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": format!("{method} {route}"),
        "rawPath": path,
        "rawQueryString": query,
        "headers": {
            "header1": "value1",
            "header2": "value1,value2",
            "host": "id.execute-api.us-east-1.amazonaws.com",
            "x-forwarded-proto": "https"
        },
        "queryStringParameters": {
            "parameter1": "value1,value2",
            "parameter2": "value"
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api-id",
            "authentication": {
                "clientCert": {
                    "clientCertPem": "CERT_CONTENT",
                    "subjectDN": "www.example.com",
                    "issuerDN": "Example issuer",
                    "serialNumber": "a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1",
                    "validity": {
                        "notBefore": "May 28 12:30:02 2019 GMT",
                        "notAfter": "Aug  5 09:36:04 2021 GMT"
                    }
                }
            },
            "authorizer": {
                "jwt": {
                    "claims": {"claim1": "value1", "claim2": "value2"},
                    "scopes": ["scope1", "scope2"]
                }
            },
            "domainName": "id.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "id",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "agent"
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": format!("{method} {route}"),
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1_583_348_638_390_i64
        },
        "pathParameters": {"parameter1": "value1"},
        "isBase64Encoded": false,
        "stageVariables": {"stageVariable1": "value1", "stageVariable2": "value2"}
    })
}

/// What API Gateway takes as an answer of payload format 2.0.
#[track_caller]
fn assert_answer(answer: &Value, status: u16) -> Value {
    assert_eq!(answer["statusCode"], status, "{answer}");
    assert!(answer["headers"].is_object(), "{answer}");
    assert!(
        answer["headers"]
            .as_object()
            .unwrap()
            .values()
            .all(Value::is_string),
        "{answer}"
    );
    assert!(
        answer["headers"].get("set-cookie").is_none(),
        "cookies go in `cookies`: {answer}"
    );
    assert!(answer["isBase64Encoded"].is_boolean(), "{answer}");
    let body = answer["body"].as_str().unwrap_or_default();
    serde_json::from_str(body).unwrap_or(Value::Null)
}

#[tokio::test]
async fn tasks_answers_the_documented_event() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let authorization = json!(format!("Bearer {}", alice.token));
    let mut post = documented("POST", "/api/tasks", "/api/tasks", "");
    post["headers"]["authorization"] = authorization.clone();
    post["headers"]["content-type"] = json!("application/json");
    post["body"] = json!(r#"{"title": "Water the maple"}"#);
    let answer = app.invoke("tasks", &post).await.unwrap();
    let first = assert_answer(&answer, 201);
    assert_eq!(answer["headers"]["etag"], "\"1\"", "{answer}");
    assert_eq!(answer["headers"]["x-request-id"], "JKJaXmPLvHcESHA=");

    // What is not text by its type comes in base64; so may anything else.
    post["body"] = json!(STANDARD.encode(r#"{"title": "Rake the gravel"}"#));
    post["isBase64Encoded"] = json!(true);
    let second = assert_answer(&app.invoke("tasks", &post).await.unwrap(), 201);
    assert_eq!(second["title"], "Rake the gravel");

    let mut list = documented("GET", "/api/tasks", "/api/tasks", "sort=created_at&limit=1");
    list["headers"]["authorization"] = authorization.clone();
    let page = assert_answer(&app.invoke("tasks", &list).await.unwrap(), 200);
    assert_eq!(page["items"][0]["id"], first["id"], "{page}");
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");

    // The path counts, not `pathParameters`, which name another one here.
    let path = format!("/api/tasks/{}", second["id"].as_str().unwrap());
    let mut one = documented("GET", "/api/tasks/{task_id}", &path, "");
    one["headers"]["authorization"] = authorization;
    let task = assert_answer(&app.invoke("tasks", &one).await.unwrap(), 200);
    assert_eq!(task["id"], second["id"]);
}

#[tokio::test]
async fn auth_answers_the_documented_event_and_keeps_cookies_apart() {
    let app = App::start().await;
    let login = documented("GET", "/api/auth/login", "/api/auth/login", "login=alice");
    let answer = app.invoke("auth", &login).await.unwrap();
    assert_answer(&answer, 303);
    let cookies = answer["cookies"].as_array().unwrap();
    assert!(
        cookies
            .iter()
            .any(|cookie| cookie.as_str().unwrap().starts_with("__Host-oauth-")),
        "{answer}"
    );

    // The cookies of a person, as API Gateway hands them over: in a list, not in a header.
    let alice = app.sign_in("alice").await;
    let csrf = alice.browser.cookie("__Host-csrf").unwrap();
    let refresh_cookie = alice.browser.cookie("__Secure-rt").unwrap();
    let mut refresh = documented("POST", "/api/auth/refresh", "/api/auth/refresh", "");
    refresh["headers"]["origin"] = json!("http://id.execute-api.us-east-1.amazonaws.com");
    refresh["headers"]["x-csrf-token"] = json!(csrf);
    refresh["cookies"] = json!([
        format!("__Host-csrf={csrf}"),
        format!("__Secure-rt={refresh_cookie}")
    ]);
    let answer = app.invoke("auth", &refresh).await.unwrap();
    let body = assert_answer(&answer, 200);
    assert!(body["access_token"].is_string(), "{answer}");
    assert!(answer["cookies"].is_array(), "{answer}");
}

#[tokio::test]
async fn activity_answers_the_documented_event() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut event = documented("GET", "/api/activity", "/api/activity", "limit=1");
    event["headers"]["authorization"] = json!(format!("Bearer {}", alice.token));
    let page = assert_answer(&app.invoke("activity", &event).await.unwrap(), 200);
    assert!(page["items"].is_array(), "{page}");
}

#[tokio::test]
async fn docs_answers_the_documented_event_in_text_and_in_base64() {
    let app = App::start().await;
    let event = documented("GET", "/api/health", "/api/health", "");
    let answer = app.invoke("docs", &event).await.unwrap();
    assert_eq!(assert_answer(&answer, 200)["status"], "ok");
    assert_eq!(answer["isBase64Encoded"], false);

    let path = "/swagger-ui/favicon-32x32.png";
    let event = documented("GET", "/swagger-ui/{proxy+}", path, "");
    let answer = app.invoke("docs", &event).await.unwrap();
    assert_answer(&answer, 200);
    assert_eq!(answer["isBase64Encoded"], true, "{answer}");
    let picture = STANDARD.decode(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(picture[1..4], *b"PNG");
}

/// AWS's example is a POST to `/my/path` of whatever function: it is no route of any.
#[tokio::test]
async fn a_path_of_no_route_is_a_problem_of_every_function() {
    let app = App::start().await;
    let mut event = documented(
        "POST",
        "$default",
        "/my/path",
        "parameter1=value1&parameter2=value",
    );
    event["body"] = json!("Hello from Lambda");
    for function in miyabi_catalog::FUNCTIONS {
        if function.routes.is_empty() {
            continue;
        }
        let answer = app.invoke(function.name, &event).await.unwrap();
        let problem = assert_answer(&answer, 404);
        assert_eq!(problem["code"], "not_found", "{}", function.name);
    }
}

#[tokio::test]
async fn github_and_migrate_answer_what_the_architecture_says() {
    let app = App::start().await;
    let event = json!({
        "kind": "authorize_url", "state": "s", "code_challenge": "c",
        "redirect_uri": "http://127.0.0.1/api/auth/callback", "login": null
    });
    let answer = app.invoke("github", &event).await.unwrap();
    let url = answer["url"].as_str().unwrap_or_else(|| panic!("{answer}"));
    assert!(url.contains("code_challenge_method=S256"), "{url}");

    let status = app.invoke("migrate", &json!({"kind": "status"})).await;
    let status = status.unwrap();
    assert_eq!(status["pending"], json!([]), "{status}");
    let applied = status["applied"].as_array().unwrap();
    let newest = &applied.last().unwrap()["version"];
    assert_eq!(&status["schema_version"], newest, "{status}");

    for function in ["github", "migrate"] {
        let wrong = app.invoke(function, &json!({"kind": "nonsense"})).await;
        assert!(wrong.is_err(), "{function}: {wrong:?}");
    }
}

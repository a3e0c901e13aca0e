//! Text that databases choke on, and text that looks like other text.

use miyabi_tests::{App, Method, Response, json};

#[tokio::test]
async fn attack_35_text_that_cannot_be_stored() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = alice.create("/api/tasks", json!({"title": "Task"})).await;
    let comments = format!("{task}/comments");
    let bad = [
        r"a\u0000b",
        r"\ud800",
        r"\udfff",
        r"\ud800\ud800",
        r"a\ud83d",
        r"a\u202egpj.exe",
        r"\u2066a",
        r"\u001b[31m",
    ];
    for text in bad {
        for (method, path, body) in [
            ("POST", "/api/tasks", format!(r#"{{"title": "{text}"}}"#)),
            (
                "POST",
                "/api/tasks",
                format!(r#"{{"title": "a", "description": "{text}"}}"#),
            ),
            ("PATCH", &task, format!(r#"{{"title": "{text}"}}"#)),
            ("POST", &comments, format!(r#"{{"body": "{text}"}}"#)),
            ("POST", "/api/labels", format!(r#"{{"name": "{text}"}}"#)),
            (
                "POST",
                "/api/organizations",
                format!(r#"{{"name": "{text}"}}"#),
            ),
            (
                "POST",
                "/api/roles",
                format!(r#"{{"name": "{text}", "permissions": []}}"#),
            ),
            (
                "POST",
                "/api/invitations",
                format!(r#"{{"role": "viewer", "login": "{text}"}}"#),
            ),
            (
                "POST",
                "/api/invitations/accept",
                format!(r#"{{"code": "{text}"}}"#),
            ),
        ] {
            raw(&app, &alice.token, method, path, body)
                .await
                .problem(422, "invalid");
        }
    }
    // jsonb holds everything that is text, and nothing that is not.
    for text in [r"a\u0000b", r"\ud800", r"\udfff"] {
        for metadata in [
            format!(r#"{{"x": "{text}"}}"#),
            format!(r#"{{"{text}": 1}}"#),
            format!(r#"{{"x": [["{text}"]]}}"#),
        ] {
            let body = format!(r#"{{"title": "a", "metadata": {metadata}}}"#);
            raw(&app, &alice.token, "POST", "/api/tasks", body)
                .await
                .problem(422, "invalid");
        }
    }
    for parameter in ["q", "title_prefix", "status", "cursor", "label"] {
        for text in ["%00", "a%00b", "%ff", "%ed%a0%80"] {
            let response = alice.get(&format!("/api/tasks?{parameter}={text}")).await;
            response.problem(422, "invalid");
        }
    }
    for path in ["/api/tasks/%00", "/api/tasks/%ff", "/api/labels/%ed%a0%80"] {
        let response = alice.request(Method::DELETE, path).send().await;
        assert!(response.status.is_client_error(), "{path}: {response}");
    }
}

async fn raw(app: &App, token: &str, method: &str, path: &str, body: String) -> Response {
    app.request(method.parse().unwrap(), path)
        .bearer(token)
        .header("content-type", "application/json")
        .header("if-match", "\"1\"")
        .body(body)
        .send()
        .await
}

#[tokio::test]
async fn attack_35_odd_text_is_stored_as_it_is() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for text in [
        "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 💥",
        "\u{e9}",
        "раypаl",
        "日本語 العربية עברית",
        "a\u{200b}z",
        "\u{fffd}",
        "\\u0000",
    ] {
        let created = alice
            .post(
                "/api/tasks",
                json!({"title": text, "description": text, "metadata": {text: text}}),
            )
            .await
            .expect(201);
        assert_eq!(created["title"], text);
        assert_eq!(created["description"], text);
        assert_eq!(created["metadata"][text], text);
        let label = alice.post("/api/labels", json!({"name": text})).await;
        assert_eq!(label.expect(201)["name"], text);
        let query: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let page = alice
            .get(&format!("/api/tasks?title_prefix={query}"))
            .await
            .expect(200);
        assert_eq!(page["items"][0]["title"], text, "{page}");
        alice
            .get(&format!("/api/tasks?q={query}"))
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn attack_35_what_cannot_be_seen_is_blank() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = alice.post("/api/tasks", json!({"title": "Task"})).await;
    let task = task.expect(201)["id"].as_str().unwrap().to_owned();
    let comments = format!("/api/tasks/{task}/comments");
    for blank in [
        "\u{200b}",
        "\u{2060}",
        "\u{3164}",
        "\u{feff}",
        "\u{301}",
        "\u{200e}",
        "\u{202e}",
        "\u{a0}\u{ad}",
    ] {
        let title = json!({ "title": blank });
        alice
            .post("/api/tasks", title.clone())
            .await
            .problem(422, "invalid");
        alice
            .patch(&format!("/api/tasks/{task}"), 1, title)
            .await
            .problem(422, "invalid");
        alice
            .post(&comments, json!({ "body": blank }))
            .await
            .problem(422, "invalid");
        alice
            .post("/api/labels", json!({ "name": blank }))
            .await
            .problem(422, "invalid");
    }
}

/// Text in another normalization is the same text: stored as one, found as one.
#[tokio::test]
async fn attack_35_one_normalization() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let created = alice
        .post("/api/tasks", json!({"title": "Cafe\u{301} bonsai"}))
        .await
        .expect(201);
    assert_eq!(created["title"], "Caf\u{e9} bonsai");
    for query in [
        "title_prefix=CAF%C3%89",
        "title_prefix=cafe%CC%81",
        "q=cafe%CC%81",
        "q=caf%C3%A9",
    ] {
        let found = alice.get(&format!("/api/tasks?{query}")).await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{query}");
    }
    let label = alice
        .post("/api/labels", json!({"name": "Fi\u{e9}"}))
        .await
        .expect(201);
    let other = alice
        .post("/api/labels", json!({"name": "Other"}))
        .await
        .expect(201);
    for same in [
        "Fie\u{301}",
        "FI\u{c9}",
        "\u{fb01}\u{e9}",
        "Ｆｉ\u{e9}",
        "F\u{200b}i\u{e9}",
    ] {
        alice
            .post("/api/labels", json!({ "name": same }))
            .await
            .problem(409, "label_exists");
        let path = format!("/api/labels/{}", other["id"].as_str().unwrap());
        alice
            .patch(&path, 1, json!({ "name": same }))
            .await
            .problem(409, "label_exists");
    }
    // Its own name in another spelling is no other label's.
    let path = format!("/api/labels/{}", label["id"].as_str().unwrap());
    alice
        .patch(&path, 1, json!({"name": "FI\u{c9}"}))
        .await
        .expect(200);
    alice
        .post("/api/labels", json!({"name": "Fi\u{435}"}))
        .await
        .expect(201);
}

/// Numbers are decimals of any length, not doubles.
#[tokio::test]
async fn attack_35_metadata_keeps_its_numbers() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let numbers = [
        "0.1",
        "0.10",
        "1.7976931348623157e308",
        "5e-324",
        "2.2250738585072014e-308",
        "9007199254740993",
        "123456789012345678901234567890.123456789",
        "-0.30000000000000004",
        "1e-7",
        "4.35",
        "1e400",
    ];
    let members: Vec<String> = numbers
        .iter()
        .enumerate()
        .map(|(n, number)| format!("\"n{n}\": {number}"))
        .collect();
    let metadata = format!("{{{}}}", members.join(", "));
    let body = format!(r#"{{"title": "Numbers", "metadata": {metadata}}}"#);
    let created = raw(&app, &alice.token, "POST", "/api/tasks", body).await;
    assert_eq!(created.status, 201, "{created}");
    let stored = app
        .rows("select metadata = (select metadata from tasks) as same from tasks")
        .await;
    assert_eq!(stored, ["(t)"]);
    let exact = app
        .rows(&format!("select metadata = '{metadata}'::jsonb from tasks"))
        .await;
    assert_eq!(exact, ["(t)"], "{created}");
    // A change of something else leaves them as they are, and out of the trail.
    let id = app.rows("select id from tasks").await[0]
        .trim_matches(['(', ')'])
        .to_owned();
    let before = app.rows("select metadata::text from tasks").await;
    alice
        .request(Method::PATCH, &format!("/api/tasks/{id}"))
        .header("if-match", "\"1\"")
        .json(json!({"title": "New"}))
        .send()
        .await;
    assert_eq!(app.rows("select metadata::text from tasks").await, before);
    assert_eq!(
        app.rows("select 1 from audit_log where action = 'task.update' and not after ? 'metadata'")
            .await
            .len(),
        1
    );
    for beyond in ["1e999999", "1e-99999", "1e2147483648", &"9".repeat(20_000)] {
        let body = format!(r#"{{"title": "Beyond", "metadata": {{"x": {beyond}}}}}"#);
        let refused = raw(&app, &alice.token, "POST", "/api/tasks", body)
            .await
            .problem(422, "invalid");
        assert_eq!(refused["errors"][0]["field"], "metadata");
    }
}

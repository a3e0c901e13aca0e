//! Text that databases choke on, and text that looks like other text.

use miyabi_tests::{App, Method, Response, json};

#[tokio::test]
async fn attack_35_text_that_cannot_be_stored() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = alice
        .post("/api/tasks", json!({"title": "Task"}))
        .await
        .expect(201);
    let task = format!("/api/tasks/{}", task["id"].as_str().unwrap());
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
        "e\u{301}",
        "раypаl",
        "日本語 العربية עברית",
        "a\u{200b}b",
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

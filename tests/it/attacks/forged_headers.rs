//! Headers that claim to come from the gateway or from CloudFront, and line breaks in what becomes
//! a header.

use miyabi_tests::{App, Method, Setup, http_event, json};

use super::sign_in::Begun;

#[tokio::test]
async fn attack_37_identity_headers_are_ignored() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let task = alice
        .post("/api/tasks", json!({"title": "Mine"}))
        .await
        .expect(201);
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    let claims = alice.claims();
    let context = json!({"authorizer": {"lambda": claims, "jwt": {"claims": claims}}}).to_string();
    let forged = [
        ("x-user-id", alice.user_id()),
        ("x-organization-id", alice.organization_id()),
        ("x-org-id", alice.organization_id()),
        ("x-amzn-oidc-identity", alice.user_id()),
        ("x-amzn-request-context", context.clone()),
        ("x-amzn-lambda-context", context),
        ("x-original-url", path.clone()),
        ("x-rewrite-url", path.clone()),
    ];
    for (name, value) in &forged {
        let as_nobody = app
            .request(Method::GET, &path)
            .header(name, value)
            .send()
            .await;
        assert_eq!(as_nobody.status, 401, "{name}: {as_nobody}");
        let as_bob = bob
            .request(Method::GET, &path)
            .header(name, value)
            .send()
            .await;
        assert_eq!(as_bob.status, 404, "{name}: {as_bob}");
    }
}

/// An authorizer's claims in the event itself: this API has no authorizer, so they are a lie.
#[tokio::test]
async fn attack_37_an_authorizer_in_the_request_context_proves_nothing() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut event = http_event("GET /api/tasks", "/api/tasks", &[], None);
    let claims = json!({"sub": alice.user_id(), "org": alice.organization_id(), "role": "owner"});
    event["requestContext"]["authorizer"] =
        json!({"jwt": {"claims": claims, "scopes": ["admin"]}, "lambda": claims});
    let answer = app.invoke("tasks", &event).await.unwrap();
    assert_eq!(answer["statusCode"], 401, "{answer}");
}

/// Without the origin secret nobody stands in front of the API, so nobody can say who asked.
#[tokio::test]
async fn attack_37_a_forged_host_or_address_changes_nothing() {
    let app = App::start().await;
    let forged = [
        "x-forwarded-host",
        "x-viewer-host",
        "forwarded",
        "x-host",
        "x-forwarded-server",
    ];
    for name in forged {
        let value = if name == "forwarded" {
            "host=evil.example;proto=https"
        } else {
            "evil.example"
        };
        let response = app
            .request(Method::GET, "/api/auth/login?login=alice")
            .header(name, value)
            .send()
            .await;
        assert!(response.status.is_redirection(), "{response}");
        assert!(
            !response.to_string().contains("evil.example"),
            "{name}: {response}"
        );
    }
}

/// The address of whoever signs in is stored with the session: the gateway's, whatever headers say.
#[tokio::test]
async fn attack_37_a_forged_address_is_not_stored() {
    let app = App::start().await;
    let forged = "6.6.6.6";
    let begun = Begun::at(&app, "alice").await;
    let path = begun.come_back().await;
    let mut request = begun.browser.request(Method::GET, &path);
    for name in [
        "x-viewer-ip",
        "x-forwarded-for",
        "x-real-ip",
        "cf-connecting-ip",
        "cloudfront-viewer-address",
        "true-client-ip",
        "forwarded",
    ] {
        request = request.header(name, forged);
    }
    let landed = begun.browser.send(request).await;
    assert_eq!(landed.status, 303, "{landed}");
    let stored = app.rows("select ip_address from sessions").await;
    assert_eq!(stored, ["(127.0.0.1)"]);
    let everything = app.rows("select * from sessions").await.join("\n")
        + &app.rows("select * from audit_log").await.join("\n");
    assert!(!everything.contains(forged), "{everything}");
}

#[tokio::test]
async fn attack_37_behind_cloudfront_only_the_origin_secret_opens() {
    let secret = "the origin secret of the tests, long enough";
    let app = App::with(Setup {
        origin_secret: Some(secret.to_owned()),
        ..Setup::default()
    })
    .await;
    let ask = |value: Option<&str>| {
        let request = app.request(Method::GET, "/api/health");
        match value {
            Some(value) => request.header("x-origin-verify", value).send(),
            None => request.send(),
        }
    };
    assert_eq!(ask(Some(secret)).await.status, 200);
    for wrong in [
        None,
        Some(""),
        Some("wrong"),
        Some(&secret[..secret.len() - 1]),
    ] {
        let response = ask(wrong).await;
        assert_eq!(response.status, 403, "{wrong:?}: {response}");
    }
}

/// What a client sends ends up in a header in two places: the redirect after sign-in and the
/// request id. Neither may carry a line break.
#[tokio::test]
async fn attack_37_line_breaks_become_no_header() {
    let app = App::start().await;
    for break_out in [
        "%0d%0aset-cookie:%20evil=1",
        "%0aset-cookie:%20evil=1",
        "%E5%98%8A%E5%98%8Dset-cookie:%20evil=1",
    ] {
        let path = format!("/api/auth/login?login=alice&return_to=/tasks{break_out}");
        let response = app.get(&path).await;
        assert!(response.status.as_u16() < 500, "{response}");
        assert!(response.set_cookie("evil").is_none(), "{response}");
        let landed = app.browser().follow(&path).await;
        assert!(landed.set_cookie("evil").is_none(), "{landed}");
    }
    let answer = app
        .invoke(
            "docs",
            &http_event(
                "GET /api/health",
                "/api/health",
                &[("x-request-id", "a\r\nset-cookie: evil=1")],
                None,
            ),
        )
        .await;
    // No gateway sends such an event, and the function need not take it.
    let (Ok(answer) | Err(answer)) = answer;
    assert!(!answer.to_string().contains("evil"), "{answer}");
}

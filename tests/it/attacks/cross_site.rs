//! Requests that another site makes a browser send.

use miyabi_tests::{App, Method, Person, RequestBuilder, Token, json};

/// The routes that a cookie authenticates.
const ROUTES: [&str; 3] = ["/api/auth/refresh", "/api/auth/logout", "/api/auth/switch"];

/// What our page would send, body included.
fn right(alice: &Person, route: &str) -> RequestBuilder {
    let request = alice.cookie_request(Method::POST, route);
    match route {
        "/api/auth/switch" => request.json(json!({"organization_id": alice.organization_id()})),
        _ => request,
    }
}

#[tokio::test]
async fn attack_26_cross_site_requests() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mallory = app.sign_in("mallory").await;
    let sibling = app.sign_in("alice").await;
    let port = app.address().port();
    let before = alice.browser.cookie("__Secure-rt").unwrap();
    let csrf_of = |person: &Person| person.browser.cookie("__Host-csrf").unwrap();
    for route in ROUTES {
        let ask = || right(&alice, route);
        let form = "application/x-www-form-urlencoded";
        let requests = [
            ("no token", ask().without("x-csrf-token")),
            ("an empty token", ask().header("x-csrf-token", "")),
            (
                "somebody else's token",
                ask().header("x-csrf-token", csrf_of(&mallory)),
            ),
            (
                "the token of another session",
                ask().header("x-csrf-token", csrf_of(&sibling)),
            ),
            (
                "the refresh token as token",
                ask().header("x-csrf-token", before.clone()),
            ),
            (
                "the access token as token",
                ask().header("x-csrf-token", alice.token.clone()),
            ),
            ("no origin", ask().without("origin")),
            ("origin null", ask().header("origin", "null")),
            (
                "another origin",
                ask().header("origin", "https://evil.example"),
            ),
            (
                "a sibling's origin",
                ask().header("origin", format!("http://evil.127.0.0.1:{port}")),
            ),
            (
                "another port",
                ask().header("origin", format!("http://127.0.0.1:{}", port ^ 1)),
            ),
            (
                "another scheme",
                ask().header("origin", format!("https://127.0.0.1:{port}")),
            ),
            (
                "ours and more",
                ask().header("origin", format!("{}.evil.example", app.origin())),
            ),
            (
                "fetched cross-site",
                ask().header("sec-fetch-site", "cross-site"),
            ),
            (
                "fetched from a sibling",
                ask().header("sec-fetch-site", "same-site"),
            ),
            ("typed in", ask().header("sec-fetch-site", "none")),
            (
                "a simple request",
                ask()
                    .without("x-csrf-token")
                    .header("content-type", "text/plain")
                    .body("{}"),
            ),
            (
                "a form",
                ask()
                    .without("x-csrf-token")
                    .header("content-type", form)
                    .body(format!("x-csrf-token={}", csrf_of(&alice))),
            ),
            (
                "a form that looks like JSON",
                ask()
                    .without("x-csrf-token")
                    .header("content-type", "multipart/form-data")
                    .body("{\"a\":\"=\"}"),
            ),
            ("the token in the query only", {
                let mut request = ask().without("x-csrf-token");
                request = request.header("referer", format!("{}/", app.origin()));
                request
            }),
        ];
        for (what, request) in requests {
            let response = request.send().await;
            assert_eq!(response.status, 403, "{what} at {route}: {response}");
            response.problem(403, "csrf");
            assert!(
                response.set_cookie("__Secure-rt").is_none(),
                "{what}: {response}"
            );
        }
        // A GET cannot do what only a POST does: the gateway has no such route.
        let get = alice
            .browser
            .request(Method::GET, route)
            .header("origin", app.origin())
            .header("x-csrf-token", csrf_of(&alice));
        assert_eq!(get.send().await.status, 404, "{route}");
    }
    // Nothing of all that did anything: the cookie is as unused as before.
    let unused = app
        .rows("select 1 from sessions where revoked_at is not null")
        .await;
    assert_eq!(unused, Vec::<String>::new());
    let response = right(&alice, "/api/auth/refresh").send().await;
    response.expect(200);
}

/// What a sibling domain can do is plant cookies; not read the token that goes with them.
#[tokio::test]
async fn attack_26_a_planted_cookie() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mallory = app.sign_in("mallory").await;
    let (own, planted) = (
        alice.browser.cookie("__Secure-rt").unwrap(),
        mallory.browser.cookie("__Secure-rt").unwrap(),
    );
    // Hers instead of the victim's own: the CSRF token, which only our host can set, is another's.
    let replaced =
        right(&alice, "/api/auth/refresh").header("cookie", format!("__Secure-rt={planted}"));
    replaced.send().await.problem(403, "csrf");
    // Both: the CSRF token says whose request it is.
    for both in [
        format!("__Secure-rt={planted}; __Secure-rt={own}"),
        format!("__Secure-rt={own}; __Secure-rt={planted}"),
    ] {
        let request = right(&alice, "/api/auth/refresh").header("cookie", both);
        let token = request.send().await.expect(200)["access_token"].clone();
        let claims = Token::parse(token.as_str().unwrap()).claims;
        assert_eq!(claims["sid"], alice.claims()["sid"]);
    }
    right(&alice, "/api/auth/refresh").send().await.expect(200);
}

/// A bearer token comes with no request by itself: it needs no CSRF token, and cookies alone do not
/// stand in for it.
#[tokio::test]
async fn attack_26_cookies_are_no_access_token() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for (method, path) in [
        (Method::GET, "/api/auth/me"),
        (Method::GET, "/api/auth/sessions"),
        (Method::POST, "/api/auth/logout-all"),
        (Method::GET, "/api/activity"),
        (Method::GET, "/api/tasks"),
    ] {
        let request = alice.cookie_request(method, path);
        request.send().await.problem(401, "unauthenticated");
    }
    // A route for the cookie does not take the access token instead.
    for route in ROUTES {
        let request = alice
            .request(Method::POST, route)
            .json(json!({"organization_id": alice.organization_id()}));
        request.send().await.problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn attack_28_another_origin_gets_no_permission() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let port = app.address().port();
    let origins = [
        "https://evil.example".to_owned(),
        "null".to_owned(),
        format!("http://evil-127.0.0.1:{port}"),
        format!("http://127.0.0.1.evil.example:{port}"),
        format!("http://127.0.0.1:{port}.evil.example"),
    ];
    for origin in &origins {
        let requests = [
            alice.request(Method::GET, "/api/auth/me"),
            alice.request(Method::GET, "/api/tasks"),
            alice.cookie_request(Method::POST, "/api/auth/refresh"),
            app.request(Method::GET, "/api/auth/me"),
            app.request(Method::OPTIONS, "/api/tasks")
                .header("access-control-request-method", "POST")
                .header(
                    "access-control-request-headers",
                    "authorization,content-type",
                ),
            app.request(Method::OPTIONS, "/api/auth/refresh")
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "x-csrf-token"),
        ];
        for request in requests {
            let response = request.header("origin", origin.clone()).send().await;
            for name in [
                "access-control-allow-origin",
                "access-control-allow-credentials",
            ] {
                assert_eq!(response.header(name), "", "{origin}: {response}");
            }
        }
    }
}

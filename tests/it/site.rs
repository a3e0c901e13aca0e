//! The site of a deployed stage, asked from outside: what CloudFront and S3 do on AWS, the local
//! target does from the same template. Details are tested beside `deployer/src/local/cdn`.

use std::net::SocketAddr;

use miyabi_tests::{Browser, Checkout, Method, Response, Value, json};

/// What the distribution puts on every answer, its own errors included.
pub(crate) const EVERYWHERE: [(&str, &str); 5] = [
    (
        "strict-transport-security",
        "max-age=31536000; includeSubDomains",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

struct Site {
    browser: Browser,
    origin: String,
}

impl Site {
    fn at(origin: &Value) -> Site {
        let origin = origin.as_str().unwrap().to_owned();
        let address: SocketAddr = origin.trim_start_matches("http://").parse().unwrap();
        Site {
            browser: Browser::new(address),
            origin,
        }
    }

    async fn get(&self, path: &str) -> Response {
        self.browser.request(Method::GET, path).await
    }

    /// Where GitHub will send somebody back to, as the sign-in asks for it.
    async fn callback(&self, forged: &[(&str, &str)]) -> String {
        let mut request = self
            .browser
            .request(Method::GET, "/api/auth/login?login=alice");
        for (name, value) in forged {
            request = request.header(name, *value);
        }
        let response = request.await;
        assert!(response.status.is_redirection(), "{response}");
        let location = response.header("location");
        let (_, rest) = location.split_once("redirect_uri=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    }
}

/// One deployed stage for everything here: it takes longer than all that is asked of it.
#[tokio::test]
async fn the_site_of_a_stage_is_what_its_template_says() {
    let checkout = Checkout::new();
    let outputs = checkout.deploy().await;
    let (site, api) = (Site::at(&outputs["siteUrl"]), Site::at(&outputs["apiUrl"]));
    pages_are_found_and_nothing_else_is(&site).await;
    every_answer_says_what_a_page_may_do(&site).await;
    nobody_claims_to_be_the_distribution(&site, &api).await;
    a_person_works_through_the_site(&site).await;
}

async fn pages_are_found_and_nothing_else_is(site: &Site) {
    let page = site.get("/").await;
    assert_eq!(page.status, 200, "{page}");
    assert_eq!(page.header("cache-control"), "no-cache");
    assert_eq!(site.get("/index.html").await.body, page.body);
    let config = site.get("/config.json").await.expect(200);
    assert_eq!(config["outputs"]["siteUrl"], site.origin);
    let known = site
        .browser
        .request(Method::GET, "/")
        .header("if-none-match", page.header("etag"));
    assert_eq!(known.await.status, 304);
    for path in ["/nothing", "/tasks/nothing/", "/nothing.html"] {
        let page = site.get(path).await;
        assert_eq!(page.status, 404, "{path}: {page}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.text().contains("This page does not exist"), "{page}");
    }
    let api = site.get("/api/nothing").await;
    assert_eq!(api.header("content-type"), "application/json");
    for path in [
        "/nothing.js",
        "/../../../../etc/passwd",
        "/..%2f..%2fsecrets.json",
        "/%2e%2e/index.json",
        "/index.html%00",
        "//etc/passwd",
    ] {
        let response = site.get(path).await;
        assert_eq!(response.status, 404, "{path}: {response}");
    }
    let host = |host: &str| {
        site.browser
            .request(Method::GET, "/")
            .header("host", host)
            .send()
    };
    assert_eq!(host("evil.example").await.status, 403);
    let port = site.origin.rsplit(':').next().unwrap();
    assert_eq!(host(&format!("localhost:{port}")).await.status, 200);
}

async fn every_answer_says_what_a_page_may_do(site: &Site) {
    let delete = site.browser.request(Method::DELETE, "/").await;
    let trace = site.browser.request(Method::TRACE, "/api/tasks").await;
    let answers = [
        (200, site.get("/").await),
        (200, site.get("/theme.js").await),
        (404, site.get("/nothing").await),
        (403, delete),
        (403, trace),
        (200, site.get("/api/health").await),
        (401, site.get("/api/tasks").await),
        (404, site.get("/api/nothing").await),
        (200, site.get("/swagger-ui/").await),
    ];
    // Responses of functions have policies of their own.
    let (_, page) = &answers[0];
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("; require-trusted-types-for 'script'"),
        "{page}"
    );
    for (status, answer) in &answers {
        assert_eq!(answer.status, *status, "{answer}");
        for (name, value) in EVERYWHERE {
            assert_eq!(answer.header(name), value, "{name} of {answer}");
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{answer}");
        assert!(policy.contains("frame-ancestors 'none'"), "{answer}");
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"),
            "{answer}"
        );
        assert!(
            answer.header("permissions-policy").contains("camera=()"),
            "{answer}"
        );
    }
}

/// The API believes the distribution and nobody else, through the site and past it.
async fn nobody_claims_to_be_the_distribution(site: &Site, api: &Site) {
    let encoded = |origin: &str| {
        let origin = origin.replace(':', "%3A").replace('/', "%2F");
        format!("{origin}%2Fapi%2Fauth%2Fcallback")
    };
    let forged = [
        ("x-viewer-host", "evil.example"),
        ("x-viewer-ip", "6.6.6.6"),
        ("x-origin-verify", "a guess that is long enough"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
    ];
    assert_eq!(site.callback(&[]).await, encoded(&site.origin));
    assert_eq!(site.callback(&forged).await, encoded(&site.origin));
    assert_eq!(api.callback(&[]).await, encoded(&api.origin));
    assert_eq!(api.callback(&forged).await, encoded(&api.origin));
}

async fn a_person_works_through_the_site(site: &Site) {
    let landed = site.browser.follow("/api/auth/login?login=alice").await;
    let csrf = site.browser.cookie("__Host-csrf");
    let csrf = csrf.unwrap_or_else(|| panic!("{landed}"));
    let refresh = site
        .browser
        .request(Method::POST, "/api/auth/refresh")
        .header("x-csrf-token", csrf);
    let tokens = site.browser.send(refresh).await;
    assert_eq!(tokens.header("cache-control"), "no-store", "{tokens}");
    let tokens = tokens.expect(200);
    let token = tokens["access_token"].as_str().unwrap();
    let ask = |method: Method, path: &str| {
        site.browser
            .request(method, path)
            .without("cookie")
            .bearer(token)
    };
    let created = ask(Method::POST, "/api/tasks")
        .json(json!({"title": "<script>alert(1)</script>"}))
        .await;
    assert_eq!(created.status, 201, "{created}");
    assert_eq!(created.header("content-type"), "application/json");
    assert_eq!(created.header("cache-control"), "no-store");
    let sessions = ask(Method::GET, "/api/auth/sessions").await;
    assert_eq!(sessions.status, 200, "{sessions}");
    assert!(!sessions.text().contains("6.6.6.6"), "{sessions}");
    assert!(sessions.text().contains("127.0.0.1"), "{sessions}");
    // The query reaches the API as it was written.
    let filtered = ask(Method::GET, "/api/tasks?title_prefix=%3Cscript%3E&limit=1").await;
    assert_eq!(filtered.expect(200)["items"][0]["id"], created.json()["id"]);
    let refused = ask(Method::GET, "/api/tasks?limit=nonsense").await;
    assert_eq!(refused.status, 400, "{refused}");
    assert_eq!(refused.header("content-type"), "application/problem+json");
}

//! The way through GitHub and back: states, codes, verifiers, and where it ends.

use miyabi_tests::{App, Browser, Method, Reply, Response, Scripted, Setup, json};

/// A sign-in that a browser began.
pub(crate) struct Begun {
    pub(crate) browser: Browser,
    /// Where GitHub is asked.
    location: String,
}

impl Begun {
    pub(crate) async fn at(app: &App, login: &str) -> Begun {
        let browser = app.browser();
        Begun::again(browser, login).await
    }

    pub(crate) async fn again(browser: Browser, login: &str) -> Begun {
        let path = format!("/api/auth/login?login={login}");
        let response = browser.send(browser.request(Method::GET, &path)).await;
        assert_eq!(response.status, 303, "{response}");
        let location = response.header("location").to_owned();
        Begun { browser, location }
    }

    /// One that will land at that path of ours.
    pub(crate) async fn returning_to(app: &App, login: &str, path: &str) -> Begun {
        let path = path
            .replace('/', "%2F")
            .replace('?', "%3F")
            .replace('=', "%3D");
        Begun::again(app.browser(), &format!("{login}&return_to={path}")).await
    }

    /// One that is at that page of GitHub.
    pub(crate) fn with(browser: Browser, location: String) -> Begun {
        Begun { browser, location }
    }

    pub(crate) fn parameter(&self, name: &str) -> String {
        let start = format!("{name}=");
        let query = self.location.split_once('?').unwrap().1;
        let found = query.split('&').find_map(|pair| pair.strip_prefix(&start));
        found
            .unwrap_or_else(|| panic!("no {name}: {}", self.location))
            .to_owned()
    }

    /// The stand-in's consent: the path of the callback, with code and state.
    pub(crate) async fn come_back(&self) -> String {
        let rest = self.location.strip_prefix("http://").unwrap();
        let (address, path) = rest.split_once('/').unwrap();
        let github = Browser::new(address.parse().unwrap());
        let response = github
            .request(Method::GET, &format!("/{path}"))
            .send()
            .await;
        let location = response.header("location");
        let (_, path) = location
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once('/'))
            .unwrap_or_else(|| panic!("{response}"));
        format!("/{path}")
    }

    pub(crate) async fn call_back(&self, path: &str) -> Response {
        self.browser
            .send(self.browser.request(Method::GET, path))
            .await
    }
}

/// No session came of it: nothing in the store, no cookie of one.
pub(super) async fn nobody_is_signed_in(app: &App, response: &Response) {
    for cookie in ["__Secure-rt", "__Host-csrf"] {
        assert!(response.set_cookie(cookie).is_none(), "{response}");
    }
    assert_eq!(
        app.rows("select id from sessions").await,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn attack_11_a_callback_called_again() {
    let app = App::start().await;
    let begun = Begun::at(&app, "alice").await;
    let (name, binding) = begun.browser.cookie_beginning("__Host-oauth-").unwrap();
    let path = begun.come_back().await;
    assert_eq!(begun.call_back(&path).await.status, 303);
    let csrf = begun.browser.cookie("__Host-csrf").unwrap();
    let thief = begun.browser.clone_cookies();
    thief.set_cookie(&name, &binding);
    for browser in [&begun.browser, &thief, &app.browser()] {
        let again = browser.request(Method::GET, &path).send().await;
        again.problem(400, "bad_state");
        assert!(again.set_cookie("__Secure-rt").is_none(), "{again}");
    }
    let refresh = begun
        .browser
        .request(Method::POST, "/api/auth/refresh")
        .header("x-csrf-token", csrf);
    refresh.send().await.expect(200);
    assert_eq!(app.rows("select id from sessions").await.len(), 1);
}

#[tokio::test]
async fn attack_12_a_state_that_is_not_this_browsers() {
    let github = Scripted::start(|_| Reply::json(&json!({"error": "bad_verification_code"}))).await;
    let app = App::with(Setup {
        github_origin: Some(github.origin()),
        ..Setup::default()
    })
    .await;
    let begun = Begun::at(&app, "alice").await;
    let state = begun.parameter("state");
    let other = Begun::at(&app, "bob").await;
    let no_cookie = app.browser();
    let changed = format!(
        "{}{}",
        if state.starts_with('A') { 'B' } else { 'A' },
        &state[1..]
    );
    for (what, browser, path) in [
        (
            "no state",
            &begun.browser,
            "/api/auth/callback?code=c".to_owned(),
        ),
        (
            "an empty state",
            &begun.browser,
            "/api/auth/callback?code=c&state=".to_owned(),
        ),
        (
            "a changed state",
            &begun.browser,
            format!("/api/auth/callback?code=c&state={changed}"),
        ),
        (
            "another browser's state",
            &other.browser,
            format!("/api/auth/callback?code=c&state={state}"),
        ),
        (
            "no cookie",
            &no_cookie,
            format!("/api/auth/callback?code=c&state={state}"),
        ),
        ("nothing", &begun.browser, "/api/auth/callback".to_owned()),
        (
            "SQL",
            &begun.browser,
            "/api/auth/callback?code=c&state='%20or%20true%20--".to_owned(),
        ),
    ] {
        let response = browser.request(Method::GET, &path).send().await;
        assert_eq!(response.status, 400, "{what}: {response}");
        response.problem(400, "bad_state");
        nobody_is_signed_in(&app, &response).await;
    }
    app.sql("update sign_in_attempts set expires_at = now() - interval '1 second'")
        .await;
    let path = format!("/api/auth/callback?code=c&state={state}");
    let late = begun.call_back(&path).await;
    late.problem(400, "bad_state");
    assert_eq!(github.asked(), Vec::<String>::new(), "GitHub was called");

    // One try is all that a state has, also when nothing came of it.
    let begun = Begun::at(&app, "alice").await;
    let path = format!(
        "/api/auth/callback?code=c&state={}",
        begun.parameter("state")
    );
    begun.call_back(&path).await.problem(400, "bad_code");
    assert_eq!(github.asked().len(), 1);
    begun.call_back(&path).await.problem(400, "bad_state");
    assert_eq!(github.asked().len(), 1, "GitHub was called again");

    // A refusal at GitHub is the end of it, too, and costs no call.
    let begun = Begun::at(&app, "alice").await;
    let path = format!(
        "/api/auth/callback?error=access_denied&state={}",
        begun.parameter("state")
    );
    begun.call_back(&path).await.problem(400, "not_confirmed");
    assert_eq!(github.asked().len(), 1);
}

#[tokio::test]
async fn attack_12_states_live_ten_minutes() {
    let app = App::start().await;
    Begun::at(&app, "alice").await;
    let lifetimes = app
        .rows("select extract(epoch from expires_at - created_at)::int from sign_in_attempts")
        .await;
    assert_eq!(lifetimes, ["(600)"]);
}

#[tokio::test]
async fn attack_13_the_attackers_code_in_the_victims_browser() {
    let app = App::start().await;
    let attacker = Begun::at(&app, "mallory").await;
    let path = attacker.come_back().await;
    // Whether the victim is in the middle of a sign-in, has none, or is signed in already.
    let victim = Begun::at(&app, "alice").await;
    let response = victim.call_back(&path).await;
    response.problem(400, "bad_state");
    nobody_is_signed_in(&app, &response).await;
    let response = app.get(&path).await;
    response.problem(400, "bad_state");
    nobody_is_signed_in(&app, &response).await;
    let mut alice = app.sign_in("alice").await;
    let session = alice.claims()["sid"].clone();
    let request = alice.browser.request(Method::GET, &path);
    alice.browser.send(request).await.problem(400, "bad_state");
    alice.refresh().await;
    assert_eq!(alice.claims()["sid"], session);
    // The attacker's own browser could still use it: it was not the state that was refused.
    assert_eq!(attacker.call_back(&path).await.status, 303);
}

#[tokio::test]
async fn attack_14_a_code_without_its_verifier() {
    let app = App::start().await;
    for verifier in ["''", "'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'"] {
        let begun = Begun::at(&app, "alice").await;
        assert_eq!(begun.parameter("code_challenge_method"), "S256");
        assert_eq!(begun.parameter("code_challenge").len(), 43);
        let path = begun.come_back().await;
        app.sql(&format!(
            "update sign_in_attempts set code_verifier = {verifier}"
        ))
        .await;
        let response = begun.call_back(&path).await;
        response.problem(400, "bad_code");
        nobody_is_signed_in(&app, &response).await;
    }
}

#[tokio::test]
async fn attack_19_a_way_out_of_the_site() {
    let app = App::start().await;
    for out in [
        "//evil.example",
        "///evil.example",
        "%2f%2fevil.example",
        "%252f%252fevil.example",
        "/%5Cevil.example",
        "%5C%5Cevil.example",
        "/%252fevil.example",
        "https:evil.example",
        "https:%2f%2fevil.example",
        "http://evil.example/",
        "javascript:alert(1)",
        "%20/tasks",
        "%09//evil.example",
        "/%09/evil.example",
        "/%0d%0alocation:%20https://evil.example",
        "/tasks%0d%0aset-cookie:%20a=b",
        "@evil.example",
        ".evil.example",
        "evil.example",
        "",
    ] {
        let response = app
            .get(&format!("/api/auth/login?login=alice&return_to={out}"))
            .await;
        assert_eq!(response.status, 422, "{out}: {response}");
        assert_eq!(
            response.problem(422, "invalid")["errors"][0]["field"],
            "return_to"
        );
        assert_eq!(response.header("location"), "");
    }
    assert_eq!(
        app.rows("select 1 from sign_in_attempts").await,
        Vec::<String>::new()
    );
    let good = [
        ("", "/"),
        ("&return_to=/tasks", "/tasks"),
        (
            "&return_to=/tasks%3Fstatus%3Dpending%26q%3Da%2520b%23top",
            "/tasks?status=pending&q=a%20b#top",
        ),
        ("&return_to=/@alice", "/@alice"),
    ];
    for (query, expected) in good {
        let browser = app.browser();
        let landed = browser
            .follow(&format!("/api/auth/login?login=alice{query}"))
            .await;
        assert_eq!(landed.status, 303, "{landed}");
        assert_eq!(landed.header("location"), expected);
    }
}

#[tokio::test]
async fn attack_20_a_session_that_was_there_before() {
    let app = App::start().await;
    let planted = app.sign_in("mallory").await;
    let (refresh, csrf) = (
        planted.browser.cookie("__Secure-rt").unwrap(),
        planted.browser.cookie("__Host-csrf").unwrap(),
    );
    let browser = app.browser();
    browser.set_cookie("__Secure-rt", &refresh);
    browser.set_cookie("__Host-csrf", &csrf);
    let begun = Begun::again(browser, "alice").await;
    let path = begun.come_back().await;
    assert_eq!(begun.call_back(&path).await.status, 303);
    assert_ne!(begun.browser.cookie("__Secure-rt").unwrap(), refresh);
    assert_ne!(begun.browser.cookie("__Host-csrf").unwrap(), csrf);
    let request = begun
        .browser
        .request(Method::POST, "/api/auth/refresh")
        .header("x-csrf-token", begun.browser.cookie("__Host-csrf").unwrap());
    let answer = begun.browser.send(request).await.expect(200);
    let token = miyabi_tests::Token::parse(answer["access_token"].as_str().unwrap());
    assert_ne!(token.claims["sid"], planted.claims()["sid"]);
    assert_ne!(token.claims["sub"], planted.claims()["sub"]);

    // Signing in again is a new session as well.
    let again = app.sign_in("alice").await;
    assert_eq!(again.claims()["sub"], token.claims["sub"]);
    assert_ne!(again.claims()["sid"], token.claims["sid"]);
}

//! Cookies that are not ours, and several sign-ins in one browser.

use miyabi_tests::{App, Method, Response};

use super::sign_in::Begun;

fn refreshed_with(app: &App, cookie: &str, csrf: &str) -> miyabi_tests::RequestBuilder {
    app.request(Method::POST, "/api/auth/refresh")
        .header("origin", app.origin())
        .header("cookie", cookie)
        .header("x-csrf-token", csrf)
}

/// The refresh cookie that a response sets.
fn rotated(response: &Response) -> String {
    let cookie = response.set_cookie("__Secure-rt");
    let cookie = cookie.unwrap_or_else(|| panic!("{response}"));
    let (pair, _) = cookie.split_once(';').unwrap();
    pair.split_once('=').unwrap().1.to_owned()
}

#[tokio::test]
async fn attack_57_cookies_of_other_applications_change_nothing() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mallory = app.sign_in("mallory").await;
    let cookie = |name| alice.browser.cookie(name).unwrap();
    let (mut refresh, csrf) = (cookie("__Secure-rt"), cookie("__Host-csrf"));
    let theirs = mallory.browser.cookie("__Secure-rt").unwrap();
    for around in [
        "theme=dark; {}; lang=ja".to_owned(),
        "name=Åse; {}".to_owned(),
        "{}; 名=値".to_owned(),
        "{}; {}".to_owned(),
        "__Secure-rt=; {}".to_owned(),
        "__Secure-rt=planted; {}".to_owned(),
        "{}; __Secure-rt=planted; __Secure-rt=again".to_owned(),
        // What a sibling domain could set: a cookie of our name with somebody else's session.
        format!("__Secure-rt={theirs}; {{}}"),
        format!("{{}}; __Secure-rt={theirs}"),
        "; =x; y;; {};".to_owned(),
    ] {
        let sent = around.replace("{}", &format!("__Secure-rt={refresh}"));
        let response = refreshed_with(&app, &sent, &csrf).send().await;
        assert_eq!(response.status, 200, "{sent}: {response}");
        refresh = rotated(&response);
    }
    // With nobody's CSRF token, several cookies are as good as one: none.
    let sent = format!("__Secure-rt={theirs}; __Secure-rt={refresh}");
    let other = app
        .sign_in("bob")
        .await
        .browser
        .cookie("__Host-csrf")
        .unwrap();
    let response = refreshed_with(&app, &sent, &other).send().await;
    response.problem(401, "unauthenticated");
    assert_eq!(refreshed_with(&app, &sent, &csrf).send().await.status, 200);
}

#[tokio::test]
async fn attack_57_sign_ins_in_several_tabs_all_end_well_in_any_order() {
    let app = App::start().await;
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let browser = app.browser();
        // At once: no tab has the cookie of another when it begins.
        let login = || {
            browser
                .request(Method::GET, "/api/auth/login?login=alice")
                .send()
        };
        let (one, two, three) = tokio::join!(login(), login(), login());
        let mut paths = Vec::new();
        for begun in [one, two, three] {
            for cookie in begun.headers.get_all("set-cookie") {
                let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                browser.set_cookie(name, value);
            }
            let location = begun.header("location").to_owned();
            paths.push(
                Begun::with(browser.clone_cookies(), location)
                    .come_back()
                    .await,
            );
        }
        for tab in order {
            let landed = browser
                .send(browser.request(Method::GET, &paths[tab]))
                .await;
            assert_eq!(landed.status, 303, "tab {tab} of {order:?}: {landed}");
        }
        for tab in order {
            let again = browser.request(Method::GET, &paths[tab]).send().await;
            again.problem(400, "bad_state");
        }
        let csrf = browser.cookie("__Host-csrf").unwrap();
        let refresh = browser
            .request(Method::POST, "/api/auth/refresh")
            .header("x-csrf-token", csrf);
        browser.send(refresh).await.expect(200);
        assert!(
            !browser
                .names()
                .iter()
                .any(|name| name.starts_with("__Host-oauth"))
        );
    }
}

/// A browser that begins again and again keeps few cookies, and its newest attempt ends well.
#[tokio::test]
async fn attack_57_attempts_that_are_never_ended_stay_few() {
    let app = App::start().await;
    let browser = app.browser();
    for _ in 0..12 {
        browser
            .send(browser.request(Method::GET, "/api/auth/login?login=alice"))
            .await;
        let open = browser.names();
        assert!(open.len() <= 5, "{open:?}");
    }
    let begun = Begun::again(browser, "alice").await;
    let path = begun.come_back().await;
    assert_eq!(begun.call_back(&path).await.status, 303);
}

//! The cookies, to the letter.

use miyabi_tests::{App, Method, Response};

use super::sign_in::Begun;

/// A `Set-Cookie` header with its value replaced by what it is: 43 characters of base64url.
#[track_caller]
fn shape(response: &Response, name: &str) -> String {
    let cookie = response
        .set_cookie(name)
        .unwrap_or_else(|| panic!("no {name}: {response}"));
    assert!(cookie.len() <= 4096, "{cookie}");
    let (pair, attributes) = cookie.split_once(';').unwrap();
    let value = pair.split_once('=').unwrap().1;
    let is_opaque = value.len() == 43
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let value = if is_opaque { "OPAQUE" } else { value };
    format!("{name}={value};{attributes}")
}

fn names(response: &Response) -> Vec<String> {
    let cookies = response.headers.get_all("set-cookie").iter();
    let mut names: Vec<String> = cookies
        .map(|cookie| {
            cookie
                .to_str()
                .unwrap()
                .split('=')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    names.sort();
    names
}

const REFRESH: &str =
    "__Secure-rt=OPAQUE; Path=/api/auth; HttpOnly; Secure; SameSite=Strict; Max-Age=604800";
const CSRF: &str = "__Host-csrf=OPAQUE; Path=/; Secure; SameSite=Strict; Max-Age=604800";

#[tokio::test]
async fn attack_25_cookie_attributes() {
    let app = App::start().await;
    let browser = app.browser();
    let login = browser
        .send(browser.request(Method::GET, "/api/auth/login?login=alice"))
        .await;
    let [attempt] = names(&login).try_into().unwrap();
    let is_named = attempt.len() == "__Host-oauth-".len() + 8;
    assert!(
        attempt.starts_with("__Host-oauth-") && is_named,
        "{attempt}"
    );
    assert_eq!(
        shape(&login, &attempt),
        format!("{attempt}=OPAQUE; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=600")
    );

    let begun = Begun::at(&app, "alice").await;
    let (attempt, _) = begun.browser.cookie_beginning("__Host-oauth-").unwrap();
    let landed = begun.call_back(&begun.come_back().await).await;
    assert_eq!(
        names(&landed),
        ["__Host-csrf", attempt.as_str(), "__Secure-rt"]
    );
    assert_eq!(shape(&landed, "__Secure-rt"), REFRESH);
    assert_eq!(shape(&landed, "__Host-csrf"), CSRF);
    assert_eq!(
        shape(&landed, &attempt),
        format!("{attempt}=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0")
    );

    let alice = app.sign_in("alice").await;
    let request = alice.cookie_request(Method::POST, "/api/auth/refresh");
    let refreshed = alice.browser.send(request).await;
    assert_eq!(names(&refreshed), ["__Host-csrf", "__Secure-rt"]);
    assert_eq!(shape(&refreshed, "__Secure-rt"), REFRESH);
    assert_eq!(shape(&refreshed, "__Host-csrf"), CSRF);

    let request = alice.cookie_request(Method::POST, "/api/auth/logout");
    let signed_out = alice.browser.send(request).await;
    assert_eq!(signed_out.status, 204);
    assert_eq!(names(&signed_out), ["__Host-csrf", "__Secure-rt"]);
    assert_eq!(
        shape(&signed_out, "__Secure-rt"),
        "__Secure-rt=; Path=/api/auth; HttpOnly; Secure; SameSite=Strict; Max-Age=0"
    );
    assert_eq!(
        shape(&signed_out, "__Host-csrf"),
        "__Host-csrf=; Path=/; Secure; SameSite=Strict; Max-Age=0"
    );
    assert!(alice.browser.cookie("__Secure-rt").is_none());

    // Nothing else sets one, and the access token is in none.
    let bob = app.sign_in("bob").await;
    for path in ["/api/auth/me", "/api/auth/sessions", "/api/activity"] {
        assert_eq!(names(&bob.get(path).await), Vec::<String>::new(), "{path}");
    }
    let everywhere = bob
        .request(Method::POST, "/api/auth/logout-all")
        .send()
        .await;
    assert_eq!(names(&everywhere), ["__Host-csrf", "__Secure-rt"]);
}

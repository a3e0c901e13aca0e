//! Access tokens that are signed by us, and are not for this, or not any more.

use miyabi_tests::{Method, Secrets, Token, Value, json, sign_text};

use super::access_tokens::{ROUTES, accepted, alice, refused};

fn now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

#[tokio::test]
async fn attack_05_times() {
    let (app, alice) = alice().await;
    let cases: [(&str, Value, &str); 8] = [
        ("exp", json!(now() - 6), "expired"),
        ("exp", json!((now() + 600).to_string()), "exp as text"),
        ("exp", json!(now() as f64 + 600.5), "exp as a fraction"),
        ("exp", Value::Null, "exp null"),
        ("exp", json!([now() + 600]), "exp in a list"),
        ("iat", json!(now() + 60), "issued in the future"),
        ("nbf", json!(now() + 60), "valid in the future"),
        ("nbf", json!("0"), "nbf as text"),
    ];
    for (claim, value, what) in cases {
        let token = app.forge(&alice.token, |token| {
            if what == "expired" {
                token.claims["iat"] = json!(now() - 906);
            }
            token.claims[claim] = value.clone();
        });
        refused(&app, what, &token).await;
    }
    for claim in ["exp", "iat"] {
        let token = app.forge(&alice.token, |token| {
            token.claims.as_object_mut().unwrap().remove(claim);
        });
        refused(&app, &format!("{claim} missing"), &token).await;
    }
    let (_, key) = Secrets::usual_signing_keys();
    let token = Token::parse(&alice.token);
    for number in ["1e400", "-1", "99999999999999999999", "1e10", "0x7fffffff"] {
        let exp = token.claims["exp"].to_string();
        let claims = token.claims.to_string().replace(&exp, number);
        let token = sign_text(&token.header.to_string(), &claims, key.as_bytes());
        refused(&app, number, &token).await;
    }
}

/// T8. That it ends at five seconds exactly is held by the unit tests of tokens, where the clock
/// stands still.
#[tokio::test]
async fn attack_05_t8_clocks_may_differ_by_less_than_five_seconds() {
    let (app, alice) = alice().await;
    let ahead = app.forge(&alice.token, |token| token.claims["iat"] = json!(now() + 4));
    accepted(&app, &ahead).await;
    let not_before = app.forge(&alice.token, |token| token.claims["nbf"] = json!(now() + 4));
    accepted(&app, &not_before).await;
    // On a busy machine a second can pass between here and there: one of some is in time.
    for _ in 0..10 {
        let behind = app.forge(&alice.token, |token| {
            token.claims["iat"] = json!(now() - 900);
            token.claims["exp"] = json!(now() - 1);
        });
        let response = app
            .request(Method::GET, ROUTES[0])
            .bearer(&behind)
            .send()
            .await;
        if response.status == 200 {
            return;
        }
    }
    panic!("a token that expired a second ago is never accepted");
}

#[tokio::test]
async fn attack_07_a_token_of_another_purpose() {
    let (app, mut alice) = alice().await;
    let begun = app.browser();
    begun
        .send(begun.request(Method::GET, "/api/auth/login?login=alice"))
        .await;
    for (what, token) in [
        ("the refresh token", alice.browser.cookie("__Secure-rt")),
        ("the CSRF token", alice.browser.cookie("__Host-csrf")),
        (
            "the cookie of a sign-in",
            begun
                .cookie_beginning("__Host-oauth-")
                .map(|(_, value)| value),
        ),
    ] {
        refused(&app, what, &token.unwrap()).await;
    }
    for kind in ["JWT", "rt+jwt", "csrf", "state", "ws-ticket", "AT+JWT"] {
        let token = app.forge(&alice.token, |token| token.header["typ"] = json!(kind));
        refused(&app, kind, &token).await;
    }
    let token = app.forge(&alice.token, |token| {
        token.claims["aud"] = json!("miyabi-local-ws");
    });
    refused(&app, "a ticket for sockets", &token).await;

    // The other way round: nothing else is a refresh token.
    let right = alice.browser.cookie("__Secure-rt").unwrap();
    let csrf = alice.browser.cookie("__Host-csrf").unwrap();
    for wrong in [alice.token.clone(), csrf] {
        alice.browser.set_cookie("__Secure-rt", &wrong);
        let request = alice.cookie_request(Method::POST, "/api/auth/refresh");
        request.send().await.problem(401, "unauthenticated");
    }
    alice.browser.set_cookie("__Secure-rt", &right);
    alice.refresh().await;
}

#[tokio::test]
async fn attack_08_a_token_of_another_stage() {
    let (app, alice) = alice().await;
    for (claim, value) in [
        ("iss", json!("miyabi-prod")),
        ("iss", json!("https://evil.example")),
        ("iss", json!("")),
        ("aud", json!("miyabi-prod-api")),
        ("aud", json!(["miyabi-local-api", "x"])),
        ("aud", json!(["miyabi-local-api"])),
        ("aud", json!("miyabi-local")),
    ] {
        let token = app.forge(&alice.token, |token| token.claims[claim] = value.clone());
        refused(&app, &format!("{claim} {value}"), &token).await;
        let token = app.forge(&alice.token, |token| {
            token.claims.as_object_mut().unwrap().remove(claim);
        });
        refused(&app, &format!("no {claim}"), &token).await;
    }
}

#[tokio::test]
async fn attack_09_the_organization_of_a_token_is_exchanged() {
    let (app, alice) = alice().await;
    let bob = app.sign_in("bob").await;
    let with_organization = |organization: &str| {
        app.forge(&alice.token, |token| {
            token.claims["org"] = json!(organization);
        })
    };
    let mut details = Vec::new();
    for organization in [bob.organization_id(), uuid::Uuid::new_v4().to_string()] {
        let token = with_organization(&organization);
        for route in ROUTES {
            let response = app.request(Method::GET, route).bearer(&token).send().await;
            details.push(response.problem(403, "not_a_member")["detail"].clone());
        }
    }
    details.dedup();
    assert_eq!(details.len(), 1, "another's and none differ: {details:?}");

    app.sql(&format!(
        "update organizations set deleted_at = now() where id = '{}'",
        alice.organization_id()
    ))
    .await;
    for route in ROUTES {
        alice.get(route).await.problem(403, "not_a_member");
    }
    // Somebody's own token with somebody else's name on it is nobody's.
    let token = app.forge(&alice.token, |token| {
        token.claims["sub"] = json!(uuid::Uuid::new_v4().to_string());
    });
    let response = app
        .request(Method::GET, ROUTES[0])
        .bearer(&token)
        .send()
        .await;
    response.problem(403, "not_a_member");
}

#[tokio::test]
async fn attack_10_one_withdrawn_token() {
    let (app, alice) = alice().await;
    let mut other_tab = app.sign_in("alice").await;
    app.sql(&format!(
        "insert into revoked_tokens (kind, id, expires_at) values ('token', '{}', now() + interval '1 hour')",
        alice.claims()["jti"].as_str().unwrap()
    ))
    .await;
    refused(&app, "its jti is withdrawn", &alice.token).await;
    accepted(&app, &other_tab.token).await;
    other_tab.refresh().await;
    accepted(&app, &other_tab.token).await;
}

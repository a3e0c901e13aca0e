//! Access tokens that are not ours: their form, their header, their signature.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use miyabi_tests::{App, Method, Person, Scripted, Secrets, Token, json, sign_text};
use ring::hmac;

/// What any role may read, in two functions.
pub(super) const ROUTES: [&str; 2] = ["/api/auth/me", "/api/activity"];

pub(super) async fn refused(app: &App, what: &str, token: &str) {
    for route in ROUTES {
        let response = app.request(Method::GET, route).bearer(token).send().await;
        assert_eq!(response.status, 401, "{what} at {route}: {response}");
        response.problem(401, "unauthenticated");
    }
}

pub(super) async fn accepted(app: &App, token: &str) {
    for route in ROUTES {
        let response = app.request(Method::GET, route).bearer(token).send().await;
        assert_eq!(response.status, 200, "{route}: {response}");
    }
}

/// An application and somebody whose token is good: what the attacks start from.
pub(super) async fn alice() -> (App, Person) {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    accepted(&app, &alice.token).await;
    (app, alice)
}

fn parts(token: &str) -> (&str, &str, &str) {
    let mut parts = token.split('.');
    let mut next = || parts.next().unwrap();
    (next(), next(), next())
}

#[tokio::test]
async fn attack_01_no_signature() {
    let (app, alice) = alice().await;
    let (header, claims, _) = parts(&alice.token);
    refused(&app, "an empty signature", &format!("{header}.{claims}.")).await;
    refused(&app, "no signature", &format!("{header}.{claims}")).await;
    for alg in ["none", "None", "nOnE", "NONE", ""] {
        let signed = app.forge(&alice.token, |token| token.header["alg"] = json!(alg));
        let (header, claims, signature) = parts(&signed);
        for signature in ["", signature, "AA"] {
            let token = format!("{header}.{claims}.{signature}");
            refused(&app, &format!("alg {alg:?} with {signature:?}"), &token).await;
        }
    }
}

#[tokio::test]
async fn attack_02_another_algorithm() {
    let (app, alice) = alice().await;
    for alg in [
        "RS256", "ES256", "PS256", "HS384", "HS512", "EdDSA", "hs256",
    ] {
        let token = app.forge(&alice.token, |token| token.header["alg"] = json!(alg));
        refused(&app, alg, &token).await;
    }
    let (_, key) = Secrets::usual_signing_keys();
    for (alg, algorithm) in [
        ("HS384", hmac::HMAC_SHA384),
        ("HS512", hmac::HMAC_SHA512),
        ("HS256", hmac::HMAC_SHA512),
    ] {
        let signed = app.forge(&alice.token, |token| token.header["alg"] = json!(alg));
        let (header, claims, _) = parts(&signed);
        let message = format!("{header}.{claims}");
        let tag = hmac::sign(
            &hmac::Key::new(algorithm, key.as_bytes()),
            message.as_bytes(),
        );
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        refused(&app, &format!("{alg} with its own signature"), &token).await;
    }
}

#[tokio::test]
async fn attack_03_hints_about_keys_in_the_header() {
    let (app, alice) = alice().await;
    let bait = Scripted::start(|_| miyabi_tests::Reply::json(&json!({"keys": []}))).await;
    let (_, key) = Secrets::usual_signing_keys();
    let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode("attacker"), "kid": "x"});
    let hints = [
        ("jwk", jwk),
        ("jku", json!(format!("{}/jwks.json", bait.origin()))),
        ("x5u", json!(format!("{}/cert.pem", bait.origin()))),
        ("x5c", json!(["MIIB"])),
    ];
    for (name, hint) in hints {
        let mut token = Token::parse(&alice.token);
        token.header[name] = hint;
        refused(&app, name, &token.sign(key.as_bytes())).await;
        refused(&app, name, &token.sign(b"attacker")).await;
    }
    assert_eq!(bait.asked(), Vec::<String>::new(), "something was fetched");
    let long = "k".repeat(3_000);
    for kid in [
        "unknown",
        "../../../../dev/null",
        "' OR 1=1 --",
        "'; drop table sessions; --",
        "",
        "\u{0}",
        long.as_str(),
    ] {
        let token = app.forge(&alice.token, |token| token.header["kid"] = json!(kid));
        refused(&app, kid, &token).await;
    }
    let mut token = Token::parse(&alice.token);
    token.header.as_object_mut().unwrap().remove("kid");
    refused(&app, "no kid", &token.sign(key.as_bytes())).await;
    accepted(&app, &alice.token).await;
}

#[tokio::test]
async fn attack_06_malformed_tokens() {
    let (app, alice) = alice().await;
    let (header, claims, signature) = parts(&alice.token);
    let whole = &alice.token;
    for (what, token) in [
        ("four parts", format!("{whole}.{signature}")),
        (
            "an encrypted token",
            format!("{header}.{claims}.{signature}.{claims}.{header}"),
        ),
        ("an empty part", format!("{header}..{claims}.{signature}")),
        ("a dot at the end", format!("{whole}.")),
        ("bytes at the end", format!("{whole}AA")),
        ("padding", format!("{whole}=")),
        ("padded claims", format!("{header}.{claims}==.{signature}")),
        ("a space", format!("{whole} x")),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("a very long one", "a".repeat(7000)),
    ] {
        refused(&app, what, &token).await;
    }

    let (_, key) = Secrets::usual_signing_keys();
    let (key, token) = (key.as_bytes(), Token::parse(whole));
    let (head, body) = (token.header.to_string(), token.claims.to_string());
    assert!(sign_text(&head, &body, key).starts_with(&format!("{header}.")));
    for (what, token) in [
        (
            "a claim twice",
            sign_text(&head, &body.replacen('{', "{\"role\":\"owner\",", 1), key),
        ),
        (
            "a header key twice",
            sign_text(&head.replacen('{', "{\"alg\":\"HS256\",", 1), &body, key),
        ),
        (
            "text after the claims",
            sign_text(&head, &format!("{body}{{}}"), key),
        ),
        (
            "text after the header",
            sign_text(&format!("{head} x"), &body, key),
        ),
        (
            "an unknown claim",
            sign_text(&head, &body.replacen('{', "{\"admin\":true,", 1), key),
        ),
        (
            "a byte order mark",
            sign_text(&head, &format!("\u{feff}{body}"), key),
        ),
        ("a list", sign_text(&head, &format!("[{body}]"), key)),
    ] {
        refused(&app, what, &token).await;
    }

    // The same bytes in another alphabet, with a signature that is right for that text.
    let odd = body.replacen('{', "{\"x\":\"\u{3e}\u{3f}\u{3fe}\u{3ff}\",", 1);
    for encode in [
        |text: &str| STANDARD.encode(text),
        |text: &str| URL_SAFE.encode(format!("{text} ")),
    ] {
        let message = format!("{header}.{}", encode(&odd));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        refused(&app, "another alphabet", &token).await;
    }
}

//! Attacks 1, 2, 3, 5, 6, 7 and 8 on the token alone; the tests of the whole system repeat them
//! over HTTP.

use std::sync::LazyLock;

use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use ring::hmac;
use serde_json::{Value, json};

use super::*;

const SECRET: &[u8] = b"a key of the tests that is long enough";

/// The library reads the clock of this machine; ours stands still at the time of the first test.
static NOW: LazyLock<i64> = LazyLock::new(|| time::OffsetDateTime::now_utc().unix_timestamp());

fn key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, SECRET)
}

fn claims() -> Claims {
    Claims {
        iat: *NOW,
        exp: *NOW + LIFETIME,
        ..Claims::issue(
            "local",
            Uuid::nil(),
            Uuid::nil(),
            "member",
            Uuid::nil(),
            time::OffsetDateTime::UNIX_EPOCH,
        )
    }
}

fn header() -> String {
    json!({"alg": "HS256", "typ": "at+jwt", "kid": "k"}).to_string()
}

fn signed(header: &str, claims: &str) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    format!(
        "{message}.{}",
        URL_SAFE_NO_PAD.encode(hmac::sign(&key(), message.as_bytes()))
    )
}

fn verify(token: &str) -> Result<Claims, Refused> {
    parse(token)?.verify(&DecodingKey::from_secret(SECRET), "local", *NOW)
}

fn with(change: impl FnOnce(&mut Value)) -> Result<Claims, Refused> {
    let mut value = serde_json::to_value(claims()).unwrap();
    change(&mut value);
    verify(&signed(&header(), &value.to_string()))
}

#[test]
fn what_we_sign_we_accept() {
    let claims = claims();
    let token = sign(&claims, "k", &EncodingKey::from_secret(SECRET)).unwrap();
    assert_eq!(parse(&token).unwrap().kid, "k");
    assert_eq!(verify(&token), Ok(claims));
}

#[test]
fn any_other_header_is_refused() {
    let claims = serde_json::to_string(&claims()).unwrap();
    for alg in [
        "none", "None", "nOnE", "HS384", "HS512", "RS256", "ES256", "PS256", "hs256", "",
    ] {
        let header = json!({"alg": alg, "typ": "at+jwt", "kid": "k"}).to_string();
        assert_eq!(
            verify(&signed(&header, &claims)),
            Err(Refused::Form),
            "{alg}"
        );
    }
    for extra in ["jwk", "jku", "x5u", "x5c", "crit", "cty"] {
        let header = json!({"alg": "HS256", "typ": "at+jwt", "kid": "k", extra: "x"}).to_string();
        assert_eq!(
            verify(&signed(&header, &claims)),
            Err(Refused::Form),
            "{extra}"
        );
    }
    for typ in ["JWT", "csrf", "state", "rt", "at+JWT"] {
        let header = json!({"alg": "HS256", "typ": typ, "kid": "k"}).to_string();
        assert_eq!(
            verify(&signed(&header, &claims)),
            Err(Refused::Form),
            "{typ}"
        );
    }
    let doubled = r#"{"alg":"none","alg":"HS256","typ":"at+jwt","kid":"k"}"#;
    assert_eq!(verify(&signed(doubled, &claims)), Err(Refused::Form));
}

#[test]
fn any_other_form_is_refused() {
    let token = sign(&claims(), "k", &EncodingKey::from_secret(SECRET)).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut flipped = raw.clone();
    flipped[0] ^= 1;
    let wrong = [
        format!("{message}."),
        message.to_owned(),
        format!("{token}."),
        format!("{token}.x"),
        format!("{token} "),
        format!("{token}{{}}"),
        format!("{message}.{}", URL_SAFE.encode(&raw)),
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(&raw[..31])),
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(&flipped)),
        format!("{}.{signature}", message.replace('.', "..")),
        "a.b.c.d.e".to_owned(),
        "x".repeat(100_000),
        String::new(),
    ];
    for token in wrong {
        assert!(verify(&token).is_err(), "{token}");
    }
    let standard = format!("{message}.{}", STANDARD.encode([0xFB; 32]));
    assert_eq!(parse(&standard).unwrap_err(), Refused::Form);
}

#[test]
fn times_are_integers_and_checked_with_a_leeway_of_five_seconds() {
    assert!(
        with(|c| c["exp"] = json!(*NOW - 4)).is_err_and(|e| e == Refused::NotYet),
        "it ends before it begins"
    );
    assert_eq!(
        with(|c| (c["iat"], c["exp"]) = (json!(*NOW - 900), json!(*NOW - 5))),
        Err(Refused::Expired)
    );
    assert!(with(|c| (c["iat"], c["exp"]) = (json!(*NOW - 900), json!(*NOW - 4))).is_ok());
    assert!(with(|c| c["iat"] = json!(*NOW + 5)).is_ok());
    assert_eq!(with(|c| c["iat"] = json!(*NOW + 6)), Err(Refused::NotYet));
    assert_eq!(with(|c| c["nbf"] = json!(*NOW + 6)), Err(Refused::NotYet));
    assert!(with(|c| c["nbf"] = json!(*NOW + 5)).is_ok());
    for wrong in [
        json!("1900000000"),
        json!(1_900_000_000.5),
        json!(null),
        json!([1]),
        json!(true),
    ] {
        assert_eq!(
            with(|c| c["exp"] = wrong.clone()),
            Err(Refused::Form),
            "{wrong}"
        );
        assert_eq!(
            with(|c| c["iat"] = wrong.clone()),
            Err(Refused::Form),
            "{wrong}"
        );
    }
    let huge = serde_json::to_string(&claims())
        .unwrap()
        .replace(&(*NOW + LIFETIME).to_string(), "1e400");
    assert_eq!(verify(&signed(&header(), &huge)), Err(Refused::Form));
}

#[test]
fn every_claim_is_required_once_and_no_other() {
    let keys: Vec<String> = serde_json::to_value(claims())
        .unwrap()
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        keys,
        [
            "iss", "aud", "sub", "org", "role", "sid", "jti", "iat", "exp"
        ]
    );
    for key in keys {
        assert_eq!(
            with(|c| drop(c.as_object_mut().unwrap().remove(&key))),
            Err(Refused::Form),
            "{key}"
        );
    }
    assert_eq!(with(|c| c["admin"] = json!(true)), Err(Refused::Form));
    let text = serde_json::to_string(&claims()).unwrap();
    let doubled = text.replacen('{', r#"{"role":"owner","#, 1);
    assert_eq!(verify(&signed(&header(), &doubled)), Err(Refused::Form));
    assert_eq!(
        verify(&signed(&header(), &format!("{text}x"))),
        Err(Refused::Form)
    );
}

#[test]
fn a_token_of_another_stage_or_purpose_is_refused() {
    assert_eq!(
        with(|c| c["iss"] = json!("miyabi-prod")),
        Err(Refused::Purpose)
    );
    assert_eq!(
        with(|c| c["aud"] = json!("miyabi-local-ws")),
        Err(Refused::Purpose)
    );
    assert_eq!(
        with(|c| c["aud"] = json!(["miyabi-local-api"])),
        Err(Refused::Form)
    );
}

#[test]
fn another_key_or_algorithm_signs_nothing() {
    provider::install();
    let other = DecodingKey::from_secret(b"another key of the tests, long enough");
    let token = sign(&claims(), "k", &EncodingKey::from_secret(SECRET)).unwrap();
    let unverified = parse(&token).unwrap();
    assert_eq!(
        unverified.verify(&other, "local", *NOW),
        Err(Refused::Signature)
    );
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let header = jsonwebtoken::Header::new(algorithm);
        let key = EncodingKey::from_secret(SECRET);
        assert!(jsonwebtoken::encode(&header, &claims(), &key).is_err());
    }
}

//! A sign-in over HTTP, as the function `github` and a browser do it.

use std::time::Duration;

use form_urlencoded::Serializer;
use http::Method;
use serde_json::{Value, json};

use super::*;
use crate::http_client::{Answer, send};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const PKCE: &str =
    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
const CALLBACK: &str = "http://127.0.0.1:4000/api/auth/callback";

fn people() -> Vec<Person> {
    let project = crate::project::Project::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    seeded(&project).unwrap()
}

async fn stand_in() -> StandIn {
    StandIn::start(0, people()).await.unwrap()
}

async fn get(url: &str, headers: &[(&str, &str)]) -> Answer {
    send(Method::GET, url, headers, "", Duration::from_secs(60))
        .await
        .unwrap()
}

fn authorize(stand_in: &StandIn, more: &str) -> String {
    let callback = form_urlencoded::byte_serialize(CALLBACK.as_bytes()).collect::<String>();
    format!(
        "{}/login/oauth/authorize?client_id=miyabi&redirect_uri={callback}&scope=user%3Aemail&state=s%26t{PKCE}{more}",
        stand_in.origin()
    )
}

/// The code with which somebody is sent back.
async fn code(stand_in: &StandIn, login: &str) -> String {
    let answer = get(&authorize(stand_in, &format!("&login={login}")), &[]).await;
    let location = answer.header("location").to_owned();
    let rest = location
        .strip_prefix(&format!("{CALLBACK}?code="))
        .unwrap_or_else(|| panic!("{location}"));
    rest.strip_suffix("&state=s%26t").unwrap().to_owned()
}

async fn exchange(stand_in: &StandIn, code: &str, verifier: &str) -> Value {
    let form = Serializer::new(String::new())
        .extend_pairs([
            ("client_id", "miyabi"),
            ("client_secret", "any"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", verifier),
        ])
        .finish();
    let url = format!("{}/login/oauth/access_token", stand_in.origin());
    let headers = [
        ("accept", "application/json"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let answer = send(Method::POST, &url, &headers, form, Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn somebody_signs_in() {
    let stand_in = stand_in().await;
    let code = code(&stand_in, "bob").await;
    let token = exchange(&stand_in, &code, VERIFIER).await;
    assert_eq!(
        (&token["scope"], &token["token_type"]),
        (&json!("user:email"), &json!("bearer"))
    );
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("user-agent", "test")];
    let user = get(&format!("{}/user", stand_in.origin()), &headers)
        .await
        .text(1000);
    let emails = get(&format!("{}/user/emails", stand_in.origin()), &headers)
        .await
        .text(1000);
    insta::assert_snapshot!(
        format!("{user}\n{emails}").replace(&stand_in.origin(), "ORIGIN"),
        @r#"
    {"login":"bob","id":9000000002,"avatar_url":"ORIGIN/avatars/9000000002","html_url":"ORIGIN/bob","type":"User","site_admin":false,"name":"Bob Brandt","email":null}
    [{"email":"bob@example.com","primary":true,"verified":true,"visibility":"private"},{"email":"bob@example.org","primary":false,"verified":true,"visibility":null}]
    "#
    );
    let avatar = get(&format!("{}/avatars/9000000002", stand_in.origin()), &[]).await;
    assert_eq!(avatar.header("content-type"), "image/svg+xml");
}

#[tokio::test]
async fn a_code_without_its_verifier_gives_an_error_with_status_200() {
    let stand_in = stand_in().await;
    let code = code(&stand_in, "alice").await;
    let refused = exchange(&stand_in, &code, "another").await;
    assert_eq!(
        refused,
        json!({"error": "bad_verification_code", "error_description": "The code passed is incorrect or expired."})
    );
}

#[tokio::test]
async fn somebody_grants_more_than_was_asked() {
    let stand_in = stand_in().await;
    let code = code(&stand_in, "walter").await;
    assert_eq!(
        exchange(&stand_in, &code, VERIFIER).await["scope"],
        "user:email,repo,admin:org"
    );
}

#[tokio::test]
async fn the_page_says_that_it_is_not_github_and_leads_on() {
    let stand_in = stand_in().await;
    let page = get(&authorize(&stand_in, ""), &[]).await;
    let html = page.text(100_000);
    assert!(html.contains("This is not GitHub."), "{html}");
    let link = html
        .split('"')
        .find(|text| text.ends_with("login=alice"))
        .unwrap()
        .replace("&amp;", "&");
    let answer = get(&format!("{}{link}", stand_in.origin()), &[]).await;
    assert!(
        answer.header("location").starts_with(CALLBACK),
        "{}",
        answer.header("location")
    );
    let link = html
        .split('"')
        .find(|text| text.ends_with("login="))
        .unwrap()
        .replace("&amp;", "&");
    let denied = get(&format!("{}{link}", stand_in.origin()), &[]).await;
    assert!(
        denied.header("location").contains("?error=access_denied&"),
        "{}",
        denied.header("location")
    );
    let nobody = get(&authorize(&stand_in, "&login=%3Cscript%3E"), &[]).await;
    assert_eq!(nobody.status, 404);
    assert!(nobody.text(100_000).contains("&lt;script&gt;"));
}

#[tokio::test]
async fn the_api_wants_a_token_and_a_user_agent() {
    let stand_in = stand_in().await;
    let url = format!("{}/user", stand_in.origin());
    let (agent, token) = (("user-agent", "test"), ("authorization", "Bearer gho_x"));
    assert_eq!(get(&url, &[agent]).await.status, 401);
    assert_eq!(get(&url, &[agent, token]).await.status, 401);
    assert_eq!(get(&url, &[token]).await.status, 403);
}

#[tokio::test]
async fn another_name_for_this_machine_gets_nothing() {
    let stand_in = stand_in().await;
    let url = authorize(&stand_in, "&login=alice");
    let rebound = get(&url, &[("host", "evil.example")]).await;
    assert_eq!(
        (rebound.status.as_u16(), rebound.header("location")),
        (421, "")
    );
}

#[tokio::test]
async fn a_login_can_change_hands() {
    let stand_in = stand_in().await;
    let mut people = people();
    people.retain(|person| person.login != "alice");
    people[0].login = "alice".to_owned();
    stand_in.set_people(people);
    let code = code(&stand_in, "alice").await;
    let token = exchange(&stand_in, &code, VERIFIER).await;
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let user = get(
        &format!("{}/user", stand_in.origin()),
        &[("authorization", &bearer), ("user-agent", "test")],
    )
    .await;
    let user: Value = serde_json::from_slice(&user.body).unwrap();
    assert_eq!(user["id"], 9_000_000_002_i64);
}

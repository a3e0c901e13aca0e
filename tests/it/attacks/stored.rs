//! What somebody reads who gets hold of a store.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use miyabi_tests::{App, Method, Setup, Valkey};
use ring::digest;

use super::sign_in::Begun;

/// Every row of every table, as text.
pub(crate) async fn everything(app: &App) -> String {
    let tables = app
        .rows("select format('%I', c.relname) from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace order by 1")
        .await;
    assert!(tables.len() > 10, "{tables:?}");
    let mut text = String::new();
    for table in tables {
        let table = table.trim_matches(['(', ')']).replace("\"\"", "\"");
        // Every request counts, a refused one, too.
        if table == "rate_limits" {
            continue;
        }
        text += &format!("{table}\n");
        text += &app.rows(&format!("select * from {table}")).await.join("\n");
    }
    text
}

/// Every key and value of a cache, as it sends them.
async fn everything_cached(valkey: &Valkey) -> String {
    let keys = valkey.keys().await;
    let gets: String = keys.iter().map(|key| format!("GET {key}\n")).collect();
    keys.join("\n") + &valkey.ask(&gets).await
}

#[tokio::test]
async fn attack_24_only_hashes_are_stored() {
    let valkey = Valkey::start().await;
    let app = App::with(Setup {
        valkey: Some(valkey.address()),
        ..Setup::default()
    })
    .await;
    let begun = Begun::at(&app, "bob").await;
    let mut secrets = vec![
        begun.browser.cookie_beginning("__Host-oauth-").unwrap().1,
        begun.parameter("state"),
    ];
    let mut alice = app.sign_in("alice").await;
    for _ in 0..3 {
        secrets.push(alice.browser.cookie("__Secure-rt").unwrap());
        secrets.push(alice.browser.cookie("__Host-csrf").unwrap());
        secrets.push(alice.token.rsplit('.').next().unwrap().to_owned());
        alice.refresh().await;
    }
    let newest = alice.browser.cookie("__Secure-rt").unwrap();
    secrets.push(newest.clone());
    alice
        .request(Method::POST, "/api/auth/logout-all")
        .send()
        .await
        .expect(204);

    let stored = everything(&app).await;
    let cached = everything_cached(&valkey).await;
    assert!(cached.contains("withdrawn:user:"), "{cached}");
    for secret in &secrets {
        let bytes = URL_SAFE_NO_PAD.decode(secret).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        for form in [secret, &hex] {
            assert!(!stored.contains(form.as_str()), "{form} is in the database");
            assert!(!cached.contains(form.as_str()), "{form} is in the cache");
        }
    }
    let hash = digest::digest(&digest::SHA256, &URL_SAFE_NO_PAD.decode(newest).unwrap());
    let hex: String = hash
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(
        stored.contains(&hex),
        "its hash is there, so the comparison compares something"
    );
}

/// Looking for a guess takes as long as looking for one that is nearly right: both are the search
/// for a hash, and nobody can choose the hash.
#[tokio::test]
async fn attack_24_guesses_are_refused_alike() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let right = alice.browser.cookie("__Secure-rt").unwrap();
    let csrf = alice.browser.cookie("__Host-csrf").unwrap();
    let last = if right.ends_with('A') { "E" } else { "A" };
    let near = format!("{}{last}", &right[..42]);
    let mut answers = Vec::new();
    for guess in [near, "A".repeat(43), "short".to_owned(), String::new()] {
        let response = app
            .request(Method::POST, "/api/auth/refresh")
            .header("origin", app.origin())
            .header("cookie", format!("__Secure-rt={guess}"))
            .header("x-csrf-token", csrf.clone())
            .send()
            .await;
        let mut problem = response.problem(401, "unauthenticated");
        problem.as_object_mut().unwrap().remove("request_id");
        answers.push(problem.to_string());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let indexed = app
        .rows("select 1 from pg_index where indrelid = 'refresh_tokens'::regclass and indisprimary and indkey::text = (select attnum::text from pg_attribute where attrelid = 'refresh_tokens'::regclass and attname = 'token_hash')")
        .await;
    assert_eq!(indexed.len(), 1, "tokens are looked for by their hash");
}

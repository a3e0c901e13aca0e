//! People signed in without `auth`, which is not there yet: their rows and their tokens are made here.

use miyabi_tests::{App, Person, json, sign_text};
use uuid::Uuid;

/// The owner of a new organization.
pub(crate) async fn sign_in(app: &App, login: &str) -> Person {
    let (user, organization) = (Uuid::new_v4(), Uuid::new_v4());
    app.sql(&format!(
        "insert into users (id, github_id, login) values ('{user}', {}, '{login}');
         insert into organizations (id, name) values ('{organization}', '{login}');
         insert into memberships (organization_id, user_id, role) values ('{organization}', '{user}', 'owner')",
        user.as_u128() as i64 & i64::MAX
    ))
    .await;
    person(app, login, user, organization)
}

/// A member of the organization of somebody.
pub(crate) async fn member(app: &App, of: &Person, login: &str, role: &str) -> Person {
    let (user, organization) = (Uuid::new_v4(), of.organization_id());
    app.sql(&format!(
        "insert into users (id, github_id, login) values ('{user}', {}, '{login}');
         insert into memberships (organization_id, user_id, role) values ('{organization}', '{user}', '{role}')",
        user.as_u128() as i64 & i64::MAX
    ))
    .await;
    person(app, login, user, organization.parse().unwrap())
}

fn person(app: &App, login: &str, user: Uuid, organization: Uuid) -> Person {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let header = json!({"alg": "HS256", "typ": "at+jwt", "kid": "test-key-1"});
    let claims = json!({
        "iss": "miyabi-local", "aud": "miyabi-local-api", "sub": user, "org": organization, "role": "owner",
        "sid": Uuid::new_v4(), "jti": Uuid::new_v4(), "iat": now, "exp": now + 900
    });
    let unsigned = sign_text(&header.to_string(), &claims.to_string(), b"x");
    Person {
        login: login.to_owned(),
        token: app.forge(&unsigned, |_| ()),
        browser: app.browser(),
    }
}

//! Bodies are read exactly as the OpenAPI document says. They are derived from the document itself:
//! for each operation, bodies that its schema allows are taken, and each change of kind in each
//! field is refused by name and changes nothing.

mod fixture;
mod mutations;

use miyabi_tests::{App, Dice, Method, Person, Response, json};

use self::{fixture::Fixture, mutations::mutations};
use super::{document::Document, stored::everything};

/// Words of serde, its derived code and JSON libraries: they belong in no answer.
const OF_LIBRARIES: [&str; 16] = [
    "expected struct",
    "expected value",
    "expected a",
    "expected one of",
    "expected `",
    "invalid type",
    "invalid value",
    "invalid length",
    "missing field",
    "unknown field",
    "unknown variant",
    "duplicate field",
    "UUID parsing",
    "EOF while",
    "trailing characters",
    "serde",
];

#[tokio::test]
async fn attack_52_what_the_schema_allows_is_taken() {
    let document = Document::read();
    let fixture = Fixture::start().await;
    let mut dice = Dice::new(52);
    for operation in document.operations_with_bodies() {
        if operation.path == "/api/auth/switch" {
            // Its body has one value; a second one would need another cookie.
            let body = json!({"organization_id": fixture.alice.organization_id()}).to_string();
            fixture.send(&operation, 1, body).await.expect(200);
            continue;
        }
        for round in 0..12 {
            let known = |name: &str| fixture.known(&operation, name);
            let body = document.value(&operation.schema, "", round == 0, &mut dice, &known);
            let version = fixture.version(&operation).await;
            let body = fixture.versioned(body, version).to_string();
            let response = fixture.send(&operation, version, body.clone()).await;
            let status = response.status.as_u16();
            // 409: two labels of one name, a status that cannot follow, an invitation of one's own.
            assert!(
                response.status.is_success() || status == 409,
                "{} {}: {body:.500}\n{response}",
                operation.method,
                operation.path
            );
        }
    }
    for path in [
        "/api/tasks?limit=100",
        "/api/labels?limit=100",
        "/api/projects?limit=100",
        "/api/views?limit=100",
        "/api/activity?limit=100",
        "/api/organizations?limit=100",
        "/api/members?limit=100",
        "/api/roles?limit=100",
        "/api/invitations?limit=100",
        "/api/tokens?limit=100",
        "/api/notifications?limit=100",
    ] {
        assert_eq!(fixture.alice.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn attack_52_what_the_schema_does_not_allow_is_refused_by_name_and_changes_nothing() {
    let document = Document::read();
    let fixture = Fixture::start().await;
    let operations = document.operations_with_bodies();
    assert!(operations.len() >= 8, "the document has lost its bodies");
    let mut count = 0;
    for operation in operations {
        let known = |name: &str| fixture.known(&operation, name);
        let body = document.value(&operation.schema, "", true, &mut Dice::new(1), &known);
        let version = fixture.version(&operation).await;
        let body = fixture.versioned(body, version);
        let before = everything(&fixture.app).await;
        for place in document.places(&operation.schema, &body) {
            for (what, mutated) in mutations(&body, &place) {
                let response = fixture.send(&operation, version, mutated.clone()).await;
                let about = format!(
                    "{} {}, `{}`, {what}: {mutated:.300}\n{response}",
                    operation.method, operation.path, place.field
                );
                assert_refused(&response, &place.field, &about);
                count += 1;
            }
        }
        assert_eq!(
            everything(&fixture.app).await,
            before,
            "{} {}",
            operation.method,
            operation.path
        );
    }
    assert!(count > 700, "{count} bodies are too few to mean anything");
}

fn assert_refused(response: &Response, field: &str, about: &str) {
    assert!(response.status.is_client_error(), "{about}");
    assert_eq!(
        response.header("content-type"),
        "application/problem+json",
        "{about}"
    );
    // Names that we sent come back; they are not meant.
    let text = response.text().replace("$serde_json::", "");
    for words in OF_LIBRARIES {
        assert!(!text.contains(words), "`{words}`: {about}");
    }
    let problem = response.json();
    let named = problem["errors"][0]["field"].as_str().unwrap_or_default();
    let expected = if field.is_empty() { "body" } else { field };
    // What is inside of the value may be named more closely; of the whole body, any of its members.
    let is_named = named == expected
        || field.is_empty() && !named.is_empty()
        || named
            .strip_prefix(expected)
            .is_some_and(|rest| rest.starts_with(['.', '[']));
    assert!(is_named, "`{named}` is named: {about}");
}

/// A private token of a JSON library is a name like any other: in metadata it is kept, and the
/// trail that holds it stays readable.
#[tokio::test]
async fn attack_52_private_tokens_are_names_like_any_other() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let deep = "[".repeat(5000);
    for text in ["1", "no JSON", &deep, "{'a': 1, 'a': 2}"] {
        for token in ["RawValue", "Number"] {
            // As text throughout: serde_json would give the token its meaning here, too.
            let odd = format!(r#"{{"$serde_json::private::{token}": "{text}"}}"#);
            let new = format!(r#"{{"title": "Token", "metadata": {{"x": {odd}}}}}"#);
            let created = raw(&alice, Method::POST, "/api/tasks", new).await;
            assert_eq!(created.status, 201, "{created}");
            assert!(created.text().contains(&odd), "{created}");
            let id = app
                .rows("select id from tasks order by created_at desc limit 1")
                .await;
            let path = format!("/api/tasks/{}", id[0].trim_matches(['(', ')']));
            let change = format!(r#"{{"metadata": {{"y": {odd}}}}}"#);
            let changed = raw(&alice, Method::PATCH, &path, change).await;
            assert_eq!(changed.status, 200, "{changed}");
            let task = alice.get(&path).await.text();
            assert_eq!(task.matches(&odd).count(), 2, "{task}");
            let trail = alice.get("/api/activity?limit=2").await;
            assert_eq!(trail.status, 200, "{trail}");
            assert!(trail.text().contains(&odd), "{trail}");
        }
    }
}

async fn raw(alice: &Person, method: Method, path: &str, body: String) -> Response {
    let request = alice.request(method, path).header("if-match", "\"1\"");
    let request = request.header("content-type", "application/json");
    request.body(body).send().await
}

/// Query parameters: no word of a library in any refusal.
#[tokio::test]
async fn attack_52_refused_parameters_are_named_in_our_own_words() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for list in ["/api/tasks", "/api/labels", "/api/activity"] {
        for parameter in [
            "status=nonsense",
            "priority=p9",
            "assignee=x",
            "label=x",
            "deleted=maybe",
            "sort=x",
            "due_after=x",
            "from=x",
            "actor=x",
            "outcome=x",
            "unknown=1",
            "limit=1&limit=2",
            "q=",
        ] {
            let response = alice.get(&format!("{list}?{parameter}")).await;
            let problem = response.problem(422, "invalid");
            let name = parameter.split('=').next().unwrap();
            assert_eq!(
                problem["errors"][0]["field"], name,
                "{list}?{parameter}: {problem}"
            );
            let text = problem.to_string();
            assert!(
                !OF_LIBRARIES.iter().any(|words| text.contains(words)),
                "{text}"
            );
        }
    }
}

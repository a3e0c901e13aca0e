//! Organizations, members, roles and invitations.

mod export;
mod invitations;
mod join;
mod members;
mod organizations;
mod races;
mod roles;

use miyabi_tests::{App, Method, Person, Response, Value, json};

/// `/api/members/ID`.
fn member_path(person: &Person) -> String {
    format!("/api/members/{}", person.user_id())
}

/// `/api/organizations/ID`.
fn organization_path(person: &Person) -> String {
    format!("/api/organizations/{}", person.organization_id())
}

/// Creates an invitation; returns its id and its code.
async fn invite(person: &Person, body: Value) -> (String, String) {
    let link = person.post("/api/invitations", body).await.expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&link["invitation"]["id"]), text(&link["code"]))
}

async fn accept(person: &Person, code: &str) -> Response {
    person
        .post("/api/invitations/accept", json!({ "code": code }))
        .await
}

/// How many lines the trail has of that.
async fn lines(app: &App, condition: &str) -> usize {
    app.rows(&format!("select from audit_log where {condition}"))
        .await
        .len()
}

/// Switches to another organization of the person.
async fn switch(person: &mut Person, organization: &str) {
    let request = person
        .cookie_request(Method::POST, "/api/auth/switch")
        .json(json!({ "organization_id": organization }));
    let response = person.browser.send(request).await.expect(200);
    person.token = response["access_token"].as_str().unwrap().to_owned();
}

//! What each route of the function `orgs` is for, done once.

use miyabi_tests::{App, Method, Person, Value, json};

use super::acts::Done;

/// Whether it is a path of that function.
pub(super) fn has(path: &str) -> bool {
    ["organizations", "members", "roles", "invitations"]
        .iter()
        .any(|group| path.starts_with(&format!("/api/{group}")))
}

/// Does what a route is for. Panics for a route that it does not know.
pub(super) async fn on(app: &App, alice: &Person, method: Method, path: &str) -> Done {
    let login =
        format!("{method}{path}").replace(|letter: char| !letter.is_ascii_alphanumeric(), "");
    let (done, target) = match path.split('/').nth(2).unwrap() {
        "organizations" => return organization(app, alice, method, path, &login).await,
        "members" => member(app, alice, method, path, &login).await,
        "roles" => role(alice, method, path, &login.to_lowercase()).await,
        _ if path.ends_with("/accept") => return joined(app, alice, path, &login).await,
        _ if path.ends_with("/preview") => panic!("a preview changes nothing"),
        _ => invitation(alice, method, path).await,
    };
    Done {
        action: done,
        target,
        actor: alice.user_id(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn organization(app: &App, alice: &Person, method: Method, path: &str, login: &str) -> Done {
    // Deleted and left organizations are of somebody of their own.
    let mut person = app.sign_in(login).await;
    let own = person.organization_id();
    let actor = person.user_id();
    let done = |action, target: &str| Done {
        action,
        target: target.to_owned(),
        actor: actor.clone(),
    };
    let at = path.replace("{organization_id}", &own);
    match (method.as_str(), path.rsplit('/').next().unwrap()) {
        ("POST", "organizations") => {
            let created = person.post(path, json!({"name": "New"})).await.expect(201);
            done("org.create", &text(&created["id"]))
        }
        ("PATCH", _) => {
            person
                .patch(&at, 1, json!({"name": "Other"}))
                .await
                .expect(200);
            done("org.update", &own)
        }
        ("DELETE", _) => {
            person.delete(&at).await.expect(204);
            done("org.delete", &own)
        }
        ("POST", "leave") => {
            let member = app.member(alice, login, "member").await;
            let at = path.replace("{organization_id}", &alice.organization_id());
            member.post(&at, json!({})).await.expect(204);
            done("member.leave", &actor)
        }
        ("POST", "restore") => {
            let home = person
                .post("/api/organizations", json!({"name": "Home"}))
                .await;
            home.expect(201);
            let deleted = format!("/api/organizations/{own}");
            person.delete(&deleted).await.expect(204);
            person.refresh().await;
            person.post(&at, json!({})).await.expect(200);
            done("org.restore", &own)
        }
        _ => panic!("Which line of the trail does `{method} {path}` leave?"),
    }
}

async fn member(
    app: &App,
    alice: &Person,
    method: Method,
    path: &str,
    login: &str,
) -> (&'static str, String) {
    let user = app.member(alice, login, "member").await.user_id();
    let path = path.replace("{user_id}", &user);
    if method == Method::PATCH {
        let change = json!({"role": "viewer"});
        alice.patch(&path, 1, change).await.expect(200);
        return ("member.update", user);
    }
    alice.delete(&path).await.expect(204);
    ("member.remove", user)
}

async fn role(alice: &Person, method: Method, path: &str, login: &str) -> (&'static str, String) {
    let name: String = login.chars().take(50).collect();
    let role = json!({"name": name, "permissions": ["tasks.read"]});
    alice.post("/api/roles", role).await.expect(201);
    let path = path.replace("{role_name}", &name);
    let action = match method.as_str() {
        "POST" => "role.create",
        "PATCH" => {
            let change = json!({"permissions": []});
            alice.patch(&path, 1, change).await.expect(200);
            "role.update"
        }
        _ => {
            alice.delete(&path).await.expect(204);
            "role.delete"
        }
    };
    (action, name)
}

async fn invitation(alice: &Person, method: Method, path: &str) -> (&'static str, String) {
    let link = alice
        .post("/api/invitations", json!({"role": "viewer"}))
        .await;
    let id = text(&link.expect(201)["invitation"]["id"]);
    if method == Method::POST {
        return ("invitation.create", id);
    }
    let path = path.replace("{invitation_id}", &id);
    alice.delete(&path).await.expect(204);
    ("invitation.revoke", id)
}

async fn joined(app: &App, alice: &Person, path: &str, login: &str) -> Done {
    let guest = app.sign_in(login).await;
    let link = alice
        .post("/api/invitations", json!({"role": "viewer"}))
        .await;
    let link = link.expect(201);
    guest
        .post(path, json!({"code": link["code"]}))
        .await
        .expect(200);
    Done {
        action: "invitation.accept",
        target: text(&link["invitation"]["id"]),
        actor: guest.user_id(),
    }
}

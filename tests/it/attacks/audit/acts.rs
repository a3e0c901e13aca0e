//! What each route that changes anything is for, done once.

use miyabi_tests::{App, Method, Person, json};

/// What was done, as its line of the trail must say.
pub(super) struct Done {
    pub(super) action: &'static str,
    /// Its id; of a role, the name.
    pub(super) target: String,
    pub(super) actor: String,
}

/// Does what a route is for, to something that is made for that. Panics for a route that it does
/// not know: whoever adds one says here which line it leaves.
pub(super) async fn on(app: &App, alice: &Person, route: &str) -> Done {
    let done = |action, target: String| Done {
        action,
        target,
        actor: alice.user_id(),
    };
    let (method, path) = route.split_once(' ').unwrap();
    let method: Method = method.parse().unwrap();
    match route {
        "POST /api/tasks" => done("task.create", task(alice).await),
        "POST /api/tasks/bulk" => {
            let task = task(alice).await;
            let item = json!({"id": task, "version": 1, "change": {"title": "Changed"}});
            let items = json!({ "items": [item] });
            alice.post(path, items).await.expect(200);
            done("task.update", task)
        }
        "PATCH /api/tasks/{task_id}" => {
            let task = task(alice).await;
            let path = path.replace("{task_id}", &task);
            let change = json!({"title": "Changed"});
            alice.patch(&path, 1, change).await.expect(200);
            done("task.update", task)
        }
        "DELETE /api/tasks/{task_id}" => {
            let task = task(alice).await;
            let path = path.replace("{task_id}", &task);
            alice.delete(&path).await.expect(204);
            done("task.delete", task)
        }
        "POST /api/tasks/{task_id}/restore" => {
            let task = task(alice).await;
            alice
                .delete(&format!("/api/tasks/{task}"))
                .await
                .expect(204);
            let path = path.replace("{task_id}", &task);
            alice.request(method, &path).send().await.expect(200);
            done("task.restore", task)
        }
        "POST /api/tasks/import" => {
            let task = json!({"source": "csv", "external_id": method.as_str(), "task": {"title": "Imported"}});
            let imported = alice.post(path, json!({ "items": [task] })).await;
            let id = imported.expect(200)["items"][0]["task_id"].clone();
            done("task.create", id.as_str().unwrap().to_owned())
        }
        _ if path.contains("/comments") => comment(alice, method, path).await,
        _ if path.starts_with("/api/labels") => label(alice, method, path).await,
        _ if path.starts_with("/api/projects") => project(alice, method, path).await,
        _ if path.starts_with("/api/views") => view(alice, method, path).await,
        _ if super::acts_of_orgs::has(path) => {
            super::acts_of_orgs::on(app, alice, method, path).await
        }
        _ if path.starts_with("/api/tokens") => token(alice, method, path).await,
        _ if path.starts_with("/api/account") => account(app, method, path).await,
        _ if path.starts_with("/api/auth/") => session(app, alice, method, path).await,
        _ => panic!("Which line of the trail does `{route}` leave?"),
    }
}

async fn create(person: &Person, path: &str, body: miyabi_tests::Value) -> String {
    let created = person.post(path, body).await.expect(201);
    created["id"].as_str().unwrap().to_owned()
}

async fn task(person: &Person) -> String {
    create(person, "/api/tasks", json!({"title": "Task"})).await
}

async fn comment(alice: &Person, method: Method, path: &str) -> Done {
    let path = path.replace("{task_id}", &task(alice).await);
    let comments = path.split("/{").next().unwrap();
    let comment = create(alice, comments, json!({"body": "Comment"})).await;
    let path = path.replace("{comment_id}", &comment);
    let action = match method.as_str() {
        "POST" => "comment.create",
        "PATCH" => {
            let change = json!({"body": "Changed"});
            alice.patch(&path, 1, change).await.expect(200);
            "comment.update"
        }
        _ => {
            alice.delete(&path).await.expect(204);
            "comment.delete"
        }
    };
    Done {
        action,
        target: comment,
        actor: alice.user_id(),
    }
}

async fn view(alice: &Person, method: Method, path: &str) -> Done {
    let view = create(alice, "/api/views", json!({"name": "View"})).await;
    let path = path.replace("{view_id}", &view);
    let action = match method.as_str() {
        "POST" => "view.create",
        "DELETE" => {
            alice.delete(&path).await.expect(204);
            "view.delete"
        }
        _ => {
            let change = json!({"shared": true});
            alice.patch(&path, 1, change).await.expect(200);
            "view.update"
        }
    };
    Done {
        action,
        target: view,
        actor: alice.user_id(),
    }
}

async fn project(alice: &Person, method: Method, path: &str) -> Done {
    let project = create(alice, "/api/projects", json!({"name": "Project"})).await;
    let path = path.replace("{project_id}", &project);
    let action = match method.as_str() {
        "POST" => "project.create",
        _ => {
            let change = json!({"color": "#000000"});
            alice.patch(&path, 1, change).await.expect(200);
            "project.update"
        }
    };
    Done {
        action,
        target: project,
        actor: alice.user_id(),
    }
}

async fn label(alice: &Person, method: Method, path: &str) -> Done {
    let name = format!("Label for {method}");
    let label = create(alice, "/api/labels", json!({ "name": name })).await;
    let path = path.replace("{label_id}", &label);
    let action = match method.as_str() {
        "POST" => "label.create",
        "PATCH" => {
            let change = json!({"color": "#000000"});
            alice.patch(&path, 1, change).await.expect(200);
            "label.update"
        }
        _ => {
            alice.delete(&path).await.expect(204);
            "label.delete"
        }
    };
    Done {
        action,
        target: label,
        actor: alice.user_id(),
    }
}

async fn token(alice: &Person, method: Method, path: &str) -> Done {
    let new = json!({"name": "Program", "permissions": ["tasks.read"]});
    let created = alice.post("/api/tokens", new).await.expect(201);
    let token = created["api_token"]["id"].as_str().unwrap().to_owned();
    let action = if method == Method::DELETE {
        let path = path.replace("{token_id}", &token);
        alice.delete(&path).await.expect(204);
        "api_token.revoke"
    } else {
        "api_token.create"
    };
    Done {
        action,
        target: token,
        actor: alice.user_id(),
    }
}

/// Somebody who is alone in their organization.
async fn account(app: &App, method: Method, path: &str) -> Done {
    let login = format!("account-{}", method.as_str().to_lowercase());
    let person = app.sign_in(&login).await;
    person.delete("/api/account").await.expect(200);
    let mut action = "account.request_deletion";
    if method == Method::POST {
        person.request(method, path).send().await.expect(204);
        action = "account.keep";
    }
    Done {
        action,
        target: person.user_id(),
        actor: person.user_id(),
    }
}

/// Somebody of their own, who is a member of the organization of `alice` too.
async fn session(app: &App, alice: &Person, method: Method, path: &str) -> Done {
    let login = path.replace(|letter: char| !letter.is_ascii_alphanumeric(), "");
    let person = app.member(alice, &login, "member").await;
    let session = person.claims()["sid"].as_str().unwrap().to_owned();
    let actor = person.user_id();
    let done = |action, target: &str| Done {
        action,
        target: target.to_owned(),
        actor: actor.clone(),
    };
    match path {
        "/api/auth/callback" => done("auth.sign_in", &session),
        "/api/auth/logout" => {
            let request = person.cookie_request(method, path);
            request.send().await.expect(204);
            done("auth.sign_out", &session)
        }
        "/api/auth/logout-all" => {
            person.request(method, path).send().await.expect(204);
            done("auth.sign_out_everywhere", &actor)
        }
        "/api/auth/switch" => {
            let to = json!({"organization_id": alice.organization_id()});
            let request = person.cookie_request(method, path).json(to);
            request.send().await.expect(200);
            done("auth.switch", &session)
        }
        "/api/auth/sessions/{session_id}" => {
            let path = path.replace("{session_id}", &session);
            person.delete(&path).await.expect(204);
            done("auth.end_session", &session)
        }
        _ => panic!("Which line of the trail does `{method} {path}` leave?"),
    }
}

//! Ids of another organization, in paths and in bodies: answered as ids of nothing.

use miyabi_catalog::{FUNCTIONS, Route};
use miyabi_tests::{App, Method, Person, Response, Value, json};
use uuid::Uuid;

use super::timing::take_as_long;

/// What somebody has, as ids.
struct Things {
    task: String,
    comment: String,
    label: String,
    project: String,
    view: String,
    session: String,
    organization: String,
    user: String,
    invitation: String,
    token: String,
    notification: String,
}

/// A notification, which only somebody else's act would make.
async fn notification(app: &App, person: &Person, task: &str) -> String {
    let id = Uuid::new_v4().to_string();
    app.sql(&format!(
        "insert into notifications (organization_id, id, user_id, task_id, reasons, actor_id)
         values ('{}', '{id}', '{user}', '{task}', array['assigned'], '{user}')",
        person.organization_id(),
        user = person.user_id(),
    ))
    .await;
    id
}

async fn things(app: &App, person: &Person) -> Things {
    let id = |value: Value| value["id"].as_str().unwrap().to_owned();
    let task = id(person
        .post("/api/tasks", json!({"title": "Private"}))
        .await
        .expect(201));
    let comments = format!("/api/tasks/{task}/comments");
    let comment = person.post(&comments, json!({"body": "Private"})).await;
    let label = person.post("/api/labels", json!({"name": "Private"})).await;
    let project = person
        .post("/api/projects", json!({"name": "Private"}))
        .await;
    let view = person.post("/api/views", json!({"name": "Private"})).await;
    let invitation = person
        .post("/api/invitations", json!({"role": "viewer"}))
        .await;
    let token = json!({"name": "Private", "permissions": ["tasks.read"]});
    let token = person.post("/api/tokens", token).await.expect(201);
    Things {
        token: id(token["api_token"].clone()),
        notification: notification(app, person, &task).await,
        organization: person.organization_id(),
        user: person.user_id(),
        invitation: id(invitation.expect(201)["invitation"].clone()),
        comment: id(comment.expect(201)),
        label: id(label.expect(201)),
        project: id(project.expect(201)),
        view: id(view.expect(201)),
        session: person.claims()["sid"].as_str().unwrap().to_owned(),
        task,
    }
}

fn nothing() -> Things {
    let id = || Uuid::new_v4().to_string();
    Things {
        task: id(),
        comment: id(),
        label: id(),
        project: id(),
        view: id(),
        session: id(),
        organization: id(),
        user: id(),
        invitation: id(),
        token: id(),
        notification: id(),
    }
}

/// A request that does something where there is something.
async fn ask(person: &Person, route: &Route, path: &str) -> Response {
    let request = person.request(route.method.as_str().parse().unwrap(), path);
    let body = match (route.method.as_str(), route.path) {
        (_, path) if path.ends_with("/restore") => None,
        ("POST", _) => Some(json!({"body": "Intruder"})),
        ("PATCH", path) if path.ends_with("{comment_id}") => Some(json!({"body": "Intruder"})),
        ("PATCH", path)
            if [
                "{label_id}",
                "{project_id}",
                "{view_id}",
                "{organization_id}",
            ]
            .iter()
            .any(|id| path.ends_with(id)) =>
        {
            Some(json!({"name": "Intruder"}))
        }
        ("PATCH", path) if path.ends_with("{notification_id}") => Some(json!({"read": true})),
        ("PATCH", path) if path.ends_with("{user_id}") => Some(json!({"role": "viewer"})),
        ("PATCH", _) => Some(json!({"title": "Intruder"})),
        _ => None,
    };
    let request = request.header("if-match", "\"1\"");
    match body {
        Some(body) => request.json(body).send().await,
        None => request.send().await,
    }
}

/// An answer without what is different each time.
fn essence(response: &Response) -> (u16, Value) {
    let mut problem = response.json();
    problem["request_id"] = Value::Null;
    (response.status.as_u16(), problem)
}

fn routes_with_ids() -> Vec<&'static Route> {
    FUNCTIONS
        .iter()
        .flat_map(|function| function.routes)
        .filter(|route| route.path.contains("_id}"))
        .collect()
}

fn fill(route: &Route, things: &Things) -> String {
    route
        .path
        .replace("{task_id}", &things.task)
        .replace("{comment_id}", &things.comment)
        .replace("{label_id}", &things.label)
        .replace("{project_id}", &things.project)
        .replace("{view_id}", &things.view)
        .replace("{session_id}", &things.session)
        .replace("{organization_id}", &things.organization)
        .replace("{user_id}", &things.user)
        .replace("{invitation_id}", &things.invitation)
        .replace("{token_id}", &things.token)
        .replace("{notification_id}", &things.notification)
}

#[tokio::test]
async fn attack_29_ids_of_another_organization_in_each_path() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mallory = app.sign_in("mallory").await;
    let theirs = things(&app, &alice).await;
    let own = things(&app, &mallory).await;
    let everything = ["tasks.read", "tasks.write", "tasks.delete", "tasks.assign"];
    let program = mallory.api_token(&everything).await;
    for route in routes_with_ids() {
        let title = format!("{} {}", route.method.as_str(), route.path);
        if route.takes_api_tokens() {
            let absent = ask(&program, route, &fill(route, &nothing())).await;
            let foreign = ask(&program, route, &fill(route, &theirs)).await;
            assert_eq!(absent.status, 404, "{title} by an API token: {absent}");
            assert_eq!(
                essence(&foreign),
                essence(&absent),
                "{title} by an API token"
            );
        }
        let absent = ask(&mallory, route, &fill(route, &nothing())).await;
        let foreign = ask(&mallory, route, &fill(route, &theirs)).await;
        assert_eq!(absent.status, 404, "{title}: {absent}");
        assert_eq!(essence(&foreign), essence(&absent), "{title}");
        // Their comment below a task of one's own.
        let mixed = Things {
            task: own.task.clone(),
            comment: theirs.comment.clone(),
            label: theirs.label.clone(),
            project: theirs.project.clone(),
            view: theirs.view.clone(),
            session: theirs.session.clone(),
            organization: theirs.organization.clone(),
            user: theirs.user.clone(),
            invitation: theirs.invitation.clone(),
            token: theirs.token.clone(),
            notification: theirs.notification.clone(),
        };
        if route.path.contains("{comment_id}") {
            let foreign = ask(&mallory, route, &fill(route, &mixed)).await;
            assert_eq!(essence(&foreign), essence(&absent), "{title}");
        }
    }
    // Nothing has happened to any of it.
    let path = format!("/api/tasks/{}", theirs.task);
    let task = alice.get(&path).await.expect(200);
    assert_eq!(
        (&task["title"], &task["version"]),
        (&json!("Private"), &json!(1))
    );
    let comments = alice.get(&format!("{path}/comments")).await.expect(200);
    assert_eq!(comments["items"][0]["body"], "Private");
    assert_eq!(comments["items"].as_array().unwrap().len(), 1);
    let labels = alice.get("/api/labels").await.expect(200);
    assert_eq!(labels["items"][0]["name"], "Private");
    let projects = alice.get("/api/projects").await.expect(200);
    assert_eq!(projects["items"][0]["name"], "Private");
    let members = alice.get("/api/members").await.expect(200);
    assert_eq!(members["items"][0]["version"], 1, "{members}");
    let invitations = alice.get("/api/invitations").await.expect(200);
    assert_eq!(invitations["items"][0]["revoked_at"], Value::Null);
    let inbox = alice.get("/api/notifications").await.expect(200);
    assert_eq!(inbox["items"][0]["read_at"], Value::Null, "{inbox}");
    let tokens = alice.get("/api/tokens").await.expect(200);
    assert_eq!(tokens["items"][0]["revoked_at"], Value::Null, "{tokens}");
}

/// Time says no more than the answer: the statements are the same, and none of them finds a row.
#[tokio::test]
async fn attack_29_a_foreign_id_takes_as_long_as_none() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mallory = app.sign_in("mallory").await;
    let theirs = things(&app, &alice).await;
    let ask = async |id: String| {
        mallory
            .get(&format!("/api/tasks/{id}"))
            .await
            .problem(404, "not_found");
    };
    take_as_long(
        ("an id of another organization", async || {
            ask(theirs.task.clone()).await;
        }),
        ("none", async || ask(Uuid::new_v4().to_string()).await),
    )
    .await;
}

#[tokio::test]
async fn attack_30_ids_of_another_organization_in_bodies() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mallory = app.sign_in("mallory").await;
    let theirs = things(&app, &alice).await;
    let own = things(&app, &mallory).await;
    let path = format!("/api/tasks/{}", own.task);
    let cases = [
        ("assignee_id", json!(alice.user_id()), json!(Uuid::new_v4())),
        ("parent_id", json!(theirs.task), json!(Uuid::new_v4())),
        ("project_id", json!(theirs.project), json!(Uuid::new_v4())),
        ("label_ids", json!([theirs.label]), json!([Uuid::new_v4()])),
        ("after", json!(theirs.task), json!(Uuid::new_v4())),
    ];
    for (field, foreign, absent) in cases {
        let mut answers = Vec::new();
        for value in [&foreign, &absent] {
            let mut create = json!({"title": "Task"});
            create[field] = value.clone();
            let change = json!({ field: value });
            let bulk = json!({"items": [{"id": own.task, "version": 1, "change": change}]});
            answers.push([
                essence(&mallory.post("/api/tasks", create).await),
                essence(&mallory.patch(&path, 1, change).await),
                essence(&mallory.post("/api/tasks/bulk", bulk).await),
            ]);
        }
        assert_eq!(answers[0], answers[1], "{field}");
        for (status, problem) in &answers[0] {
            assert_eq!(*status, 422, "{problem}");
        }
    }
    let mut answers = Vec::new();
    for label in [json!([theirs.label]), json!([Uuid::new_v4()])] {
        let change = json!({ "add_label_ids": label });
        answers.push(essence(&mallory.patch(&path, 1, change).await));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, 422);
    let mut answers = Vec::new();
    for after in [json!(theirs.project), json!(Uuid::new_v4())] {
        let path = format!("/api/projects/{}", own.project);
        answers.push(essence(
            &mallory.patch(&path, 1, json!({ "after": after })).await,
        ));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, 422);
    let mut answers = Vec::new();
    for id in [json!(theirs.task), json!(Uuid::new_v4())] {
        let bulk = json!({"items": [{"id": id, "version": 1, "change": {"title": "Intruder"}}]});
        answers.push(essence(&mallory.post("/api/tasks/bulk", bulk).await));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, 422);
    // As filters they find nothing, like ids of nothing.
    for filter in [
        format!("assignee={}", alice.user_id()),
        format!("created_by={}", alice.user_id()),
        format!("parent={}", theirs.task),
        format!("label={}", theirs.label),
        format!("project={}", theirs.project),
    ] {
        let page = mallory
            .request(Method::GET, &format!("/api/tasks?{filter}"))
            .send()
            .await
            .expect(200);
        assert_eq!(page["items"], json!([]), "{filter}");
    }
    assert_eq!(mallory.get(&path).await.expect(200)["version"], 1);
}

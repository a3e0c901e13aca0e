//! What the operations are tried on: one thing of each kind, and how an operation on it is sent.

use miyabi_tests::{App, Method, Person, Response, Value, json};

use crate::attacks::document::Operation;

/// The role that operations on roles are tried on.
const ROLE: &str = "fixture";

/// What the operations are tried on.
pub(super) struct Fixture {
    pub(super) app: App,
    pub(super) alice: Person,
    task: String,
    other_task: String,
    comment: String,
    label: String,
    project: String,
    view: String,
    bob: Person,
    code: String,
    notification: String,
}

impl Fixture {
    pub(super) async fn start() -> Fixture {
        let app = App::start().await;
        let alice = app.sign_in("alice").await;
        let make = async |path: &str, body: Value| {
            let made = alice.post(path, body).await.expect(201);
            made["id"].as_str().unwrap().to_owned()
        };
        let task = make(
            "/api/tasks",
            json!({"title": "Task", "status": "in_progress"}),
        )
        .await;
        let other_task = make("/api/tasks", json!({"title": "Parent"})).await;
        let comments = format!("/api/tasks/{task}/comments");
        let comment = make(&comments, json!({"body": "Comment"})).await;
        let label = make("/api/labels", json!({"name": "Label"})).await;
        let project = make("/api/projects", json!({"name": "Project"})).await;
        let view = make("/api/views", json!({"name": "View"})).await;
        let role = json!({"name": ROLE, "permissions": ["tasks.read"]});
        alice.post("/api/roles", role).await.expect(201);
        let bob = app.member(&alice, "bob", "member").await;
        let link = alice
            .post("/api/invitations", json!({"role": "viewer"}))
            .await;
        let code = link.expect(201)["code"].as_str().unwrap().to_owned();
        let notification = uuid::Uuid::new_v4().to_string();
        app.sql(&format!(
            "insert into notifications (organization_id, id, user_id, task_id, reasons, actor_id)
             values ('{}', '{notification}', '{}', '{task}', array['assigned'], '{}')",
            alice.organization_id(),
            alice.user_id(),
            bob.user_id(),
        ))
        .await;
        Fixture {
            app,
            alice,
            task,
            other_task,
            comment,
            label,
            project,
            view,
            bob,
            code,
            notification,
        }
    }

    /// Values of members that must name something that exists.
    pub(super) fn known(&self, operation: &Operation, name: &str) -> Option<Value> {
        Some(match name {
            "name" if operation.path == "/api/roles" => {
                json!(format!("role-{}", uuid::Uuid::new_v4()))
            }
            "role" => json!("viewer"),
            "login" => json!("bob"),
            "code" => json!(self.code),
            "id" => json!(self.task),
            "ids" => json!([self.notification]),
            "parent_id" => json!(self.other_task),
            "assignee_id" => json!(self.alice.user_id()),
            "label_ids" | "add_label_ids" | "remove_label_ids" => json!([self.label]),
            "after" if operation.path.contains("view_id") => json!(self.view),
            "after" if operation.path.starts_with("/api/tasks") => json!(self.other_task),
            "project_id" | "after" => json!(self.project),
            "query" => json!("status=pending&assignee=me"),
            "url" => json!("https://example.com/tasks/1"),
            "task_key" => json!("MIY"),
            // The others cannot be given with `change`.
            "action" => json!("change"),
            // Cannot be given with `due_at`, which other tests look at.
            "due_on" => Value::Null,
            "organization_id" => json!(self.alice.organization_id()),
            _ => return None,
        })
    }

    pub(super) async fn version(&self, operation: &Operation) -> i64 {
        let organization = self.alice.organization_id();
        let condition = |id: &str| format!("id = '{id}'");
        let path = &operation.path;
        let (table, condition) = if path.contains("comment_id") {
            ("task_comments", condition(&self.comment))
        } else if path.contains("label_id") {
            ("labels", condition(&self.label))
        } else if path.contains("project_id") {
            ("projects", condition(&self.project))
        } else if path.contains("view_id") {
            ("views", condition(&self.view))
        } else if path.contains("organization_id") {
            ("organizations", condition(&organization))
        } else if path.contains("user_id") {
            let user = self.bob.user_id();
            let of = format!("organization_id = '{organization}' and user_id = '{user}'");
            ("memberships", of)
        } else if path.contains("role_name") {
            let of = format!("organization_id = '{organization}' and name = '{ROLE}'");
            ("roles", of)
        } else {
            ("tasks", condition(&self.task))
        };
        let version = self
            .app
            .rows(&format!("select version from {table} where {condition}"))
            .await;
        version[0].trim_matches(['(', ')']).parse().unwrap()
    }

    pub(super) async fn send(&self, operation: &Operation, version: i64, body: String) -> Response {
        let path = operation
            .path
            .replace("{task_id}", &self.task)
            .replace("{comment_id}", &self.comment)
            .replace("{label_id}", &self.label)
            .replace("{project_id}", &self.project)
            .replace("{view_id}", &self.view)
            .replace("{organization_id}", &self.alice.organization_id())
            .replace("{user_id}", &self.bob.user_id())
            .replace("{notification_id}", &self.notification)
            .replace("{role_name}", ROLE);
        assert!(!path.contains('{'), "nothing is known for {path}");
        let method: Method = operation.method.parse().unwrap();
        let request = if path.starts_with("/api/auth/") {
            self.alice.cookie_request(method, &path)
        } else {
            self.alice.request(method, &path)
        };
        request
            .header("content-type", "application/json")
            .header("if-match", format!("\"{version}\""))
            .body(body)
            .send()
            .await
    }

    /// A body with the present version in it, where it names a task.
    pub(super) fn versioned(&self, mut body: Value, version: i64) -> Value {
        let items = body.get_mut("items").and_then(Value::as_array_mut);
        let named = items
            .into_iter()
            .flatten()
            .filter(|item| item["id"].is_string());
        for item in named {
            item["version"] = json!(version);
        }
        body
    }
}

//! Bodies are read exactly as the OpenAPI document says. They are derived from the document itself:
//! for each operation, bodies that its schema allows are taken, and each change of kind in each
//! field is refused by name and changes nothing.

use miyabi_tests::{App, Dice, Method, Person, Response, Value, json};

use super::{
    document::{Document, Operation, Place},
    stored::everything,
};

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

/// The role that operations on roles are tried on.
const ROLE: &str = "fixture";

/// What the operations are tried on.
struct Fixture {
    app: App,
    alice: Person,
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
    async fn start() -> Fixture {
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
    fn known(&self, operation: &Operation, name: &str) -> Option<Value> {
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

    async fn version(&self, operation: &Operation) -> i64 {
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

    async fn send(&self, operation: &Operation, version: i64, body: String) -> Response {
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
    fn versioned(&self, mut body: Value, version: i64) -> Value {
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

/// Every body that differs in kind at a place.
fn mutations(body: &Value, place: &Place) -> Vec<(String, String)> {
    let schema = &place.resolved.schema;
    let kind = schema["type"].as_str().unwrap();
    let old = body.pointer(&place.pointer).unwrap();
    let mut found: Vec<(String, String)> = Vec::new();
    let mut replace = |what: &str, new: String| {
        found.push((
            what.to_owned(),
            render(body, &place.pointer, &Edit::Replace(new)),
        ));
    };
    for (of, what, new) in of_other_kinds(old) {
        let is_allowed = of == kind
            || of == "integer" && kind == "number"
            || of == "null" && place.resolved.nullable;
        if !is_allowed {
            replace(what, new);
        }
    }
    if kind == "string" && (schema["enum"].is_array() || schema["format"].is_string()) {
        replace("other text", "\"nonsense\"".to_owned());
        replace("no text", "\"\"".to_owned());
    }
    for token in ["RawValue", "Number"] {
        if !place.is_free() {
            replace(
                "a private token",
                format!("{{\"$serde_json::private::{token}\": \"{}\"}}", 1),
            );
        }
    }
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(40), close.repeat(40));
    replace("deep arrays", deep("[", "]"));
    replace("deep objects", deep("{\"first\":", "}"));
    if place.is_free() {
        let inside = deep("[", "]");
        replace("depth inside", format!("{{\"x\": {inside}}}"));
        replace(
            "hidden depth",
            format!(
                "{{\"x\": {}}}",
                deep("{\"$serde_json::private::RawValue\":", "}")
            ),
        );
        replace("a duplicate", "{\"x\": 1, \"x\": 1}".to_owned());
        replace(
            "an escaped duplicate",
            "{\"x\": {\"a\": 1, \"\\u0061\": 1}}".to_owned(),
        );
        replace("NUL", "{\"x\": \"\\u0000\"}".to_owned());
        replace("half a surrogate pair", "{\"x\": \"\\ud800\"}".to_owned());
        replace("a number beyond all", "{\"x\": 1e999999}".to_owned());
    }
    if kind == "object" && schema["properties"].is_object() {
        let mut insert = |what: &str, member: String| {
            found.push((
                what.to_owned(),
                render(body, &place.pointer, &Edit::Insert(member)),
            ));
        };
        insert("an unknown member", "\"unknown_member\": 1".to_owned());
        for token in ["RawValue", "Number"] {
            insert(
                "a private token",
                format!("\"$serde_json::private::{token}\": \"1\""),
            );
        }
        for (name, value) in old.as_object().unwrap() {
            insert("a duplicate", format!("{}: {value}", json!(name)));
        }
    }
    found
}

/// Values of every kind: the kind, what it is as a mistake, and the JSON.
fn of_other_kinds(old: &Value) -> Vec<(&'static str, &'static str, String)> {
    let members: Vec<&Value> = old
        .as_object()
        .map(|o| o.values().collect())
        .unwrap_or_default();
    let mut kinds = vec![
        ("null", "null", "null".to_owned()),
        ("boolean", "a boolean", "true".to_owned()),
        ("integer", "a number", "7".to_owned()),
        ("number", "a fraction", "1.5".to_owned()),
        ("string", "text", "\"text\"".to_owned()),
        ("array", "an array", "[]".to_owned()),
        ("array", "an array of it", format!("[{old}]")),
        ("object", "an object", "{}".to_owned()),
    ];
    if let Some(text) = old.as_str() {
        kinds.push((
            "object",
            "an object for an enum",
            format!("{{{}: null}}", json!(text)),
        ));
        kinds.push((
            "array",
            "an array of letters",
            json!([text, null]).to_string(),
        ));
    }
    if old.is_object() {
        kinds.push((
            "array",
            "an array for an object",
            json!(members).to_string(),
        ));
    }
    if old.is_number() {
        kinds.push((
            "string",
            "text of the number",
            json!(old.to_string()).to_string(),
        ));
    }
    kinds
}

/// What is done at a place.
enum Edit {
    /// Other JSON instead.
    Replace(String),
    /// One more member.
    Insert(String),
}

/// The text of a body with an edit at a pointer: as text, since no `Value` holds a member twice.
fn render(value: &Value, pointer: &str, edit: &Edit) -> String {
    let within = |name: &str| {
        let rest = pointer.strip_prefix('/')?;
        let (first, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        (first == name).then_some(rest)
    };
    if let (true, Edit::Replace(new)) = (pointer.is_empty(), edit) {
        return new.clone();
    }
    match value {
        Value::Object(members) => {
            let mut written: Vec<String> = members
                .iter()
                .map(|(name, member)| {
                    let member = match within(name) {
                        Some(rest) => render(member, rest, edit),
                        None => member.to_string(),
                    };
                    format!("{}: {member}", json!(name))
                })
                .collect();
            if let (true, Edit::Insert(member)) = (pointer.is_empty(), edit) {
                written.push(member.clone());
            }
            format!("{{{}}}", written.join(", "))
        }
        Value::Array(items) => {
            let items =
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| match within(&index.to_string()) {
                        Some(rest) => render(item, rest, edit),
                        None => item.to_string(),
                    });
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
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

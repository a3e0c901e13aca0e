//! The sample organization of a new stage `local`, so that the first look at the dashboard shows people at
//! work. It is created by the people of the stand-in for GitHub through the public API: every rule,
//! audit row and event of the application applies to it, and no table is known here.
//!
//! It is not test data: tests deploy with `--empty`.

mod definition;

use std::{collections::BTreeMap, time::Duration};

use http::Method;
use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use crate::{
    Error, http_client,
    plan::{Plan, StackAction},
    progress::Progress,
    sign_in::{Session, begin_session},
    stage::Stage,
    target::Target,
};
use definition::{Organization, Project, Task, read};

/// How long one request may take, with a function that starts for it.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where people sign in when the stage has an application at GitHub.
const REAL_GITHUB: &str = "https://github.com";
/// The stack with the database.
const DATA: &str = "data";

/// Creates the sample organization when `plan`, which was applied with these outputs, created the database
/// of a stage `local`; otherwise does nothing. Nothing either where people sign in at GitHub itself, which
/// the people of the stand-in cannot.
///
/// # Errors
///
/// When the stage does not answer or refuses a request. What was created until then stays.
pub async fn create_if_new(
    target: &dyn Target,
    stage: &Stage,
    plan: &Plan,
    outputs: &BTreeMap<String, String>,
    progress: &Progress,
) -> Result<(), Error> {
    let is_new = plan
        .stacks
        .iter()
        .any(|stack| stack.name == DATA && stack.action == StackAction::Create);
    if !stage.is_local() || !is_new {
        return Ok(());
    }
    let parameters = target.known_parameters().await?;
    let github = parameters.get(stacks::parameter::GITHUB_ORIGIN);
    match outputs.get("siteUrl") {
        Some(origin) if github.is_some_and(|github| github != REAL_GITHUB) => {
            create(origin, progress).await
        }
        _ => Ok(()),
    }
}

/// Creates it at the site `origin`, and leaves its members with it selected.
async fn create(origin: &str, progress: &Progress) -> Result<(), Error> {
    let step = progress.step("sample", "Creating the sample organization");
    let sample = read()?;
    let mut team = Team::assemble(origin, &sample).await?;
    for label in &sample.labels {
        let body = json!({ "name": label.name, "color": label.color });
        let created = team.call(&sample.owner, "/api/labels", &body).await?;
        team.labels.insert(label.name.clone(), text(&created, "id"));
    }
    for Project { name, color } in &sample.projects {
        let body = json!({ "name": name, "color": color });
        let created = team.call(&sample.owner, "/api/projects", &body).await?;
        team.projects.insert(name.clone(), text(&created, "id"));
    }
    // The day in UTC: the time zone of whoever reads it is not known here.
    let today = OffsetDateTime::now_utc().date();
    // A list shows the newest first.
    for task in sample.tasks.iter().rev() {
        team.create_task(task, today).await?;
    }
    step.done(format!(
        "{} tasks, sign in as `{}`",
        sample.tasks.len(),
        sample.owner
    ));
    Ok(())
}

/// The members, signed in.
struct Team {
    origin: String,
    /// By login.
    sessions: BTreeMap<String, Session>,
    /// Ids of users by login.
    users: BTreeMap<String, String>,
    /// Ids of labels by name.
    labels: BTreeMap<String, String>,
    /// Ids of projects by name.
    projects: BTreeMap<String, String>,
}

impl Team {
    /// Signs everybody in, creates the organization and has them join it by invitation.
    async fn assemble(origin: &str, sample: &Organization) -> Result<Team, Error> {
        let mut team = Team {
            origin: origin.to_owned(),
            sessions: BTreeMap::new(),
            users: BTreeMap::new(),
            labels: BTreeMap::new(),
            projects: BTreeMap::new(),
        };
        team.sign_in(&sample.owner).await?;
        let body = json!({ "name": sample.name });
        let created = team
            .call(&sample.owner, "/api/organizations", &body)
            .await?;
        let organization = text(&created, "id");
        team.enter(&sample.owner, &organization).await?;
        team.set_task_key(sample, &created).await?;
        for member in &sample.members {
            let body = json!({ "role": member.role, "login": member.login });
            let link = team.call(&sample.owner, "/api/invitations", &body).await?;
            team.sign_in(&member.login).await?;
            let body = json!({ "code": text(&link, "code") });
            team.call(&member.login, "/api/invitations/accept", &body)
                .await?;
            team.enter(&member.login, &organization).await?;
        }
        Ok(team)
    }

    async fn sign_in(&mut self, login: &str) -> Result<(), Error> {
        let session = begin_session(&self.origin, login).await?;
        self.sessions.insert(login.to_owned(), session);
        let request = Request {
            method: Method::GET,
            path: "/api/auth/me",
            body: None,
            if_match: None,
        };
        let me = self.send(login, request).await?;
        self.users.insert(login.to_owned(), text(&me["user"], "id"));
        Ok(())
    }

    async fn enter(&mut self, login: &str, organization: &str) -> Result<(), Error> {
        match self.sessions.get_mut(login) {
            Some(session) => session.switch(organization).await,
            None => Err(unknown(login)),
        }
    }

    /// The key that comments name tasks by, instead of the one made from the name.
    async fn set_task_key(&self, sample: &Organization, created: &Value) -> Result<(), Error> {
        let path = format!("/api/organizations/{}", text(created, "id"));
        let request = Request {
            method: Method::PATCH,
            path: &path,
            body: Some(json!({ "task_key": sample.task_key })),
            if_match: Some(format!("\"{}\"", created["version"])),
        };
        self.send(&sample.owner, request).await.map(drop)
    }

    async fn create_task(&self, task: &Task, today: Date) -> Result<(), Error> {
        let assignee = find(&self.users, task.assignee.as_ref())?;
        let project = find(&self.projects, task.project.as_ref())?;
        let labels: Result<Vec<Option<&String>>, Error> = task
            .labels
            .iter()
            .map(|name| find(&self.labels, Some(name)))
            .collect();
        let due_on = task
            .due_in_days
            .map(|days| (today + time::Duration::days(days)).to_string());
        let body = json!({
            "title": task.title,
            "description": task.description,
            "priority": task.priority,
            "status": task.status,
            "assignee_id": assignee,
            "label_ids": labels?,
            "project_id": project,
            "due_on": due_on,
        });
        let created = self.call(&task.by, "/api/tasks", &body).await?;
        let comments = format!("/api/tasks/{}/comments", text(&created, "id"));
        for comment in &task.comments {
            let body = json!({ "body": comment.text });
            self.call(&comment.by, &comments, &body).await?;
        }
        Ok(())
    }

    /// Sends a `POST`.
    async fn call(&self, login: &str, path: &str, body: &Value) -> Result<Value, Error> {
        let request = Request {
            method: Method::POST,
            path,
            body: Some(body.clone()),
            if_match: None,
        };
        self.send(login, request).await
    }

    async fn send(&self, login: &str, request: Request<'_>) -> Result<Value, Error> {
        let session = self.sessions.get(login).ok_or_else(|| unknown(login))?;
        let authorization = format!("Bearer {}", session.token());
        let mut headers = vec![("authorization", authorization.as_str())];
        if request.body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        if let Some(version) = &request.if_match {
            headers.push(("if-match", version));
        }
        let Request { method, path, .. } = &request;
        let url = format!("{}{path}", self.origin);
        let body = request.body.as_ref();
        let sent = body.map(Value::to_string).unwrap_or_default();
        let answer = http_client::send(method.clone(), &url, &headers, sent, PATIENCE).await?;
        if answer.status.is_success() {
            return serde_json::from_slice(&answer.body)
                .map_err(|cause| refused(&format!("{method} {path}")).because(cause));
        }
        let response = format!("{} {}", answer.status, answer.text(500));
        Err(refused(&format!("{method} {path} as `{login}`")).because(response))
    }
}

/// A request to the public API.
struct Request<'a> {
    method: Method,
    path: &'a str,
    body: Option<Value>,
    /// The header `If-Match`.
    if_match: Option<String>,
}

/// The id that belongs to a name, if there is a name.
fn find<'a>(
    ids: &'a BTreeMap<String, String>,
    name: Option<&String>,
) -> Result<Option<&'a String>, Error> {
    name.map(|name| ids.get(name).ok_or_else(|| unknown(name)))
        .transpose()
}

/// A member of an object that is a string; empty when it is missing, which the next request refuses.
fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn unknown(name: &str) -> Error {
    Error::failed(
        format!("The sample organization names `{name}`, which it does not define."),
        "Fix deployer/sample/organization.json, or deploy with `--empty`",
    )
}

fn refused(request: &str) -> Error {
    Error::failed(
        format!(
            "The stage is deployed, but its sample organization is incomplete: {request} failed."
        ),
        "See `cargo xtask logs --stage local --since 5m`. To start over: `cargo xtask destroy --stage local`, then deploy again, with `--empty` to leave the sample out",
    )
}

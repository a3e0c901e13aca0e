//! The sample organization of a new stage `local`, so that the first look at the dashboard shows people at
//! work. It is created by the people of the stand-in for GitHub through the public API: every rule,
//! audit row and event of the application applies to it, and no table is known here.
//!
//! It is not test data: tests deploy with `--empty`.

use std::{collections::BTreeMap, time::Duration};

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    Error, http_client,
    plan::{Plan, StackAction},
    progress::Progress,
    sign_in::{Session, begin_session},
    stage::Stage,
    target::Target,
};

/// What is created: names by login and label, dates by days from today.
const ORGANIZATION: &str = include_str!("../sample/organization.json");
/// How long one request may take, with a function that starts for it.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where people sign in when the stage has an application at GitHub.
const REAL_GITHUB: &str = "https://github.com";
/// The stack with the database.
const DATA: &str = "data";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Organization {
    name: String,
    owner: String,
    members: Vec<Member>,
    labels: Vec<Label>,
    tasks: Vec<Task>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    login: String,
    role: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    name: String,
    color: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    title: String,
    by: String,
    #[serde(default)]
    description: String,
    priority: String,
    status: String,
    assignee: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
    /// Days from today; negative: overdue.
    due_in_days: Option<i64>,
    #[serde(default)]
    comments: Vec<Comment>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Comment {
    by: String,
    text: String,
}

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
    let today = OffsetDateTime::now_utc();
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

fn read() -> Result<Organization, Error> {
    serde_json::from_str(ORGANIZATION).map_err(|cause| {
        Error::failed(
            "The sample organization is not as this version of the deployer reads it.",
            "Restore deployer/sample with `git checkout deployer/sample`, or deploy with `--empty`",
        )
        .because(cause)
    })
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
}

impl Team {
    /// Signs everybody in, creates the organization and has them join it by invitation.
    async fn assemble(origin: &str, sample: &Organization) -> Result<Team, Error> {
        let mut team = Team {
            origin: origin.to_owned(),
            sessions: BTreeMap::new(),
            users: BTreeMap::new(),
            labels: BTreeMap::new(),
        };
        team.sign_in(&sample.owner).await?;
        let body = json!({ "name": sample.name });
        let created = team
            .call(&sample.owner, "/api/organizations", &body)
            .await?;
        let organization = text(&created, "id");
        team.enter(&sample.owner, &organization).await?;
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
        let me = self.send(Method::GET, login, "/api/auth/me", None).await?;
        self.users.insert(login.to_owned(), text(&me["user"], "id"));
        Ok(())
    }

    async fn enter(&mut self, login: &str, organization: &str) -> Result<(), Error> {
        match self.sessions.get_mut(login) {
            Some(session) => session.switch(organization).await,
            None => Err(unknown(login)),
        }
    }

    async fn create_task(&self, task: &Task, today: OffsetDateTime) -> Result<(), Error> {
        let assignee = match &task.assignee {
            Some(login) => Some(self.users.get(login).ok_or_else(|| unknown(login))?),
            None => None,
        };
        let labels: Result<Vec<&String>, Error> = task
            .labels
            .iter()
            .map(|name| self.labels.get(name).ok_or_else(|| unknown(name)))
            .collect();
        let due = task
            .due_in_days
            .map(|days| (today + time::Duration::days(days)).format(&Rfc3339))
            .transpose()
            .map_err(|cause| unknown(&task.title).because(cause))?;
        let body = json!({
            "title": task.title,
            "description": task.description,
            "priority": task.priority,
            "status": task.status,
            "assignee_id": assignee,
            "label_ids": labels?,
            "due_at": due,
        });
        let created = self.call(&task.by, "/api/tasks", &body).await?;
        let comments = format!("/api/tasks/{}/comments", text(&created, "id"));
        for comment in &task.comments {
            let body = json!({ "body": comment.text });
            self.call(&comment.by, &comments, &body).await?;
        }
        Ok(())
    }

    async fn call(&self, login: &str, path: &str, body: &Value) -> Result<Value, Error> {
        self.send(Method::POST, login, path, Some(body)).await
    }

    async fn send(
        &self,
        method: Method,
        login: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Error> {
        let session = self.sessions.get(login).ok_or_else(|| unknown(login))?;
        let authorization = format!("Bearer {}", session.token());
        let mut headers = vec![("authorization", authorization.as_str())];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let url = format!("{}{path}", self.origin);
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
            "The stage is deployed, but its sample organization is not complete: {request} failed."
        ),
        "See `cargo xtask logs --stage local --since 5m`. To begin again: `cargo xtask destroy --stage local`, then deploy; with `--empty` without a sample",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{local::github, project::Project};

    #[test]
    fn the_sample_names_only_people_and_labels_that_exist() {
        let sample = read().unwrap();
        let project = Project::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let known = github::seeded(&project).unwrap();
        let known: BTreeSet<&str> = known.iter().map(|person| person.login.as_str()).collect();
        let members: BTreeSet<&str> = sample
            .members
            .iter()
            .map(|member| member.login.as_str())
            .chain([sample.owner.as_str()])
            .collect();
        assert!(members.is_subset(&known), "{members:?}");
        // The README shows with him that another organization sees nothing.
        assert!(!members.contains("bob"));
        let labels: BTreeSet<&str> = sample
            .labels
            .iter()
            .map(|label| label.name.as_str())
            .collect();
        for task in &sample.tasks {
            let people = task.comments.iter().map(|comment| &comment.by);
            for login in people.chain([&task.by]).chain(&task.assignee) {
                assert!(
                    members.contains(login.as_str()),
                    "{login} in {}",
                    task.title
                );
            }
            for label in &task.labels {
                assert!(labels.contains(label.as_str()), "{label} in {}", task.title);
            }
        }
    }

    #[test]
    fn the_sample_is_forty_tasks_in_both_languages() {
        let sample = read().unwrap();
        let is_japanese = |task: &&Task| task.title.chars().any(|letter| letter > '\u{3000}');
        let japanese = sample.tasks.iter().filter(is_japanese).count();
        assert_eq!(sample.tasks.len(), 40);
        assert!((15..=25).contains(&japanese), "{japanese}");
    }
}

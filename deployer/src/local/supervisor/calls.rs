//! What the supervisor is asked, and its answers.

use std::{io, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::mpsc,
};

use super::{Supervisor, name_of};
use crate::{
    Error,
    local::{
        alarms,
        control::{Call, InvokeOutput, Line, Request},
        lambda::Outcome,
        resources::{Record, provider},
        secrets::Secrets,
        stack::Update,
    },
    mutex::lock,
    progress::{Event, Progress},
    target::{Health, ResourceStatus},
};

/// A template of a megabyte, which CloudFormation would refuse, or a payload of 6 MB in base64.
const LONGEST_CALL: u64 = 16 << 20;

impl Supervisor {
    /// Answers one connection.
    pub(super) async fn answer(self: Arc<Self>, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let (reading, mut writing) = stream.into_split();
        let mut text = String::new();
        BufReader::new(reading.take(LONGEST_CALL))
            .read_line(&mut text)
            .await?;
        let Ok(request) = serde_json::from_str::<Request>(&text) else {
            return Ok(());
        };
        if request.token != self.token {
            return Ok(());
        }
        let (events, mut waiting) = mpsc::unbounded_channel();
        // What is asked for goes on when the command goes away.
        let supervisor = self.clone();
        let progress = Progress::new(move |event| drop(events.send(event)));
        let call = tokio::spawn(async move { supervisor.call(request.call, &progress).await });
        while let Some(event) = waiting.recv().await {
            write(&mut writing, &Line::Event(event)).await?;
        }
        let line = match call.await {
            Ok(Ok(value)) => Line::Done(value),
            Ok(Err(error)) => Line::Failed((&error).into()),
            Err(error) => Line::Failed((&panicked(&error)).into()),
        };
        write(&mut writing, &line).await
    }

    async fn call(&self, call: Call, progress: &Progress) -> Result<Value, Error> {
        match call {
            Call::Hello => value(&*lock(&self.problems)),
            Call::Retry => {
                let _one = self.changing.lock().await;
                self.retry().await;
                value(&*lock(&self.problems))
            }
            Call::Apply {
                stack,
                template,
                parameters,
            } => {
                let _one = self.changing.lock().await;
                let progress = self.logged(progress);
                let applied = self
                    .update(&stack, &progress)
                    .apply(&template, &parameters)
                    .await;
                self.log_result(&stack, &applied);
                value(&applied?)
            }
            Call::Delete { stack } => {
                let _one = self.changing.lock().await;
                let deleted = self.update(&stack, &self.logged(progress)).delete().await;
                self.log_result(&stack, &deleted);
                value(&deleted?)
            }
            Call::RecordMigrations { applied } => {
                self.records
                    .change(|deployed| deployed.migrations = applied)?;
                Ok(Value::Null)
            }
            Call::RecordSource { source } => {
                self.records.change(|deployed| {
                    deployed.source = Some(source);
                    deployed.failed_deploy = None;
                })?;
                Ok(Value::Null)
            }
            Call::RecordFailedDeploy { failed } => {
                self.records
                    .change(|deployed| deployed.failed_deploy = failed)?;
                Ok(Value::Null)
            }
            Call::RecordSite { sha256 } => {
                self.records
                    .change(|deployed| deployed.site = Some(sha256))?;
                Ok(Value::Null)
            }
            Call::Invoke { function, payload } => self.invoke(&function, &payload).await,
            Call::Status => value(&self.status().await),
            Call::Alarms => {
                let running = &self.running;
                value(
                    &running
                        .alarms
                        .look(&running.metrics, &self.prefix(), alarms::now()),
                )
            }
            Call::AlarmChanges => value(&self.running.alarms.changes(&self.prefix())),
            Call::RunDatabases { run } => {
                let _one = self.changing.lock().await;
                self.run_databases(run).await
            }
            Call::PutSecret { name, value } => {
                let put = self.running.secrets.put(&Secrets::arn(&name), &value);
                put.map_err(|cause| {
                    Error::failed(
                        format!("The secret {name} cannot be kept."),
                        "Make room on the disk, then run the same command again.",
                    )
                    .because(cause)
                })?;
                Ok(Value::Null)
            }
            Call::Stop => {
                self.stop.notify_one();
                Ok(Value::Null)
            }
        }
    }

    /// What the names of the stage's alarms begin with.
    fn prefix(&self) -> String {
        format!("miyabi-{}-", self.running.stage())
    }

    /// Stops the databases in order, or puts them again.
    async fn run_databases(&self, run: bool) -> Result<Value, Error> {
        if !run {
            let databases = std::mem::take(&mut *lock(&self.running.databases));
            // Stopping a server waits for it.
            let stopped = tokio::task::spawn_blocking(move || drop(databases)).await;
            stopped.map_err(|error| panicked(&error))?;
            // `status` shows it, and a deploy puts it again.
            for stack in self.records.stacks() {
                for record in stack.resources.iter().filter(|record| is_database(record)) {
                    let why = "It was stopped: `cargo xtask database start --stage local`";
                    lock(&self.problems).insert(name_of(&stack.name, record), why.to_owned());
                }
            }
            self.log.line("the databases were stopped on demand");
            return Ok(Value::Null);
        }
        for stack in self.records.stacks() {
            for record in stack.resources {
                if is_database(&record) {
                    self.put_again(&stack.name, record).await;
                }
            }
        }
        value(&*lock(&self.problems))
    }

    fn update<'a>(&'a self, stack: &'a str, progress: &'a Progress) -> Update<'a> {
        Update {
            running: &self.running,
            records: &self.records,
            progress,
            stack,
        }
    }

    /// The same, and into the log.
    fn logged(&self, progress: &Progress) -> Progress {
        let (progress, log) = (progress.clone(), self.log.clone());
        Progress::new(move |event| {
            if let Event::Resource {
                stack,
                logical_id,
                resource_type,
                state,
                ..
            } = &event
            {
                log.line(&format!(
                    "{stack} {logical_id} ({resource_type}) {}",
                    state.as_str()
                ));
            }
            progress.report(event);
        })
    }

    fn log_result<T>(&self, stack: &str, result: &Result<T, Error>) {
        match result {
            Ok(_) => self.log.line(&format!("{stack} done")),
            Err(error) => self.log.line(&format!(
                "{stack} failed: {error} {}",
                error.causes().join(" ")
            )),
        }
    }
    async fn invoke(&self, function: &str, payload: &str) -> Result<Value, Error> {
        let Some(version) = self.running.functions.by_arn(function) else {
            return Err(Error::failed(
                format!("There is no function {function} on this stage."),
                "See the deployed stacks: `cargo xtask status --stage local`",
            ));
        };
        let payload = STANDARD.decode(payload).map_err(|cause| {
            Error::failed(
                "The payload is not base64.",
                "This is a mistake of the deployer; please report it.",
            )
            .because(cause)
        })?;
        let (function_error, payload) = match version.invoke(payload).await {
            Outcome::Answer(payload) => (None, payload),
            Outcome::Unhandled(payload) => (Some("Unhandled".to_owned()), payload),
            Outcome::Refused(refusal) => {
                let (_, kind, body) = refusal.parts();
                (Some(kind.to_owned()), body.to_string().into_bytes())
            }
        };
        let answer = InvokeOutput {
            function_error,
            payload: STANDARD.encode(payload),
            executed_version: version.number().to_owned(),
        };
        value(&answer)
    }

    /// How every resource is, as `status` shows it.
    pub(super) async fn status(&self) -> Vec<ResourceStatus> {
        let problems = lock(&self.problems).clone();
        let mut all = Vec::new();
        for stack in self.records.stacks() {
            for record in &stack.resources {
                let problem = problems.get(&name_of(&stack.name, record));
                let (health, detail) = match (problem, provider(&record.resource_type)) {
                    (Some(why), _) => (Health::Failing, why.clone()),
                    (None, Some(provider)) => provider.health(&self.running, record).await,
                    (None, None) => (Health::Unknown, String::new()),
                };
                all.push(ResourceStatus {
                    stack: stack.name.clone(),
                    logical_id: record.logical_id.clone(),
                    resource_type: record.resource_type.clone(),
                    physical_id: record.reference.clone(),
                    health,
                    detail,
                });
            }
        }
        all
    }
}

fn is_database(record: &Record) -> bool {
    record.resource_type == "AWS::RDS::DBInstance"
}

fn value<T: Serialize + ?Sized>(of: &T) -> Result<Value, Error> {
    serde_json::to_value(of).map_err(|cause| {
        Error::failed(
            "An answer of the supervisor cannot be written.",
            "Please report this.",
        )
        .because(cause)
    })
}

fn panicked(error: &tokio::task::JoinError) -> Error {
    Error::failed(
        "The supervisor of the stage could not do it.",
        "Its log says more: .miyabi/local/supervisor.log. Run the same command again.",
    )
    .because(error.to_string())
}

async fn write(stream: &mut tokio::net::tcp::OwnedWriteHalf, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_string(&json!(line))?;
    text.push('\n');
    stream.write_all(text.as_bytes()).await
}

//! One execution environment: a process that does one request at a time.

use std::{
    process::Stdio,
    time::{Duration, Instant, SystemTime},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::Command,
    sync::{oneshot, watch},
};

use super::{
    Log, Outcome, Spec,
    runtime_api::{Job, RuntimeApi},
    unhandled,
};

/// How long an environment may take to ask for its first event, as on AWS.
const INIT_WITHIN: Duration = Duration::from_secs(10);

/// A running process and its Runtime API.
pub(super) struct Environment {
    api: RuntimeApi,
    log: Log,
    started: Instant,
    init: Option<Duration>,
    /// `None` while it runs; then how it ended.
    ended: watch::Receiver<Option<String>>,
    /// Dropped with the environment: the process is killed then.
    _kill: oneshot::Sender<()>,
    /// Since when it waits for work.
    pub(super) idle_since: Instant,
    pub(super) pid: u32,
}

impl Environment {
    /// Starts the process. It is not waited for.
    pub(super) async fn start(
        spec: &Spec,
        version: &str,
        log: &Log,
    ) -> std::io::Result<Environment> {
        let api = RuntimeApi::start().await?;
        let mut command = Command::new(&spec.bootstrap);
        command
            .env_clear()
            .envs(&spec.environment)
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", &spec.name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", version)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", spec.memory.to_string())
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", &spec.log_group)
            .env("AWS_LAMBDA_LOG_STREAM_NAME", format!("[{version}]"))
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023")
            .env("_HANDLER", "bootstrap")
            .env(
                "LAMBDA_TASK_ROOT",
                spec.bootstrap.parent().unwrap_or(&spec.bootstrap),
            )
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "en_US.UTF-8")
            .env("TZ", ":UTC")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C in a terminal is for whoever started us.
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let pid = child.id().unwrap_or_default();
        let output: [Option<Box<dyn AsyncRead + Send + Unpin>>; 2] = [
            child.stdout.take().map(|stream| Box::new(stream) as _),
            child.stderr.take().map(|stream| Box::new(stream) as _),
        ];
        let copies: Vec<_> = output
            .into_iter()
            .flatten()
            .map(|stream| tokio::spawn(copy(stream, log.clone())))
            .collect();
        let (tell, ended) = watch::channel(None);
        let (kill, mut killed) = oneshot::channel::<()>();
        spec.orphans.add(pid);
        let orphans = spec.orphans.clone();
        tokio::spawn(async move {
            let status = tokio::select! {
                status = child.wait() => status,
                _ = &mut killed => {
                    // It may have ended by itself in this moment.
                    let _ = child.start_kill();
                    child.wait().await
                }
            };
            orphans.remove(pid);
            // What it said last belongs to how it ended.
            for copy in copies {
                let _ = tokio::time::timeout(Duration::from_secs(1), copy).await;
            }
            let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
            let _ = tell.send(Some(how));
        });
        let now = Instant::now();
        Ok(Environment {
            api,
            log: log.clone(),
            started: now,
            init: None,
            ended,
            _kill: kill,
            idle_since: now,
            pid,
        })
    }

    /// Waits until it asks for work. What Lambda would answer when it cannot.
    pub(super) async fn ready(&mut self) -> Result<(), Outcome> {
        if self.init.is_some() {
            return Ok(());
        }
        let mut ended = self.ended.clone();
        let asked = tokio::time::timeout(INIT_WITHIN, async {
            tokio::select! {
                ready = self.api.ready() => ready.map_err(Outcome::Unhandled),
                how = died(&mut ended) => Err(exited(&how)),
            }
        });
        match asked.await {
            Ok(Ok(())) => {
                self.init = Some(self.started.elapsed());
                Ok(())
            }
            Ok(Err(outcome)) => Err(outcome),
            Err(_) => Err(unhandled(
                "Sandbox.Timedout",
                &format!("Init did not end within {} seconds.", INIT_WITHIN.as_secs()),
            )),
        }
    }

    /// Whether the process still runs.
    pub(super) fn is_alive(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// Does one request. After a timeout or an exit the environment must not be used again:
    /// [`Self::is_alive`] is false then, or it is dropped by the caller, which the second value asks
    /// for.
    pub(super) async fn invoke(
        &mut self,
        spec: &Spec,
        arn: &str,
        payload: Vec<u8>,
    ) -> (Outcome, bool) {
        let request_id = request_id();
        self.log.line(&format!(
            "START RequestId: {request_id} Version: {}",
            arn.rsplit(':').next().unwrap_or_default()
        ));
        let first = self.init.is_none();
        if let Err(outcome) = self.ready().await {
            self.log.line(&format!("END RequestId: {request_id}"));
            return (outcome, false);
        }
        let init = self.init.filter(|_| first);
        let begun = Instant::now();
        let (done, answer) = oneshot::channel();
        self.api.offer(Job {
            request_id: request_id.clone(),
            payload,
            deadline: SystemTime::now() + spec.timeout,
            function_arn: arn.to_owned(),
            done,
        });
        let mut ended = self.ended.clone();
        let (outcome, usable) = tokio::select! {
            // An answer that came just before the end counts.
            biased;
            answer = answer => match answer {
                Ok(outcome) => (outcome, true),
                Err(_) => (exited("its Runtime API is gone"), false),
            },
            how = died(&mut ended) => (exited(&how), false),
            () = tokio::time::sleep(spec.timeout) => {
                let text = format!("{request_id} Task timed out after {:.2} seconds", spec.timeout.as_secs_f64());
                self.log.line(&text);
                (unhandled("Sandbox.Timedout", &format!("RequestId: {text}")), false)
            }
        };
        self.report(&request_id, begun.elapsed(), init, spec.memory);
        self.idle_since = Instant::now();
        (outcome, usable)
    }

    /// The lines with which Lambda ends a request.
    fn report(&self, request_id: &str, took: Duration, init: Option<Duration>, memory: i64) {
        let milliseconds = took.as_secs_f64() * 1000.0;
        let init = init.map_or(String::new(), |init| {
            format!("\tInit Duration: {:.2} ms", init.as_secs_f64() * 1000.0)
        });
        self.log.line(&format!("END RequestId: {request_id}"));
        self.log.line(&format!(
            "REPORT RequestId: {request_id}\tDuration: {milliseconds:.2} ms\tBilled Duration: {} ms\tMemory Size: {memory} MB{init}",
            milliseconds.ceil(),
        ));
    }
}

/// Returns when the process has ended, with how.
async fn died(ended: &mut watch::Receiver<Option<String>>) -> String {
    match ended.wait_for(Option::is_some).await {
        Ok(how) => how.clone().unwrap_or_default(),
        Err(_) => "nobody watches it any more".to_owned(),
    }
}

fn exited(how: &str) -> Outcome {
    unhandled("Runtime.ExitError", &format!("Runtime exited: {how}"))
}

fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

async fn copy(stream: Box<dyn AsyncRead + Send + Unpin>, log: Log) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        log.line(&line);
    }
}

//! From `main` to the Runtime API: what the `main.rs` of a function calls.

use std::{env, future::Future, process::ExitCode};

use axum::Router;
use futures_util::future::{self, Either};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use tower::Service;
use tracing::Instrument;

use crate::{
    ApiError, App, Clock,
    event::{self, Accepted},
    invocation::Invocation,
    layer, log, request,
};

/// Largest response of an invocation that is waited for, in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MAX_RESPONSE: usize = 6_291_556;

/// Turns of the scheduler that the request for the first event gets before anything else begins: to
/// connect to the Runtime API, to start the connection's task and to write. Without them it waits for
/// the first steps towards the secrets and the database: 1.7 ms from the start of the process instead
/// of 1.2 (`cargo xtask bench start`).
const TURNS_BEFORE_SECRETS: u32 = 4;

/// Answers HTTP API requests with a router, until Lambda ends the process.
///
/// `function` is its name in the catalogue. Gives a failure, after one log line that says what to
/// do, when the environment or a secret is no good.
pub fn serve(function: &str, router: Router<App>) -> ExitCode {
    run(function, |app| async move {
        let router = layer::wrap(router, &app);
        let invocations = lambda_runtime::run(lambda_runtime::service_fn(
            move |event: LambdaEvent<Box<RawValue>>| answer(router.clone(), event),
        ));
        beside(invocations, app).await
    })
}

/// Answers one event: a response for an HTTP event, whatever is in it; an error for another one.
async fn answer(
    mut router: Router,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Box<RawValue>, lambda_runtime::Error> {
    let Accepted {
        event: payload,
        rest,
    } = event::accept(event.payload.get())?;
    let mut rest = Some(rest);
    let context = event.context.clone();
    let service = service_fn(move |request: lambda_http::Request| {
        let mut request = rest.take().unwrap_or_default().apply(request);
        request.extensions_mut().insert(context.clone());
        router.call(request)
    });
    let event = LambdaEvent::new(payload, event.context);
    let response = lambda_http::Adapter::from(service).call(event).await?;
    let response = serde_json::value::to_raw_value(&response)?;
    if response.get().len() > MAX_RESPONSE {
        return Err("The response is larger than Lambda takes.".into());
    }
    Ok(response)
}

/// Answers direct invocations with a handler, until Lambda ends the process.
///
/// An event that is not what the handler takes, and a panic, are errors of the invocation.
pub fn serve_invocations<E, A, F>(function: &str, handler: impl Fn(App, E) -> F) -> ExitCode
where
    E: DeserializeOwned,
    A: Serialize,
    F: Future<Output = A>,
{
    serve_fallible_invocations(function, |app, event| {
        let answer = handler(app, event);
        async move { Ok(answer.await) }
    })
}

/// As [`serve_invocations`], with a handler whose failure is an error of the invocation: Lambda
/// repeats an asynchronous invocation that failed, and puts it into the queue of dead letters when
/// it fails again.
pub fn serve_fallible_invocations<E, A, F>(
    function: &str,
    handler: impl Fn(App, E) -> F,
) -> ExitCode
where
    E: DeserializeOwned,
    A: Serialize,
    F: Future<Output = Result<A, ApiError>>,
{
    run(function, |app| async move {
        let handler = &handler;
        let invocations = lambda_runtime::run(lambda_runtime::service_fn(
            |event: LambdaEvent<Invocation<E>>| {
                let app = app.clone();
                async move {
                    let context = event.context;
                    let Invocation { event, request_id } = event.payload;
                    // Of the request behind it, else of the invocation.
                    let id = request_id.as_ref().unwrap_or(&context.request_id);
                    let current = request::Current::new(id);
                    let span = tracing::info_span!("invocation", request_id = current.id);
                    let handled = async {
                        handler(app, event).await.map_err(|error| {
                            let error = error.log_text();
                            tracing::error!(error, "The invocation failed.");
                            lambda_runtime::Error::from(error)
                        })
                    };
                    request::scope(current, handled.instrument(span)).await
                }
            },
        ));
        invocations.await.map_err(|error| error.to_string())
    })
}

/// Ends a function that cannot start: one log line with a sentence that says what to do.
pub fn refuse_to_start(function: &str, sentence: &str) -> ExitCode {
    log::start();
    tracing::error!(function, "{sentence}");
    ExitCode::FAILURE
}

/// Runs until the runtime ends, or until a secret turns out to be no good.
async fn beside(
    runtime: impl Future<Output = Result<(), lambda_runtime::Error>>,
    app: App,
) -> Result<(), String> {
    // The secrets are read while the first event is waited for.
    let check = async move {
        for _ in 0..TURNS_BEFORE_SECRETS {
            tokio::task::yield_now().await;
        }
        app.check_secrets().await
    };
    match future::select(Box::pin(runtime), Box::pin(check)).await {
        Either::Left((ended, _)) => ended.map_err(|error| error.to_string()),
        Either::Right((Err(sentence), _)) => Err(sentence),
        Either::Right((Ok(()), runtime)) => runtime.await.map_err(|error| error.to_string()),
    }
}

fn run<F: Future<Output = Result<(), String>>>(
    function: &str,
    serve: impl FnOnce(App) -> F,
) -> ExitCode {
    log::start();
    match start(function, serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => refuse_to_start(function, &sentence),
    }
}

fn start<F: Future<Output = Result<(), String>>>(
    function: &str,
    serve: impl FnOnce(App) -> F,
) -> Result<(), String> {
    let spec = miyabi_catalog::function(function)
        .ok_or_else(|| format!("The catalogue has no function `{function}`."))?;
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let app = App::new(spec, &variable, Clock::system()).map_err(|error| error.to_string())?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("The runtime cannot start: {error}."))?
        .block_on(serve(app))
}

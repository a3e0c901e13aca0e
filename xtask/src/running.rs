//! How a command begins and ends, and what a signal does to it.

use clap::error::ErrorKind;
use deployer::{Error, interrupt::Interrupt, project::Project};
use serde_json::json;
use tokio::{runtime, signal::unix};

use crate::{
    commands::Cli,
    context::{Context, root},
    ui::{Lost, Ui},
};

/// Runs a command; gives the exit code.
pub(crate) fn run(cli: Cli) -> u8 {
    let ui = Ui::new(cli.json);
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => {
            let error = Error::failed(
                "The command could not start.",
                "Free memory and file descriptors, then run it again.",
            );
            ui.error(&error.because(cause));
            return 1;
        }
    };
    let result = runtime.block_on(async {
        let interrupt = Interrupt::default();
        listen(&ui, &interrupt);
        tokio::spawn(ui.clone().signs_of_life());
        let context = Context {
            ui: ui.clone(),
            project: Project::new(root()),
            endpoint_url: cli.endpoint_url,
            interrupt,
        };
        let result = cli.command.run(&context).await;
        result.map_err(|error| {
            error.map_hint(|hint| at_endpoint(hint, context.endpoint_url.as_deref()))
        })
    });
    // A thread that waits for the keyboard would wait for ever.
    runtime.shutdown_background();
    match result {
        Ok(code) => code_after_output(&ui, code),
        Err(error) => {
            ui.error(&error);
            error.kind().exit_code()
        }
    }
}

/// The hint with its commands at the endpoint that was typed: without it they would go to AWS.
fn at_endpoint(hint: &str, endpoint_url: Option<&str>) -> String {
    let Some(url) = endpoint_url else {
        return hint.to_owned();
    };
    let (command, here) = (
        "`cargo xtask ",
        format!("`cargo xtask --endpoint-url {url} "),
    );
    match hint.contains("--endpoint-url") || hint.contains("--stage local") {
        true => hint.to_owned(),
        false => hint.replace(command, &here),
    }
}

/// The exit code of a command that succeeded: 1 when its output did not arrive.
fn code_after_output(ui: &Ui, code: u8) -> u8 {
    match ui.lost() {
        None => code,
        Some(Lost::ReaderGone) => code.max(1),
        Some(Lost::NotWritten(cause)) => {
            let error = Error::failed(
                "The output could not be written to stdout. The command itself succeeded.",
                "Make room or choose another destination, then run the same command again.",
            );
            ui.report(&error.because(cause));
            code.max(1)
        }
    }
}

/// Reports what is wrong with a command line, or prints the help or version that it asks for;
/// returns the exit code.
pub(crate) fn refuse(refusal: &clap::Error, json: bool) -> u8 {
    let ui = Ui::new(json);
    if json && refusal.use_stderr() {
        let text = refusal.to_string();
        // The first paragraph says what is wrong; the next ones are for people.
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .take_while(|line| !line.is_empty())
            .collect();
        let error = Error::usage(
            lines.join(" ").trim_start_matches("error: "),
            "`cargo xtask help`, and `--help` after a command",
        );
        ui.error(&error);
    } else if json && refusal.kind() == ErrorKind::DisplayVersion {
        ui.data(&json!({"version": env!("CARGO_PKG_VERSION")}).to_string());
    } else if json {
        ui.data(&json!({"help": refusal.to_string().trim_end()}).to_string());
    } else if refusal.print().is_err() && !refusal.use_stderr() {
        return 1;
    }
    let code = u8::try_from(refusal.exit_code()).unwrap_or(2);
    code_after_output(&ui, code)
}

/// The first Ctrl-C asks for a stop between two steps, the second ends the process: what was begun
/// is then finished by the next run of the same command. SIGTERM is the same.
fn listen(ui: &Ui, interrupt: &Interrupt) {
    for kind in [unix::SignalKind::interrupt(), unix::SignalKind::terminate()] {
        let Ok(mut signals) = unix::signal(kind) else {
            continue;
        };
        let (ui, interrupt) = (ui.clone(), interrupt.clone());
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if interrupt.is_set() {
                    ui.say("Stopped at once. Run the same command again: it continues where this one stopped.");
                    std::process::exit(130);
                }
                interrupt.set();
                report_progress(&ui, &interrupt);
            }
        });
    }
}

/// Says what will still be done, and offers what can be done about it.
fn report_progress(ui: &Ui, interrupt: &Interrupt) {
    let ongoing = interrupt.ongoing();
    if ongoing.is_empty() {
        ui.say("Stopping after the current step; Ctrl-C once more stops at once.");
        return;
    }
    let titles: Vec<&str> = ongoing.iter().map(|step| step.title.as_str()).collect();
    ui.say(&format!(
        "Waiting for what is in progress, then nothing more begins: {}. Ctrl-C once more ends this command and leaves it running; the same command follows it then.",
        titles.join(", ")
    ));
    let stacks: Vec<&str> = ongoing
        .iter()
        .filter_map(|step| step.can_go_back.as_deref())
        .collect();
    if stacks.is_empty() {
        return;
    }
    if !ui.can_ask() {
        for stack in stacks {
            ui.say(&format!(
                "To roll it back: `aws cloudformation cancel-update-stack --stack-name {stack}`"
            ));
        }
        return;
    }
    ui.say("To roll it back, type `back` and Enter.");
    let (ui, interrupt) = (ui.clone(), interrupt.clone());
    tokio::task::spawn_blocking(move || {
        while let Some(typed) = ui.typed() {
            if typed == "back" {
                ui.say("Rolling it back, and waiting until that is complete.");
                interrupt.take_back();
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_leads_to_the_endpoint_that_was_typed() {
        let at = |hint: &str| at_endpoint(hint, Some("http://127.0.0.1:1"));
        let hint = "Deploy it: `cargo xtask deploy --stage sandbox`, or `aws s3 ls`";
        assert_eq!(
            at(hint),
            "Deploy it: `cargo xtask --endpoint-url http://127.0.0.1:1 deploy --stage sandbox`, or `aws s3 ls`"
        );
        assert_eq!(at_endpoint(hint, None), hint);
        // `local` takes no endpoint.
        let local = "`cargo xtask deploy --stage local`";
        assert_eq!(at(local), local);
    }
}

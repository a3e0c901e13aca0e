//! `cargo xtask dev`: the lines of `logs`, below what the deploy says.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Stdio, time::Duration};

use miyabi_tests::{Browser, Checkout, Method, until};
use tokio::io::{AsyncBufReadExt, BufReader};

/// A cargo whose `cargo xtask` is the command line that the tests built.
fn cargo(checkout: &Checkout) -> PathBuf {
    let command = checkout.command(&[]);
    let xtask = command.as_std().get_program().to_str().unwrap();
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let script = checkout.dir().join("cargo-of-dev");
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = xtask ] || exec '{cargo}' \"$@\"\nshift\nexec '{xtask}' \"$@\"\n"
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    script
}

/// On a stage that is deployed.
pub(super) async fn shows_the_same_lines(checkout: &Checkout, site: &Browser) {
    let mut dev = checkout
        .command(&["dev"])
        .env("CARGO", cargo(checkout))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(dev.stdout.take().unwrap()).lines();
    let mut shown = Vec::new();
    until("dev shows a request", Duration::from_secs(60), async || {
        site.send(site.request(Method::GET, "/api/labels")).await;
        while let Ok(Ok(Some(line))) =
            tokio::time::timeout(Duration::from_secs(1), lines.next_line()).await
        {
            shown.push(line);
        }
        let is_request = |line: &String| line.contains("GET /api/labels");
        shown.iter().any(is_request).then_some(())
    })
    .await;
    let arguments = ["logs", "--stage", "local", "--pretty"];
    let logs = checkout.xtask(&arguments).await.expect(0).stdout;
    for line in shown {
        // Metrics in JSON and Lambda's lines are not among them.
        assert!(logs.lines().any(|logged| logged == line), "{line}\n{logs}");
    }
}

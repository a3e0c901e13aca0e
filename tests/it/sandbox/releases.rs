//! A handler that changes, by the command line alone.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use miyabi_tests::{Method, json};

use super::Sandbox;

/// What stands in for a changed `docs`, without compiling one.
const CHANGED: &str = r#"#!/usr/bin/env python3
import json, os, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(base + "next") as next:
        request = next.headers["Lambda-Runtime-Aws-Request-Id"]
    answer = {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": '{"status":"changed"}'}
    urllib.request.urlopen(urllib.request.Request(base + request + "/response", data=json.dumps(answer).encode(), method="POST"))
"#;

/// A cargo that builds as always and then says that the binary of `docs` is another one.
fn cargo_with_another_docs(sandbox: &Sandbox) -> PathBuf {
    let dir = sandbox.checkout.dir();
    let (docs, cargo) = (dir.join("changed-docs"), dir.join("changed-cargo"));
    let real = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let script = format!(
        "#!/bin/sh\n{real} \"$@\" | sed 's#\"executable\":\"[^\"]*/docs\"#\"executable\":\"{}\"#'\n",
        docs.display()
    );
    for (path, text) in [(&docs, CHANGED), (&cargo, script.as_str())] {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    cargo
}

/// Deploys a changed handler, goes back by hand, forward again, and to where it was.
pub(super) async fn go_forward_and_back(sandbox: &Sandbox, host: &str) {
    let cargo = cargo_with_another_docs(sandbox);
    let health = async || {
        let client = sandbox.emulator.client();
        let request = client
            .request(Method::GET, "/api/health")
            .header("host", host.to_owned());
        client.send(request).await.expect(200)["status"].clone()
    };
    let changed = async || {
        let mut command = sandbox.command(&[
            "deploy",
            "--yes",
            "--allow",
            "permissions,public-access",
            "--json",
        ]);
        command.env("CARGO", &cargo);
        sandbox.ended(command).await.expect(0).json()
    };
    let before = health().await;
    let deployed = changed().await;
    assert_eq!(deployed["result"], "deployed");
    assert_eq!(
        deployed["stacks"],
        json!({"api": "update", "data": "none", "gateway": "none", "migrate": "none", "ops": "none", "realtime": "none", "site": "none"})
    );
    assert_eq!(health().await, "changed", "it is live");

    let asked = sandbox.run(&["rollback", "--json"]).await.expect(3).json();
    assert_eq!(asked["error"]["kind"], "approval_needed", "{asked}");
    let back = sandbox
        .run(&["rollback", "--yes", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(
        back["functions"],
        json!([{"function": "docs", "from": "2", "to": "1"}])
    );
    assert_eq!(health().await, before);

    let again = changed().await;
    assert_eq!(
        again["stacks"],
        json!({"api": "none", "data": "none", "gateway": "none", "migrate": "none", "ops": "none", "realtime": "none", "site": "none"}),
        "only the alias moves"
    );
    assert_eq!(health().await, "changed");
    sandbox
        .run(&["deploy", "--yes", "--allow", "permissions,public-access"])
        .await
        .expect(0);
    assert_eq!(health().await, before);
}

//! A stage `sandbox` with an emulator and a PostgreSQL of its own.

use std::{path::PathBuf, sync::Mutex, time::Duration};

use miyabi_tests::{Checkout, Emulator, Ran, json, until};
use postgres_server::{Binaries, Options, Server};
use tokio::process::Command;

/// Said nowhere but to the deployer.
pub(super) const PASSWORD: &str = "canary-of-the-owner";

/// A PostgreSQL of the test's own: roles belong to the whole server, and `migrate` changes them.
fn database(checkout: &Checkout) -> Server {
    let root = postgres_server::place(&checkout.dir().join("postgres"));
    let named = std::env::var_os("MIYABI_POSTGRES").map(PathBuf::from);
    let binaries = Binaries::find(named.as_deref(), &root.join("binaries")).unwrap();
    let options = Options {
        dir: root.join("data"),
        password: Some("superuser".to_owned()),
        fast_and_unsafe: true,
        first_sql: vec![
            format!("create role miyabi_owner login createrole password '{PASSWORD}'"),
            "create database miyabi owner miyabi_owner".to_owned(),
        ],
        ..Options::default()
    };
    Server::start(&binaries, &options).unwrap()
}

/// The stage.
pub(crate) struct Sandbox {
    pub(crate) checkout: Checkout,
    pub(crate) emulator: Emulator,
    pub(crate) said: Mutex<String>,
    server: Server,
}

impl Sandbox {
    /// With nothing deployed, not even what `bootstrap` makes.
    pub(crate) async fn start() -> Sandbox {
        let checkout = Checkout::new();
        let server = database(&checkout);
        Sandbox {
            checkout,
            emulator: Emulator::start().await,
            said: Mutex::default(),
            server,
        }
    }

    /// The port of its PostgreSQL.
    pub(super) fn port(&self) -> u16 {
        self.server.port()
    }

    /// `cargo xtask ARGUMENTS` on it, to be started or changed before that.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_for("127.0.0.1", arguments)
    }

    /// The same, with its database at another name of this machine.
    pub(crate) fn command_for(&self, host: &str, arguments: &[&str]) -> Command {
        self.command_through(&self.emulator.url(), host, arguments)
    }

    /// The same, with something in front of the emulator.
    pub(crate) fn command_through(&self, url: &str, host: &str, arguments: &[&str]) -> Command {
        let port = self.server.port();
        let mut command = self.checkout.command(arguments);
        command
            .args(["--stage", "sandbox", "--endpoint-url", url])
            .env(
                "MIYABI_DATABASE_URL",
                format!("postgres://miyabi_owner:{PASSWORD}@{host}:{port}/miyabi"),
            );
        command
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        self.ended(self.command(arguments)).await
    }

    /// Runs `deploy` or `bootstrap` with the approvals that a new stage needs.
    pub(super) async fn approved(&self, command: &str, more: &[&str]) -> Ran {
        let approval = [command, "--yes", "--allow", "permissions,public-access"];
        self.run(&[approval.as_slice(), more].concat()).await
    }

    /// Runs a command to its end and notes what it said.
    pub(crate) async fn ended(&self, mut command: Command) -> Ran {
        let ran = Ran::from(command.output().await.unwrap());
        let mut said = self.said.lock().unwrap();
        *said += &ran.stdout;
        *said += &ran.stderr;
        ran
    }

    /// Changes a function's log group by hand.
    pub(super) async fn keep_logs_for(&self, function: &str, days: u32) {
        let body = json!({
            "logGroupName": format!("/aws/lambda/miyabi-sandbox-{function}"),
            "retentionInDays": days,
        });
        let target = "Logs_20140328.PutRetentionPolicy";
        let answer = self.emulator.call("000000000000", "logs", target, body);
        assert_eq!(answer.await.status, 200);
    }

    /// Deletes a stack by hand, and waits until it is gone.
    pub(super) async fn delete_by_hand(&self, stack: &str) {
        let name = format!("miyabi-sandbox-{stack}");
        let ask = async |action: &str| {
            let parameters = [("Action", action), ("StackName", name.as_str())];
            let answer = self.emulator.cloudformation("000000000000", &parameters);
            answer.await.text()
        };
        ask("DeleteStack").await;
        until("the stack is gone", Duration::from_secs(60), async || {
            let there = ask("DescribeStacks").await;
            (!there.contains("<StackStatus>") || there.contains("DELETE_COMPLETE")).then_some(())
        })
        .await;
    }

    /// Everything that the emulator has of this stage that anybody could read.
    pub(super) async fn kept(&self) -> String {
        let account = "000000000000";
        let mut kept = String::new();
        for stack in [
            "gateway",
            "data",
            "migrate",
            "ops",
            "realtime",
            "api",
            "site",
            "bootstrap",
        ] {
            let name = format!("miyabi-sandbox-{stack}");
            for action in [
                "GetTemplate",
                "DescribeStacks",
                "DescribeStackEvents",
                "DescribeStackResources",
            ] {
                let parameters = [("Action", action), ("StackName", name.as_str())];
                kept += &self
                    .emulator
                    .cloudformation(account, &parameters)
                    .await
                    .text();
            }
        }
        let bucket = "miyabi-sandbox-assets-000000000000-us-east-1";
        for key in ["state.json", "lease.json"] {
            kept += &self.emulator.get_object(account, bucket, key).await.text();
        }
        kept
    }
}

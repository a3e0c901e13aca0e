//! The stage `sandbox` through the command line: the application at an emulator of AWS, with the
//! real functions and a real PostgreSQL beside it.

mod witness;

use std::{path::PathBuf, time::Duration};

use miyabi_tests::{Checkout, Emulator, Method, Ran, Value, until};
use postgres_server::{Binaries, Options, Server};

/// Said nowhere but to the deployer.
const PASSWORD: &str = "canary-of-the-owner";

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

struct Sandbox {
    checkout: Checkout,
    emulator: Emulator,
    database: String,
    said: std::sync::Mutex<String>,
}

impl Sandbox {
    async fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.checkout.command(arguments);
        command
            .args(["--stage", "sandbox", "--endpoint-url", &self.emulator.url()])
            .env("MIYABI_DATABASE_URL", &self.database);
        let ran = Ran::from(command.output().await.unwrap());
        let mut said = self.said.lock().unwrap();
        *said += &ran.stdout;
        *said += &ran.stderr;
        ran
    }

    /// Everything that the emulator has of this stage that anybody could read.
    async fn kept(&self) -> String {
        let account = "000000000000";
        let mut kept = String::new();
        for stack in ["data", "api", "site", "bootstrap"] {
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

/// The whole life of a stage: it is one test because each step needs the one before.
#[tokio::test]
async fn fault_28_a_sandbox_is_made_answers_changes_nothing_twice_and_goes_and_its_secrets_are_nowhere()
 {
    let checkout = Checkout::new();
    let server = database(&checkout);
    let sandbox = Sandbox {
        emulator: Emulator::start().await,
        database: format!(
            "postgres://miyabi_owner:{PASSWORD}@127.0.0.1:{}/miyabi",
            server.port()
        ),
        checkout,
        said: Default::default(),
    };
    let early = sandbox
        .run(&["deploy", "--yes", "--json"])
        .await
        .expect(1)
        .json();
    assert_eq!(
        early["error"]["hint"], "`cargo xtask bootstrap --stage sandbox`",
        "{early}"
    );
    sandbox.run(&["bootstrap", "--yes"]).await.expect(0);
    let again = sandbox
        .run(&["bootstrap", "--yes", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(again["result"], "unchanged");

    let first = sandbox
        .run(&["deploy", "--yes", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(first["result"], "deployed");
    assert_eq!(first["migrations"]["pending"], miyabi_tests::json!([]));
    let host = first["outputs"]["apiUrl"]
        .as_str()
        .unwrap()
        .trim_start_matches("http://")
        .to_owned();
    let client = sandbox.emulator.client();
    let get = |path: &str| {
        client
            .request(Method::GET, path)
            .header("host", host.clone())
    };
    until("the API answers", Duration::from_secs(60), async || {
        (get("/api/health").await.status == 200).then_some(())
    })
    .await;
    get("/api/tasks").await.problem(401, "unauthenticated");

    let second = sandbox
        .run(&["deploy", "--yes", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(second["result"], "unchanged", "{second}");
    let calls: u64 = second["aws_calls"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert!(calls <= 5 * 3, "at most five calls a stack: {second}");

    let status = sandbox.run(&["status", "--json"]).await.expect(0).json();
    assert_eq!(status["well"], true, "{status}");
    let outputs = sandbox.run(&["outputs", "--json"]).await.expect(0).json();
    assert_eq!(outputs, first["outputs"]);
    witness::agrees(&sandbox.emulator, &status, &outputs).await;
    let migrated = sandbox
        .run(&["migrate", "--status", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(migrated["pending"], miyabi_tests::json!([]));
    let health = sandbox
        .run(&["invoke", "docs", "--route", "GET /api/health"])
        .await
        .expect(0);
    assert!(
        health.stdout.contains("\"stage\": \"sandbox\""),
        "{health:?}"
    );
    let logs = sandbox.run(&["logs", "docs"]).await.expect(0);
    assert!(logs.stdout.contains(" docs "), "{logs:?}");

    let kept = sandbox.kept().await;
    assert!(
        kept.contains("miyabi-sandbox-database-owner"),
        "this looks at the right things"
    );
    assert!(!kept.contains(PASSWORD), "the password is kept somewhere");

    let destroyed = sandbox
        .run(&["destroy", "--yes", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(
        destroyed["stacks"],
        miyabi_tests::json!(["site", "api", "data"])
    );
    let status = sandbox.run(&["status", "--json"]).await.expect(0).json();
    assert_eq!(status["deployed"], false);
    // Nothing is in the way of the next one.
    sandbox.run(&["deploy", "--yes"]).await.expect(0);
    assert!(
        !sandbox.said.lock().unwrap().contains(PASSWORD),
        "the password was said"
    );
}

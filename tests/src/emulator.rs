//! Stand-ins for AWS: ministack, which does what AWS does, and microburst in front of it, which
//! makes what can go wrong on the way go wrong.

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use ::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::{
    binaries::{project, run_dir},
    browser::Browser,
    http::Response,
    until,
};

/// Other tests load the machine, and both are written in Python.
const STARTS_WITHIN: Duration = Duration::from_secs(120);

/// A program that ends with this process, however that ends.
#[derive(Debug)]
struct Program {
    keeper: Child,
    address: SocketAddr,
}

impl Program {
    fn start(name: &str, arguments: &[&str], variables: &[(&str, &str)], port: u16) -> Program {
        let dir = run_dir().join(format!("{name}-{port}"));
        fs::create_dir_all(&dir).unwrap();
        let log = fs::File::create(dir.join("log")).unwrap();
        // `read` returns when this process ends or drops its side of the pipe.
        let keeper = Command::new("/bin/sh")
            .args(["-c", "\"$@\" & read _; kill $!; wait", "sh"])
            .arg(program(name, &name.to_uppercase()))
            .args(arguments)
            .envs(variables.iter().copied())
            .env("TMPDIR", &dir)
            .current_dir(&dir)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Program { keeper, address }
    }

    async fn ready(&self, path: &str) {
        until("the stand-in answers", STARTS_WITHIN, async || {
            std::net::TcpStream::connect(self.address).ok()?;
            let client = Browser::new(self.address);
            let answer = client.send(client.request(Method::GET, path)).await;
            answer.status.is_success().then_some(())
        })
        .await;
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A ministack.
#[derive(Debug)]
pub struct Emulator(Program);

impl Emulator {
    /// One of one's own. It keeps nothing.
    pub async fn start() -> Emulator {
        let port = free_port();
        let text = port.to_string();
        let variables = [
            ("BIND_HOST", "127.0.0.1"),
            ("GATEWAY_PORT", text.as_str()),
            ("LAMBDA_EXECUTOR", "local"),
        ];
        let program = Program::start("ministack", &[], &variables, port);
        program.ready("/_ministack/health").await;
        Emulator(program)
    }

    /// The one that all tests share which need no more than an account of their own.
    pub async fn shared() -> &'static Emulator {
        static SHARED: OnceLock<Emulator> = OnceLock::new();
        static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let _one_at_a_time = STARTING.lock().await;
        match SHARED.get() {
            Some(shared) => shared,
            None => {
                let started = Emulator::start().await;
                SHARED.get_or_init(|| started)
            }
        }
    }

    /// Its address, for `--endpoint-url`.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// A client for what it serves by name: `abc.execute-api.localhost`.
    pub fn client(&self) -> Browser {
        Browser::new(self.0.address)
    }

    /// A call of CloudFormation past the deployer, as somebody else would make it; gives the XML.
    pub async fn cloudformation(&self, account: &str, parameters: &[(&str, &str)]) -> Response {
        let parameters = [parameters, &[("Version", "2010-05-15")]].concat();
        self.query(account, "cloudformation", &parameters).await
    }

    /// A call of a service that takes forms, past the deployer.
    pub async fn query(
        &self,
        account: &str,
        service: &str,
        parameters: &[(&str, &str)],
    ) -> Response {
        let body = parameters.iter().map(|(name, value)| {
            format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
        });
        let body = body.collect::<Vec<_>>().join("&");
        let client = self.client();
        let request = client
            .request(Method::POST, "/")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", authorization(account, service))
            .body(body);
        client.send(request).await
    }

    /// A call of a service that takes JSON, past the deployer; `target` is its `x-amz-target`.
    pub async fn call(&self, account: &str, service: &str, target: &str, body: Value) -> Response {
        let client = self.client();
        let request = client
            .request(Method::POST, "/")
            .header("x-amz-target", target)
            .header("authorization", authorization(account, service))
            .json(body)
            .header("content-type", "application/x-amz-json-1.1");
        client.send(request).await
    }

    /// Puts an object into a bucket past the deployer.
    pub async fn put_object(
        &self,
        account: &str,
        bucket: &str,
        key: &str,
        body: impl AsRef<[u8]>,
    ) -> Response {
        let client = self.client();
        let request = client
            .request(Method::PUT, &format!("/{bucket}/{key}"))
            .header("authorization", authorization(account, "s3"))
            .body(body.as_ref().to_vec());
        client.send(request).await
    }

    /// The configuration of a function, or of a version or an alias of it.
    pub async fn function(&self, account: &str, name: &str) -> Value {
        self.configuration(account, name).await.expect(200)
    }

    /// Whether there is such a version of a function, `NAME:NUMBER`.
    pub async fn has_version(&self, account: &str, name: &str) -> bool {
        self.configuration(account, name).await.status == 200
    }

    async fn configuration(&self, account: &str, name: &str) -> Response {
        let client = self.client();
        let (name, qualifier) = name.split_once(':').unwrap_or((name, "$LATEST"));
        let path = format!(
            "/2015-03-31/functions/{name}/configuration?Qualifier={}",
            qualifier.replace('$', "%24")
        );
        let request = client
            .request(Method::GET, &path)
            .header("authorization", authorization(account, "lambda"));
        client.send(request).await
    }

    /// Reads an object past the deployer.
    pub async fn get_object(&self, account: &str, bucket: &str, key: &str) -> Response {
        let client = self.client();
        let request = client
            .request(Method::GET, &format!("/{bucket}/{key}"))
            .header("authorization", authorization(account, "s3"));
        client.send(request).await
    }
}

/// A microburst in front of an emulator.
#[derive(Debug)]
pub struct Faults(Program);

impl Faults {
    /// Passes everything on until it has rules.
    pub async fn before(upstream: &Emulator) -> Faults {
        let port = free_port();
        let text = port.to_string();
        let upstream = upstream.url();
        let arguments = [
            "--host",
            "127.0.0.1",
            "--port",
            &text,
            "--upstream",
            &upstream,
        ];
        let program = Program::start("microburst", &arguments, &[], port);
        program.ready("/_microburst/health").await;
        Faults(program)
    }

    /// Its address, for `--endpoint-url`.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Adds rules, as microburst writes them.
    pub async fn add(&self, rules: Value) {
        let client = Browser::new(self.0.address);
        let request = client
            .request(Method::PATCH, "/_microburst/rules")
            .json(rules);
        let answer = client.send(request).await;
        assert!(answer.status.is_success(), "{answer}");
    }

    /// Removes all rules.
    pub async fn clear(&self) {
        let client = Browser::new(self.0.address);
        let answer = client
            .send(
                client
                    .request(Method::POST, "/_microburst/rules")
                    .json(Value::Array(Vec::new())),
            )
            .await;
        assert!(answer.status.is_success(), "{answer}");
    }

    /// How often a fault was injected into that operation.
    pub async fn fired(&self, operation: &str) -> usize {
        let client = Browser::new(self.0.address);
        let answer = client
            .send(client.request(Method::GET, "/_microburst/fired?limit=1000"))
            .await
            .json();
        let events = answer
            .as_array()
            .cloned()
            .or_else(|| answer["fired"].as_array().cloned());
        let events = events.unwrap_or_else(|| panic!("no list of faults: {answer}"));
        events
            .iter()
            .filter(|event| event["operation"] == operation)
            .count()
    }
}

/// A header that says whose request it is. Emulators do not check the signature.
fn authorization(account: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// The program that the variable names, or the one that `cargo xtask test` installed.
pub(crate) fn program(name: &str, variable: &str) -> PathBuf {
    let named = env::var_os(variable).map(PathBuf::from);
    let program = named.unwrap_or_else(|| project().join(".miyabi/tools/venv/bin").join(name));
    assert!(
        program.is_file(),
        "There is no {name} at {}. Run the tests with `cargo xtask test`, which installs one, or set {}.",
        program.display(),
        variable
    );
    program
}

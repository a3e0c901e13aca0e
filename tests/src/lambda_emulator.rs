//! AWS's own Runtime Interface Emulator, the program that Lambda's base images contain, with one of
//! an application's functions in it.

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use ::http::Method;
use serde_json::Value;

use crate::{
    App, Browser,
    binaries::{binary, project, run_dir},
    stopped::children,
};

/// Where the emulator takes invocations; the name of the function is always the same.
const INVOCATIONS: &str = "/2015-03-31/functions/function/invocations";

/// A function in the emulator. Both end with this value, or with this process.
#[derive(Debug)]
pub struct LambdaEmulator {
    keeper: Child,
    address: SocketAddr,
}

impl LambdaEmulator {
    /// Whether AWS publishes the emulator for this machine: for Linux on two architectures.
    pub fn is_for_this_machine() -> bool {
        cfg!(target_os = "linux") && architecture().is_some()
    }

    /// Starts the emulator with the function's binary and the environment that it has in `app`. The
    /// function starts with the first invocation.
    pub fn start(app: &App, function: &str) -> LambdaEmulator {
        // The usual ports, 8080 and 9001, may be taken: both are options.
        let free = || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            listener.local_addr().unwrap()
        };
        let (address, runtime_api) = (free(), free());
        let log = run_dir().join(format!("lambda-emulator-{}.log", address.port()));
        let log = fs::File::create(log).unwrap();
        // `read` returns when this process ends or drops its side of the pipe. At SIGTERM the
        // emulator ends the function.
        let keeper = Command::new("/bin/sh")
            .args(["-c", "\"$@\" & read _; kill $!; wait", "sh"])
            .arg(program())
            .args(["--runtime-interface-emulator-address", &address.to_string()])
            .args(["--runtime-api-address", &runtime_api.to_string()])
            .arg(binary(function))
            .env_clear()
            .envs(app.environment(function))
            .env("AWS_LAMBDA_FUNCTION_NAME", function)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        LambdaEmulator { keeper, address }
    }

    /// Invokes the function and waits for its response, or for the error that it reported. `None`
    /// while the emulator does not listen yet.
    pub async fn invoke(&self, event: Vec<u8>) -> Option<Value> {
        tokio::net::TcpStream::connect(self.address).await.ok()?;
        let request = Browser::new(self.address)
            .request(Method::POST, INVOCATIONS)
            .body(event);
        let response = request.send().await;
        Some(serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    /// Ids of the processes of the function.
    pub fn processes(&self) -> Vec<u32> {
        let emulators = children(self.keeper.id());
        emulators.into_iter().flat_map(children).collect()
    }
}

impl Drop for LambdaEmulator {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// How AWS names the architecture of this machine in the emulator's file name.
fn architecture() -> Option<&'static str> {
    match env::consts::ARCH {
        "x86_64" => Some("x86_64"),
        "aarch64" => Some("arm64"),
        _ => None,
    }
}

/// The program that `LAMBDA_RIE` names, or the one that `cargo xtask test` installed: the AWS SAM
/// CLI brings it.
fn program() -> PathBuf {
    if let Some(named) = env::var_os("LAMBDA_RIE") {
        return PathBuf::from(named);
    }
    let name = format!(
        "samcli/local/rapid/aws-lambda-rie-{}",
        architecture().unwrap_or_default()
    );
    let libraries = project().join(".miyabi/tools/venv/lib");
    // One folder for the one version of Python in it.
    let versions = fs::read_dir(&libraries).into_iter().flatten().flatten();
    versions
        .map(|version| version.path().join("site-packages").join(&name))
        .find(|program| program.is_file())
        .unwrap_or_else(|| {
            panic!(
                "AWS's Runtime Interface Emulator was not found under {}. Run the tests with `cargo xtask test`, which installs it, or set LAMBDA_RIE.",
                libraries.display()
            )
        })
}

//! The stage `local` through the command line, as the README tells it.

use std::{net::TcpStream, path::Path, time::Duration};

use miyabi_tests::{Browser, Checkout, Method, RequestBuilder, Value, json, until};

/// `http://127.0.0.1:PORT` -> its address.
pub(crate) fn address(origin: &Value) -> std::net::SocketAddr {
    let origin = origin
        .as_str()
        .unwrap_or_else(|| panic!("no address: {origin}"));
    origin
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .parse()
        .unwrap()
}

/// Signs in on the site, as the README does with curl; gives the access token.
pub(crate) async fn sign_in(site: &Browser, login: &str) -> String {
    site.follow(&format!("/api/auth/login?login={login}")).await;
    let csrf = site
        .cookie("__Host-csrf")
        .expect("the sign-in sets the CSRF cookie");
    let refresh = site
        .request(Method::POST, "/api/auth/refresh")
        .header("x-csrf-token", csrf);
    site.send(refresh).await.expect(200)["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

pub(crate) fn as_person(site: &Browser, token: &str, method: Method, path: &str) -> RequestBuilder {
    site.request(method, path).without("cookie").bearer(token)
}

/// Processes whose command line names the checkout or that run from it.
pub(crate) fn processes_of(checkout: &Path) -> Vec<String> {
    let needle = checkout.to_string_lossy().into_owned();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let command_line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let command_line = String::from_utf8_lossy(&command_line).replace('\0', " ");
        let program = std::fs::read_link(entry.path().join("exe")).unwrap_or_default();
        if command_line.contains(&needle) || program.starts_with(checkout) {
            found.push(format!(
                "{} {command_line}",
                entry.file_name().to_string_lossy()
            ));
        }
    }
    found
}

/// The commands of the README's first session, in its words, for bash.
fn session_of_readme(checkout: &Checkout) -> String {
    let readme = std::fs::read_to_string(checkout.dir().join("README.md")).unwrap();
    let (_, session) = readme.split_once("## A first session").unwrap();
    let (session, _) = session.split_once("\n## ").unwrap();
    session
        .split("```sh\n")
        .skip(1)
        .filter_map(|block| block.split_once("```"))
        .map(|(commands, _)| commands)
        .collect()
}

/// Runs it in an empty folder, with this checkout's command line.
async fn run_session_of_readme(checkout: &Checkout) -> String {
    let xtask = checkout.command(&[]);
    let folder = checkout.dir().join("session");
    std::fs::create_dir(&folder).unwrap();
    let script = format!(
        "set -euo pipefail\ncargo() {{ shift; (cd '{}' && '{}' \"$@\"); }}\n{}",
        checkout.dir().display(),
        xtask.as_std().get_program().display(),
        session_of_readme(checkout)
    );
    let mut bash = tokio::process::Command::new("bash");
    let ended = bash
        .args(["-c", &script])
        .current_dir(&folder)
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}\n{told}");
    said
}

/// The whole life of a stage: it is one test because each step needs the one before.
#[tokio::test]
async fn a_first_session_as_the_readme_tells_it() {
    let checkout = Checkout::new();
    let outputs = checkout.deploy().await;
    let (site_address, api_address) = (address(&outputs["siteUrl"]), address(&outputs["apiUrl"]));
    let api = Browser::new(api_address);
    api.send(api.request(Method::GET, "/api/health"))
        .await
        .expect(200);
    api.send(api.request(Method::GET, "/api/tasks"))
        .await
        .problem(401, "unauthenticated");

    let site = Browser::new(site_address);
    let page = site.send(site.request(Method::GET, "/")).await;
    assert_eq!(page.status, 200, "{page}");
    let token = sign_in(&site, "alice").await;
    let task = as_person(&site, &token, Method::POST, "/api/tasks")
        .json(json!({"title": "Water the maple", "priority": "p1"}))
        .await
        .expect(201);
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    let list = as_person(
        &site,
        &token,
        Method::GET,
        "/api/tasks?status=pending&sort=-priority",
    )
    .await
    .expect(200);
    assert_eq!(list["items"][0]["id"], task["id"], "{list}");
    let change = |version: &str| {
        as_person(&site, &token, Method::PATCH, &path)
            .header("if-match", version)
            .json(json!({"status": "in_progress"}))
            .send()
    };
    assert_eq!(change("\"1\"").await.expect(200)["version"], 2);
    assert_eq!(change("\"1\"").await.status, 412);
    let trail = as_person(&site, &token, Method::GET, "/api/activity")
        .await
        .expect(200);
    assert_eq!(trail["items"][0]["target_id"], task["id"], "{trail}");

    let others = Browser::new(site_address);
    let bob = sign_in(&others, "bob").await;
    as_person(&others, &bob, Method::GET, &path)
        .await
        .problem(404, "not_found");

    let said = run_session_of_readme(&checkout).await;
    for part in [
        "Water the maple",
        "\"version\":2",
        "action: 'task.",
        "found_in: [ 'comment' ]",
        "reasons: [ 'mentioned' ]",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }

    let invoked = checkout
        .xtask(&[
            "invoke",
            "tasks",
            "--stage",
            "local",
            "--route",
            "GET /api/tasks",
            "--as",
            "alice",
        ])
        .await;
    assert!(invoked.expect(0).stdout.contains("Water the maple"));

    let status = checkout
        .xtask(&["status", "--stage", "local", "--json"])
        .await
        .expect(0)
        .json();
    assert!(
        status.to_string().contains("AWS::RDS::DBInstance"),
        "{status}"
    );
    assert_eq!(status["well"], true, "{status}");
    assert_eq!(status["failed_deploy"], Value::Null, "{status}");
    assert_eq!(status["migrations"]["known"]["pending"], 0, "{status}");
    assert!(status["versions"]["tasks"].is_string(), "{status}");
    let addresses = status["addresses"].as_array().unwrap();
    let answers = |address: &Value| address["problem"].is_null();
    assert!(
        addresses.len() > 2 && addresses.iter().all(answers),
        "{status}"
    );
    let screen = checkout
        .xtask(&["status", "--stage", "local"])
        .await
        .expect(0)
        .stdout;
    assert!(screen.contains("The stage `local` is well."), "{screen}");
    assert!(
        !screen.contains("AWS::RDS::DBInstance"),
        "resources only when asked for: {screen}"
    );

    let logs = checkout
        .xtask(&["logs", "tasks", "--stage", "local", "--filter", "REPORT"])
        .await
        .expect(0);
    assert!(logs.stdout.contains("Billed Duration"), "{logs:?}");
    let schema = checkout
        .xtask(&["migrate", "--stage", "local", "--status", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(schema["pending"], json!([]), "{schema}");

    // Nothing changed: nothing is done, and what is there stays.
    let again = checkout
        .xtask(&["deploy", "--stage", "local", "--yes", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(again["result"], "unchanged", "{again}");
    as_person(&site, &token, Method::GET, &path)
        .await
        .expect(200);

    let destroy = ["destroy", "--stage", "local", "--yes", "--json"];
    let refused = checkout.xtask(&destroy).await.expect(3).json();
    assert_eq!(
        refused["error"]["hint"],
        "To approve it: `cargo xtask destroy --stage local --yes --confirm local`"
    );
    checkout
        .xtask(&["destroy", "--stage", "local", "--confirm", "local"])
        .await
        .expect(0);
    for address in [site_address, api_address] {
        assert!(
            TcpStream::connect(address).is_err(),
            "{address} is still open"
        );
    }
    until(
        "no process of the stage is left",
        Duration::from_secs(5),
        async || processes_of(checkout.dir()).is_empty().then_some(()),
    )
    .await;
}

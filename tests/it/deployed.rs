//! A deployed stage, asked through its public address by somebody without an account: pages, API,
//! sign-in and the database behind it. The pipeline runs this against staging, whose address is in
//! `MIYABI_DEPLOYED_SITE`; without the variable, a stage `local` is deployed for it.

use std::{env, fs, path::Path, time::Duration};

use deployer::http_client::{self, Answer};
use miyabi_catalog::{Access, FUNCTIONS};
use miyabi_tests::{Checkout, Method, Value};

use crate::site::EVERYWHERE;

/// A cold start of two functions, one after the other.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

struct Deployed {
    /// `https://d111111abcdef8.cloudfront.net`
    site: String,
}

impl Deployed {
    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let url = format!("{}{path}", self.site);
        let sent = http_client::send(method, &url, headers, "", ANSWERS_WITHIN);
        sent.await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    async fn get(&self, path: &str, status: u16) -> Answer {
        let answer = self.send(Method::GET, path, &[]).await;
        let text = answer.text(1000);
        assert_eq!(answer.status.as_u16(), status, "GET {path}: {text}");
        for (name, value) in EVERYWHERE {
            assert_eq!(answer.header(name), value, "{name} of GET {path}");
        }
        answer
    }

    async fn get_json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.get(path, 200).await.body).unwrap()
    }
}

#[tokio::test]
async fn a_deployed_stage_answers_as_the_checkout_says() {
    let local;
    let site = match env::var("MIYABI_DEPLOYED_SITE") {
        Ok(site) => site,
        Err(_) => {
            local = Checkout::new();
            local.deploy().await["siteUrl"].as_str().unwrap().to_owned()
        }
    };
    let deployed = Deployed { site };
    site_and_api_are_of_one_stage(&deployed).await;
    the_contract_is_that_of_the_checkout(&deployed).await;
    nobody_does_anything_without_a_token(&deployed).await;
    a_sign_in_leads_to_github_and_back_here(&deployed).await;
}

async fn site_and_api_are_of_one_stage(deployed: &Deployed) {
    let config = deployed.get_json("/config.json").await;
    assert_eq!(config["outputs"]["siteUrl"], deployed.site);
    let health = deployed.get_json("/api/health").await;
    assert_eq!(
        (&health["status"], &health["stage"]),
        (&"ok".into(), &config["stage"])
    );
    for (path, status) in [("/", 200), ("/nothing/here", 404), ("/swagger-ui/", 200)] {
        let page = deployed.get(path, status).await;
        assert!(
            page.header("content-type").starts_with("text/html"),
            "{path}"
        );
    }
}

async fn the_contract_is_that_of_the_checkout(deployed: &Deployed) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontend/openapi.json");
    let expected: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let document = deployed.get_json("/api/openapi.json").await;
    assert!(document == expected, "the deployed document is another one");
}

async fn nobody_does_anything_without_a_token(deployed: &Deployed) {
    let mut refused = 0;
    for route in FUNCTIONS.iter().flat_map(|function| function.routes) {
        if !matches!(route.access, Access::SignedIn | Access::Needs(_)) {
            continue;
        }
        let path = with_ids(route.path);
        let method: Method = route.method.as_str().parse().unwrap();
        let origin = [("origin", deployed.site.as_str())];
        let answer = deployed.send(method, &path, &origin).await;
        let what = format!("{} {path}: {}", route.method.as_str(), answer.text(1000));
        assert_eq!(answer.status.as_u16(), 401, "{what}");
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{what}"
        );
        refused += 1;
    }
    assert!(refused > 10, "only {refused} routes");
}

/// `/api/tasks/{task_id}` with an id that nothing has.
fn with_ids(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        if part.starts_with('{') {
            "00000000-0000-4000-8000-000000000000"
        } else {
            part
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The attempt is a row: function, database and the function with a way to GitHub work together.
async fn a_sign_in_leads_to_github_and_back_here(deployed: &Deployed) {
    for forged in [None, Some(("x-viewer-host", "evil.example"))] {
        let headers: Vec<_> = forged.into_iter().collect();
        let answer = deployed
            .send(Method::GET, "/api/auth/login", &headers)
            .await;
        assert_eq!(answer.status.as_u16(), 303, "{}", answer.text(1000));
        let (_, query) = answer.header("location").split_once('?').unwrap();
        let callback =
            form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "redirect_uri");
        let (_, callback) = callback.expect("a redirect_uri");
        assert_eq!(callback, format!("{}/api/auth/callback", deployed.site));
    }
}

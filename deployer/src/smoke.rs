//! The smoke test: does what was deployed answer? An allowed request, a refused one, and the site,
//! through the addresses that people use.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::{
    Error,
    http_client::{self, Answer},
    progress::Progress,
};

/// One request and whether it was answered as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `GET http://127.0.0.1:4000/api/health`
    pub request: String,
    /// The status that it must have.
    pub expected: u16,
    /// The status that it had.
    pub status: u16,
}

/// A cold start of every function involved, twice over.
const PATIENCE: Duration = Duration::from_secs(15);

/// Asks the deployed stage; an error names the first request with a wrong answer.
pub async fn test(
    outputs: &BTreeMap<String, String>,
    progress: &Progress,
) -> Result<Vec<Check>, Error> {
    let mut requests: Vec<(String, u16, &str)> = Vec::new();
    if let Some(api) = outputs.get("apiUrl") {
        requests.push((format!("{api}/api/health"), 200, "application/json"));
    }
    if let Some(site) = outputs.get("siteUrl") {
        requests.push((format!("{site}/"), 200, "text/html"));
        requests.push((format!("{site}/api/health"), 200, "application/json"));
        requests.push((format!("{site}/api/tasks"), 401, "application/problem+json"));
    }
    let step = progress.step("smoke test", "Asking the application");
    let checks = futures_util::future::try_join_all(
        requests
            .iter()
            .map(|(url, expected, media_type)| ask(url, *expected, media_type)),
    )
    .await?;
    step.done(format!(
        "{} requests answered as they should be",
        checks.len()
    ));
    Ok(checks)
}

async fn ask(url: &str, expected: u16, media_type: &str) -> Result<Check, Error> {
    let answer = http_client::get(url, PATIENCE).await?;
    let request = format!("GET {url}");
    let status = answer.status.as_u16();
    if status != expected || !answer.header("content-type").starts_with(media_type) {
        return Err(wrong(&request, expected, media_type, &answer));
    }
    Ok(Check {
        request,
        expected,
        status,
    })
}

fn wrong(request: &str, expected: u16, media_type: &str, answer: &Answer) -> Error {
    Error::failed(
        format!(
            "What was deployed does not answer as it should: {request} must be {expected} with {media_type}, it was {} with `{}`.",
            answer.status.as_u16(),
            answer.header("content-type"),
        ),
        "See what the functions say: `cargo xtask logs --stage local --since 5m`",
    )
    .because(format!("the answer began: {}", answer.text(500)))
}

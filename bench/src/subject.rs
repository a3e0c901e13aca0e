//! What is measured: the function `tasks` and, beside it, Node with the same statements. Both get
//! the same environment, the same event and the same database.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Error,
    database::{self, Database, Tenant},
    secrets,
};

const STAGE: &str = "bench";
const ROLE: &str = "miyabi_tasks";
const SIGNING_KEY: &str = "the signing key of the measurements, of no stage";
const KEY_ARN: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:jwt-keys";
const GITHUB_ARN: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:github";
const ROLE_ARN: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:miyabi-tasks";

/// The ARN of a function that is never invoked: nothing that is measured needs its answer.
fn function(name: &str) -> String {
    format!("arn:aws:lambda:us-east-1:000000000000:function:{name}")
}

/// Limits that no measurement reaches. What is measured counts its requests all the same.
fn rate_limits() -> String {
    miyabi_tests::Setup::default().limits()
}

/// The database role of the function.
pub(crate) fn role() -> &'static str {
    ROLE
}

/// What a process of the function needs.
pub(crate) struct Surroundings {
    variables: BTreeMap<&'static str, String>,
    log: PathBuf,
}

impl Surroundings {
    /// For that database; what processes say goes to a file in `scratch`.
    pub(crate) fn new(database: &Database, scratch: &Path) -> Result<Surroundings, Error> {
        let secrets = BTreeMap::from([
            (
                KEY_ARN.to_owned(),
                json!({"kid": "bench", "key": SIGNING_KEY}).to_string(),
            ),
            (
                ROLE_ARN.to_owned(),
                json!({"username": ROLE, "password": database::PASSWORD}).to_string(),
            ),
        ]);
        let endpoint = format!("http://{}", secrets::serve(secrets)?);
        let mut variables = BTreeMap::from([
            ("MIYABI_STAGE", STAGE.to_owned()),
            ("DATABASE_HOST", "localhost".to_owned()),
            ("DATABASE_PORT", database.port().to_string()),
            ("DATABASE_NAME", database.name().to_owned()),
            ("DATABASE_USER", ROLE.to_owned()),
            ("DATABASE_AUTH", "password".to_owned()),
            ("DATABASE_SECRET", ROLE_ARN.to_owned()),
            ("JWT_KEYS_SECRET", KEY_ARN.to_owned()),
            ("RATE_LIMITS", rate_limits()),
            ("GITHUB_FUNCTION", function("github")),
            ("WS_BROADCAST_FUNCTION", function("ws-broadcast")),
            ("GITHUB_SECRET", GITHUB_ARN.to_owned()),
            ("GITHUB_ORIGIN", "https://github.example".to_owned()),
            ("GITHUB_API_ORIGIN", "https://api.github.example".to_owned()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint),
            ("AWS_ACCESS_KEY_ID", "bench".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "bench".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_LAMBDA_FUNCTION_NAME", "bench".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512".to_owned()),
        ]);
        match &database.ca_file {
            Some(path) => {
                variables.insert("DATABASE_TLS", "verify-full".to_owned());
                variables.insert("DATABASE_CA_FILE", path.display().to_string());
            }
            None => drop(variables.insert("DATABASE_TLS", "disable".to_owned())),
        }
        Ok(Surroundings {
            variables,
            log: scratch.join("functions.log"),
        })
    }

    /// A program in these surroundings.
    pub(crate) fn command(&self, program: &Path, arguments: &[&str]) -> Result<Command, Error> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }
}

/// API Gateway's event for a GET by the owner of an organization.
pub(crate) fn event(tenant: Tenant, path: &str) -> Vec<u8> {
    let mut event = get(path);
    event["headers"]["authorization"] = json!(format!("Bearer {}", token(tenant)));
    event.to_string().into_bytes()
}

/// The same from a program that takes compressed responses, as browsers do.
pub(crate) fn event_of_browser(tenant: Tenant, path: &str) -> Vec<u8> {
    let mut event = get(path);
    event["headers"]["authorization"] = json!(format!("Bearer {}", token(tenant)));
    event["headers"]["accept-encoding"] = json!("gzip, deflate, br, zstd");
    event.to_string().into_bytes()
}

/// The same for a GET by nobody.
pub(crate) fn public_event(path: &str) -> Vec<u8> {
    get(path).to_string().into_bytes()
}

fn get(path: &str) -> Value {
    let (raw_path, query) = path.split_once('?').unwrap_or((path, ""));
    let route = format!("GET {raw_path}");
    json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": raw_path,
        "rawQueryString": query,
        "headers": {
            "accept": "application/json",
            "host": "api.example.com",
            "user-agent": "miyabi-bench",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "bench",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {
                "method": "GET",
                "path": raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "miyabi-bench",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route,
            "stage": "$default",
            "time": "10/Mar/2020:05:16:23 +0000",
            "timeEpoch": 1_583_817_383_220_i64,
        },
        "isBase64Encoded": false,
    })
}

/// An access token that is good for the next quarter of an hour.
fn token(tenant: Tenant) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let header = json!({"alg": "HS256", "typ": "at+jwt", "kid": "bench"});
    let claims = json!({
        "iss": format!("miyabi-{STAGE}"),
        "aud": format!("miyabi-{STAGE}-api"),
        "sub": tenant.user,
        "org": tenant.organization,
        "role": "owner",
        "sid": Uuid::new_v4(),
        "jti": Uuid::new_v4(),
        "iat": now,
        "exp": now + 900,
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(&claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SIGNING_KEY.as_bytes());
    let tag = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// Refuses an answer that is not the page that was asked for: what fails quickly must not count.
pub(crate) fn assert_page(answer: &[u8]) -> Result<usize, Error> {
    let answer: Value = serde_json::from_slice(answer).map_err(Error::other)?;
    let body: Value =
        serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
    match (answer["statusCode"].as_u64(), body["items"].as_array()) {
        (Some(200), Some(items)) => Ok(items.len()),
        _ => Err(Error::Function(answer.to_string())),
    }
}

//! The environment contract of docs/ARCHITECTURE.md, read once at start.
//!
//! What a function needs follows from its entry in the catalogue. A missing or wrong variable stops
//! the start with a sentence that names it.

mod database;

use std::collections::BTreeMap;

use miyabi_catalog::Function;

pub(crate) use database::{DatabaseConfig, Login};

use crate::{cache::CacheConfig, limits::Rates};

/// Everything that the environment says.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Name of the stage.
    pub(crate) stage: String,
    /// Short name of the function in the catalogue.
    pub(crate) function: &'static str,
    /// Where the database is; `None` when the function has no role there.
    pub(crate) database: Option<DatabaseConfig>,
    /// ARN of the signing keys.
    pub(crate) jwt_keys_secret: Option<String>,
    /// The origin secret; `None`: the stage has none.
    pub(crate) origin_secret: Option<OriginSecretConfig>,
    /// Scheme of the address that people use: `https`, or `http` where the stage says so.
    pub(crate) public_scheme: &'static str,
    /// How many requests of people, API tokens and addresses are answered; none where the function
    /// counts nothing.
    pub(crate) rate_limits: Rates,
    /// Months that the audit trail is kept; only the function on the schedule is given it.
    pub(crate) audit_retention_months: Option<i32>,
    /// How to reach the cache; `None`: the stage has none.
    pub(crate) cache: Option<CacheConfig>,
    /// ARNs of the functions that this one invokes, by their short names.
    pub(crate) invokes: BTreeMap<&'static str, String>,
    /// Address of the WebSocket API's stage, `https://HOST/live`, to which `/@connections/ID` is
    /// added; `None`: the function does not post to connections.
    pub(crate) connections_endpoint: Option<String>,
}

/// Where the origin secret is, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OriginSecretConfig {
    /// ARN of the secret.
    pub(crate) arn: String,
    /// Whether requests without it are refused.
    pub(crate) required: bool,
}

/// A sentence about the environment that says what to do.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ConfigError(pub(crate) String);

impl Config {
    /// Reads the variables of a function.
    ///
    /// # Errors
    ///
    /// A sentence that names the first variable that is missing or wrong.
    pub(crate) fn read(
        function: &'static Function,
        get: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigError> {
        let require = |name: &str| required(function.name, name, get);
        let database = function
            .database_role
            .map(|_| DatabaseConfig::read(function, get))
            .transpose()?;
        let jwt_keys_secret = function
            .reads_jwt_keys
            .then(|| require("JWT_KEYS_SECRET"))
            .transpose()?;
        let cache = function
            .reads_jwt_keys
            .then(|| cache(function.name, get))
            .transpose()?
            .flatten();
        let rate_limits = match function.limits_requests() {
            true => rate_limits(function.name, &require("RATE_LIMITS")?)?,
            false => Rates::default(),
        };
        let audit_retention_months = function
            .every_minute
            .then(|| audit_retention_months(function.name, get))
            .transpose()?;
        let invokes = function
            .invokes
            .iter()
            .map(|name| {
                let arn = require(&invoked_variable(name))?;
                Ok((*name, arn))
            })
            .collect::<Result<_, ConfigError>>()?;
        let connections_endpoint = function
            .posts_to_connections
            .then(|| connections_endpoint(function.name, get))
            .transpose()?;
        Ok(Config {
            stage: require("MIYABI_STAGE")?,
            public_scheme: public_scheme(function.name, get)?,
            function: function.name,
            database,
            jwt_keys_secret,
            origin_secret: OriginSecretConfig::read(function.name, get)?,
            rate_limits,
            audit_retention_months,
            cache,
            invokes,
            connections_endpoint,
        })
    }
}

fn cache(
    function: &str,
    get: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<CacheConfig>, ConfigError> {
    let Some(url) = get("VALKEY_URL") else {
        return Ok(None);
    };
    let tls = url.starts_with("rediss://");
    if !tls && !url.starts_with("redis://") {
        return Err(ConfigError(format!(
            "VALKEY_URL of the function `{function}` must begin with redis:// or rediss://.",
        )));
    }
    let ca_file = get("VALKEY_CA_FILE");
    if ca_file.is_some() && !tls {
        return Err(ConfigError(format!(
            "VALKEY_CA_FILE of the function `{function}` needs a VALKEY_URL that begins with rediss://.",
        )));
    }
    Ok(Some(CacheConfig { url, ca_file }))
}

impl OriginSecretConfig {
    fn read(
        function: &str,
        get: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<OriginSecretConfig>, ConfigError> {
        let required = get("ORIGIN_SECRET_REQUIRED");
        match (get("ORIGIN_SECRET"), required.as_deref()) {
            (None, Some("true")) => Err(ConfigError(format!(
                "ORIGIN_SECRET_REQUIRED of the function `{function}` is `true` and ORIGIN_SECRET is not set: every request would be answered. The templates of its stack set both.",
            ))),
            (None, _) => Ok(None),
            (Some(arn), Some(text @ ("true" | "false"))) => Ok(Some(OriginSecretConfig {
                arn,
                required: text == "true",
            })),
            (Some(_), other) => Err(ConfigError(format!(
                "ORIGIN_SECRET_REQUIRED of the function `{function}` is `{}`; beside ORIGIN_SECRET it must be `true` or `false`.",
                other.unwrap_or_default()
            ))),
        }
    }
}

fn public_scheme(
    function: &str,
    get: &dyn Fn(&str) -> Option<String>,
) -> Result<&'static str, ConfigError> {
    match get("PUBLIC_SCHEME").as_deref() {
        None | Some("https") => Ok("https"),
        Some("http") => Ok("http"),
        Some(other) => Err(ConfigError(format!(
            "PUBLIC_SCHEME of the function `{function}` is `{other}`; it must be `https` or `http`."
        ))),
    }
}

fn audit_retention_months(
    function: &str,
    get: &dyn Fn(&str) -> Option<String>,
) -> Result<i32, ConfigError> {
    let text = required(function, "AUDIT_RETENTION_MONTHS", get)?;
    let months = text.parse().ok().filter(|months| *months > 0);
    months.ok_or_else(|| {
        ConfigError(format!(
            "AUDIT_RETENTION_MONTHS of the function `{function}` is `{text}`; it must be a number from 1."
        ))
    })
}

fn rate_limits(function: &str, text: &str) -> Result<Rates, ConfigError> {
    Rates::parse(text).map_err(|error| {
        ConfigError(format!(
            "RATE_LIMITS of the function `{function}`: {error}."
        ))
    })
}

/// `ws-broadcast` -> `WS_BROADCAST_FUNCTION`: where the ARN of an invoked function is.
fn invoked_variable(name: &str) -> String {
    format!("{}_FUNCTION", name.to_uppercase().replace('-', "_"))
}

fn connections_endpoint(
    function: &str,
    get: &dyn Fn(&str) -> Option<String>,
) -> Result<String, ConfigError> {
    let endpoint = required(function, "CONNECTIONS_ENDPOINT", get)?;
    if !endpoint.starts_with("https://") && !endpoint.starts_with("http://") {
        return Err(ConfigError(format!(
            "CONNECTIONS_ENDPOINT of the function `{function}` must begin with https:// or http://."
        )));
    }
    Ok(endpoint.trim_end_matches('/').to_owned())
}

fn required(
    function: &str,
    name: &str,
    get: &dyn Fn(&str) -> Option<String>,
) -> Result<String, ConfigError> {
    get(name).ok_or_else(|| {
        ConfigError(format!("The function `{function}` needs the environment variable {name}; the templates of its stack set it."))
    })
}

#[cfg(test)]
mod tests;

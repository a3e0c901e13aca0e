//! Where AWS is, when it is not AWS: the address of an endpoint that speaks its protocols.

use http::Uri;
use percent_encoding::percent_decode_str;

use crate::Error;

/// An AWS-compatible endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `http://127.0.0.1:4566`
    pub url: String,
}

impl Endpoint {
    /// Reads an address: scheme, host and port, nothing after.
    pub fn parse(url: &str) -> Result<Endpoint, Error> {
        let wrong = || {
            Error::usage(
                format!("`{url}` is not an address of an endpoint."),
                "Give scheme, host and port: `--endpoint-url http://127.0.0.1:4566`",
            )
        };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let scheme = uri.scheme_str().ok_or_else(wrong)?;
        if !matches!(scheme, "http" | "https")
            || uri.host().is_none_or(str::is_empty)
            || uri.path() != "/"
        {
            return Err(wrong());
        }
        Ok(Endpoint {
            url: url.trim_end_matches('/').to_owned(),
        })
    }

    /// Whether it is on this machine and nobody has named credentials for it: real ones are never
    /// sent to an emulator by accident.
    pub(super) fn takes_any_credentials(&self) -> bool {
        let uri: Uri = self.url.parse().unwrap_or_default();
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let here = host == "localhost"
            || host.ends_with(".localhost")
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        here && std::env::var_os("AWS_ACCESS_KEY_ID").is_none()
    }
}

/// A PostgreSQL that the stage does not manage.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Password of the owner of the schema.
    pub(super) password: String,
}

/// The password stays out of every log.
impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

/// The role that owns the schema and the database that it is in; the templates name both.
pub(super) const OWNER: &str = "miyabi_owner";
const DATABASE: &str = "miyabi";

impl DatabaseUrl {
    /// Reads `postgres://miyabi_owner:PASSWORD@HOST:PORT/miyabi`.
    pub fn parse(url: &str) -> Result<DatabaseUrl, Error> {
        // The address holds a password, so no message repeats it.
        let wrong = |what: &str| {
            Error::usage(
                format!("The address of the database is wrong: {what}."),
                format!(
                    "Give `postgres://{OWNER}:PASSWORD@HOST:PORT/{DATABASE}`. Make both first: `create role {OWNER} login createrole password '..'; create database {DATABASE} owner {OWNER}`"
                ),
            )
        };
        let rest = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"))
            .ok_or_else(|| wrong("it does not begin with `postgres://`"))?;
        let (login, place) = rest
            .rsplit_once('@')
            .ok_or_else(|| wrong("it has no user"))?;
        let (user, password) = login
            .split_once(':')
            .ok_or_else(|| wrong("it has no password"))?;
        let (address, database) = place
            .split_once('/')
            .ok_or_else(|| wrong("it has no database"))?;
        let database = database.split('?').next().unwrap_or_default();
        if user != OWNER {
            return Err(wrong(&format!("its user is not `{OWNER}`")));
        }
        if database != DATABASE {
            return Err(wrong(&format!("its database is not `{DATABASE}`")));
        }
        let (host, port) = address.rsplit_once(':').unwrap_or((address, "5432"));
        let port = port
            .parse()
            .map_err(|_| wrong("its port is not a number"))?;
        if host.is_empty() || password.is_empty() {
            return Err(wrong("host or password is empty"));
        }
        Ok(DatabaseUrl {
            host: host.to_owned(),
            port,
            password: percent_decode_str(password)
                .decode_utf8()
                .map_err(|_| wrong("its password is not UTF-8"))?
                .into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_database_is_read_and_its_password_never_shown() {
        let url =
            DatabaseUrl::parse("postgres://miyabi_owner:p%40ss@127.0.0.1:5433/miyabi").unwrap();
        assert_eq!(
            (url.host.as_str(), url.port, url.password.as_str()),
            ("127.0.0.1", 5433, "p@ss")
        );
        assert_eq!(format!("{url:?}"), "127.0.0.1:5433");
        for wrong in [
            "mysql://miyabi_owner:canary@h/miyabi",
            "postgres://postgres:canary@h:1/miyabi",
            "postgres://miyabi_owner:canary@h:1/other",
            "postgres://miyabi_owner:canary@h:x/miyabi",
        ] {
            let error = DatabaseUrl::parse(wrong).unwrap_err();
            assert!(
                !format!("{error} {}", error.hint()).contains("canary"),
                "{error}"
            );
        }
    }

    #[test]
    fn an_endpoint_is_an_address_without_a_path() {
        assert_eq!(
            Endpoint::parse("http://127.0.0.1:4566/").unwrap().url,
            "http://127.0.0.1:4566"
        );
        for wrong in ["127.0.0.1:4566", "ftp://h", "http://h/path"] {
            assert!(Endpoint::parse(wrong).is_err(), "{wrong}");
        }
    }
}

//! The token that stands for a password in RDS IAM authentication: a presigned URL without its
//! scheme, made without any network.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4::SigningParams,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Aws, AwsError};

/// RDS accepts no token that says it lives longer.
const LIFETIME: Duration = Duration::from_secs(900);

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

impl Aws {
    /// A token for a database user, good for new connections for 15 minutes. `host` must be the
    /// name that RDS gave the instance, and `user` is not escaped: role names are `[a-z0-9_]`.
    ///
    /// # Errors
    ///
    /// When it cannot be signed.
    pub(crate) fn database_token(
        &self,
        host: &str,
        port: u16,
        user: &str,
        now: SystemTime,
    ) -> Result<String, AwsError> {
        database_token(&self.credentials, &self.region, host, port, user, now)
            .map_err(AwsError::Signing)
    }
}

/// A token for a database user, signed with those credentials: RDS's signature in the query string of
/// a URL without its scheme. It is compared with the one that AWS's SDK makes in
/// `tests/it/database_token.rs`.
///
/// # Errors
///
/// Why it cannot be signed.
pub fn database_token(
    credentials: &Credentials,
    region: &str,
    host: &str,
    port: u16,
    user: &str,
    now: SystemTime,
) -> Result<String, String> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(LIFETIME);
    let identity = credentials.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("rds-db")
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| error.to_string())?;
    let url = format!("https://{host}:{port}/?Action=connect&DBUser={user}");
    let signable = SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::Bytes(b""))
        .map_err(|error| error.to_string())?;
    let (instructions, _) = sign(signable, &params.into())
        .map_err(|error| error.to_string())?
        .into_parts();
    let mut token = url.trim_start_matches("https://").to_owned();
    for (name, value) in instructions.params() {
        let value = utf8_percent_encode(value, RESERVED);
        token.push_str(&format!("&{name}={value}"));
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{aws::Endpoints, http_client::HttpClient};

    /// The example of the generator in AWS's SDK for Rust (aws-sdk-rds, `auth_token`).
    #[test]
    fn the_token_is_the_one_that_the_sdk_makes() {
        let aws = Aws {
            http: Arc::new(HttpClient::default()),
            region: "us-east-1".to_owned(),
            credentials: Credentials::new("akid", "secret", None, None, "test"),
            endpoints: Endpoints::default(),
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_724_709_600);
        let token = aws
            .database_token(
                "prod-instance.us-east-1.rds.amazonaws.com",
                3306,
                "peccy",
                now,
            )
            .unwrap();
        assert_eq!(
            token,
            "prod-instance.us-east-1.rds.amazonaws.com:3306/?Action=connect&DBUser=peccy&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=akid%2F20240826%2Fus-east-1%2Frds-db%2Faws4_request&X-Amz-Date=20240826T220000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=dd0cba843009474347af724090233265628ace491ea17ce3eb3da098b983ad89"
        );
    }
}

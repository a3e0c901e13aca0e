//! Signature version 4, checked
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).
//! A request that AWS would refuse is refused here: nothing else would find a function that does not
//! sign, signs for another service, or encodes the id of a connection otherwise.

use std::{
    fmt::Write,
    time::{Duration, SystemTime},
};

use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::{
    digest::{SHA256, digest},
    hmac,
};
use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

use crate::local::REGION;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "execute-api";
/// How far the clock of whoever signs may be off.
const SKEW: Duration = Duration::from_secs(300);
/// What a canonical path does not encode.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Why a request is refused with 403: the kind of the error and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Denied {
    pub(super) kind: &'static str,
    pub(super) message: String,
}

impl Denied {
    pub(super) fn unsigned() -> Denied {
        Denied {
            kind: "MissingAuthenticationTokenException",
            message: "Missing Authentication Token".to_owned(),
        }
    }

    pub(super) fn unknown_token() -> Denied {
        Denied {
            kind: "UnrecognizedClientException",
            message: "The security token included in the request is invalid.".to_owned(),
        }
    }

    fn incomplete(what: &str) -> Denied {
        Denied {
            kind: "IncompleteSignatureException",
            message: what.to_owned(),
        }
    }

    fn invalid(what: &str) -> Denied {
        Denied {
            kind: "InvalidSignatureException",
            message: what.to_owned(),
        }
    }
}

/// The parts of a header `Authorization`.
struct Authorization<'a> {
    /// `20261127/us-east-1/execute-api/aws4_request`
    scope: &'a str,
    key: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// Checks the signature of a request that the owner of `key` and `secret` has signed.
pub(super) fn verify(
    head: &Parts,
    body: &[u8],
    key: &str,
    secret: &str,
    now: SystemTime,
) -> Result<(), Denied> {
    let authorization = text(head, "authorization").ok_or_else(Denied::unsigned)?;
    let authorization = parse(&authorization)
        .ok_or_else(|| Denied::incomplete("Authorization header is not of the form AWS4-HMAC-SHA256 Credential=.., SignedHeaders=.., Signature=..."))?;
    let date = text(head, "x-amz-date")
        .ok_or_else(|| Denied::incomplete("The header X-Amz-Date is missing."))?;
    check_date(&date, now)?;
    let expected_scope = format!(
        "{}/{REGION}/{SERVICE}/aws4_request",
        date.get(..8).unwrap_or_default()
    );
    if authorization.scope != expected_scope {
        return Err(Denied::invalid(&format!(
            "Credential should be scoped to {expected_scope}."
        )));
    }
    let names: Vec<&str> = authorization.signed_headers.split(';').collect();
    for required in ["host", "x-amz-date", "x-amz-security-token"] {
        if !names.contains(&required) {
            return Err(Denied::invalid(&format!(
                "The header {required} must be signed."
            )));
        }
    }
    let request = canonical(head, body, authorization.signed_headers);
    let to_sign = format!(
        "{ALGORITHM}\n{date}\n{expected_scope}\n{}",
        hex(digest(&SHA256, request.as_bytes()).as_ref())
    );
    let expected = sign(secret, &expected_scope, &to_sign);
    if authorization.key != key || authorization.signature != expected {
        return Err(Denied::invalid(
            "The request signature we calculated does not match the signature you provided.",
        ));
    }
    Ok(())
}

fn parse(header: &str) -> Option<Authorization<'_>> {
    let fields = header.strip_prefix(ALGORITHM)?;
    let field = |name: &str| {
        let mut fields = fields.split(',').map(str::trim);
        fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
    };
    let (key, scope) = field("Credential")?.split_once('/')?;
    Some(Authorization {
        scope,
        key,
        signed_headers: field("SignedHeaders")?,
        signature: field("Signature")?,
    })
}

fn check_date(date: &str, now: SystemTime) -> Result<(), Denied> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let date = PrimitiveDateTime::parse(date, format)
        .map_err(|_| Denied::incomplete("The header X-Amz-Date is not a date."))?;
    let apart = (OffsetDateTime::from(now) - date.assume_utc()).unsigned_abs();
    if apart > SKEW {
        return Err(Denied::invalid(
            "Signature expired or not yet valid: the clocks are more than 5 minutes apart.",
        ));
    }
    Ok(())
}

/// The request as it is signed. The path is encoded once more than it is sent, for every service but
/// S3.
fn canonical(head: &Parts, body: &[u8], signed_headers: &str) -> String {
    let path = utf8_percent_encode(head.uri.path(), UNRESERVED);
    let mut query: Vec<&str> = head.uri.query().map_or(Vec::new(), |query| {
        query.split('&').filter(|pair| !pair.is_empty()).collect()
    });
    query.sort_unstable();
    let mut request = format!("{}\n{path}\n{}\n", head.method, query.join("&"));
    for name in signed_headers.split(';') {
        let value = text(head, name).unwrap_or_default();
        let words: Vec<&str> = value.split_whitespace().collect();
        let _ = writeln!(request, "{name}:{}", words.join(" "));
    }
    let payload = hex(digest(&SHA256, body).as_ref());
    let _ = write!(request, "\n{signed_headers}\n{payload}");
    request
}

fn sign(secret: &str, scope: &str, to_sign: &str) -> String {
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in scope.split('/').chain([to_sign]) {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes());
        key = tag.as_ref().to_vec();
    }
    hex(&key)
}

fn hex(bytes: &[u8]) -> String {
    crate::build::hex(bytes)
}

/// All values of a header, joined as they are signed.
fn text(head: &Parts, name: &str) -> Option<String> {
    let mut values = head.headers.get_all(name).iter().peekable();
    values.peek()?;
    let values: Vec<String> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    Some(values.join(","))
}

#[cfg(test)]
#[path = "signature_tests.rs"]
pub(super) mod tests;

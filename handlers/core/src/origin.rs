//! Where a request came in: through the distribution or past it, under which name, from where.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::{ApiError, event::Gateway, origin_secret::OriginSecret};

/// The origin that the client sees, `https://tasks.example.com`, and the address it calls from.
/// Neither comes from a header that the client could have set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Scheme, host and port; nothing after.
    pub url: String,
    /// The client's address, as the gateway or the distribution saw it.
    pub client_address: Option<String>,
    /// Whether the request came through the distribution, under whose address the site's pages are.
    pub is_site: bool,
}

impl Origin {
    /// Works out where a request came from, and refuses it when it went past the distribution.
    /// `scheme` is the stage's: no header says it.
    pub(crate) fn check(
        parts: &Parts,
        secret: Option<&OriginSecret>,
        scheme: &str,
    ) -> Result<Origin, ApiError> {
        let known = secret.filter(|secret| secret.is_in(&parts.headers));
        if known.is_none() && secret.is_some_and(OriginSecret::is_required) {
            return Err(ApiError::forbidden(
                "wrong_origin",
                "Requests must go through the site's own address.",
            ));
        }
        let text = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let trusted = |name: &str| known.and_then(|_| text(name));
        let gateway = parts.extensions.get::<Gateway>().cloned();
        let Gateway {
            domain_name: domain,
            source_ip: address,
            ..
        } = gateway.unwrap_or_default();
        let host = trusted("x-viewer-host")
            .or(domain)
            .filter(|host| is_host(host))
            .unwrap_or_default();
        Ok(Origin {
            url: format!("{scheme}://{host}"),
            client_address: trusted("x-viewer-ip").or(address),
            is_site: known.is_some(),
        })
    }
}

fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']')
        })
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Origin, Infallible> {
        // Put there by the layer around every router, which has checked it.
        let origin = parts.extensions.get::<Origin>().cloned();
        Ok(origin.unwrap_or(Origin {
            url: String::new(),
            client_address: None,
            is_site: false,
        }))
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    const SECRET: &str = r#"{"value": "0123456789abcdef"}"#;

    #[test]
    fn where_the_secret_is_not_required_a_request_without_it_is_answered_and_not_believed() {
        let secret = OriginSecret::parse(SECRET, false).unwrap();
        let viewer = ("x-viewer-ip", "192.0.2.1");
        for verify in [None, Some("0123456789abcdeg")] {
            let headers: Vec<_> = verify
                .map(|value| ("x-origin-verify", value))
                .into_iter()
                .chain([viewer])
                .collect();
            let origin = Origin::check(&parts(&headers), Some(&secret), "https").unwrap();
            assert_eq!(origin.client_address, None);
        }
        let right = [("x-origin-verify", "0123456789abcdef"), viewer];
        let origin = Origin::check(&parts(&right), Some(&secret), "https").unwrap();
        assert_eq!(origin.client_address.as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn during_a_rotation_both_values_are_accepted_and_no_other() {
        let text = r#"{"value": "fedcba9876543210", "previous": "0123456789abcdef"}"#;
        let secret = OriginSecret::parse(text, true).unwrap();
        for (value, is_accepted) in [
            ("fedcba9876543210", true),
            ("0123456789abcdef", true),
            ("0123456789abcdeg", false),
        ] {
            let parts = parts(&[("x-origin-verify", value)]);
            let origin = Origin::check(&parts, Some(&secret), "https");
            assert_eq!(origin.is_ok(), is_accepted, "{value}");
            assert_eq!(
                secret.is_unknown_in(&parts.headers),
                !is_accepted,
                "{value}"
            );
        }
        assert!(
            !secret.is_unknown_in(&parts(&[]).headers),
            "nothing to look up"
        );
        let short = r#"{"value": "fedcba9876543210", "previous": "short"}"#;
        assert!(OriginSecret::parse(short, true).is_err());
    }

    #[test]
    fn only_the_distribution_is_believed() {
        let secret = OriginSecret::parse(SECRET, true).unwrap();
        let viewer = [
            ("x-viewer-host", "tasks.example.com"),
            ("x-viewer-ip", "192.0.2.1"),
        ];
        let right = [
            ("x-origin-verify", "0123456789abcdef"),
            viewer[0],
            viewer[1],
        ];
        let origin = Origin::check(&parts(&right), Some(&secret), "https").unwrap();
        assert_eq!(origin.url, "https://tasks.example.com");
        assert_eq!(origin.client_address.as_deref(), Some("192.0.2.1"));
        for wrong in ["", "0123456789abcdeg", "0123456789abcdef0"] {
            assert!(
                Origin::check(
                    &parts(&[("x-origin-verify", wrong)]),
                    Some(&secret),
                    "https"
                )
                .is_err()
            );
        }
        assert!(Origin::check(&parts(&[]), Some(&secret), "https").is_err());
        assert!(Origin::check(&parts(&[right[0], right[0]]), Some(&secret), "https").is_err());
        let spoofed = Origin::check(&parts(&right), None, "https").unwrap();
        assert_eq!(
            spoofed,
            Origin {
                url: "https://".to_owned(),
                client_address: None,
                is_site: false,
            }
        );
    }
}

//! What a request that a cookie authenticates must prove: that our own page sent it.
//!
//! Browsers send cookies along with what other pages make them send. Three things tell our page
//! from others, and all of them are asked for: the `Origin` that the browser adds and no page can
//! forge, `Sec-Fetch-Site` where the browser adds it, and the CSRF token, which only our page can
//! read and which belongs to one session.

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use miyabi_core::{ApiError, Opaque, Origin};

use crate::cookies;

/// Where the CSRF token stands.
pub(crate) const HEADER: &str = "x-csrf-token";

/// The refresh cookie of a request from our own page. That the CSRF token belongs to the session
/// is checked when the session is known: see [`crate::family`].
pub(crate) struct RefreshCookie {
    /// The refresh token: one, or several of which one can be ours.
    pub(crate) refresh: Vec<Opaque>,
    /// The CSRF token.
    pub(crate) csrf: Opaque,
}

impl<S: Sync> FromRequestParts<S> for RefreshCookie {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<RefreshCookie, ApiError> {
        let refresh = cookies::read(&parts.headers, cookies::REFRESH);
        if refresh.is_empty() {
            return Err(signed_out());
        }
        let Ok(origin) = Origin::from_request_parts(parts, state).await;
        if !is_from(&parts.headers, &origin.url) {
            return Err(cross_site());
        }
        let csrf = single(&parts.headers, HEADER)
            .and_then(Opaque::parse)
            .ok_or_else(cross_site)?;
        Ok(RefreshCookie { refresh, csrf })
    }
}

/// 401: there is no session behind the cookie, or none any more. Never says which.
pub(crate) fn signed_out() -> ApiError {
    ApiError::unauthenticated("You are not signed in. Begin at /api/auth/login.")
}

/// 403: the request does not prove that our own page sent it.
pub(crate) fn cross_site() -> ApiError {
    ApiError::forbidden(
        "csrf",
        "Requests with the refresh cookie must come from this site, with its `Origin` and with the value of the cookie `__Host-csrf` in `x-csrf-token`.",
    )
}

fn is_from(headers: &HeaderMap, own: &str) -> bool {
    let is_own = single(headers, header::ORIGIN.as_str()).is_some_and(|origin| origin == own);
    let is_same_site = match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => true,
    };
    is_own && is_same_site
}

/// The value of a header that stands there once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_from_us(pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        is_from(&headers, "https://tasks.example.com")
    }

    #[test]
    fn only_our_own_origin_will_do() {
        let own = ("origin", "https://tasks.example.com");
        assert!(is_from_us(&[own]));
        assert!(is_from_us(&[own, ("sec-fetch-site", "same-origin")]));
        for other in [
            "null",
            "",
            "http://tasks.example.com",
            "https://tasks.example.com:8443",
            "https://evil-tasks.example.com",
            "https://evil.example.com",
            "https://tasks.example.com.evil.example",
            "https://tasks.example.com/",
        ] {
            assert!(!is_from_us(&[("origin", other)]), "{other}");
        }
        assert!(!is_from_us(&[]));
        assert!(!is_from_us(&[own, own]));
        for site in ["cross-site", "same-site", "none"] {
            assert!(!is_from_us(&[own, ("sec-fetch-site", site)]), "{site}");
        }
    }
}

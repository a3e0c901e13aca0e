//! The three cookies, read and set.

use axum::response::AppendHeaders;
use http::{HeaderMap, HeaderName, header};

use crate::opaque::Opaque;

/// The refresh token. Only sent to this function, and never along from another site.
pub(crate) const REFRESH: &str = "__Secure-rt";
/// The CSRF token, for our page to read and send in a header.
pub(crate) const CSRF: &str = "__Host-csrf";
/// Ties an OAuth state to the browser that began. `Lax`: GitHub sends people back from its own site.
pub(crate) const BROWSER: &str = "__Host-oauth";

/// Longest that a refresh token may lie unused, in seconds.
pub(crate) const IDLE: u32 = 7 * 24 * 60 * 60;
/// How long a sign-in may take, in seconds.
pub(crate) const SIGN_IN: u32 = 10 * 60;

/// The value of a cookie, when the request has exactly one of that name: a sibling domain can add
/// one of its own, and nobody could say which is ours.
pub(crate) fn read(headers: &HeaderMap, name: &str) -> Option<Opaque> {
    let mut values = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => Opaque::parse(value),
        _ => None,
    }
}

/// `Set-Cookie` headers to answer with.
pub(crate) type SetCookies<const N: usize> = AppendHeaders<[(HeaderName, String); N]>;

/// The cookies of a session.
pub(crate) fn of_session(refresh: &Opaque, csrf: &Opaque) -> SetCookies<2> {
    set([
        set_refresh(&refresh.text(), IDLE),
        set_csrf(&csrf.text(), IDLE),
    ])
}

/// The cookies of a session, and the end of the sign-in that made it.
pub(crate) fn of_new_session(refresh: &Opaque, csrf: &Opaque) -> SetCookies<3> {
    set([
        set_refresh(&refresh.text(), IDLE),
        set_csrf(&csrf.text(), IDLE),
        set_browser("", 0),
    ])
}

/// Takes the cookies of a session away.
pub(crate) fn of_no_session() -> SetCookies<2> {
    set([set_refresh("", 0), set_csrf("", 0)])
}

/// The cookie of a sign-in that begins.
pub(crate) fn of_sign_in(browser: &Opaque) -> SetCookies<1> {
    set([set_browser(&browser.text(), SIGN_IN)])
}

fn set<const N: usize>(cookies: [String; N]) -> SetCookies<N> {
    AppendHeaders(cookies.map(|cookie| (header::SET_COOKIE, cookie)))
}

fn set_refresh(value: &str, max_age: u32) -> String {
    format!(
        "{REFRESH}={value}; Path=/api/auth; HttpOnly; Secure; SameSite=Strict; Max-Age={max_age}"
    )
}

fn set_csrf(value: &str, max_age: u32) -> String {
    format!("{CSRF}={value}; Path=/; Secure; SameSite=Strict; Max-Age={max_age}")
}

fn set_browser(value: &str, max_age: u32) -> String {
    format!("{BROWSER}={value}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age={max_age}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(cookies: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, cookie.parse().unwrap());
        }
        read(&headers, REFRESH).map(|opaque| opaque.text())
    }

    #[test]
    fn a_cookie_is_read_when_there_is_exactly_one() {
        let value = "A".repeat(43);
        let pair = format!("__Secure-rt={value}");
        assert_eq!(read_from(&[&pair]), Some(value.clone()));
        assert_eq!(
            read_from(&[&format!("a=b; {pair};c=d")]),
            Some(value.clone())
        );
        assert_eq!(read_from(&["a=b", &pair]), Some(value));
        assert_eq!(read_from(&[&format!("{pair}; {pair}")]), None);
        assert_eq!(read_from(&[&pair, &pair]), None);
        assert_eq!(read_from(&["__Secure-rt=short"]), None);
        assert_eq!(read_from(&[&format!("x{pair}")]), None);
        assert_eq!(read_from(&[]), None);
    }
}

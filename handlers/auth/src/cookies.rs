//! The cookies of a session and of sign-ins, read and set.

use axum::response::AppendHeaders;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, header};
use miyabi_core::Opaque;

/// The refresh token. Only sent to this function, and never along from another site.
pub(crate) const REFRESH: &str = "__Secure-rt";
/// The CSRF token, for our page to read and send in a header.
pub(crate) const CSRF: &str = "__Host-csrf";
/// Ties an OAuth state to the browser that began, with a name for each attempt: several tabs can
/// sign in at once. `Lax`: GitHub sends people back from its own site.
const ATTEMPT: &str = "__Host-oauth-";
/// Most attempts that one browser keeps open. Each costs 60 bytes in every request to the site, and
/// API Gateway takes 10,240 bytes of headers.
const MAX_ATTEMPTS: usize = 5;
/// Most cookies of one name that are looked at.
const MAX_SAME_NAME: usize = 5;

/// Longest that a refresh token may lie unused, in seconds.
pub(crate) const IDLE: u32 = 7 * 24 * 60 * 60;
/// How long a sign-in may take, in seconds.
pub(crate) const SIGN_IN: u32 = 10 * 60;

/// The name of the cookie of an attempt with that state. Nothing can be learned of the state by it.
fn attempt_name(state: &Opaque) -> String {
    let hash = URL_SAFE_NO_PAD.encode(state.hash());
    format!("{ATTEMPT}{}", &hash[..8])
}

/// The pairs of a request's cookies, in the order of the browser. Bytes and no text: cookies of other
/// applications on the host are whatever they are.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| {
            let pair = pair.trim_ascii();
            let equals = pair.iter().position(|byte| *byte == b'=')?;
            Some((&pair[..equals], &pair[equals + 1..]))
        })
}

/// The values of the cookies of one name that could be ours, each once: a sibling domain can add one
/// of its own.
pub(crate) fn read(headers: &HeaderMap, name: &str) -> Vec<Opaque> {
    let mut found: Vec<Opaque> = Vec::new();
    for (_, value) in pairs(headers).filter(|(found, _)| *found == name.as_bytes()) {
        let value = std::str::from_utf8(value).ok().and_then(Opaque::parse);
        if let Some(value) = value
            && found.len() < MAX_SAME_NAME
            && !found.contains(&value)
        {
            found.push(value);
        }
    }
    found
}

/// The cookie of the attempt with that state. Browsers let no other site set one of its name.
pub(crate) fn read_attempt(headers: &HeaderMap, state: &Opaque) -> Option<Opaque> {
    let mut values = read(headers, &attempt_name(state)).into_iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// `Set-Cookie` headers to answer with.
pub(crate) type SetCookies = AppendHeaders<Vec<(HeaderName, String)>>;

/// The cookies of a session.
pub(crate) fn of_session(refresh: &Opaque, csrf: &Opaque) -> SetCookies {
    set(vec![
        set_refresh(&refresh.text(), IDLE),
        set_csrf(&csrf.text(), IDLE),
    ])
}

/// The cookies of a session, and the end of the attempt that made it. Other attempts stay open.
pub(crate) fn of_new_session(refresh: &Opaque, csrf: &Opaque, state: &Opaque) -> SetCookies {
    set(vec![
        set_refresh(&refresh.text(), IDLE),
        set_csrf(&csrf.text(), IDLE),
        set_attempt(&attempt_name(state), "", 0),
    ])
}

/// Takes the cookies of a session away.
pub(crate) fn of_no_session() -> SetCookies {
    set(vec![set_refresh("", 0), set_csrf("", 0)])
}

/// The cookie of an attempt that begins. The oldest open ones end when there are too many: browsers
/// send those first that they have had longest (RFC 6265, 5.4).
pub(crate) fn of_sign_in(headers: &HeaderMap, state: &Opaque, browser: &Opaque) -> SetCookies {
    let open: Vec<&str> = pairs(headers)
        .filter_map(|(name, _)| std::str::from_utf8(name).ok())
        .filter(|name| is_attempt(name))
        .collect();
    let excess = (open.len() + 1).saturating_sub(MAX_ATTEMPTS);
    let mut cookies: Vec<String> = open[..excess]
        .iter()
        .map(|name| set_attempt(name, "", 0))
        .collect();
    cookies.push(set_attempt(&attempt_name(state), &browser.text(), SIGN_IN));
    set(cookies)
}

/// Whether a name is one that [`attempt_name`] makes: no other is written back into a header.
fn is_attempt(name: &str) -> bool {
    name.strip_prefix(ATTEMPT).is_some_and(|rest| {
        rest.len() == 8
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

fn set(cookies: Vec<String>) -> SetCookies {
    let headers = cookies
        .into_iter()
        .map(|cookie| (header::SET_COOKIE, cookie));
    AppendHeaders(headers.collect())
}

fn set_refresh(value: &str, max_age: u32) -> String {
    format!(
        "{REFRESH}={value}; Path=/api/auth; HttpOnly; Secure; SameSite=Strict; Max-Age={max_age}"
    )
}

fn set_csrf(value: &str, max_age: u32) -> String {
    format!("{CSRF}={value}; Path=/; Secure; SameSite=Strict; Max-Age={max_age}")
}

fn set_attempt(name: &str, value: &str, max_age: u32) -> String {
    format!("{name}={value}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age={max_age}")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(cookies: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, HeaderValue::from_bytes(cookie).unwrap());
        }
        headers
    }

    fn read_from(cookies: &[&str]) -> Vec<String> {
        let cookies: Vec<&[u8]> = cookies.iter().map(|cookie| cookie.as_bytes()).collect();
        let found = read(&headers(&cookies), REFRESH);
        found.iter().map(Opaque::text).collect()
    }

    #[test]
    fn cookies_of_others_change_nothing() {
        let value = "A".repeat(43);
        let other = format!("E{}", "A".repeat(42));
        let pair = format!("__Secure-rt={value}");
        let ours = vec![value.clone()];
        assert_eq!(read_from(&[&pair]), ours);
        assert_eq!(read_from(&[&format!("a=b; {pair};c=d")]), ours);
        assert_eq!(read_from(&["a=b", &pair]), ours);
        assert_eq!(
            read_from(&[&format!("name=Åse; {pair}; 名=値; =; ;x")]),
            ours
        );
        assert_eq!(read_from(&[&format!("{pair}; {pair}")]), ours);
        assert_eq!(
            read_from(&[&pair, &format!("__Secure-rt=short; {pair}")]),
            ours
        );
        assert_eq!(
            read_from(&[&format!("__Secure-rt={other}; {pair}")]),
            [other, value.clone()]
        );
        assert!(read_from(&["__Secure-rt=short"]).is_empty());
        assert!(read_from(&[&format!("x{pair}")]).is_empty());
        assert!(read_from(&[]).is_empty());
        let not_utf8 = [b"x=\xff\xfe; ", pair.as_bytes()].concat();
        assert_eq!(read(&headers(&[&not_utf8]), REFRESH).len(), 1);
    }

    #[test]
    fn the_oldest_of_too_many_attempts_end() {
        let state = Opaque::random().unwrap();
        let names: Vec<String> = (0..7).map(|n| format!("{ATTEMPT}AAAAAAA{n}")).collect();
        let cookies: Vec<String> = names.iter().map(|name| format!("{name}=x")).collect();
        let sent = format!("{}; {ATTEMPT}odd name=x; {ATTEMPT}<>=x", cookies.join("; "));
        let AppendHeaders(set) = of_sign_in(&headers(&[sent.as_bytes()]), &state, &state);
        let set: Vec<&str> = set.iter().map(|(_, cookie)| cookie.as_str()).collect();
        assert_eq!(set.len(), 4, "{set:?}");
        for (cookie, name) in set.iter().zip(&names[..3]) {
            assert!(cookie.starts_with(&format!("{name}=; ")), "{cookie}");
        }
        assert!(set[3].starts_with(&attempt_name(&state)), "{set:?}");
    }
}

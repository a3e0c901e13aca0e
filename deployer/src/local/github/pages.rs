//! What a person sees: pages that say on top that this is not GitHub.

use http::{HeaderValue, StatusCode, header};

use super::people::Person;
use crate::local::http::{Reply, bytes};

const PAGE: &str = include_str!("../../../github-stand-in/page.html");
const STYLE: &str = include_str!("../../../github-stand-in/style.css");
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page around that HTML.
pub(super) fn page(status: StatusCode, content: &str) -> Reply {
    let html = PAGE.replace("{{content}}", content);
    let mut reply = bytes(status, "text/html; charset=utf-8", html);
    let headers = reply.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    reply
}

/// A page that says what is wrong.
pub(super) fn problem(status: StatusCode, why: &str) -> Reply {
    page(status, &format!("<h1>{}</h1>", escape(why)))
}

/// The style of the pages.
pub(super) fn style() -> Reply {
    bytes(StatusCode::OK, "text/css; charset=utf-8", STYLE)
}

/// A picture: the first letter on a colour of their own.
pub(super) fn avatar(person: &Person) -> Reply {
    let letter = person
        .login
        .chars()
        .next()
        .unwrap_or('?')
        .to_uppercase()
        .to_string();
    let hue = person.id.rem_euclid(12) * 30;
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 40\"><rect width=\"40\" height=\"40\" fill=\"hsl({hue} 45% 40%)\"/><text x=\"20\" y=\"27\" text-anchor=\"middle\" font-family=\"sans-serif\" font-size=\"20\" fill=\"#fff\">{}</text></svg>",
        escape(&letter)
    );
    bytes(StatusCode::OK, "image/svg+xml", svg)
}

/// Text inside of HTML, attributes included.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

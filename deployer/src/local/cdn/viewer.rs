//! CloudFront Functions, known by their code. The code in the template comes from the rules in
//! `stacks::rewrite`, and so does what is done here; no JavaScript runs on this machine.

use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use stacks::rewrite::{self, Pages};

use crate::local::http::Reply;

const VIEWER_HOST: HeaderName = HeaderName::from_static("x-viewer-host");
const VIEWER_IP: HeaderName = HeaderName::from_static("x-viewer-ip");

/// What a function for the events `viewer-request` and `viewer-response` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) enum ViewerFunction {
    /// A folder is its index, and an unknown page is 404: [`Pages`].
    Pages(Pages),
    /// Says who the viewer is: [`rewrite::viewer_javascript`].
    Viewer,
}

impl ViewerFunction {
    /// `None` when it is other code than this version of the application has.
    pub(in crate::local) fn of_code(code: &str) -> Option<ViewerFunction> {
        if code == rewrite::viewer_javascript() {
            return Some(ViewerFunction::Viewer);
        }
        Pages::of_javascript(code).map(ViewerFunction::Pages)
    }

    /// Changes a request: its path, as the viewer sent it, and its headers.
    pub(super) fn request(&self, path: &mut String, head: &mut Parts, viewer_ip: &str) {
        match self {
            ViewerFunction::Pages(pages) => match pages.file(path) {
                Some(file) => *path = file,
                None => {
                    *path = format!("/{}", rewrite::NOT_FOUND);
                    for name in rewrite::CONDITIONAL {
                        head.headers.remove(name);
                    }
                }
            },
            ViewerFunction::Viewer => {
                *path = rewrite::api_path(path).to_owned();
                let host = head.headers.get(header::HOST).cloned();
                let host = host.unwrap_or_else(|| HeaderValue::from_static(""));
                head.headers.insert(VIEWER_HOST, host);
                if let Ok(ip) = HeaderValue::from_str(viewer_ip) {
                    head.headers.insert(VIEWER_IP, ip);
                }
            }
        }
    }

    /// Changes a response to the path that the viewer sent.
    pub(super) fn response(&self, sent: &str, reply: &mut Reply) {
        if let ViewerFunction::Pages(pages) = self
            && reply.status() == StatusCode::OK
            && pages.file(sent).is_none()
        {
            *reply.status_mut() = StatusCode::NOT_FOUND;
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn functions_are_known_by_their_code() {
        let of = ViewerFunction::of_code;
        let pages = Pages::of(["index.html", "404.html"]);
        assert_eq!(of(&pages.javascript()), Some(ViewerFunction::Pages(pages)));
        assert_eq!(
            of(&rewrite::viewer_javascript()),
            Some(ViewerFunction::Viewer)
        );
        assert_eq!(
            of("function handler(event) { return event.request; }"),
            None
        );
    }

    #[test]
    fn who_the_viewer_is_replaces_every_claim() {
        let request = Request::builder()
            .header("host", "site:1")
            .header("x-viewer-host", "liar")
            .header("x-viewer-host", "liar2")
            .header("x-viewer-ip", "liar");
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        ViewerFunction::Viewer.request(&mut "/".to_owned(), &mut head, "127.0.0.1");
        let values: Vec<_> = head.headers.get_all("x-viewer-host").iter().collect();
        assert_eq!(values, ["site:1"]);
        assert_eq!(head.headers["x-viewer-ip"], "127.0.0.1");
    }
}

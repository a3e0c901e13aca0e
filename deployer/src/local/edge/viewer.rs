//! CloudFront Functions, known by their code. The code in the template comes from the rules in
//! `stacks::rewrite`, and so does what is done here; no JavaScript runs on this machine.

use http::{HeaderName, HeaderValue, header, request::Parts};

const VIEWER_HOST: HeaderName = HeaderName::from_static("x-viewer-host");
const VIEWER_IP: HeaderName = HeaderName::from_static("x-viewer-ip");

/// What a function for the event `viewer-request` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::local) enum ViewerFunction {
    /// A folder is its index: [`stacks::rewrite::apply`].
    Pages,
    /// Says who the viewer is: [`stacks::rewrite::viewer_javascript`].
    Viewer,
}

impl ViewerFunction {
    /// `None` when it is other code than this version of the application has.
    pub(in crate::local) fn of_code(code: &str) -> Option<ViewerFunction> {
        if code == stacks::rewrite::javascript() {
            Some(ViewerFunction::Pages)
        } else if code == stacks::rewrite::viewer_javascript() {
            Some(ViewerFunction::Viewer)
        } else {
            None
        }
    }

    /// Changes a request: its path, as it came, and its headers.
    pub(super) fn run(self, path: &mut String, head: &mut Parts, viewer_ip: &str) {
        match self {
            ViewerFunction::Pages => *path = stacks::rewrite::apply(path),
            ViewerFunction::Viewer => {
                *path = stacks::rewrite::api_path(path).to_owned();
                let host = head.headers.get(header::HOST).cloned();
                let host = host.unwrap_or_else(|| HeaderValue::from_static(""));
                head.headers.insert(VIEWER_HOST, host);
                if let Ok(ip) = HeaderValue::from_str(viewer_ip) {
                    head.headers.insert(VIEWER_IP, ip);
                }
            }
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
        assert_eq!(
            of(&stacks::rewrite::javascript()),
            Some(ViewerFunction::Pages)
        );
        assert_eq!(
            of(&stacks::rewrite::viewer_javascript()),
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
        ViewerFunction::Viewer.run(&mut "/".to_owned(), &mut head, "127.0.0.1");
        let values: Vec<_> = head.headers.get_all("x-viewer-host").iter().collect();
        assert_eq!(values, ["site:1"]);
        assert_eq!(head.headers["x-viewer-ip"], "127.0.0.1");
    }
}

//! What CloudFront does to the path of a request for a page, defined once.
//!
//! The code of the CloudFront Function is made from this rule, and the local target applies the
//! rule itself: [`apply`] and [`javascript`] do the same, and a test runs both on the same paths.

/// The file that stands for a folder.
const INDEX: &str = "index.html";

/// The key in the bucket for the path of a page: a folder is its `index.html`, a page without an
/// extension is a folder (Next.js exports `/dashboard` as `/dashboard/index.html`).
pub fn apply(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    if last.is_empty() {
        format!("{path}{INDEX}")
    } else if last.contains('.') {
        path.to_owned()
    } else {
        format!("{path}/{INDEX}")
    }
}

/// The same as a CloudFront Function for the event `viewer-request`.
pub fn javascript() -> String {
    format!(
        "function handler(event) {{
  var request = event.request;
  var last = request.uri.split('/').pop();
  if (last === '') {{
    request.uri += '{INDEX}';
  }} else if (last.indexOf('.') === -1) {{
    request.uri += '/{INDEX}';
  }}
  return request;
}}
"
    )
}

/// The address of Swagger UI that people know, and the path under which the API has it: a route key
/// of an HTTP API may not end in a slash.
const SWAGGER_UI: (&str, &str) = ("/swagger-ui/", "/swagger-ui/index.html");

/// The path of a request for the API, as the API has it.
pub fn api_path(path: &str) -> &str {
    if path == SWAGGER_UI.0 {
        SWAGGER_UI.1
    } else {
        path
    }
}

/// The CloudFront Function in front of the API: applies [`api_path`], and says who the viewer is and
/// under which name the site was called, whatever the client claims. The API believes it because of
/// the origin secret.
pub fn viewer_javascript() -> String {
    let (known, served) = SWAGGER_UI;
    format!(
        "function handler(event) {{
  var request = event.request;
  if (request.uri === '{known}') {{
    request.uri = '{served}';
  }}
  request.headers['x-viewer-host'] = {{ value: request.headers.host.value }};
  request.headers['x-viewer-ip'] = {{ value: event.viewer.ip }};
  return request;
}}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_pages_become_their_index() {
        let paths = [
            "/",
            "/index.html",
            "/dashboard",
            "/dashboard/",
            "/a/b.c/d",
            "/_next/x.js",
            "",
        ];
        assert_eq!(
            paths.map(apply),
            [
                "/index.html",
                "/index.html",
                "/dashboard/index.html",
                "/dashboard/index.html",
                "/a/b.c/d/index.html",
                "/_next/x.js",
                "index.html"
            ]
        );
    }
}

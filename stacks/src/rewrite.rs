//! What CloudFront does to the path of a request, defined once.
//!
//! The code of each CloudFront Function is made from a rule here, and the local target applies the
//! rule itself: [`Pages`] and [`Pages::javascript`] do the same, and so do [`api_path`] and
//! [`viewer_javascript`]. A test runs both on the same paths.

use std::collections::BTreeSet;

/// The file that stands for a folder.
const INDEX: &str = "index.html";
/// The key of the page that answers for an unknown one, with status 404. Next.js exports it.
pub const NOT_FOUND: &str = "404.html";
/// Headers that ask for a part of a page or for nothing when the client has it. They are about the
/// page that was asked for, not about the one that says it is unknown.
pub const CONDITIONAL: [&str; 6] = [
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
];

/// The pages of a site: every key that ends in `.html`, but for the page that answers for unknown
/// ones.
///
/// A CloudFront Function runs for no response with an error of the origin
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html>),
/// and an error response of the distribution would replace those of the API. So the function has to
/// know the pages before the bucket is asked, and they stand in its code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pages {
    /// `/index.html`, `/tasks/index.html`
    files: BTreeSet<String>,
}

impl Pages {
    /// The pages among the keys of a bucket.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a str>) -> Pages {
        // With trailing slashes Next.js exports the page for unknown ones a second time.
        let not_found = [NOT_FOUND, "404/index.html"];
        let pages = keys
            .into_iter()
            .filter(|key| is_page(key) && !not_found.contains(key));
        Pages {
            files: pages.map(|key| format!("/{key}")).collect(),
        }
    }

    /// The path of the file for the path of a request; `None`: no such page, the answer is the
    /// page [`NOT_FOUND`] with status 404. A path that is not of a page is passed on unchanged.
    pub fn file(&self, path: &str) -> Option<String> {
        let file = file(path);
        (!is_page(&file) || self.files.contains(&file)).then_some(file)
    }

    /// The same as a CloudFront Function, for the events `viewer-request` and `viewer-response`. In
    /// a response, `request.uri` is the path that the viewer sent (D); were it the one that the
    /// function put there, the outcome would be the same, since [`NOT_FOUND`] is not among the pages.
    pub fn javascript(&self) -> String {
        format!(
            "{START}{pages};

function file(uri) {{
  var last = uri.split('/').pop();
  if (last === '') {{
    return uri + '{INDEX}';
  }}
  return last.indexOf('.') === -1 ? uri + '/{INDEX}' : uri;
}}

function handler(event) {{
  var request = event.request;
  var response = event.response;
  var uri = file(request.uri);
  var unknown = uri.slice(-5) === '.html' && pages.indexOf(uri) === -1;
  if (response) {{
    if (unknown && response.statusCode === 200) {{
      response.statusCode = 404;
      response.statusDescription = 'Not Found';
    }}
    return response;
  }}
  if (unknown) {{
    {conditional}.forEach(function (name) {{
      delete request.headers[name];
    }});
    uri = '/{NOT_FOUND}';
  }}
  request.uri = uri;
  return request;
}}
",
            pages = serde_json::json!(self.files),
            conditional = serde_json::json!(CONDITIONAL),
        )
    }

    /// The pages in the code that [`Pages::javascript`] made; `None` for any other code.
    pub fn of_javascript(code: &str) -> Option<Pages> {
        let (list, _) = code.strip_prefix(START)?.split_once(';')?;
        let pages = Pages {
            files: serde_json::from_str(list).ok()?,
        };
        (pages.javascript() == code).then_some(pages)
    }
}

/// How the function for pages begins.
const START: &str = "var pages = ";

/// Whether a key or path is that of a page.
fn is_page(key: &str) -> bool {
    key.ends_with(".html")
}

/// A folder is its `index.html`, and so is a page without an extension (Next.js exports
/// `/dashboard` as `/dashboard/index.html`).
fn file(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    if last.is_empty() {
        format!("{path}{INDEX}")
    } else if last.contains('.') {
        path.to_owned()
    } else {
        format!("{path}/{INDEX}")
    }
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

    fn pages() -> Pages {
        Pages::of([
            "404.html",
            "404/index.html",
            "app.js",
            "index.html",
            "tasks/index.html",
        ])
    }

    #[test]
    fn folders_and_pages_become_their_index_and_an_unknown_page_is_none() {
        let file = |path: &str| pages().file(path);
        for (path, expected) in [
            ("/", "/index.html"),
            ("/index.html", "/index.html"),
            ("/tasks", "/tasks/index.html"),
            ("/tasks/", "/tasks/index.html"),
            ("/_next/x.js", "/_next/x.js"),
            ("/a/b.c", "/a/b.c"),
        ] {
            assert_eq!(file(path).as_deref(), Some(expected), "{path}");
        }
        for path in [
            "/nothing",
            "/tasks.html",
            "/a/b.c/d",
            "/404.html",
            "/404/",
            "//",
            "",
        ] {
            assert_eq!(file(path), None, "{path}");
        }
    }

    #[test]
    fn the_code_holds_the_pages_and_other_code_holds_none() {
        let code = pages().javascript();
        assert_eq!(Pages::of_javascript(&code), Some(pages()));
        for other in [
            String::new(),
            code.replace("404;", "200;"),
            code.replace("[\"/index", "[1,\"/index"),
            viewer_javascript(),
        ] {
            assert_eq!(Pages::of_javascript(&other), None, "{other}");
        }
    }
}

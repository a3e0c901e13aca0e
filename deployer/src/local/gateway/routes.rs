//! Which route a request takes
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>):
//! a full match first, then a route with a variable, then one with `{proxy+}`, then `$default`; a
//! route with its method before one with `ANY`.

use std::{collections::BTreeMap, fmt};

/// How well a route fits, the smaller the better: whether by `{proxy+}`, how many variables, whether
/// by `ANY`.
type Rank = (usize, usize, bool);

/// The methods that a route can have
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>).
const METHODS: [&str; 8] = [
    "ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT",
];

/// `GET /api/tasks/{task_id}`, or `$default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteKey {
    method: String,
    path: String,
}

impl RouteKey {
    /// # Errors
    ///
    /// A sentence that says why API Gateway refuses it.
    pub fn parse(key: &str) -> Result<RouteKey, String> {
        if key == "$default" {
            return Ok(RouteKey {
                method: "ANY".to_owned(),
                path: "/{proxy+}".to_owned(),
            });
        }
        let (method, path) = key
            .split_once(' ')
            .ok_or_else(|| format!("The route key `{key}` is not `METHOD /path`."))?;
        if !METHODS.contains(&method) {
            return Err(format!(
                "The route key `{key}` has a method that is none of {}.",
                METHODS.join(", ")
            ));
        }
        if !path.starts_with('/') || path.contains(char::is_whitespace) {
            return Err(format!(
                "The path of the route key `{key}` does not begin with `/`."
            ));
        }
        if path.len() > 1 && path.ends_with('/') {
            return Err(format!(
                "The route key `{key}` ends with `/`, which API Gateway refuses."
            ));
        }
        let mut parts = path.split('/').skip(1).peekable();
        while let Some(part) = parts.next() {
            if !is_part(part, parts.peek().is_none()) {
                return Err(format!(
                    "The route key `{key}` has the part `{part}`: a variable is `{{name}}`, and `{{name+}}` as the last part."
                ));
            }
        }
        Ok(RouteKey {
            method: method.to_owned(),
            path: path.to_owned(),
        })
    }

    /// How well it fits, and the variables.
    fn fit(&self, method: &str, path: &str) -> Option<(Rank, BTreeMap<String, String>)> {
        let any = self.method == "ANY";
        if !any && self.method != method {
            return None;
        }
        let mut parameters = BTreeMap::new();
        let mut greedy = 0;
        let mut rest = path.split('/');
        for part in self.path.split('/') {
            let name = part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'));
            match name {
                Some(name) if name.ends_with('+') => {
                    let all: Vec<&str> = rest.by_ref().collect();
                    if all.is_empty() || all == [""] {
                        return None;
                    }
                    greedy = 1;
                    parameters.insert(
                        name.trim_end_matches('+').to_owned(),
                        decode(&all.join("/")),
                    );
                }
                Some(name) => {
                    let value = rest.next().filter(|value| !value.is_empty())?;
                    parameters.insert(name.to_owned(), decode(value));
                }
                None if rest.next() == Some(part) => {}
                None => return None,
            }
        }
        rest.next()
            .is_none()
            .then_some(((greedy, parameters.len(), any), parameters))
    }
}

/// Whether a part of a path is plain text or a whole variable.
fn is_part(part: &str, is_last: bool) -> bool {
    let Some(name) = part.strip_prefix('{') else {
        return !part.contains(['{', '}']);
    };
    let Some(name) = name.strip_suffix('}') else {
        return false;
    };
    let (name, is_greedy) = match name.strip_suffix('+') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    !name.is_empty() && name.bytes().all(is_word) && (is_last || !is_greedy)
}

impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// The route that a request takes, where it goes, and its variables.
pub(super) fn best<'a>(
    routes: impl Iterator<Item = &'a (RouteKey, String)>,
    method: &str,
    path: &str,
) -> Option<(&'a RouteKey, &'a str, BTreeMap<String, String>)> {
    routes
        .filter_map(|(key, target)| {
            let (rank, parameters) = key.fit(method, path)?;
            Some((rank, (key, target.as_str(), parameters)))
        })
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, found)| found)
}

/// Percent decoding; what is not valid stays as it is.
pub(in crate::local) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(method: &str, path: &str) -> Option<String> {
        let keys = [
            "GET /api/tasks",
            "GET /api/tasks/{task_id}",
            "GET /api/tasks/stats",
            "ANY /api/tasks/{task_id}",
            "GET /swagger-ui",
            "GET /swagger-ui/{proxy+}",
            "POST /api/tasks/{task_id}/restore",
        ];
        let routes: Vec<_> = keys
            .iter()
            .map(|key| (RouteKey::parse(key).unwrap(), String::new()))
            .collect();
        best(routes.iter(), method, path).map(|(key, ..)| key.to_string())
    }

    #[test]
    fn the_most_special_route_is_taken() {
        assert_eq!(
            chosen("GET", "/api/tasks/stats").unwrap(),
            "GET /api/tasks/stats"
        );
        assert_eq!(
            chosen("GET", "/api/tasks/7").unwrap(),
            "GET /api/tasks/{task_id}"
        );
        assert_eq!(
            chosen("PUT", "/api/tasks/7").unwrap(),
            "ANY /api/tasks/{task_id}"
        );
        assert_eq!(
            chosen("GET", "/swagger-ui/a/b.js").unwrap(),
            "GET /swagger-ui/{proxy+}"
        );
        assert_eq!(chosen("GET", "/swagger-ui").unwrap(), "GET /swagger-ui");
        assert_eq!(chosen("GET", "/swagger-ui/"), None);
        assert_eq!(chosen("GET", "/api/tasks/"), None);
        assert_eq!(chosen("DELETE", "/api/tasks"), None);
        assert_eq!(chosen("GET", "/api"), None);
    }

    #[test]
    fn route_keys_that_api_gateway_refuses_are_refused() {
        let refused = [
            "GET /swagger-ui/",
            "GET",
            "TRACE /x",
            "get /x",
            "GET x",
            "GET /a b",
            "GET /{a+}/b",
            "GET /{a",
            "GET /x{a}",
            "GET /{}",
        ];
        for key in refused {
            let error = RouteKey::parse(key).unwrap_err();
            assert!(error.contains(&format!("`{key}`")), "{error}");
        }
        for key in [
            "$default",
            "GET /",
            "ANY /{proxy+}",
            "PATCH /a/{b_c}/d.json",
        ] {
            RouteKey::parse(key).unwrap();
        }
    }

    #[test]
    fn variables_are_decoded() {
        let routes = [(RouteKey::parse("GET /a/{b}").unwrap(), "x".to_owned())];
        let (_, target, parameters) = best(routes.iter(), "GET", "/a/%7bx%20%zz").unwrap();
        assert_eq!((target, parameters["b"].as_str()), ("x", "{x %zz"));
    }
}

//! The header `Allow` of a 405.
//!
//! axum lists HEAD beside GET, which no route of the catalogue has: API Gateway would answer it
//! with 404. The catalogue says which methods it lets through.

use http::HeaderValue;
use miyabi_catalog::FUNCTIONS;

/// The methods of the routes with this path, as axum writes it; `None` when no route has it.
pub(crate) fn methods(matched_path: &str) -> Option<HeaderValue> {
    let path = matched_path.replace("{*proxy}", "{proxy+}");
    let routes = FUNCTIONS.iter().flat_map(|function| function.routes);
    let methods: Vec<&str> = routes
        .filter(|route| route.path == path)
        .map(|route| route.method.as_str())
        .collect();
    if methods.is_empty() {
        return None;
    }
    HeaderValue::from_str(&methods.join(", ")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_the_catalogue_has_its_methods_and_no_others() {
        assert_eq!(methods("/api/tasks").unwrap(), "GET, POST");
        assert_eq!(
            methods("/api/tasks/{task_id}").unwrap(),
            "GET, PATCH, DELETE"
        );
        assert_eq!(methods("/swagger-ui/{*proxy}").unwrap(), "GET");
        assert_eq!(methods("/api/nothing"), None);
    }
}

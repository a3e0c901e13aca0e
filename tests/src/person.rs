//! Somebody who is signed in, as a test sends requests in their name.

use ::http::Method;
use serde_json::Value;

use crate::{
    Browser, Token,
    http::{RequestBuilder, Response},
};

/// Somebody signed in. Requests carry the access token; cookies are in `browser`.
#[derive(Debug)]
pub struct Person {
    /// Login at GitHub.
    pub login: String,
    /// The access token.
    pub token: String,
    /// The cookies.
    pub browser: Browser,
}

impl Person {
    /// A request with the access token and no cookie.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.browser
            .request(method, path)
            .without("cookie")
            .bearer(&self.token)
    }

    /// A request with cookies, CSRF token and origin, and no access token.
    pub fn cookie_request(&self, method: Method, path: &str) -> RequestBuilder {
        let csrf = self.browser.cookie("__Host-csrf").unwrap_or_default();
        self.browser
            .request(method, path)
            .header("x-csrf-token", csrf)
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.request(Method::POST, path).json(body).send().await
    }

    /// Creates something by POST to a list. Returns its path: that of the list, and its id.
    pub async fn create(&self, list: &str, body: Value) -> String {
        let created = self.post(list, body).await.expect(201);
        format!("{list}/{}", created["id"].as_str().unwrap())
    }

    /// PATCH with a JSON body, made from that version.
    pub async fn patch(&self, path: &str, version: i64, body: Value) -> Response {
        self.request(Method::PATCH, path)
            .header("if-match", format!("\"{version}\""))
            .json(body)
            .send()
            .await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Response {
        self.request(Method::DELETE, path).send().await
    }

    /// Gets a new access token for the refresh cookie, as the dashboard does.
    pub async fn refresh(&mut self) {
        let request = self.cookie_request(Method::POST, "/api/auth/refresh");
        let response = self.browser.send(request).await;
        self.token = response.expect(200)["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
    }

    /// The same person by a new API token with these permissions, for the same organization. It has
    /// no claims.
    pub async fn api_token(&self, permissions: &[&str]) -> Person {
        let new = serde_json::json!({"name": "Program", "permissions": permissions});
        let created = self.post("/api/tokens", new).await.expect(201);
        Person {
            login: self.login.clone(),
            token: created["token"].as_str().unwrap().to_owned(),
            browser: self.browser.clone_cookies(),
        }
    }

    /// The claims of the access token.
    pub fn claims(&self) -> Value {
        Token::parse(&self.token).claims
    }

    /// The user's id.
    pub fn user_id(&self) -> String {
        self.claims()["sub"].as_str().unwrap().to_owned()
    }

    /// The id of the organization that the access token is for.
    pub fn organization_id(&self) -> String {
        self.claims()["org"].as_str().unwrap().to_owned()
    }
}

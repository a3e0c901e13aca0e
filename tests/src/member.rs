//! Somebody who is signed in on the site of a deployed stage.

use std::net::SocketAddr;

use ::http::Method;
use serde_json::{Value, json};

use crate::{Browser, RequestBuilder, Response};

/// A person with their browser and an access token for one of their organizations.
#[derive(Debug)]
pub struct Member {
    /// The browser, with the session's cookies.
    pub site: Browser,
    /// The access token.
    pub token: String,
}

impl Member {
    /// Signs in as a person of the stand-in for GitHub.
    pub async fn sign_in(site: SocketAddr, login: &str) -> Member {
        let site = Browser::new(site);
        let path = format!("/api/auth/login?login={login}");
        site.follow(&path).await;
        let mut member = Member {
            site,
            token: String::new(),
        };
        member.refresh().await.expect(200);
        member
    }

    /// A request with the access token, and without cookies: as a program sends it.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.site
            .request(method, path)
            .without("cookie")
            .bearer(&self.token)
    }

    /// Sends a request.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        request.await
    }

    /// Brings somebody into the organization by an invitation; they continue there.
    pub async fn bring_in(&self, other: &mut Member, role: &str) {
        let invitation = json!({ "role": role });
        let invitation = self
            .ask(Method::POST, "/api/invitations", Some(invitation))
            .await
            .expect(201);
        let accept = json!({ "code": invitation["code"] });
        let joined = other
            .ask(Method::POST, "/api/invitations/accept", Some(accept))
            .await
            .expect(200);
        other.switch(&joined["organization_id"]).await;
    }

    /// Switches to another organization.
    pub async fn switch(&mut self, organization: &Value) {
        let switched = self.try_switch(organization).await.expect(200);
        self.token = text(&switched["access_token"]);
    }

    /// Asks to switch to an organization; the access token stays.
    pub async fn try_switch(&self, organization: &Value) -> Response {
        let body = json!({ "organization_id": organization });
        let request = self.with_cookies("/api/auth/switch").json(body);
        self.site.send(request).await
    }

    /// Exchanges the refresh token, as a browser does when the access token expires.
    pub async fn refresh(&mut self) -> Response {
        let refreshed = self.site.send(self.with_cookies("/api/auth/refresh")).await;
        if refreshed.status.is_success() {
            self.token = text(&refreshed.json()["access_token"]);
        }
        refreshed
    }

    /// A POST as the pages of the site send it.
    fn with_cookies(&self, path: &str) -> RequestBuilder {
        let csrf = self.site.cookie("__Host-csrf");
        let csrf = csrf.expect("the sign-in sets the CSRF cookie");
        let request = self.site.request(Method::POST, path);
        request.header("x-csrf-token", csrf)
    }

    /// A ticket for one WebSocket connection.
    pub async fn ticket(&self) -> String {
        let ticket = self.ask(Method::POST, "/api/auth/ws-ticket", None).await;
        text(&ticket.expect(201)["ticket"])
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

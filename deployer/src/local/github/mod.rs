//! A stand-in for GitHub, for tests and for the stage on this machine: the part of github.com and
//! api.github.com with which people sign in, on one port of 127.0.0.1.
//!
//! It is not GitHub and says so on each page. Anybody who can reach it signs in as anybody, so it
//! listens on 127.0.0.1 and nowhere else, and answers only to that name: a page of another site
//! that points its own name here gets nothing. Any client id and secret are right.

mod api;
mod authorize;
mod grants;
mod pages;
mod people;
#[cfg(test)]
mod tests;

use std::{
    io,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

pub use people::{Email, Person, seeded};

use super::http::{Reply, Server};

/// The forms here are small.
const BODY_LIMIT: usize = 64 * 1024;

/// The stand-in, which answers until this value is dropped.
#[derive(Debug)]
pub struct StandIn {
    shared: Arc<Shared>,
    _server: Server,
}

/// What all requests see.
#[derive(Debug)]
struct Shared {
    people: RwLock<Vec<Person>>,
    grants: grants::Grants,
    port: OnceLock<u16>,
}

impl StandIn {
    /// Answers on that port of 127.0.0.1, 0 for a free one.
    ///
    /// # Errors
    ///
    /// When the port is taken.
    pub async fn start(port: u16, people: Vec<Person>) -> io::Result<StandIn> {
        let shared = Arc::new(Shared {
            people: RwLock::new(people),
            grants: grants::Grants::default(),
            port: OnceLock::new(),
        });
        let of_server = shared.clone();
        let server = Server::start(port, move |request| {
            let shared = of_server.clone();
            async move { serve(&shared, request).await }
        })
        .await?;
        // Nobody else sets it.
        let _ = shared.port.set(server.port());
        Ok(StandIn {
            shared,
            _server: server,
        })
    }

    /// `http://127.0.0.1:PORT`, for `GITHUB_ORIGIN` and `GITHUB_API_ORIGIN`.
    pub fn origin(&self) -> String {
        self.shared.origin()
    }

    /// Everybody who can sign in.
    pub fn people(&self) -> Vec<Person> {
        self.shared.people()
    }

    /// Replaces the people: somebody renamed themselves, somebody else took the login.
    pub fn set_people(&self, people: Vec<Person>) {
        *self
            .shared
            .people
            .write()
            .unwrap_or_else(PoisonError::into_inner) = people;
    }
}

impl Shared {
    fn origin(&self) -> String {
        format!(
            "http://127.0.0.1:{}",
            self.port.get().copied().unwrap_or_default()
        )
    }

    fn people(&self) -> Vec<Person> {
        self.people
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn is_called_by_name(&self, request: &Request<Incoming>) -> bool {
        let port = self.port.get().copied().unwrap_or_default();
        let host = request
            .headers()
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        host.is_some_and(|host| {
            host == format!("127.0.0.1:{port}") || host == format!("localhost:{port}")
        })
    }
}

async fn serve(shared: &Shared, request: Request<Incoming>) -> Reply {
    if !shared.is_called_by_name(&request) {
        return pages::problem(
            StatusCode::MISDIRECTED_REQUEST,
            &format!("The stand-in answers to {} only.", shared.origin()),
        );
    }
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        return pages::problem(StatusCode::PAYLOAD_TOO_LARGE, "That is too much to read.");
    };
    let query = head.uri.query().unwrap_or_default();
    match (&head.method, head.uri.path()) {
        (method, "/login/oauth/authorize") => authorize::serve(shared, method, query),
        (&Method::POST, "/login/oauth/access_token") => {
            api::access_token(shared, &head.headers, &body.to_bytes())
        }
        (&Method::GET, "/user") => api::user(shared, &head.headers),
        (&Method::GET, "/user/emails") => api::emails(shared, &head.headers),
        (&Method::GET, "/style.css") => pages::style(),
        (&Method::GET, path) => {
            let id = path
                .strip_prefix("/avatars/")
                .and_then(|id| id.parse::<i64>().ok());
            match shared.people().iter().find(|person| Some(person.id) == id) {
                Some(person) => pages::avatar(person),
                None => pages::problem(StatusCode::NOT_FOUND, "The stand-in has no such page."),
            }
        }
        _ => pages::problem(StatusCode::NOT_FOUND, "The stand-in has no such page."),
    }
}

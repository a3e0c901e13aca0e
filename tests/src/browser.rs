//! A client that keeps cookies and follows redirects, as a browser does.

use std::{collections::BTreeMap, net::SocketAddr, sync::Mutex};

use ::http::{Method, Uri, header};
use bytes::Bytes;

use crate::http::{RequestBuilder, Response};

/// Cookies by name, for one site. Cookies are sent to every path: that a server scopes them is for
/// a test of the `Set-Cookie` header to see.
#[derive(Debug)]
pub struct Browser {
    site: SocketAddr,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    /// Without cookies.
    pub fn new(site: SocketAddr) -> Browser {
        Browser {
            site,
            cookies: Mutex::default(),
        }
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// The names of the cookies.
    pub fn names(&self) -> Vec<String> {
        self.cookies.lock().unwrap().keys().cloned().collect()
    }

    /// The one cookie whose name begins so: that of a sign-in has a name of its own.
    pub fn cookie_beginning(&self, start: &str) -> Option<(String, String)> {
        let cookies = self.cookies.lock().unwrap();
        let mut found = cookies.iter().filter(|(name, _)| name.starts_with(start));
        let (name, value) = found.next()?;
        found
            .next()
            .is_none()
            .then(|| (name.clone(), value.clone()))
    }

    /// Sets a cookie, as an attacker who owns a sibling domain could.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies
            .lock()
            .unwrap()
            .insert(name.to_owned(), value.to_owned());
    }

    /// A copy with the same cookies: a second tab, or a thief.
    pub fn clone_cookies(&self) -> Browser {
        Browser {
            site: self.site,
            cookies: Mutex::new(self.cookies.lock().unwrap().clone()),
        }
    }

    /// A request to the site with the cookies and, as browsers add to all but GET, `Origin`.
    /// [`Browser::send`] sends it.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = RequestBuilder {
            address: self.site,
            path: path.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
            method,
        };
        let cookies = self.cookies.lock().unwrap();
        if !cookies.is_empty() {
            let pairs: Vec<String> = cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header("cookie", pairs.join("; "));
        }
        if request.method != Method::GET {
            request = request.header("origin", format!("http://{}", self.site));
        }
        request
    }

    /// Sends it and keeps the cookies of the answer.
    pub async fn send(&self, request: RequestBuilder) -> Response {
        let response = request.send().await;
        self.keep_cookies(&response);
        response
    }

    /// GET, and on along redirects, to this site or another, ten at most. Ends with the first
    /// answer that is no redirect, or that leads to a page of the site: only its API is here.
    pub async fn follow(&self, path: &str) -> Response {
        let mut response = self.send(self.request(Method::GET, path)).await;
        let mut address = self.site;
        for _ in 0..10 {
            if !response.status.is_redirection() {
                return response;
            }
            let location: Uri = response
                .header("location")
                .parse()
                .unwrap_or_else(|_| panic!("{response}"));
            if let Some(authority) = location.authority() {
                address = authority
                    .as_str()
                    .parse()
                    .unwrap_or_else(|_| panic!("only 127.0.0.1 here: {response}"));
            }
            let target = location
                .path_and_query()
                .map_or("/", |target| target.as_str());
            if address == self.site && !target.starts_with("/api/") {
                return response;
            }
            let mut request = self.request(Method::GET, target);
            if address != self.site {
                request = request.without("cookie");
                request.address = address;
            }
            response = request.send().await;
            if address == self.site {
                self.keep_cookies(&response);
            }
        }
        panic!("more than ten redirects: {response}");
    }

    fn keep_cookies(&self, response: &Response) {
        let mut cookies = self.cookies.lock().unwrap();
        for value in response.headers.get_all(header::SET_COOKIE) {
            let text = value.to_str().unwrap();
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            if value.is_empty() || attributes.to_ascii_lowercase().contains("max-age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

//! `/_ops` of a stage on this machine: the graphs of the templates' dashboard, drawn from [`Metrics`].
//!
//! AWS has no such page: there, CloudWatch draws the dashboard. It is served on the site's address to
//! whoever reaches this machine's loopback, holds metrics alone, and needs no session. Everything that
//! the page loads is here; it changes itself every ten seconds, by a script that fetches it again.

mod chart;
mod page;
mod panel;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use http::{HeaderValue, Method, StatusCode, header, request::Parts as Head};

pub(in crate::local) use panel::Panel;
use panel::Window;

use super::{
    http::{Reply, bytes},
    metrics::{Metrics, now},
};
use crate::mutex::lock;

/// The path of the page.
const PATH: &str = "/_ops";
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("refresh.js");
/// Nothing but what this page itself serves.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The dashboards of a stage, and the metrics that they show. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::local) struct Ops {
    stage: String,
    metrics: Metrics,
    /// By the name of the dashboard.
    dashboards: Arc<Mutex<BTreeMap<String, Vec<Panel>>>>,
}

impl Ops {
    /// Without a dashboard.
    pub(in crate::local) fn new(stage: &str, metrics: Metrics) -> Ops {
        Ops {
            stage: stage.to_owned(),
            metrics,
            dashboards: Arc::default(),
        }
    }

    /// The dashboard of that name; `None` removes it.
    pub(in crate::local) fn set_dashboard(&self, name: &str, panels: Option<Vec<Panel>>) {
        let mut dashboards = lock(&self.dashboards);
        match panels {
            Some(panels) => drop(dashboards.insert(name.to_owned(), panels)),
            None => drop(dashboards.remove(name)),
        }
    }

    /// Whether there is a dashboard of that name.
    pub(in crate::local) fn has_dashboard(&self, name: &str) -> bool {
        lock(&self.dashboards).contains_key(name)
    }

    /// The response to a request for the page or what it loads; `None`: the path is none of them.
    pub(in crate::local) fn serve(&self, head: &Head) -> Option<Reply> {
        let rest = head.uri.path().strip_prefix(PATH)?;
        let mut reply = match rest {
            "" | "/" => {
                let window = Window::of_query(head.uri.query().unwrap_or_default());
                let html = page::html(&self.stage, &self.panels(), &self.metrics, window, now());
                bytes(StatusCode::OK, "text/html; charset=utf-8", html)
            }
            "/style.css" => bytes(StatusCode::OK, "text/css; charset=utf-8", STYLE),
            "/refresh.js" => bytes(StatusCode::OK, "text/javascript; charset=utf-8", SCRIPT),
            _ => return None,
        };
        if ![Method::GET, Method::HEAD].contains(&head.method) {
            reply = bytes(
                StatusCode::METHOD_NOT_ALLOWED,
                "text/plain; charset=utf-8",
                "This page is only read.\n",
            );
        }
        let headers = reply.headers_mut();
        for (name, value) in [
            (header::CACHE_CONTROL, "no-store"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        Some(reply)
    }

    /// The graphs of all dashboards.
    fn panels(&self) -> Vec<Panel> {
        lock(&self.dashboards).values().flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests;

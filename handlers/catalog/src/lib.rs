//! The route catalogue: every function and every route of the REST API, as data.
//!
//! This is the one home of that list. The stacks make the routes, functions, roles and
//! concurrency of API Gateway and Lambda from it; each function's tests compare its router and its
//! OpenAPI operations with it; the tests' "every route" lists are this list.
//!
//! It depends on nothing, so that both a function and the deployer can read it.

#![cfg_attr(not(test), no_std)]

mod functions;
pub mod keys;
pub mod limits;
pub mod metrics;
mod permission;

pub use functions::{FUNCTIONS, function, route};
pub use limits::Limit;
pub use permission::{BUILT_IN_ROLES, Permission, Role};

/// A Lambda function: a crate under `handlers/` with one binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// Short name: the crate is `miyabi-{name}`, the binary `{name}`.
    pub name: &'static str,
    /// What it is for, one sentence: the description in the console.
    pub about: &'static str,
    /// The database role it logs in with; `None`: it never speaks to the database.
    pub database_role: Option<&'static str>,
    /// Whether it verifies access tokens and therefore reads the signing keys.
    pub reads_jwt_keys: bool,
    /// Names of the functions it invokes.
    pub invokes: &'static [&'static str],
    /// Route keys of the WebSocket API that lead to it: `$connect`.
    pub socket_routes: &'static [&'static str],
    /// Whether the schedule invokes it each minute, with `{"kind": "sweep"}`.
    pub every_minute: bool,
    /// Whether it sends to the connections of the WebSocket API and closes them.
    pub posts_to_connections: bool,
    /// Whether it runs inside the VPC. Only `github` does not: GitHub has no IPv6 address.
    pub in_vpc: bool,
    /// Its routes on the HTTP API; empty: nothing of the HTTP API leads to it.
    pub routes: &'static [Route],
}

/// One route of the HTTP API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// Path in the notation that API Gateway and axum share: `/api/tasks/{task_id}`; a last
    /// segment `{proxy+}` takes the rest of the path (axum: `{*proxy}`).
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Whether it takes the access token of a session alone, although API tokens may have the
    /// permission.
    pub session_only: bool,
}

impl Function {
    /// Whether it counts the requests of people, API tokens and addresses: what reaches no database
    /// has the throttling of API Gateway alone.
    pub const fn limits_requests(&self) -> bool {
        !self.routes.is_empty() && self.database_role.is_some()
    }
}

impl Route {
    /// Whether a personal API token with the permission of the route is accepted.
    pub const fn takes_api_tokens(&self) -> bool {
        match self.access {
            Access::Needs(permission) => permission.is_for_api_tokens() && !self.session_only,
            Access::Public | Access::RefreshCookie | Access::SignedIn => false,
        }
    }
}

/// The methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl Method {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever holds the refresh cookie and the CSRF token that belongs to it.
    RefreshCookie,
    /// Anybody with a valid access token of a session, whatever the role.
    SignedIn,
    /// An access token whose role has this permission, or an API token that has it
    /// ([`Route::takes_api_tokens`]).
    Needs(Permission),
}

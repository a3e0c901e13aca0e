//! Rate limits: what is counted, and which routes have a limit of their own. How much each allows, the
//! stage file says (`limits` in `stacks/stages/base.yaml`); functions read it in `RATE_LIMITS`.

use crate::Method::{self, Get, Post};

/// A rate limit: a token bucket for each address, person or API token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// Every request of an address.
    Address,
    /// Every request of a person, by sessions and API tokens together.
    Person,
    /// Every request with an API token.
    ApiToken,
    /// Begun and completed sign-ins of an address.
    SignIn,
    /// Exchanges of refresh tokens of an address.
    Refresh,
    /// Invitations that a person creates, looks at or accepts.
    Invitations,
    /// Searches of a person.
    Search,
    /// API tokens that a person creates.
    TokenCreation,
}

/// Whom a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// The address that the gateway or the distribution saw.
    Addresses,
    /// The signed-in person.
    People,
    /// The API token.
    ApiTokens,
}

impl Limit {
    /// Every limit there is.
    pub const ALL: [Limit; 8] = [
        Limit::Address,
        Limit::Person,
        Limit::ApiToken,
        Limit::SignIn,
        Limit::Refresh,
        Limit::Invitations,
        Limit::Search,
        Limit::TokenCreation,
    ];

    /// As in the stage file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Limit::Address => "address",
            Limit::Person => "person",
            Limit::ApiToken => "api-token",
            Limit::SignIn => "sign-in",
            Limit::Refresh => "refresh",
            Limit::Invitations => "invitations",
            Limit::Search => "search",
            Limit::TokenCreation => "token-creation",
        }
    }

    /// Whom it counts.
    pub const fn counts(self) -> Counts {
        match self {
            Limit::Address | Limit::SignIn | Limit::Refresh => Counts::Addresses,
            Limit::ApiToken => Counts::ApiTokens,
            Limit::Person | Limit::Invitations | Limit::Search | Limit::TokenCreation => {
                Counts::People
            }
        }
    }

    /// The limit that a route has beside those of all routes. A search is a request to the list of
    /// tasks with certain parameters: its handler knows it.
    pub fn of_route(method: &str, path: &str) -> Option<Limit> {
        let route =
            |(own, name, _): &&(Method, &str, Limit)| own.as_str() == method && *name == path;
        OF_ROUTES.iter().find(route).map(|(_, _, limit)| *limit)
    }
}

/// Routes with a limit of their own.
pub const OF_ROUTES: &[(Method, &str, Limit)] = &[
    (Get, "/api/auth/login", Limit::SignIn),
    (Get, "/api/auth/callback", Limit::SignIn),
    (Post, "/api/auth/refresh", Limit::Refresh),
    (Post, "/api/auth/switch", Limit::Refresh),
    (Post, "/api/invitations", Limit::Invitations),
    (Post, "/api/invitations/preview", Limit::Invitations),
    (Post, "/api/invitations/accept", Limit::Invitations),
    (Post, "/api/tokens", Limit::TokenCreation),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limited_route_is_one_of_the_catalogue() {
        for (method, path, limit) in OF_ROUTES {
            assert!(crate::route(method.as_str(), path).is_some(), "{path}");
            assert_eq!(Limit::of_route(method.as_str(), path), Some(*limit));
        }
        assert_eq!(Limit::of_route("GET", "/api/invitations"), None);
    }
}

//! Sign-in with GitHub, sessions, access, refresh and API tokens.
//!
//! A sign-in is a session: one row, from which a chain of refresh tokens descends. A refresh token
//! is opaque, lives in a cookie, is stored as a hash and is exchanged at each use for its one child
//! and an access token. An access token is checked without us, by every function; what ends it
//! early is the list of withdrawn tokens.
//!
//! What always holds:
//!
//! - A request that a cookie authenticates proves that it comes from our own page: see [`csrf`].
//! - Whoever holds the row lock of a session is the only one who exchanges its tokens; a chain has
//!   no branches.
//! - Identity is the numeric id at GitHub. Nobody is found by an e-mail address or a login.
//! - A session that ends is withdrawn in the same transaction.
//! - An API token is in one response, and stored as a hash. It can do no more than its owner, and
//!   nothing to members, roles, organizations, sessions or tokens.

mod access;
mod account;
mod api_tokens;
mod callback;
mod cookies;
mod csrf;
mod failed_sign_in;
mod family;
mod github;
mod login;
mod logout;
mod me;
mod organizations;
mod refresh;
mod return_to;
mod sessions;
mod ws_ticket;

miyabi_core::routes![
    login::login,
    callback::callback,
    refresh::refresh,
    refresh::switch,
    logout::logout,
    logout::logout_all,
    me::me,
    sessions::list,
    sessions::end,
    ws_ticket::ws_ticket,
    account::get,
    account::delete,
    account::keep,
    account::export,
    api_tokens::list,
    api_tokens::create,
    api_tokens::revoke,
];

//! Sign-in, sessions, access and refresh tokens. What must hold under attack is in `attacks`.

mod account;
mod api_tokens;
mod cache;
mod outages;
mod sessions;
mod sign_in;
pub(crate) mod stores;
mod switch;

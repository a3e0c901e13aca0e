//! What must hold under attack. `attacks/ROWS.md` is the list; a test's name begins with its
//! number.

mod access_claims;
mod access_tokens;
mod audit;
mod bodies;
mod caching;
mod cookies;
mod cross_site;
mod cursors;
mod enumeration;
mod foreign_ids;
mod forged_headers;
mod github_answers;
mod headers;
mod idempotency;
mod injection;
mod logs;
mod lost_updates;
mod mass_assignment;
mod promotion;
mod refresh_tokens;
mod roles;
mod rows;
pub(crate) mod sign_in;
mod signing_keys;
mod stored;
mod text;
mod timing;

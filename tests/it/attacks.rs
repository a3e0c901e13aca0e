//! What must hold under attack. `attacks/ROWS.md` is the list; a test's name begins with its
//! number.

mod access_claims;
mod access_tokens;
mod audit;
mod authorization_first;
mod bodies;
mod caching;
mod clocks;
mod cookies;
mod cross_site;
mod cursors;
mod dropped_futures;
mod enumeration;
mod foreign_ids;
mod forged_headers;
mod github_answers;
mod hanging;
mod headers;
mod idempotency;
mod injection;
mod logs;
mod lost_updates;
mod mass_assignment;
mod promotion;
mod refresh_tokens;
mod refusals;
mod roles;
mod rows;
pub(crate) mod sign_in;
mod signing_keys;
mod stored;
mod tabs;
mod text;
mod timing;

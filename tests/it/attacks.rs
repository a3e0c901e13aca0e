//! What must hold under attack. `attacks/ROWS.md` is the list; a test's name begins with its
//! number.

mod audit;
mod bodies;
mod caching;
mod cursors;
mod foreign_ids;
mod forged_headers;
mod headers;
mod idempotency;
mod injection;
mod logs;
mod lost_updates;
mod mass_assignment;
mod roles;
mod rows;
mod text;

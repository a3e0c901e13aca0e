//! What must hold under attack. `attacks/ROWS.md` is the list; a test's name begins with its
//! number.

mod forged_headers;
mod headers;
mod logs;
mod roles;
mod rows;

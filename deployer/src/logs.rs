//! What a stage logs: from which source, which lines a reader wants, and what a line means.
//!
//! A target only reads lines ([`crate::target::Observe::logs`]); what they mean is the same on every
//! stage and is here. Nothing here prints.

mod database;
mod entry;
mod filter;
mod function;
mod gateway;
mod level;
mod source;

pub use entry::{Answered, Entry, Kind, Message};
pub use filter::{LogFilter, assert_request_id};
pub use gateway::Access;
pub use level::Level;
pub use source::LogSource;

//! How values look to people. Nothing here prints.

pub(crate) mod alarms;
pub(crate) mod baseline;
pub(crate) mod cost;
pub(crate) mod drift;
pub(crate) mod health;
pub(crate) mod log;
pub(crate) mod markdown;
pub(crate) mod plan;
pub(crate) mod table;

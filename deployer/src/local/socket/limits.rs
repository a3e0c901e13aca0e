//! AWS's limits of a WebSocket API.

use std::time::Duration;

/// The largest frame of a client, in bytes; a larger one ends the connection with 1009
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>).
pub const FRAME: usize = 32 * 1024;
/// The largest message of a client in all its frames, and the largest that is posted to one.
pub const MESSAGE: usize = 128 * 1024;
/// How long things may take, and how many there may be. The default is AWS's, from the same table as
/// [`FRAME`].
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a connection lasts.
    pub duration: Duration,
    /// How long nothing may be sent on it, in either direction.
    pub idle: Duration,
    /// How long a function may take.
    pub integration: Duration,
    /// New connections a second.
    pub connections: f64,
    /// Messages that wait for one client to read; AWS states no figure.
    pub outbox: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            duration: Duration::from_secs(2 * 3600),
            idle: Duration::from_secs(600),
            integration: Duration::from_secs(29),
            connections: 500.0,
            outbox: 64,
        }
    }
}

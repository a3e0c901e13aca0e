//! What `ws-broadcast` is asked and answers; see docs/ARCHITECTURE.md, "What functions say to each
//! other".

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Look after one organization: after a commit, and when a session ended.
    Drain {
        /// The organization.
        organization_id: Uuid,
    },
    /// Look after every organization in which something is left to do.
    Sweep,
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Events that were sent to all connections of their organization.
    pub delivered: u64,
    /// Connections that were gone when something was sent to them.
    pub gone: u64,
    /// Events that are still to be sent, by this or another invocation; counted up to 10,000 an
    /// organization.
    pub left: u64,
}

impl Summary {
    pub(crate) fn add(&mut self, other: Summary) {
        self.delivered += other.delivered;
        self.gone += other.gone;
        self.left += other.left;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn other_events_are_refused() {
        let parse = |event| serde_json::from_value::<Event>(event);
        assert!(parse(json!({"kind": "sweep"})).is_ok());
        assert!(parse(json!({"kind": "drain", "organization_id": Uuid::nil()})).is_ok());
        for wrong in [
            json!({}),
            json!({"kind": "drain"}),
            json!({"kind": "drain", "organization_id": "all"}),
            json!({"kind": "drain", "organization_id": Uuid::nil(), "seq": 1}),
            json!({"kind": "delete"}),
        ] {
            assert!(parse(wrong.clone()).is_err(), "{wrong}");
        }
    }
}

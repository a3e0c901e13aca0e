//! The label ids of a request body.

use std::collections::BTreeSet;

use miyabi_core::ApiError;
use serde::{Deserialize, Deserializer, Serialize, de};
use uuid::Uuid;

/// Most labels on a task.
const MAX: usize = 20;

/// Label ids: at most 20, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct LabelIds(pub(crate) BTreeSet<Uuid>);

impl LabelIds {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds some, and takes others away.
    ///
    /// # Errors
    ///
    /// 422 when they become too many.
    pub(crate) fn change(&mut self, added: LabelIds, removed: &LabelIds) -> Result<(), ApiError> {
        self.0.extend(added.0);
        self.0.retain(|label| !removed.0.contains(label));
        if self.0.len() <= MAX {
            return Ok(());
        }
        Err(ApiError::invalid(
            "add_label_ids",
            format!("would make more than {MAX} labels"),
        ))
    }

    pub(crate) fn to_vec(&self) -> Vec<Uuid> {
        self.0.iter().copied().collect()
    }
}

impl<'de> Deserialize<'de> for LabelIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LabelIds, D::Error> {
        let ids = Vec::<Uuid>::deserialize(deserializer)?;
        if ids.len() > MAX {
            return Err(de::Error::custom(format_args!(
                "must be at most {MAX} labels"
            )));
        }
        let count = ids.len();
        let ids = BTreeSet::from_iter(ids);
        if ids.len() < count {
            return Err(de::Error::custom("must name each label once"));
        }
        Ok(LabelIds(ids))
    }
}

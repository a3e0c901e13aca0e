//! The label ids of a request body.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, de};
use uuid::Uuid;

/// Most labels on a task.
const MAX: usize = 20;

/// Label ids: at most 20, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct LabelIds(pub(crate) BTreeSet<Uuid>);

impl LabelIds {
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

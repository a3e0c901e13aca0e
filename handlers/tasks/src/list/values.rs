//! Values of the list's parameters that are more than one thing.

use std::collections::BTreeSet;

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, value::StrDeserializer},
};
use uuid::Uuid;

/// Ids with commas between, each once, 1 to 100.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ids(pub(super) Vec<Uuid>);

/// Most ids of one request.
const MAX_IDS: usize = 100;

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Ids, D::Error> {
        let text = String::deserialize(deserializer)?;
        // One of the spellings that `Uuid` takes: the one that we write.
        let parse = |id: &str| Uuid::try_parse(id).ok().filter(|_| id.len() == 36);
        let ids: Option<BTreeSet<Uuid>> = text.split(',').map(parse).collect();
        match ids {
            Some(ids) if ids.len() <= MAX_IDS => Ok(Ids(ids.into_iter().collect())),
            _ => Err(de::Error::custom(format_args!(
                "must be 1 to {MAX_IDS} ids with commas between them"
            ))),
        }
    }
}

/// Values with commas between, each once.
#[derive(Debug)]
pub(super) struct Several<T>(pub(super) BTreeSet<T>);

impl<'de, T: DeserializeOwned + Ord> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Several<T>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parse = |value: &str| T::deserialize(StrDeserializer::<D::Error>::new(value));
        let values: Result<_, _> = text.split(',').map(parse).collect();
        values.map(Several)
    }
}

/// One, the caller, or nothing.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    Me,
    None,
    Id(Uuid),
}

impl<'de> Deserialize<'de> for Which {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Which, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "me" => Ok(Which::Me),
            "none" => Ok(Which::None),
            id => Uuid::try_parse(id)
                .map(Which::Id)
                .map_err(|_| de::Error::custom("must be an id, `me` or `none`")),
        }
    }
}

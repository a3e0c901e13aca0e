//! Which version each alias points to: what the gateway and the Invoke API look functions up in.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

use super::lambda::Version;

/// Aliases by ARN. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Functions(Arc<RwLock<BTreeMap<String, Arc<Version>>>>);

impl Functions {
    /// The version behind the ARN of an alias; the short form without `arn:..:function:` is fine.
    pub(crate) fn by_arn(&self, arn: &str) -> Option<Arc<Version>> {
        let aliases = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        aliases.get(arn).or_else(|| {
            let (_, version) = aliases.iter().find(|(known, _)| {
                known.ends_with(&format!(":function:{arn}"))
                    || known.rsplit_once(':').is_some_and(|(function, _)| {
                        function == arn || function.ends_with(&format!(":function:{arn}"))
                    })
            })?;
            Some(version)
        })
        .cloned()
    }

    /// Points an alias to a version; the one before ends what it does and stops.
    pub(crate) fn point(&self, alias: &str, version: Option<Arc<Version>>) {
        let mut aliases = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = match version {
            Some(version) => aliases.insert(alias.to_owned(), version),
            None => aliases.remove(alias),
        };
        if let Some(before) = before
            && !aliases.values().any(|version| Arc::ptr_eq(version, &before))
        {
            before.retire();
        }
    }

    /// Every version in service.
    pub(crate) fn all(&self) -> Vec<(String, Arc<Version>)> {
        let aliases = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        aliases.iter().map(|(arn, version)| (arn.clone(), version.clone())).collect()
    }
}

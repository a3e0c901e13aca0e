//! Which version each alias points to: what the gateway and the Invoke API look functions up in.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
};

use super::lambda::Version;

/// Aliases by ARN, and every version that still does something. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Functions {
    aliases: Arc<RwLock<BTreeMap<String, Arc<Version>>>>,
    versions: Arc<Mutex<Vec<Weak<Version>>>>,
}

impl Functions {
    /// The version behind the ARN of an alias; the short form without `arn:..:function:` is fine.
    pub fn by_arn(&self, arn: &str) -> Option<Arc<Version>> {
        let aliases = self.aliases.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = aliases.get(arn) {
            return Some(version.clone());
        }
        let suffix = format!(":function:{arn}");
        let short = |known: &str| {
            let function = known
                .rsplit_once(':')
                .map_or(known, |(function, _)| function);
            known.ends_with(&suffix) || function == arn || function.ends_with(&suffix)
        };
        aliases
            .iter()
            .find(|(known, _)| short(known))
            .map(|(_, version)| version.clone())
    }

    /// Points an alias to a version; the one before ends what it does and stops.
    pub fn point(&self, alias: &str, version: Option<Arc<Version>>) {
        let mut aliases = self.aliases.write().unwrap_or_else(PoisonError::into_inner);
        let before = match version {
            Some(version) => aliases.insert(alias.to_owned(), version),
            None => aliases.remove(alias),
        };
        if let Some(before) = before
            && !aliases
                .values()
                .any(|version| Arc::ptr_eq(version, &before))
        {
            before.retire();
        }
    }

    /// Every version in service.
    pub fn all(&self) -> Vec<(String, Arc<Version>)> {
        let aliases = self.aliases.read().unwrap_or_else(PoisonError::into_inner);
        aliases
            .iter()
            .map(|(arn, version)| (arn.clone(), version.clone()))
            .collect()
    }

    /// Makes a version known before an alias points to it: it may call AWS while it starts.
    pub fn register(&self, version: &Arc<Version>) {
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.retain(|version| version.strong_count() > 0);
        versions.push(Arc::downgrade(version));
    }

    /// Every registered version that is in service, starts, or still ends its last requests.
    pub fn alive(&self) -> Vec<Arc<Version>> {
        let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.iter().filter_map(Weak::upgrade).collect()
    }
}

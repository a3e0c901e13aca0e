//! The migration files.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, build::hex, project::Project};

/// A migration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    /// The number at the beginning of its name.
    pub version: i64,
    /// The rest of its name, with spaces.
    pub description: String,
    /// SHA-256 of its content, lowercase hex.
    pub sha256: String,
}

/// The files of `migrations/` named `{version}_{description}.sql`, in the order of their versions.
pub fn files(project: &Project) -> Result<Vec<Migration>, Error> {
    let folder = project.migrations();
    let unreadable = |cause: std::io::Error| {
        Error::failed(
            format!("The migrations in {} cannot be read.", folder.display()),
            "Check the folder and its permissions, then run the same command again.",
        )
        .because(cause)
    };
    let mut found: BTreeMap<i64, Migration> = BTreeMap::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some((version, description)) = parse_name(&path) else {
            continue;
        };
        let sha256 = hex(&Sha256::digest(fs::read(&path).map_err(unreadable)?));
        let migration = Migration {
            version,
            description,
            sha256,
        };
        if let Some(twin) = found.insert(version, migration) {
            return Err(Error::failed(
                format!(
                    "Two migrations have the version {version}: `{}` and another.",
                    twin.description
                ),
                "Give the newer one the next free number.",
            ));
        }
    }
    Ok(found.into_values().collect())
}

/// `0003_add_labels.sql` -> 3, `add labels`.
fn parse_name(path: &Path) -> Option<(i64, String)> {
    let name = path.file_name()?.to_str()?.strip_suffix(".sql")?;
    let (version, description) = name.split_once('_')?;
    Some((version.parse().ok()?, description.replace('_', " ")))
}

/// Refuses migrations that were applied and are not what they were: editing one changes nothing in
/// a database that has it, and makes new ones differ.
pub(crate) fn assert_unedited(
    files: &[Migration],
    applied: &BTreeMap<i64, String>,
) -> Result<(), Error> {
    for (version, sha256) in applied {
        let message = match files.iter().find(|file| file.version == *version) {
            None => format!("The migration {version} was applied and its file is gone."),
            Some(file) if file.sha256 != *sha256 => format!(
                "The migration {version} (`{}`) was applied and its file has changed since.",
                file.description
            ),
            Some(_) => continue,
        };
        return Err(Error::failed(
            message,
            "Put the file back as it was (`git log -- migrations`), and make the change in a new migration.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_in_order_and_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let migrations = folder.path().join("migrations");
        fs::create_dir(&migrations).unwrap();
        for name in [
            "0002_add_labels.sql",
            "0001_first.sql",
            "schema.sql",
            "README.md",
        ] {
            fs::write(migrations.join(name), name).unwrap();
        }
        let project = Project::new(folder.path());
        let found = files(&project).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|file| (file.version, file.description.as_str()))
            .collect();
        assert_eq!(names, [(1, "first"), (2, "add labels")]);
        fs::write(migrations.join("2_twice.sql"), "").unwrap();
        assert!(files(&project).unwrap_err().message().contains("version 2"));
    }

    #[test]
    fn an_edited_or_removed_migration_is_refused() {
        let file = |sha256: &str| Migration {
            version: 1,
            description: "first".to_owned(),
            sha256: sha256.to_owned(),
        };
        let applied = BTreeMap::from([(1, "a".to_owned())]);
        assert_unedited(&[file("a")], &applied).unwrap();
        let edited = assert_unedited(&[file("b")], &applied).unwrap_err();
        assert_eq!(
            edited.message(),
            "The migration 1 (`first`) was applied and its file has changed since."
        );
        let gone = assert_unedited(&[], &applied).unwrap_err();
        assert_eq!(
            gone.message(),
            "The migration 1 was applied and its file is gone."
        );
    }
}

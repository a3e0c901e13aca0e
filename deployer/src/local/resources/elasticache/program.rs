//! Which Valkey or Redis to run.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// The program that `VALKEY_SERVER` names, or else one of the PATH. `Err` is a sentence that says what
/// is missing and what to do.
pub(in crate::local) fn program() -> Result<PathBuf, String> {
    let named = env::var_os("VALKEY_SERVER");
    find(
        named.as_deref().map(Path::new),
        &env::var_os("PATH").unwrap_or_default(),
    )
}

fn find(named: Option<&Path>, path: &OsStr) -> Result<PathBuf, String> {
    if let Some(named) = named {
        return match named.is_file() {
            true => Ok(named.to_owned()),
            false => Err(format!(
                "VALKEY_SERVER names {}, where there is no program: set it to a `valkey-server` or `redis-server`, or \
                 to nothing at all when one is on the PATH.",
                named.display()
            )),
        };
    }
    ["valkey-server", "redis-server"]
        .iter()
        .flat_map(|name| env::split_paths(path).map(move |dir| dir.join(name)))
        .find(|program| program.is_file())
        .ok_or_else(|| {
            "there is no Valkey or Redis on this machine: install `valkey-server` or `redis-server`, set VALKEY_SERVER to one, \
             or leave `cache: false` in the stage file."
                .to_owned()
        })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn without_a_server_the_error_says_what_is_missing_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("valkey-server");
        for path in [folder.path().as_os_str(), OsStr::new("")] {
            assert_eq!(
                find(None, path).unwrap_err(),
                "there is no Valkey or Redis on this machine: install `valkey-server` or `redis-server`, set \
                 VALKEY_SERVER to one, or leave `cache: false` in the stage file."
            );
        }
        // Named is meant, also when another one is there.
        fs::write(folder.path().join("redis-server"), "").unwrap();
        assert_eq!(
            find(Some(&nowhere), folder.path().as_os_str()).unwrap_err(),
            format!(
                "VALKEY_SERVER names {}, where there is no program: set it to a `valkey-server` or `redis-server`, or \
                 to nothing at all when one is on the PATH.",
                nowhere.display()
            )
        );
    }

    #[test]
    fn a_valkey_of_the_path_is_taken_before_a_redis() {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let path = env::join_paths(folders.iter().map(tempfile::TempDir::path)).unwrap();
        let [redis, valkey] = ["redis-server", "valkey-server"];
        let redis = folders[0].path().join(redis);
        let valkey = folders[1].path().join(valkey);
        fs::write(&redis, "").unwrap();
        assert_eq!(find(None, &path), Ok(redis.clone()));
        fs::write(&valkey, "").unwrap();
        assert_eq!(find(None, &path), Ok(valkey));
        assert_eq!(find(Some(&redis), &path), Ok(redis));
    }
}

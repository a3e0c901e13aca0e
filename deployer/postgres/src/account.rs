//! Which user the server runs as, and where this user can keep files.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Error;

/// The user that the server runs as when its parent is root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// `None` when this process is not root: the server then runs as the same user.
    pub(crate) fn other_than_root() -> Option<Account> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        Some(
            find(&users, "postgres")
                .or_else(|| find(&users, "nobody"))
                .unwrap_or(Account {
                    uid: 65534,
                    gid: 65534,
                }),
        )
    }

    /// Whether this user can get into that directory; what does not exist yet can be made so.
    fn reaches(self, dir: &Path) -> bool {
        dir.ancestors()
            .filter_map(|part| fs::metadata(part).ok())
            .all(|part| {
                let execute = if part.uid() == self.uid {
                    0o100
                } else if part.gid() == self.gid {
                    0o010
                } else {
                    0o001
                };
                part.mode() & execute != 0
            })
    }
}

fn find(users: &str, name: &str) -> Option<Account> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account { uid, gid })
    })
}

/// Where the files for `wish` really are: `wish` itself, or a directory under /var/tmp derived
/// from it when this process is root and the server's user could not get into `wish` (a checkout
/// in root's home, for example). The same wish always gives the same place. Nothing is created.
pub fn place(wish: &Path) -> PathBuf {
    let wish = std::path::absolute(wish).unwrap_or_else(|_| wish.to_owned());
    match Account::other_than_root() {
        Some(account) if !account.reaches(&wish) => Path::new("/var/tmp").join(format!(
            "miyabi-{:016x}",
            fnv1a(wish.as_os_str().as_encoded_bytes())
        )),
        _ => wish,
    }
}

/// Not `DefaultHasher`: the place must be the same after an update of the compiler.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Makes `dir` and hands it to the server's user. Refuses a directory of a third party:
/// everybody can write to /var/tmp.
pub(crate) fn make_own(dir: &Path, account: Option<Account>) -> Result<(), Error> {
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    }
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let owner = fs::symlink_metadata(dir)
                .map_err(Error::io("read", dir))?
                .uid();
            let me = rustix::process::geteuid().as_raw();
            if owner != me && Some(owner) != account.map(|account| account.uid) {
                let why = std::io::Error::other("it belongs to somebody else");
                return Err(Error::io("use", dir)(why));
            }
        }
        Err(error) => return Err(Error::io("create", dir)(error)),
    }
    give(dir, account)
}

/// Hands a file or directory to the server's user.
pub(crate) fn give(path: &Path, account: Option<Account>) -> Result<(), Error> {
    match account {
        Some(Account { uid, gid }) => {
            chown(path, Some(uid), Some(gid)).map_err(Error::io("change the owner of", path))
        }
        None => Ok(()),
    }
}

/// A command that runs as the server's user, in a directory that it can read, with an
/// environment that holds no setting of another PostgreSQL.
pub(crate) fn command(program: &Path, account: Option<Account>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", "/usr/bin:/bin")
        .current_dir("/");
    command.stdin(std::process::Stdio::null());
    if let Some(Account { uid, gid }) = account {
        command.uid(uid).gid(gid);
    }
    command
}

/// Writes a file that only the server's user can read.
pub(crate) fn write_private(
    path: &Path,
    content: &str,
    account: Option<Account>,
) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(Error::io("remove", path)(error));
        }
        _ => {}
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(Error::io("create", path))?;
    file.write_all(content.as_bytes())
        .map_err(Error::io("write", path))?;
    give(path, account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/bash\npostgres2:x:7:8::/:/bin/sh\npostgres:x:101:104::/:/bin/sh\n";
        assert_eq!(
            find(users, "postgres"),
            Some(Account { uid: 101, gid: 104 })
        );
        assert_eq!(find(users, "nobody"), None);
    }

    #[test]
    fn a_closed_directory_on_the_way_is_out_of_reach() {
        let temp = tempfile::tempdir().unwrap();
        let closed = temp.path().join("closed");
        fs::DirBuilder::new().mode(0o700).create(&closed).unwrap();
        let stranger = Account {
            uid: 54321,
            gid: 54321,
        };
        assert!(!stranger.reaches(&closed.join("not/there/yet")));
        assert!(stranger.reaches(Path::new("/usr/not-there-yet")));
    }
}

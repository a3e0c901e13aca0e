//! Built functions by their content:
//! `.miyabi/artifacts/functions/{name}/{sha256}/bootstrap` for `local`, and
//! `.miyabi/artifacts/functions/{name}/{sha256}.zip` for AWS. What is there is whole: it was
//! renamed into place after it was written and synced.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Cursor, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BuildFor, BuiltFunction};
use crate::{Error, asset::Asset, project::Project, state};

/// What was hashed before, so that an unchanged binary of 50 MB is not read again. Only a memory:
/// without it everything is read again.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Index {
    /// Path of the executable -> what it was.
    seen: BTreeMap<PathBuf, Seen>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Seen {
    size: u64,
    modified_nanos: u128,
    sha256: String,
}

impl Index {
    fn path(project: &Project) -> PathBuf {
        project.artifacts().join("index.json")
    }

    pub(super) fn load(project: &Project) -> Index {
        fs::read(Index::path(project))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    pub(super) fn save(&self, project: &Project) -> Result<(), Error> {
        let path = Index::path(project);
        let bytes = serde_json::to_vec(self).map_err(|cause| unwritable(&path).because(cause))?;
        if fs::read(&path).is_ok_and(|before| before == bytes) {
            return Ok(());
        }
        state::write_private(&path, &bytes).map_err(|cause| unwritable(&path).because(cause))
    }

    /// SHA-256 of a file, from memory when size and time of change are the same.
    fn sha256(&mut self, path: &Path) -> io::Result<String> {
        let metadata = fs::metadata(path)?;
        let modified = metadata
            .modified()?
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let (size, modified_nanos) = (metadata.len(), modified.as_nanos());
        if let Some(seen) = self.seen.get(path)
            && seen.size == size
            && seen.modified_nanos == modified_nanos
        {
            return Ok(seen.sha256.clone());
        }
        let sha256 = hash_file(path)?;
        let seen = Seen {
            size,
            modified_nanos,
            sha256: sha256.clone(),
        };
        self.seen.insert(path.to_owned(), seen);
        Ok(sha256)
    }
}

/// Keeps what cargo built and gives its asset.
pub(super) fn keep(
    project: &Project,
    index: &mut Index,
    function: &str,
    executable: &Path,
    what_for: BuildFor,
) -> Result<BuiltFunction, Error> {
    let folder = project.artifacts().join("functions").join(function);
    let failed = |cause: io::Error| unwritable(&folder).because(cause);
    let binary_sha256 = index.sha256(executable).map_err(failed)?;
    let bootstrap = folder.join(&binary_sha256).join("bootstrap");
    let mut changed = keep_bootstrap(executable, &binary_sha256, &bootstrap).map_err(failed)?;
    let (sha256, path) = match what_for {
        BuildFor::Local => (binary_sha256.clone(), bootstrap.clone()),
        BuildFor::Lambda(_) | BuildFor::Emulator => {
            let zipped = keep_zip(&folder, &bootstrap).map_err(failed)?;
            changed |= zipped.made;
            let path = folder.join(format!("{}.zip", zipped.sha256));
            (zipped.sha256, path)
        }
    };
    if changed {
        prune(&folder, &binary_sha256, &sha256).map_err(failed)?;
    }
    let size = fs::metadata(&path).map_err(failed)?.len();
    let key = format!("functions/{function}/{sha256}.zip");
    let asset = Asset {
        function: function.to_owned(),
        key,
        sha256,
        path,
        size,
    };
    Ok(BuiltFunction {
        asset,
        bootstrap,
        changed,
    })
}

/// A zip that is kept.
struct Zipped {
    sha256: String,
    /// False when it was there, whole.
    made: bool,
}

/// Zips the binary, unless that was done before: what it came to is written down beside the binary.
/// That the zip is still what it was is checked before it is sent anywhere.
fn keep_zip(folder: &Path, bootstrap: &Path) -> io::Result<Zipped> {
    let note = bootstrap.with_file_name("zip");
    let noted = fs::read_to_string(&note).unwrap_or_default();
    if let Some((sha256, size)) = noted.split_once(' ')
        && fs::metadata(folder.join(format!("{sha256}.zip")))
            .is_ok_and(|zip| zip.len().to_string() == size)
    {
        return Ok(Zipped {
            sha256: sha256.to_owned(),
            made: false,
        });
    }
    let zip = zip_of(&fs::read(bootstrap)?)?;
    let sha256 = hex(&Sha256::digest(&zip));
    let path = folder.join(format!("{sha256}.zip"));
    let made = !fs::read(&path).is_ok_and(|there| there == zip);
    if made {
        state::write_private(&path, &zip)?;
    }
    state::write_private(&note, format!("{sha256} {}", zip.len()).as_bytes())?;
    Ok(Zipped { sha256, made })
}

/// Copies the binary to where its content says. False when it was there, whole.
fn keep_bootstrap(executable: &Path, sha256: &str, bootstrap: &Path) -> io::Result<bool> {
    let size = fs::metadata(executable)?.len();
    // Renamed into place when whole, so the size tells whether somebody cut it since.
    if fs::metadata(bootstrap).is_ok_and(|there| there.len() == size) {
        return Ok(false);
    }
    let folder = bootstrap.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let temporary = folder.join(format!("bootstrap.tmp{}", std::process::id()));
    // A copy, never a link: cargo writes into its own file the next time.
    fs::copy(executable, &temporary)?;
    if hash_file(&temporary)? != sha256 {
        fs::remove_file(&temporary)?;
        return Err(io::Error::other(format!(
            "{} changed while it was copied: is another cargo building?",
            executable.display()
        )));
    }
    fs::set_permissions(&temporary, fs::Permissions::from_mode(0o755))?;
    fs::File::open(&temporary)?.sync_all()?;
    fs::rename(&temporary, bootstrap)?;
    Ok(true)
}

/// How many artifacts of a function stay: a debug build is 50 MB, and each save makes another.
const KEPT: usize = 8;

/// Removes the oldest artifacts of a function, but not those of these hashes. What is deployed has
/// links or copies of its own.
fn prune(folder: &Path, binary: &str, asset: &str) -> io::Result<()> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(binary) || name.starts_with(asset) {
            continue;
        }
        all.push((entry.metadata()?.modified()?, entry.path()));
    }
    all.sort();
    let oldest = all.len().saturating_sub(KEPT - 1);
    for (_, path) in all.drain(..oldest) {
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        match removed {
            // Another build prunes, too.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A zip with the one file `bootstrap`: the same bytes for the same content, whenever and wherever
/// it is made.
fn zip_of(bootstrap: &[u8]) -> io::Result<Vec<u8>> {
    // The default time stamp is the first that zip can say: 1980-01-01.
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o755);
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("bootstrap", options)?;
    writer.write_all(bootstrap)?;
    Ok(writer.finish()?.into_inner())
}

/// SHA-256 of a file's content, lowercase hex.
fn hash_file(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&buffer[..read]);
    }
}

/// Lowercase hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unwritable(path: &Path) -> Error {
    Error::failed(
        format!("The built function cannot be kept in {}.", path.display()),
        "Make room on the disk and check the permissions of the folder, then run the same command again.",
    )
}

#[cfg(test)]
#[path = "artifacts_tests.rs"]
mod tests;

//! The code of functions, in the bucket that the templates name: hard links to what was built,
//! which cost nothing and stay when the build keeps something newer.

use crate::asset::Asset;
use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

use crate::target::Uploaded;

/// Makes an asset be in the bucket under its key.
pub(super) fn put(bucket: &Path, asset: &Asset) -> io::Result<Uploaded> {
    let path = bucket.join(&asset.key);
    let built = fs::metadata(&asset.path)?;
    if fs::metadata(&path).is_ok_and(|there| same(&there, &built)) {
        return Ok(Uploaded::AlreadyThere);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let temporary = path.with_extension(format!("tmp{}", std::process::id()));
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Another file system has no link.
    fs::hard_link(&asset.path, &temporary)
        .or_else(|_| fs::copy(&asset.path, &temporary).map(drop))?;
    fs::rename(&temporary, &path)?;
    Ok(Uploaded::Sent)
}

fn same(there: &fs::Metadata, built: &fs::Metadata) -> bool {
    there.ino() == built.ino() && there.dev() == built.dev()
}

/// Removes the code of functions that `used`, a text with every key in use, does not name: each
/// build of a function is 50 MB.
pub(super) fn sweep(bucket: &Path, used: &str) -> io::Result<()> {
    let functions = match fs::read_dir(bucket.join("functions")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        functions => functions?,
    };
    for function in functions {
        for code in fs::read_dir(function?.path())? {
            let path = code?.path();
            let key = path.strip_prefix(bucket).unwrap_or(&path).to_string_lossy();
            if !used.contains(key.as_ref()) {
                fs::remove_file(&path)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_linked_once_and_swept_when_nobody_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let (built, bucket) = (
            folder.path().join("bootstrap"),
            folder.path().join("assets"),
        );
        fs::write(&built, "1").unwrap();
        let asset = Asset {
            function: "tasks".to_owned(),
            key: "functions/tasks/ab.zip".to_owned(),
            sha256: "ab".to_owned(),
            path: built.clone(),
            size: 1,
        };
        assert_eq!(put(&bucket, &asset).unwrap(), Uploaded::Sent);
        assert_eq!(put(&bucket, &asset).unwrap(), Uploaded::AlreadyThere);
        // A build replaces its file; what is deployed stays what it was.
        fs::remove_file(&built).unwrap();
        fs::write(&built, "2").unwrap();
        assert_eq!(fs::read(bucket.join(&asset.key)).unwrap(), b"1");
        assert_eq!(put(&bucket, &asset).unwrap(), Uploaded::Sent);
        sweep(&bucket, r#"{"S3Key":"functions/tasks/ab.zip"}"#).unwrap();
        assert!(bucket.join(&asset.key).exists());
        sweep(&bucket, "{}").unwrap();
        assert!(!bucket.join(&asset.key).exists());
    }
}

//! A bucket whose objects are served: bodies by their content, and one index that says which key
//! has which body. A key is never part of a path, so no key leads out of the bucket; the index is
//! replaced as a whole, so no reader sees a site that is half new.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::files::{read, write};
use crate::{build::hex, state::write_private, target::SiteFile};

/// An object, without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Object {
    /// `text/html; charset=utf-8`
    pub(super) content_type: String,
    /// `no-cache`
    pub(super) cache_control: String,
    /// SHA-256 of the body, lowercase hex: good for an ETag.
    pub(super) sha256: String,
    /// Bytes.
    pub(super) size: u64,
}

/// The objects by key, as they are now.
pub(super) fn index(bucket: &Path) -> io::Result<BTreeMap<String, Object>> {
    Ok(read(&bucket.join("index.json"))?.unwrap_or_default())
}

/// The body of an object.
#[allow(dead_code, reason = "the edge serves bodies")]
pub(super) fn body(bucket: &Path, object: &Object) -> io::Result<Vec<u8>> {
    fs::read(path(bucket, &object.sha256))
}

/// Makes the bucket hold exactly these objects.
pub(super) fn put_all(bucket: &Path, files: &[SiteFile]) -> io::Result<()> {
    let mut objects = BTreeMap::new();
    for file in files {
        let sha256 = hex(&Sha256::digest(&file.body));
        let path = path(bucket, &sha256);
        let size = file.body.len() as u64;
        if !fs::metadata(&path).is_ok_and(|there| there.len() == size) {
            write_private(&path, &file.body)?;
        }
        let object = Object {
            content_type: file.content_type.clone(),
            cache_control: file.cache_control.clone(),
            sha256,
            size,
        };
        objects.insert(file.key.clone(), object);
    }
    let before = index(bucket)?;
    write(&bucket.join("index.json"), &objects)?;
    // Bodies of the index before stay for whoever has just read it; older ones go.
    let used: BTreeSet<&str> = objects
        .values()
        .chain(before.values())
        .map(|object| object.sha256.as_str())
        .collect();
    for entry in fs::read_dir(bucket.join("objects"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !used.contains(name.as_ref()) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn path(bucket: &Path, sha256: &str) -> PathBuf {
    bucket.join("objects").join(sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(key: &str, body: &str) -> SiteFile {
        SiteFile {
            key: key.to_owned(),
            content_type: "text/html".to_owned(),
            cache_control: "no-cache".to_owned(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_bucket_holds_exactly_what_was_put_last() {
        let folder = tempfile::tempdir().unwrap();
        let bucket = folder.path().join("site");
        put_all(&bucket, &[file("index.html", "1"), file("../../x", "2")]).unwrap();
        let first = index(&bucket).unwrap();
        assert_eq!(body(&bucket, &first["../../x"]).unwrap(), b"2");
        put_all(&bucket, &[file("index.html", "3")]).unwrap();
        let second = index(&bucket).unwrap();
        assert_eq!(second.keys().collect::<Vec<_>>(), ["index.html"]);
        // Who read the first index still finds its bodies.
        assert_eq!(body(&bucket, &first["index.html"]).unwrap(), b"1");
        put_all(&bucket, &[file("index.html", "3")]).unwrap();
        assert!(body(&bucket, &first["index.html"]).is_err());
    }
}

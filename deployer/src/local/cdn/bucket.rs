//! A bucket on this machine: contents by their hash, and an index that says which key has which.
//!
//! A key is looked up in the index and is never a path, so no key leads anywhere else. The index
//! is replaced in one step: whoever reads sees all of the old site or all of the new one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::{build::hex, local::files, site::SiteFile};

/// What CloudFront compresses
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html>).
const COMPRESSED_SIZES: std::ops::RangeInclusive<usize> = 1_000..=10_000_000;

/// An object without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Object {
    sha256: String,
    pub(super) size: usize,
    pub(super) content_type: String,
    pub(super) cache_control: String,
    /// Seconds since 1970.
    pub(super) last_modified: i64,
    /// Whether the contents are there compressed, too.
    pub(super) has_gzip: bool,
}

impl Object {
    /// S3's is an MD5 for most objects, and never promised to be one.
    pub(super) fn etag(&self) -> String {
        format!("\"{}\"", &self.sha256[..32])
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Index {
    objects: BTreeMap<String, Object>,
    /// Contents of the index before this one: somebody may be reading them.
    previous: BTreeSet<String>,
}

/// Changes with each replacement: inode and time of the index file.
type Stamp = Option<(u64, i64, i64)>;

/// A bucket.
#[derive(Debug)]
pub(in crate::local) struct Bucket {
    dir: PathBuf,
    index: Mutex<(Stamp, Arc<Index>)>,
}

impl Bucket {
    /// The bucket in that folder, which need not be there.
    pub(in crate::local) fn new(dir: PathBuf) -> Bucket {
        Bucket {
            dir,
            index: Mutex::default(),
        }
    }

    /// Makes the bucket hold exactly these files. What did not change keeps its date.
    pub(in crate::local) fn replace(&self, files: &[SiteFile]) -> io::Result<()> {
        fs::create_dir_all(self.dir.join("objects"))?;
        let before = self.load()?;
        let mut index = Index {
            previous: before.contents(),
            ..Index::default()
        };
        for file in files {
            let mut object = self.store(file)?;
            if let Some(old) = before.objects.get(&file.key) {
                let now = object.last_modified;
                object.last_modified = old.last_modified;
                if object != *old {
                    object.last_modified = now;
                }
            }
            index.objects.insert(file.key.clone(), object);
        }
        files::write(&self.index_file(), &index)?;
        self.remove_all_but(&index)
    }

    /// The object under a key, with its bytes, compressed when that is wanted and there.
    pub(super) fn get(&self, key: &str, gzip: bool) -> io::Result<Option<(Object, Bytes, bool)>> {
        // Between the look at the index and the look at the contents, the site may be replaced
        // twice; then the newest index has the answer.
        for attempt in 0..3 {
            let index = self.current()?;
            let Some(object) = index.objects.get(key) else {
                return Ok(None);
            };
            let gzip = gzip && object.has_gzip;
            match fs::read(self.contents_file(&object.sha256, gzip)) {
                Ok(body) => return Ok(Some((object.clone(), Bytes::from(body), gzip))),
                Err(error) if error.kind() != io::ErrorKind::NotFound || attempt == 2 => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        Ok(None)
    }

    /// How many objects there are.
    pub(in crate::local) fn len(&self) -> io::Result<usize> {
        Ok(self.current()?.objects.len())
    }

    /// The index as it is on the disk now; another process may have replaced it.
    fn current(&self) -> io::Result<Arc<Index>> {
        let stamp = match fs::metadata(self.index_file()) {
            Ok(found) => Some((found.ino(), found.mtime(), found.mtime_nsec())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let mut known = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != stamp {
            // Read after the stamp was taken: a newer index under an older stamp is read again.
            *known = (stamp, Arc::new(self.load()?));
        }
        Ok(known.1.clone())
    }

    fn load(&self) -> io::Result<Index> {
        Ok(files::read(&self.index_file())?.unwrap_or_default())
    }

    fn store(&self, file: &SiteFile) -> io::Result<Object> {
        let sha256 = hex(&Sha256::digest(&file.body));
        write_new(&self.contents_file(&sha256, false), &file.body)?;
        let has_gzip =
            COMPRESSED_SIZES.contains(&file.body.len()) && is_compressible(&file.content_type);
        if has_gzip && !self.contents_file(&sha256, true).is_file() {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&file.body)?;
            write_new(&self.contents_file(&sha256, true), &encoder.finish()?)?;
        }
        Ok(Object {
            sha256,
            size: file.body.len(),
            content_type: file.content_type.clone(),
            cache_control: file.cache_control.clone(),
            last_modified: OffsetDateTime::now_utc().unix_timestamp(),
            has_gzip,
        })
    }

    fn remove_all_but(&self, index: &Index) -> io::Result<()> {
        let mut wanted = index.contents();
        wanted.extend(index.previous.iter().cloned());
        for entry in fs::read_dir(self.dir.join("objects"))? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !wanted.contains(name.trim_end_matches(".gz")) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn index_file(&self) -> PathBuf {
        self.dir.join("index.json")
    }

    fn contents_file(&self, sha256: &str, gzip: bool) -> PathBuf {
        let end = if gzip { ".gz" } else { "" };
        self.dir.join("objects").join(format!("{sha256}{end}"))
    }
}

impl Index {
    fn contents(&self) -> BTreeSet<String> {
        self.objects
            .values()
            .map(|object| object.sha256.clone())
            .collect()
    }
}

/// Writes a file whose name follows from its contents: whole, or not at all.
fn write_new(path: &Path, body: &[u8]) -> io::Result<()> {
    if path.is_file() {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(path);
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(body)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn is_compressible(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/")
        || matches!(
            kind,
            "application/json"
                | "application/javascript"
                | "application/manifest+json"
                | "application/xml"
                | "image/svg+xml"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(key: &str, body: &str) -> SiteFile {
        SiteFile {
            key: key.to_owned(),
            content_type: "text/plain".to_owned(),
            cache_control: "no-cache".to_owned(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn text(bucket: &Bucket, key: &str) -> Option<String> {
        let found = bucket.get(key, false).unwrap();
        found.map(|(_, body, _)| String::from_utf8(body.to_vec()).unwrap())
    }

    #[test]
    fn a_bucket_holds_exactly_what_was_put_last() {
        let dir = tempfile::tempdir().unwrap();
        let bucket = Bucket::new(dir.path().join("b"));
        assert_eq!(text(&bucket, "a"), None);
        bucket.replace(&[file("a", "1"), file("b", "2")]).unwrap();
        let (first, ..) = bucket.get("a", false).unwrap().unwrap();
        // Another process replaces it.
        let other = Bucket::new(dir.path().join("b"));
        other.replace(&[file("a", "1"), file("c", "3")]).unwrap();
        assert_eq!(
            ["a", "b", "c"].map(|key| text(&bucket, key)),
            [Some("1".to_owned()), None, Some("3".to_owned())]
        );
        assert_eq!(bucket.get("a", false).unwrap().unwrap().0, first);
        other.replace(&[file("a", "4")]).unwrap();
        other.replace(&[file("a", "4")]).unwrap();
        assert_eq!(
            (text(&bucket, "a"), bucket.len().unwrap()),
            (Some("4".to_owned()), 1)
        );
        assert_eq!(
            fs::read_dir(dir.path().join("b/objects")).unwrap().count(),
            1
        );
    }

    #[test]
    fn no_key_leads_out_of_the_bucket() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("secret"), "s").unwrap();
        let bucket = Bucket::new(dir.path().join("b"));
        bucket.replace(&[file("a", "1")]).unwrap();
        let secret = dir.path().join("secret").display().to_string();
        for key in [
            "../secret",
            "../../secret",
            secret.as_str(),
            "a/../../secret",
            "a\0",
            "",
            "index.json",
            "../index.json",
        ] {
            assert_eq!(text(&bucket, key), None, "{key:?}");
        }
    }

    #[test]
    fn large_texts_are_there_compressed() {
        let dir = tempfile::tempdir().unwrap();
        let bucket = Bucket::new(dir.path().to_owned());
        let mut picture = file("p.png", &"x".repeat(5000));
        picture.content_type = "image/png".to_owned();
        bucket
            .replace(&[file("big", &"x".repeat(5000)), file("small", "x"), picture])
            .unwrap();
        let gzip = |key: &str| bucket.get(key, true).unwrap().unwrap();
        assert!(gzip("big").2 && gzip("big").1.len() < 100 && gzip("big").0.size == 5000);
        assert!(!gzip("small").2 && !gzip("p.png").2);
    }
}

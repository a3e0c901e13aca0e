//! The files of the site: what the folder holds, with content types and caching, and `config.json`,
//! which tells the site where it is. The site itself knows no stage.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use stacks::rewrite::{NOT_FOUND, Pages};

use crate::{Error, build::hex, project::Project};

/// A file of the site.
#[derive(Clone, PartialEq, Eq)]
pub struct SiteFile {
    /// Key in the bucket: `index.html`, `assets/logo.svg`.
    pub key: String,
    /// `text/html; charset=utf-8`
    pub content_type: String,
    /// `public, max-age=31536000, immutable` or `no-cache`.
    pub cache_control: String,
    /// The bytes.
    pub body: Vec<u8>,
}

impl fmt::Debug for SiteFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} bytes)", self.key, self.body.len())
    }
}

/// The files of the site without `config.json`, in the order of their keys.
pub fn files(project: &Project) -> Result<Vec<SiteFile>, Error> {
    let folder = folder(project);
    let mut files = Vec::new();
    collect(&folder, &folder, &mut files).map_err(|cause| {
        Error::failed(
            format!(
                "The files of the site in {} cannot be read.",
                folder.display()
            ),
            "Check the folder and its permissions, then run the same command again.",
        )
        .because(cause)
    })?;
    files.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(files)
}

/// What [`crate::build::build_site`] made, or the plain page when there is none.
fn folder(project: &Project) -> PathBuf {
    let built = project.root().join("frontend/out");
    if built.join("index.html").is_file() {
        built
    } else {
        project.root().join("deployer/site")
    }
}

/// The pages among the files, which the site's stack has to know.
///
/// # Errors
///
/// [`crate::ErrorKind::Usage`] when there is no page to answer for an unknown one, or a page has a
/// name that a URL spells in more than one way.
pub(crate) fn pages(files: &[SiteFile]) -> Result<Pages, Error> {
    let keys = || files.iter().map(|file| file.key.as_str());
    if !keys().any(|key| key == NOT_FOUND) {
        return Err(Error::usage(
            format!("The site has no `{NOT_FOUND}`, the page that answers for an unknown one."),
            "Add it to the site's files: Next.js exports it from `app/not-found.tsx`.",
        ));
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    match keys().find(|key| key.ends_with(".html") && !key.bytes().all(is_plain)) {
        Some(key) => Err(Error::usage(
            format!(
                "The page `{key}` of the site has a name that a URL spells in more than one way."
            ),
            "Rename it: letters and digits of ASCII, `-`, `.`, `_` and `~`.",
        )),
        None => Ok(Pages::of(keys())),
    }
}

/// SHA-256 over keys and contents, lowercase hex.
pub(crate) fn hash<'a>(files: impl IntoIterator<Item = &'a SiteFile>) -> String {
    let mut hasher = Sha256::new();
    for file in files {
        // Lengths between the parts, so that no two different lists read the same.
        for part in [
            file.key.as_bytes(),
            file.cache_control.as_bytes(),
            &file.body,
        ] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
    }
    hex(&hasher.finalize())
}

/// `config.json`: the stage and the outputs that people see.
pub(crate) fn config(stage: &str, outputs: &BTreeMap<String, String>) -> SiteFile {
    let value = serde_json::json!({ "stage": stage, "outputs": outputs });
    SiteFile {
        key: "config.json".to_owned(),
        content_type: content_type("config.json").to_owned(),
        cache_control: "no-cache".to_owned(),
        body: format!("{value}\n").into_bytes(),
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<SiteFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
            continue;
        }
        let parts: Option<Vec<&str>> = path
            .strip_prefix(root)
            .map_err(io::Error::other)?
            .components()
            .map(|part| part.as_os_str().to_str())
            .collect();
        let Some(parts) = parts else {
            return Err(io::Error::other(format!("{} is not UTF-8", path.display())));
        };
        let key = parts.join("/");
        files.push(SiteFile {
            content_type: content_type(&key).to_owned(),
            cache_control: cache_control(&key).to_owned(),
            body: fs::read(&path)?,
            key,
        });
    }
    Ok(())
}

/// The media type by the name's end.
fn content_type(key: &str) -> &'static str {
    match key.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "xml" => "application/xml",
        _ => "application/octet-stream",
    }
}

/// Files whose name carries their hash never change; everything else is asked for each time.
fn cache_control(key: &str) -> &'static str {
    if key.starts_with("_next/static/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_their_types_and_the_hash_sees_a_rename() {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("deployer/site");
        fs::create_dir_all(site.join("_next/static")).unwrap();
        fs::write(site.join("index.html"), "<html>").unwrap();
        fs::write(site.join("_next/static/a.js"), "1").unwrap();
        let project = Project::new(folder.path());
        let found = files(&project).unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|file| {
                (
                    file.key.as_str(),
                    file.content_type.as_str(),
                    file.cache_control.as_str(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (
                    "_next/static/a.js",
                    "text/javascript; charset=utf-8",
                    "public, max-age=31536000, immutable"
                ),
                ("index.html", "text/html; charset=utf-8", "no-cache"),
            ]
        );
        let missing = pages(&found).unwrap_err();
        assert!(missing.message().contains("404.html"), "{missing}");
        fs::write(site.join("404.html"), "").unwrap();
        let known = pages(&files(&project).unwrap()).unwrap();
        assert_eq!(known, Pages::of(["index.html"]));
        fs::write(site.join("é.html"), "").unwrap();
        let odd = pages(&files(&project).unwrap()).unwrap_err();
        assert!(odd.message().contains("é.html"), "{odd}");
        fs::remove_file(site.join("é.html")).unwrap();
        fs::remove_file(site.join("404.html")).unwrap();

        let before = hash(&found);
        fs::rename(
            site.join("_next/static/a.js"),
            site.join("_next/static/b.js"),
        )
        .unwrap();
        assert_ne!(hash(&files(&project).unwrap()), before);
    }
}

//! What was built, by content.

use std::collections::BTreeMap;

use crate::rewrite::{NOT_FOUND, Pages};

/// What was built: the functions, and which pages the site has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assets {
    /// Short name (`tasks`) -> its code.
    pub functions: BTreeMap<String, FunctionAsset>,
    /// The pages of the site.
    pub pages: Pages,
}

/// A function's code in the asset bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionAsset {
    /// SHA-256 of the file, lowercase hex.
    pub sha256: String,
}

impl Assets {
    /// Made-up assets for the functions of the catalogue: each hash is 64 times the same digit, and
    /// the site has one page. For templates that nobody deploys: goldens, `synth` without a build.
    pub fn placeholder() -> Self {
        let functions = miyabi_catalog::FUNCTIONS
            .iter()
            .map(|function| {
                (
                    function.name.to_owned(),
                    FunctionAsset {
                        sha256: "0".repeat(64),
                    },
                )
            })
            .collect();
        let pages = Pages::of(["index.html", NOT_FOUND]);
        Self { functions, pages }
    }

    /// The code of the function of that name: `functions/{name}/{sha256}.zip`.
    pub fn key(&self, name: &str) -> String {
        format!("functions/{name}/{}.zip", self.sha256(name))
    }

    /// SHA-256 of the function's code; empty when it was not built, which no template survives.
    pub(crate) fn sha256(&self, name: &str) -> &str {
        self.functions
            .get(name)
            .map_or("", |asset| asset.sha256.as_str())
    }
}

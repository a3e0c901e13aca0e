//! Takes the files that the function serves, compresses them and lists them in `assets.rs`.
//!
//! Swagger UI comes from the archive that is vendored as a crate: of its 16 MB, source maps and
//! tests included, a browser needs the four files named here.

use std::{
    env, fs,
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

const OPENAPI: &str = "../../frontend/openapi.json";
const OF_SWAGGER_UI: [&str; 4] = [
    "swagger-ui-bundle.js",
    "swagger-ui.css",
    "favicon-16x16.png",
    "favicon-32x32.png",
];
const OF_OURS: [&str; 2] = ["index.html", "start.js"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = vec![("openapi.json".to_owned(), read(OPENAPI)?)];
    for name in OF_OURS {
        files.push((name.to_owned(), read(&format!("ui/{name}"))?));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    let names = archive
        .file_names()
        .map(|name| name.map(std::borrow::Cow::into_owned))
        .collect::<Result<Vec<String>, _>>()?;
    for name in OF_SWAGGER_UI {
        let path = names
            .iter()
            .find(|path| {
                path.split_once('/')
                    .is_some_and(|(_, rest)| rest == format!("dist/{name}"))
            })
            .ok_or_else(|| format!("the vendored Swagger UI has no dist/{name}"))?;
        let mut content = Vec::new();
        archive.by_name(path)?.read_to_end(&mut content)?;
        files.push((name.to_owned(), content));
    }
    write(&PathBuf::from(env::var("OUT_DIR")?), &files)
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    println!("cargo::rerun-if-changed={path}");
    fs::read(path).map_err(|error| {
        format!("{path} of handlers/docs cannot be read: {error}. It is checked in; `git checkout` brings it back.")
    })
}

/// One constant an asset is enough for `include!`: name, and the compressed content.
fn write(out: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Box<dyn std::error::Error>> {
    let mut list = String::from("&[\n");
    for (name, content) in files {
        // The header of gzip would hold a time; without one, the same input gives the same bytes.
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content)?;
        fs::write(out.join(format!("{name}.gz")), encoder.finish()?)?;
        list += &format!(
            "    Asset {{ name: {name:?}, gzip: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.gz\")) }},\n"
        );
    }
    list += "]\n";
    fs::write(out.join("assets.rs"), list)?;
    Ok(())
}

//! The zips of the functions: their sizes, and that a build on another path gives the same bytes.

use std::{
    collections::BTreeMap,
    fs,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{Context, Error, checkout::Checkout, finding::Finding};

/// For both architectures; one that this machine cannot compile for is said to be absent.
pub(crate) fn run(context: &Context) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for architecture in ["x86_64", "arm64"] {
        match sizes(context, architecture) {
            Ok(zips) => findings.extend(zips.values().map(|(finding, _)| finding.clone())),
            Err(error) => findings.push(Finding::absent(
                "zips",
                format!("zips for {architecture}"),
                error,
            )),
        }
    }
    Ok(findings)
}

/// Whether two builds of one source on two paths are byte-equal. Compiles everything a second time.
pub(crate) fn twice(context: &Context) -> Result<Vec<Finding>, Error> {
    let architecture = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    };
    let here = sizes(context, architecture)?;
    let checkout = Checkout::new(context)?;
    let ran = checkout.xtask(&["build", "--stage", "prod", "--arch", architecture])?;
    let mut findings = Vec::new();
    for built in ran.answer.as_array().into_iter().flatten() {
        let name = text(built, "function");
        let there = fs::read(text(built, "path"))?;
        let same = here.get(name).is_some_and(|(_, bytes)| *bytes == there);
        let mut finding = Finding::new(
            "equality",
            format!("{name}, {architecture}, built on two paths"),
            if same { "byte-equal" } else { "different" },
            f64::from(u8::from(same)),
        );
        finding.goal = "byte-equal".to_owned();
        finding.holds = Some(same);
        findings.push(finding);
    }
    Ok(findings)
}

type Zips = BTreeMap<String, (Finding, Vec<u8>)>;

fn sizes(context: &Context, architecture: &str) -> Result<Zips, Error> {
    let output = Command::new(context.xtask())
        .args(["build", "--stage", "prod", "--json", "--arch", architecture])
        .current_dir(context.project())
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    if !output.status.success() {
        return Err(Error::other(String::from_utf8_lossy(&output.stderr).trim()));
    }
    let answer: Value = serde_json::from_slice(&output.stdout).map_err(Error::other)?;
    let mut zips = BTreeMap::new();
    for built in answer.as_array().into_iter().flatten() {
        let (name, zip) = (text(built, "function"), fs::read(text(built, "path"))?);
        let bootstrap = fs::metadata(text(built, "bootstrap"))?.len();
        let (megabytes, unpacked) = (zip.len() as f64 / 1e6, bootstrap as f64 / 1e6);
        let shown = format!("{megabytes:.2} MB");
        let finding = Finding::new(
            "zips",
            format!("zip of {name}, {architecture}"),
            shown,
            megabytes,
        )
        .against(format!("{unpacked:.2} MB unpacked"))
        .at_most(3.0, " MB");
        zips.insert(name.to_owned(), (finding, zip));
    }
    Ok(zips)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

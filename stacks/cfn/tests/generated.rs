//! What is checked in is what the generator writes.

use std::{fs, path::Path, process::Command};

#[test]
fn generated_types_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fresh = tempfile::tempdir().unwrap();
    let files = cfn_codegen::generate(&root.join("schemas")).unwrap();
    for (name, text) in &files {
        fs::write(fresh.path().join(name), text).unwrap();
    }
    let formatted = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .arg(fresh.path().join("mod.rs"))
        .status()
        .unwrap();
    assert!(formatted.success());
    for name in files.keys() {
        let checked_in = fs::read_to_string(root.join("src/types").join(name)).unwrap_or_default();
        let written = fs::read_to_string(fresh.path().join(name)).unwrap();
        assert!(
            checked_in == written,
            "src/types/{} is not what the generator writes. Run `cargo xtask codegen` and commit the result.",
            name.display()
        );
    }
    let checked_in = fs::read_dir(root.join("src/types")).unwrap().count();
    assert_eq!(
        checked_in,
        files.len(),
        "src/types holds a file that the generator does not write"
    );
}

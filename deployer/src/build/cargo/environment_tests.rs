//! Which variables reach a cargo that the deployer runs.

use super::*;

#[test]
fn an_inner_cargo_gets_the_environment_of_a_shell() {
    // `cargo test` has set this one for the program that runs this test.
    assert!(env::var_os("CARGO_PKG_NAME").is_some());
    let cargo = cargo();
    let given: Vec<&str> = cargo
        .get_envs()
        .filter(|(_, value)| value.is_some())
        .filter_map(|(name, _)| name.to_str())
        .collect();
    let of_this_program = |name: &&&str| {
        let described = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ];
        **name == "OUT_DIR" || described.iter().any(|prefix| name.starts_with(prefix))
    };
    assert_eq!(given.iter().find(of_this_program), None, "{given:?}");
    assert!(
        given.contains(&"PATH") && given.contains(&"SQLX_OFFLINE"),
        "{given:?}"
    );
}

#[test]
fn only_listed_variables_reach_an_inner_cargo() {
    for name in [
        "PATH",
        "CARGO_HOME",
        "CARGO_TARGET_DIR",
        "CC_aarch64_unknown_linux_gnu",
        "MIYABI_KILLS",
    ] {
        assert!(is_inherited(name), "{name}");
    }
    for name in [
        "OUT_DIR",
        "CARGO",
        "CARGO_PKG_NAME",
        "CARGO_MANIFEST_PATH",
        "LD_LIBRARY_PATH",
        "DATABASE_URL",
    ] {
        assert!(!is_inherited(name), "{name}");
    }
}

//! The functions as Lambda gets them: compiled for arm64, zipped, and run as that. Ignored unless
//! asked for, because the build takes minutes: `cargo xtask test arm64` installs what it needs and
//! runs them.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use deployer::build::BuiltFunction;
use miyabi_catalog::FUNCTIONS;
use miyabi_tests::{
    App, Setup, for_arm64, json, programs_for_arm64, programs_for_arm64_with_example,
};

use crate::attacks::panics;

/// The newest version of glibc's symbols that `provided.al2023` has: 2.34.
const NEWEST_GLIBC_MINOR: u32 = 34;
/// What a zip may weigh, in bytes: it is fetched and unpacked at a cold start.
const LARGEST_ZIP: u64 = 3_000_000;
/// ELF's number of AArch64, at offset 18 of the header.
const AARCH64: u16 = 183;

fn bytes(function: &BuiltFunction) -> Vec<u8> {
    fs::read(&function.bootstrap).unwrap()
}

/// Where `needle` is in `haystack`.
fn occurrences<'a>(haystack: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let windows = haystack.windows(needle.len()).enumerate();
    windows.filter_map(move |(at, window)| (window == needle).then_some(at))
}

#[tokio::test]
#[ignore = "compiles for minutes: cargo xtask test arm64"]
async fn every_function_is_a_program_for_arm64_that_lambdas_c_library_can_start() {
    let built = for_arm64().await;
    let names: Vec<&str> = built.iter().map(|built| &*built.asset.function).collect();
    let mut catalogue: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
    catalogue.sort_unstable();
    assert_eq!(names, catalogue);
    for function in built {
        let (name, program) = (&function.asset.function, bytes(function));
        assert_eq!(program[..4], *b"\x7fELF", "{name}");
        let machine = u16::from_le_bytes([program[18], program[19]]);
        assert_eq!(machine, AARCH64, "{name}");
        let needed: Vec<u32> = occurrences(&program, b"GLIBC_2.")
            .filter_map(|at| {
                let version = program[at + b"GLIBC_2.".len()..].iter();
                let digits = version.take_while(|byte| byte.is_ascii_digit());
                let digits: Vec<u8> = digits.copied().collect();
                String::from_utf8(digits).unwrap().parse().ok()
            })
            .collect();
        let newest = needed.iter().max();
        assert!(
            newest.is_some_and(|newest| *newest <= NEWEST_GLIBC_MINOR),
            "{name} needs glibc 2.{newest:?}"
        );
    }
}

#[tokio::test]
#[ignore = "compiles for minutes: cargo xtask test arm64"]
async fn a_zip_for_arm64_is_small() {
    for function in for_arm64().await {
        let (name, size) = (&function.asset.function, function.asset.size);
        assert_eq!(fs::metadata(&function.asset.path).unwrap().len(), size);
        assert!(size <= LARGEST_ZIP, "the zip of {name} has {size} bytes");
    }
}

/// Two builds on two paths are equal because no path is in them.
#[tokio::test]
#[ignore = "compiles for minutes: cargo xtask test arm64"]
async fn no_path_of_this_machine_is_in_a_function_for_arm64() {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let cargo_home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")))
        .unwrap();
    for function in for_arm64().await {
        let program = bytes(function);
        for path in [checkout, &cargo_home] {
            let path = path.to_str().unwrap();
            // The end of the path must not be a longer name's.
            let found = occurrences(&program, path.as_bytes())
                .find(|at| program.get(at + path.len()) == Some(&b'/'));
            let name = &function.asset.function;
            assert_eq!(found, None, "{path} is in the program of {name}");
        }
    }
}

#[tokio::test]
#[ignore = "compiles for minutes: cargo xtask test arm64"]
async fn every_function_runs_on_arm64() {
    let setup = Setup {
        programs: Some(programs_for_arm64().await),
        ..Setup::default()
    };
    let app = App::with(setup).await;
    let health = app.get("/api/health").await.expect(200);
    assert_eq!(health["status"], "ok", "{health}");

    let status = app.invoke("migrate", &json!({"kind": "status"})).await;
    assert_eq!(status.unwrap()["pending"], json!([]));

    // The sign-in goes through `auth`, and from there through `github`.
    let alice = app.sign_in("alice").await;
    let task = json!({"title": "Water the maple"});
    let created = alice.post("/api/tasks", task).await.expect(201);
    let page = alice.get("/api/tasks").await.expect(200);
    assert_eq!(page["items"][0]["id"], created["id"], "{page}");
    let renamed = json!({"title": "Water the maples"});
    let path = format!("/api/tasks/{}", created["id"].as_str().unwrap());
    assert_eq!(alice.patch(&path, 1, renamed.clone()).await.status, 200);
    // Somebody else changed it in between.
    assert_eq!(alice.patch(&path, 1, renamed).await.status, 412);
    assert_eq!(app.get("/api/tasks").await.status, 401);

    let trail = alice.get("/api/activity?limit=1").await.expect(200);
    assert_eq!(trail["items"].as_array().unwrap().len(), 1, "{trail}");
}

/// Dates at the edges panicked in a library once.
#[tokio::test]
#[ignore = "compiles for minutes: cargo xtask test arm64"]
async fn an_odd_date_is_refused_on_arm64() {
    let setup = Setup {
        programs: Some(programs_for_arm64().await),
        ..Setup::default()
    };
    let app = App::with(setup).await;
    let alice = app.sign_in("alice").await;
    let created = alice.post("/api/tasks", json!({"title": "Water the maple"}));
    let created = created.await.expect(201);
    let path = format!("/api/tasks/{}", created["id"].as_str().unwrap());
    for date in ["0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"] {
        let change = alice.patch(&path, 1, json!({"due_at": date})).await;
        change.problem(422, "invalid");
        let date = date.replace('+', "%2B");
        let list = alice.get(&format!("/api/tasks?due_after={date}")).await;
        list.problem(422, "invalid");
    }
    let page = alice.get("/api/tasks").await.expect(200);
    assert_eq!(page["items"][0]["due_at"], json!(null), "{page}");
}

#[tokio::test]
#[ignore = "compiles for minutes: cargo xtask test arm64"]
async fn a_panic_and_an_oversized_response_are_survived_on_arm64() {
    let programs = programs_for_arm64_with_example("tasks", "misbehaving_function").await;
    panics::misbehaves_for_nobody_else(programs).await;
}

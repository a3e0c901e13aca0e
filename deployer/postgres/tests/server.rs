//! A server from its first start to the death of its parent.

use std::{
    env, fs,
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use postgres_server::{Binaries, Error, Options, Server, Source};

/// Kept between runs, so that only the first one downloads.
const CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/postgres");

fn options(dir: &Path) -> Options {
    Options {
        dir: dir.to_owned(),
        fast_and_unsafe: true,
        ..Options::default()
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "not within 20 seconds: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The initdb of a killed process may go on for a moment, in a directory of its own.
#[test]
fn what_a_killed_initdb_left_is_in_nobodys_way_and_goes() {
    let temp = tempfile::tempdir().unwrap();
    let binaries = Binaries::find(None, Path::new(CACHE)).unwrap();
    let left = temp.path().join("data.new-1/base");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("1"), "half made").unwrap();
    let mut server = Server::start(&binaries, &options(temp.path())).unwrap();
    assert!(server.is_ready());
    let rest = fs::read_dir(temp.path()).unwrap().flatten();
    let rest: Vec<_> = rest
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("data.new"))
        .collect();
    assert!(rest.is_empty(), "{rest:?}");
}

#[test]
fn a_server_starts_stops_and_starts_again_on_its_data() {
    let temp = tempfile::tempdir().unwrap();
    let binaries = Binaries::find(None, Path::new(CACHE)).unwrap();
    let mut server = Server::start(&binaries, &options(temp.path())).unwrap();
    assert!(server.is_ready());
    let (dir, port) = (server.dir().to_owned(), server.port());
    server.stop();
    assert!(
        TcpStream::connect(("127.0.0.1", port)).is_err(),
        "the port is free again"
    );

    let made = fs::metadata(dir.join("data/PG_VERSION"))
        .unwrap()
        .modified()
        .unwrap();
    let server = Server::start(
        &binaries,
        &Options {
            port: Some(port),
            ..options(temp.path())
        },
    )
    .unwrap();
    assert_eq!(server.port(), port);
    assert_eq!(
        fs::metadata(dir.join("data/PG_VERSION"))
            .unwrap()
            .modified()
            .unwrap(),
        made
    );
    server.stop();
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn the_npm_package_runs_and_says_that_it_has_no_tls() {
    let temp = tempfile::tempdir().unwrap();
    let binaries = Binaries::from_npm(Path::new(CACHE)).unwrap();
    assert_eq!((binaries.major, binaries.source), (15, Source::Npm));
    let mut server = Server::start(&binaries, &options(temp.path())).unwrap();
    assert!(server.is_ready());
    let dir = server.dir().to_owned();
    server.stop();
    fs::remove_dir_all(dir).unwrap();

    let tls = postgres_server::Tls {
        certificate: String::new(),
        key: String::new(),
    };
    let error = Server::start(
        &binaries,
        &Options {
            tls: Some(tls),
            ..options(temp.path())
        },
    )
    .unwrap_err();
    assert!(matches!(error, Error::NoTls));
}

#[test]
fn a_taken_port_is_named_with_what_the_server_said() {
    let temp = tempfile::tempdir().unwrap();
    let binaries = Binaries::find(None, Path::new(CACHE)).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = Some(taken.local_addr().unwrap().port());
    let error = Server::start(
        &binaries,
        &Options {
            port,
            ..options(temp.path())
        },
    )
    .unwrap_err();
    assert!(
        error.to_string().contains("Address already in use"),
        "{error}"
    );
    fs::remove_dir_all(postgres_server::place(temp.path())).unwrap();
}

#[test]
fn data_of_another_version_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let binaries = Binaries::find(None, Path::new(CACHE)).unwrap();
    let dir = postgres_server::place(temp.path());
    fs::create_dir_all(dir.join("data")).unwrap();
    fs::write(dir.join("data/PG_VERSION"), "9.6\n").unwrap();
    let error = Server::start(&binaries, &options(temp.path())).unwrap_err();
    assert!(
        error.to_string().contains("was made by PostgreSQL 9.6"),
        "{error}"
    );
    fs::remove_dir_all(dir).unwrap();
}

/// The parent of the test below; on its own it has nothing to do.
#[test]
fn parent_to_be_killed() {
    let Some(dir) = env::var_os("POSTGRES_SERVER_TEST_DIR") else {
        return;
    };
    let binaries = Binaries::find(None, Path::new(CACHE)).unwrap();
    let server = Server::start(&binaries, &options(Path::new(&dir))).unwrap();
    fs::write(
        Path::new(&dir).join("ready"),
        format!("{} {}", server.pid(), server.port()),
    )
    .unwrap();
    thread::sleep(Duration::from_secs(60));
}

#[test]
fn a_parent_killed_by_force_leaves_no_server_and_its_successor_takes_over() {
    let temp = tempfile::tempdir().unwrap();
    let mut parent = Command::new(env::current_exe().unwrap())
        .args(["--exact", "parent_to_be_killed"])
        .env("POSTGRES_SERVER_TEST_DIR", temp.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = String::new();
    until("the parent has a server", || {
        told = fs::read_to_string(temp.path().join("ready")).unwrap_or_default();
        told.contains(' ')
    });
    let (_pid, port) = told.split_once(' ').unwrap();
    let port: u16 = port.parse().unwrap();
    parent.kill().unwrap();
    parent.wait().unwrap();

    // At once, while the old server may still be there.
    let binaries = Binaries::find(None, Path::new(CACHE)).unwrap();
    let server = Server::start(&binaries, &options(temp.path())).unwrap();
    until("the killed parent's server is gone", || {
        TcpStream::connect(("127.0.0.1", port)).is_err() || port == server.port()
    });
    let dir = server.dir().to_owned();
    server.stop();
    fs::remove_dir_all(dir).unwrap();
}

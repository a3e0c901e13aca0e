//! A real server, of each kind that the machine can have: TLS alone, cluster mode alone.

// A test's way to fail is to panic.
#![allow(clippy::unwrap_used)]

use std::{io, net::Ipv4Addr, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use valkey_server::{Identity, Options, Program, Server};

/// The Python package's, and the one of the machine where it has one.
fn programs(cache: &Path) -> Vec<Program> {
    let mut programs = vec![Program::from_python(cache).unwrap()];
    programs.extend(Program::installed(cache).unwrap());
    programs.dedup();
    programs
}

async fn connect(port: u16, identity: &Identity) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(identity.certificate()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

async fn ask(stream: &mut TlsStream<TcpStream>, command: &str) -> String {
    stream
        .write_all(format!("{command}\r\n").as_bytes())
        .await
        .unwrap();
    let mut response = [0; 512];
    let length = stream.read(&mut response).await.unwrap();
    String::from_utf8_lossy(&response[..length]).into_owned()
}

fn options(dir: &Path, port: u16) -> Options {
    Options {
        dir: dir.to_owned(),
        port,
        keep: true,
        max_memory: None,
    }
}

#[tokio::test]
async fn a_server_answers_by_tls_in_cluster_mode_and_keeps_its_data_and_port() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.miyabi/cache/valkey");
    let identity = Identity::in_dir(&dir.path().join("identity")).unwrap();
    for (number, program) in programs(&cache).iter().enumerate() {
        let dir = dir.path().join(number.to_string());
        let mut server = Server::start(program, &identity, &options(&dir, 0))
            .await
            .unwrap();
        let port = server.port();
        let mut client = connect(port, &identity).await.unwrap();
        assert_eq!(ask(&mut client, "SET {a}1 x").await, "+OK\r\n");
        assert_eq!(
            ask(&mut client, "MGET {a}1 {a}2").await,
            "*2\r\n$1\r\nx\r\n$-1\r\n"
        );
        assert_eq!(
            ask(&mut client, "MGET a b").await,
            "-CROSSSLOT Keys in request don't hash to the same slot\r\n",
            "{program:?}"
        );
        let slots = ask(&mut client, "CLUSTER SLOTS").await;
        assert!(slots.contains(&format!("\r\n:{port}\r\n")), "{slots}");

        // Without TLS it answers nothing.
        let mut plain = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        plain.write_all(b"PING\r\n").await.unwrap();
        let mut response = Vec::new();
        let _ = plain.read_to_end(&mut response).await;
        assert!(!response.windows(4).any(|part| part == b"PONG"));
        // Another certificate is not trusted.
        let other = Identity::in_dir(&dir.join("other")).unwrap();
        let refused = connect(port, &other).await.unwrap_err().to_string();
        assert!(refused.contains("invalid peer certificate"), "{refused}");

        assert!(server.is_running());
        drop(server);
        let server = Server::start(program, &identity, &options(&dir, port))
            .await
            .unwrap();
        let mut client = connect(server.port(), &identity).await.unwrap();
        assert_eq!(ask(&mut client, "GET {a}1").await, "$1\r\nx\r\n");
    }
}

#[tokio::test]
async fn a_program_that_ends_is_reported_with_its_last_line() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("valkey-server");
    std::fs::write(
        &program,
        "#!/bin/sh\necho 'Bad directive: cluster-port'\nexit 1\n",
    )
    .unwrap();
    let mut permissions = std::fs::metadata(&program).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    std::fs::set_permissions(&program, permissions).unwrap();
    let program = Program {
        path: program,
        source: valkey_server::Source::Named,
    };
    let identity = Identity::in_dir(&dir.path().join("identity")).unwrap();
    let error = Server::start(&program, &identity, &options(&dir.path().join("data"), 0))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} did not start: Bad directive: cluster-port",
            program.path.display()
        )
    );
}

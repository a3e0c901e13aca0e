//! The harness's own promises about the cache.

use std::{net::TcpStream, time::Duration};

use miyabi_tests::{Valkey, until};

#[tokio::test]
async fn a_valkey_is_there_until_it_is_dropped_and_can_come_back_on_its_port() {
    let valkey = Valkey::start().await;
    let port = valkey.port();
    assert_eq!(valkey.ask("SET {a}1 x").await, "+OK\r\n+OK\r\n");
    assert_eq!(valkey.keys().await, ["{a}1"]);
    drop(valkey);
    until("the port is closed", Duration::from_secs(5), async || {
        TcpStream::connect(("127.0.0.1", port))
            .is_err()
            .then_some(())
    })
    .await;
    let valkey = Valkey::start_on(port).await;
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert!(valkey.keys().await.is_empty());
}

//! The harness's own promises about the cache.

use std::net::TcpStream;

use miyabi_tests::Valkey;

#[test]
fn a_valkey_is_there_until_it_is_dropped_and_can_come_back_on_its_port() {
    let valkey = Valkey::start();
    let port = valkey.port();
    drop(valkey);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    let valkey = Valkey::start_on(port);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    drop(valkey);
}

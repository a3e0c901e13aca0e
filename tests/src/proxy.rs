//! A wire that can be cut: between a function and its database.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// Passes connections on to a port of 127.0.0.1.
#[derive(Debug)]
pub struct Wire {
    port: u16,
    is_cut: Arc<AtomicBool>,
    cut: Arc<Notify>,
}

impl Wire {
    /// A whole one.
    pub async fn to(target: u16) -> Wire {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let wire = Wire {
            port: listener.local_addr().unwrap().port(),
            is_cut: Arc::default(),
            cut: Arc::default(),
        };
        let (is_cut, cut) = (wire.is_cut.clone(), wire.cut.clone());
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (is_cut, cut) = (is_cut.clone(), cut.clone());
                tokio::spawn(async move {
                    let ends = cut.notified();
                    if is_cut.load(Ordering::SeqCst) {
                        return;
                    }
                    let Ok(mut far) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await
                    else {
                        return;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        () = ends => {}
                    }
                });
            }
        });
        wire
    }

    /// Its near end.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends every connection, and each new one at once.
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        self.cut.notify_waiters();
    }

    /// New connections are passed on again.
    pub fn repair(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

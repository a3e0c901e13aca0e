//! The certificate by which the caches of one directory are verified.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

use crate::Error;

/// A self-signed certificate for 127.0.0.1 and localhost, and its key.
#[derive(Debug, Clone)]
pub struct Identity {
    dir: PathBuf,
}

impl Identity {
    /// The identity in `dir`, created on first use: a client that has read the certificate can
    /// still verify a server that was started again.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Certificate`].
    pub fn in_dir(dir: &Path) -> Result<Identity, Error> {
        let identity = Identity {
            dir: dir.to_owned(),
        };
        if identity.certificate().is_file() {
            return Ok(identity);
        }
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let made =
            rcgen::generate_simple_self_signed(names).map_err(|error| identity.unusable(&error))?;
        fs::create_dir_all(dir).map_err(Error::io("create", dir))?;
        let key = identity.key();
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&key)
            .map_err(Error::io("write", &key))?;
        file.write_all(made.signing_key.serialize_pem().as_bytes())
            .map_err(Error::io("write", &key))?;
        // Written last and at once, so that it vouches for the key.
        let (certificate, part) = (identity.certificate(), dir.join("certificate.part"));
        fs::write(&part, made.cert.pem()).map_err(Error::io("write", &part))?;
        fs::rename(&part, &certificate).map_err(Error::io("write", &certificate))?;
        Ok(identity)
    }

    /// The PEM file that a client trusts.
    pub fn certificate(&self) -> PathBuf {
        self.dir.join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.dir.join("key.pem")
    }

    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, Error> {
        let certificate = CertificateDer::from_pem_file(self.certificate())
            .map_err(|error| self.unusable(&error))?;
        let key =
            PrivateKeyDer::from_pem_file(self.key()).map_err(|error| self.unusable(&error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                config
                    .with_no_client_auth()
                    .with_single_cert(vec![certificate], key)
            })
            .map_err(|error| self.unusable(&error))?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn unusable(&self, why: &dyn std::fmt::Display) -> Error {
        Error::Certificate {
            dir: self.dir.clone(),
            why: why.to_string(),
        }
    }
}

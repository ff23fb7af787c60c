//! TLS towards another service: whom to believe, and who one is.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tower::BoxError;

/// The files of TLS towards the other services, in PEM. They are read again for every new connection, so
/// that a certificate can be renewed without a restart; where they cannot be used, those from before go on
/// being used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerTls {
    /// The authorities whose certificates are believed; without it, those that the machine believes.
    pub authorities: Option<PathBuf>,
    /// The certificate that this process shows, with those between it and its root, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// What was read from the files.
#[derive(Clone, PartialEq, Eq)]
struct Texts {
    authorities: Option<Vec<u8>>,
    identity: Option<(Vec<u8>, Vec<u8>)>,
}

/// The configuration that the files make.
pub(super) struct Tls {
    files: PeerTls,
    last: Mutex<(Texts, Arc<ClientConfig>)>,
}

impl Tls {
    /// Reads the files; they have to be good at first.
    pub(super) fn new(files: PeerTls) -> Result<Self, BoxError> {
        let texts = Texts::read(&files)?;
        let config = Arc::new(texts.config()?);
        Ok(Self { files, last: Mutex::new((texts, config)) })
    }

    /// What the next connection is made with.
    pub(super) async fn connector(self: &Arc<Self>) -> Result<TlsConnector, BoxError> {
        let tls = self.clone();
        // Reading files waits for the disk.
        let config = tokio::task::spawn_blocking(move || tls.config()).await?;
        Ok(TlsConnector::from(config))
    }

    fn config(&self) -> Arc<ClientConfig> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let renewed = Texts::read(&self.files).and_then(|texts| {
            if texts == last.0 {
                return Ok(None);
            }
            let config = texts.config()?;
            Ok(Some((texts, Arc::new(config))))
        });
        match renewed {
            Ok(Some(renewed)) => *last = renewed,
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "the files of the peers' TLS cannot be used; the former are");
            }
        }
        last.1.clone()
    }
}

impl Texts {
    fn read(files: &PeerTls) -> Result<Self, BoxError> {
        let read = std::fs::read::<&Path>;
        let authorities = files.authorities.as_deref().map(read).transpose()?;
        let identity = match &files.identity {
            Some((certificate, key)) => Some((read(certificate)?, read(key)?)),
            None => None,
        };
        Ok(Self { authorities, identity })
    }

    fn config(&self) -> Result<ClientConfig, BoxError> {
        let mut roots = RootCertStore::empty();
        match &self.authorities {
            Some(text) => {
                for certificate in CertificateDer::pem_slice_iter(text) {
                    roots.add(certificate?)?;
                }
            }
            None => {
                // Some of a machine's are often malformed; the others do.
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        if roots.is_empty() {
            return Err("there is no certificate of an authority".into());
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let mut config = match &self.identity {
            Some((certificates, key)) => {
                let certificates =
                    CertificateDer::pem_slice_iter(certificates).collect::<Result<Vec<_>, _>>()?;
                builder.with_client_auth_cert(certificates, PrivateKeyDer::from_pem_slice(key)?)?
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }
}

//! TLS, where nothing in front of the server ends it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;
use trellis_kernel::{Failure, Result};

use super::unservable;
use crate::figures::FIGURES;

/// The certificate that the server shows, and those that it asks for. The files are read again while it
/// serves: what replaces them holds for the connections that come after.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate and those between it and its root, in PEM.
    pub certificates: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
    /// The authority whose certificates clients show, in PEM; none asks for no certificate. A service's
    /// token then counts only on a connection with such a certificate.
    pub client_ca: Option<PathBuf>,
    /// Who must show one.
    pub client_auth: ClientAuth,
    /// How often the files are looked at.
    pub renew: Duration,
}

/// Whether a client may go without a certificate, where there is an authority for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// Nobody may.
    #[default]
    Required,
    /// Whoever is no service of the suite may: people's applications, and what asks for the health.
    Optional,
}

impl Tls {
    /// A certificate and its key; clients show none.
    pub fn new(certificates: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            certificates: certificates.into(),
            key: key.into(),
            client_ca: None,
            client_auth: ClientAuth::Required,
            renew: Duration::from_secs(10),
        }
    }

    /// Asks clients for a certificate of this authority.
    #[must_use]
    pub fn client_ca(mut self, authority: impl Into<PathBuf>, auth: ClientAuth) -> Self {
        self.client_ca = Some(authority.into());
        self.client_auth = auth;
        self
    }

    /// Reads the files, as a check before they are served from.
    pub fn check(&self) -> Result<()> {
        self.read().and_then(|files| self.config(&files)).map(drop)
    }

    fn read(&self) -> Result<Files> {
        let read = |path: &Path| std::fs::read(path).map_err(unservable);
        Ok(Files {
            certificates: read(&self.certificates)?,
            key: read(&self.key)?,
            client_ca: self.client_ca.as_deref().map(read).transpose()?,
        })
    }

    fn config(&self, files: &Files) -> Result<Arc<ServerConfig>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certificates = certificates(&files.certificates)?;
        let key = PrivateKeyDer::from_pem_slice(&files.key).map_err(unservable)?;
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(unservable)?;
        let builder = match &files.client_ca {
            Some(authority) => builder.with_client_cert_verifier(self.verifier(authority, provider)?),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(certificates, key).map_err(unservable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn verifier(
        &self,
        authority: &[u8],
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<dyn tokio_rustls::rustls::server::danger::ClientCertVerifier>> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(authority)? {
            roots.add(certificate).map_err(unservable)?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = match self.client_auth {
            ClientAuth::Required => verifier,
            ClientAuth::Optional => verifier.allow_unauthenticated(),
        };
        verifier.build().map(|verifier| verifier as _).map_err(unservable)
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(unservable)?;
    if found.is_empty() {
        return Err(Failure::internal("a file that should hold certificates holds none"));
    }
    Ok(found)
}

/// What the files held.
#[derive(PartialEq, Eq)]
struct Files {
    certificates: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

/// Begins TLS on connections, with the newest certificate that could be used.
#[derive(Clone)]
pub(super) struct Acceptor(Arc<Inner>);

struct Inner {
    tls: Tls,
    /// What the files held when they were first read.
    first: Files,
    config: RwLock<Arc<ServerConfig>>,
}

impl Acceptor {
    pub(super) fn new(tls: &Tls) -> Result<Self> {
        let first = tls.read()?;
        let config = RwLock::new(tls.config(&first)?);
        Ok(Self(Arc::new(Inner { tls: tls.clone(), first, config })))
    }

    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> std::io::Result<TlsStream<S>> {
        let config = self.0.config.read().unwrap_or_else(PoisonError::into_inner).clone();
        TlsAcceptor::from(config).accept(stream).await
    }

    /// Looks at the files again and again. Those that cannot be used change nothing, and are told of
    /// once: a certificate and its key are seldom replaced in the same moment.
    pub(super) async fn renew(&self) {
        let mut seen = None;
        loop {
            tokio::time::sleep(self.0.tls.renew).await;
            let tls = self.0.tls.clone();
            // A file system that is far away must not hold up a thread that serves calls.
            let now = tokio::task::spawn_blocking(move || tls.read().ok()).await.ok().flatten();
            if now.as_ref() == seen.as_ref().map_or(Some(&self.0.first), Option::as_ref) {
                continue;
            }
            match now.as_ref().map_or_else(gone, |files| self.0.tls.config(files)) {
                Ok(config) => {
                    FIGURES.renewals.done.add(1);
                    *self.0.config.write().unwrap_or_else(PoisonError::into_inner) = config;
                    tracing::info!("the certificate of TLS was renewed");
                }
                Err(failure) => {
                    FIGURES.renewals.failed.add(1);
                    let cause = failure.cause().map(ToString::to_string).unwrap_or_default();
                    tracing::error!(cause, "the new certificate of TLS cannot be used; the old one stays");
                }
            }
            seen = Some(now);
        }
    }
}

fn gone() -> Result<Arc<ServerConfig>> {
    Err(Failure::internal("the files cannot be read"))
}

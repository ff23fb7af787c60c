//! TLS towards another: whom to believe, and who one is.
//!
//! The files are looked at for new connections, so that a certificate can be renewed without a restart.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{
    ResolvesClientCert, Resumption, VerifierBuilderError, WebPkiServerVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

/// For how long what was read is taken to be what the files hold: a handshake asks several times.
const FRESH: Duration = Duration::from_secs(1);

/// The files of TLS towards another, in PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientTls {
    /// The authorities whose certificates are believed; without it, those that the machine believes.
    pub authorities: Option<PathBuf>,
    /// The certificate that this process shows, with those between it and its root, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Why no connection can be made with the files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path} cannot be read", path = .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// A file is not what it should be.
    #[error("a file of TLS is no PEM")]
    Malformed(#[from] pem::Error),
    /// A certificate or a key cannot be used, or they do not belong together.
    #[error("a certificate or its key cannot be used")]
    Unusable(#[from] rustls::Error),
    /// Nobody would be believed.
    #[error("there is no certificate of an authority")]
    NoAuthority(#[from] VerifierBuilderError),
}

impl ClientTls {
    /// What connections are made with that speak one of these protocols (ALPN; RFC 7301), or whichever. Each of them
    /// looks at the files, at most once a second; where they cannot be used then, those from before go on being used.
    /// What the machine believes is read once.
    ///
    /// # Errors
    ///
    /// When the files cannot be used now.
    pub fn config(&self, protocols: &[&[u8]]) -> Result<ClientConfig, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let texts = Texts::read(self)?;
        let made = Made::of(&texts, &provider)?;
        let last = Mutex::new(Last { read: Instant::now(), texts, made });
        let current = Arc::new(Current { files: self.clone(), provider: provider.clone(), last });
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(current.clone())
            .with_client_cert_resolver(current);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        // A connection that goes on from another would not ask who the other side is now.
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

/// What was read from the files.
#[derive(PartialEq, Eq)]
struct Texts {
    authorities: Option<Vec<u8>>,
    identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Texts {
    fn read(files: &ClientTls) -> Result<Self, TlsError> {
        let read =
            |path: &Path| std::fs::read(path).map_err(|error| TlsError::Unreadable(path.to_owned(), error));
        let authorities = files.authorities.as_deref().map(read).transpose()?;
        let identity = match &files.identity {
            Some((certificate, key)) => Some((read(certificate)?, read(key)?)),
            None => None,
        };
        Ok(Self { authorities, identity })
    }
}

/// What was made of it.
#[derive(Clone, Debug)]
struct Made {
    /// None where the machine believes nobody, which hinders no connection without TLS.
    verifier: Option<Arc<WebPkiServerVerifier>>,
    identity: Option<Arc<CertifiedKey>>,
}

impl Made {
    fn of(texts: &Texts, provider: &Arc<CryptoProvider>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        match &texts.authorities {
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
        let verifier = if roots.is_empty() && texts.authorities.is_none() {
            None
        } else {
            Some(WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build()?)
        };
        let identity = match &texts.identity {
            Some((certificates, key)) => {
                let certificates =
                    CertificateDer::pem_slice_iter(certificates).collect::<Result<Vec<_>, _>>()?;
                let key = PrivateKeyDer::from_pem_slice(key)?;
                Some(Arc::new(CertifiedKey::from_der(certificates, key, provider)?))
            }
            None => None,
        };
        Ok(Self { verifier, identity })
    }
}

/// What the files hold, or held when they could last be used.
struct Current {
    files: ClientTls,
    provider: Arc<CryptoProvider>,
    last: Mutex<Last>,
}

struct Last {
    read: Instant,
    texts: Texts,
    made: Made,
}

impl Current {
    fn now(&self) -> Made {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.read.elapsed() >= FRESH {
            last.read = Instant::now();
            if let Err(error) = last.renew(&self.files, &self.provider) {
                let cause = std::error::Error::source(&error);
                tracing::warn!(%error, cause, "the files of TLS towards others cannot be used; the former are");
            }
        }
        last.made.clone()
    }
}

impl Last {
    fn renew(&mut self, files: &ClientTls, provider: &Arc<CryptoProvider>) -> Result<(), TlsError> {
        let texts = Texts::read(files)?;
        if texts != self.texts {
            self.made = Made::of(&texts, provider)?;
            self.texts = texts;
        }
        Ok(())
    }
}

/// Without the key.
impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Current").field("files", &self.files).finish_non_exhaustive()
    }
}

/// As the authorities of now decide.
impl ServerCertVerifier for Current {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = match self.now().verifier {
            Some(verifier) => {
                verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        };
        // Whoever connects often tells no more than that it could not.
        verified.inspect_err(|error| tracing::warn!(%error, "another's certificate is not believed"))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ResolvesClientCert for Current {
    fn resolve(&self, _authorities: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let identity = self.now().identity?;
        identity.key.choose_scheme(schemes).is_some().then_some(identity)
    }

    fn has_certs(&self) -> bool {
        self.files.identity.is_some()
    }
}

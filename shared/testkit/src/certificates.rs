//! Certificates for this machine, and the files that they are read from.

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;

/// An authority that issues certificates.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
pub type Pair = (String, String);

impl Authority {
    /// A new one of this name.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this machine.
    pub fn issue(&self) -> Pair {
        self.sign(&params())
    }

    /// One that has expired.
    pub fn issue_expired(&self) -> Pair {
        let mut params = params();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Pair {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }
}

fn params() -> CertificateParams {
    CertificateParams::new(["localhost", "127.0.0.1"].map(str::to_owned)).expect("two names")
}

/// A directory of such files.
#[derive(Debug)]
pub struct Files(TempDir);

impl Files {
    /// An empty one.
    ///
    /// # Panics
    ///
    /// When there cannot be one.
    #[expect(clippy::new_without_default, reason = "it makes a directory")]
    pub fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("trellis-certificates-").tempdir();
        Self(directory.expect("a directory"))
    }

    /// Where a file is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes one in whole or not at all, as an operator should.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let (part, path) = (self.path("part"), self.path(name));
        fs::write(&part, text).expect("written");
        fs::rename(part, &path).expect("renamed");
        path
    }

    /// Writes the certificate to `name.pem` and the key to `name.key`.
    pub fn write_pair(&self, name: &str, (certificate, key): &Pair) -> (PathBuf, PathBuf) {
        (self.write(&format!("{name}.pem"), certificate), self.write(&format!("{name}.key"), key))
    }
}

//! The files of TLS towards the others that a suite speaks to.

use std::path::PathBuf;

use trellis_tls::ClientTls;

use super::{Layers, Refusal, refuse};

/// The settings that name the files towards one kind of others.
pub(super) struct Keys {
    authorities: &'static str,
    certificate: &'static str,
    key: &'static str,
}

/// Towards services of other processes.
pub(super) const PEERS: Keys =
    Keys { authorities: "peer_tls_ca", certificate: "peer_tls_certificate", key: "peer_tls_key" };

/// Towards the broker.
pub(super) const BROKER: Keys =
    Keys { authorities: "nats_tls_ca", certificate: "nats_tls_certificate", key: "nats_tls_key" };

impl Keys {
    pub(super) fn read(&self, layers: &Layers) -> Result<ClientTls, Refusal> {
        let file = |key: &str| layers.one(key).map(|(file, _)| PathBuf::from(file));
        let identity = match (file(self.certificate), file(self.key)) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                let (certificate, key) = (self.certificate, self.key);
                return refuse(format!("A certificate needs its key: give both {certificate} and {key}."));
            }
        };
        Ok(ClientTls { authorities: file(self.authorities), identity })
    }

    /// Refuses what would mean nothing, and says `why`.
    pub(super) fn refuse(&self, layers: &Layers, why: &str) -> Result<(), Refusal> {
        for key in [self.authorities, self.certificate, self.key] {
            if let Some((_, source)) = layers.one(key) {
                return refuse(format!("{source}: `{key}` means nothing {why}."));
            }
        }
        Ok(())
    }

    /// What is in force, as `config check` shows it.
    pub(super) fn shown(&self, tls: &ClientTls) -> Vec<(&'static str, String)> {
        let (certificate, key) = tls.identity.as_ref().map(|(certificate, key)| (certificate, key)).unzip();
        [(self.authorities, tls.authorities.as_ref()), (self.certificate, certificate), (self.key, key)]
            .into_iter()
            .filter_map(|(name, file)| Some((name, file?.display().to_string())))
            .collect()
    }
}

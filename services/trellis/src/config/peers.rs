//! How the services of other processes are reached.

use std::path::PathBuf;

use trellis_rpc::PeerTls;

use super::{Layers, Refusal, Service, refuse};

/// The files of TLS towards the services that are elsewhere.
pub(super) fn tls(layers: &Layers, elsewhere: &[(Service, Vec<String>)]) -> Result<PeerTls, Refusal> {
    let file = |key: &str| layers.one(key).map(|(file, _)| PathBuf::from(file));
    let encrypted = elsewhere.iter().flat_map(|(_, urls)| urls).any(|url| url.starts_with("https:"));
    for key in ["peer_tls_ca", "peer_tls_certificate", "peer_tls_key"] {
        if let Some((_, source)) = layers.one(key)
            && !encrypted
        {
            return refuse(format!(
                "{source}: `{key}` means nothing where no service is at an https:// URL."
            ));
        }
    }
    let identity = match (file("peer_tls_certificate"), file("peer_tls_key")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => {
            return refuse(
                "A certificate towards the peers needs both peer_tls_certificate and peer_tls_key.",
            );
        }
    };
    Ok(PeerTls { authorities: file("peer_tls_ca"), identity })
}

/// The same, as it is shown.
pub(super) fn shown(tls: &PeerTls) -> Vec<(&'static str, String)> {
    let mut shown = Vec::new();
    if let Some(authorities) = &tls.authorities {
        shown.push(("peer_tls_ca", authorities.display().to_string()));
    }
    if let Some((certificate, key)) = &tls.identity {
        shown.push(("peer_tls_certificate", certificate.display().to_string()));
        shown.push(("peer_tls_key", key.display().to_string()));
    }
    shown
}

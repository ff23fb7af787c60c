//! The broker by way of which the services hear of each other's events.

use std::path::PathBuf;

use trellis_events::BrokerAddress;

use super::{Layers, Refusal, refuse};

/// On how many servers a cluster can keep an event.
const MOST_REPLICAS: usize = 5;

pub(super) fn read(layers: &Layers) -> Result<Option<BrokerAddress>, Refusal> {
    let Some((urls, source)) = layers.list("nats_url") else {
        for key in ["nats_replicas", "nats_tls_ca", "nats_tls_certificate", "nats_tls_key"] {
            if let Some((_, source)) = layers.one(key) {
                return refuse(format!("{source}: `{key}` means nothing without nats_url."));
            }
        }
        return Ok(None);
    };
    let known = |url: &String| url.starts_with("nats://") || url.starts_with("tls://");
    if !urls.iter().all(known) {
        return refuse(format!("{source}: `nats_url` must begin with nats:// or tls://."));
    }
    let file = |key: &str| layers.one(key).map(|(file, _)| PathBuf::from(file));
    let identity = match (file("nats_tls_certificate"), file("nats_tls_key")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => {
            return refuse(
                "A certificate towards the broker needs both nats_tls_certificate and nats_tls_key.",
            );
        }
    };
    Ok(Some(BrokerAddress {
        urls: urls.to_vec(),
        authorities: file("nats_tls_ca"),
        identity,
        replicas: replicas(layers)?,
    }))
}

fn replicas(layers: &Layers) -> Result<usize, Refusal> {
    let Some((value, source)) = layers.one("nats_replicas") else { return Ok(1) };
    match value.parse().ok().filter(|number| (1..=MOST_REPLICAS).contains(number)) {
        Some(number) => Ok(number),
        None => refuse(format!("{source}: `nats_replicas` must be a number from 1 to {MOST_REPLICAS}.")),
    }
}

/// What is in force, as `config check` shows it: without users, passwords and tokens.
pub(super) fn shown(broker: Option<&BrokerAddress>) -> Vec<(&'static str, String)> {
    let Some(BrokerAddress { urls, authorities, identity, replicas }) = broker else { return Vec::new() };
    let mut shown = vec![
        ("nats_url", urls.iter().map(|url| without_secrets(url)).collect::<Vec<_>>().join(", ")),
        ("nats_replicas", replicas.to_string()),
    ];
    shown.extend(authorities.as_ref().map(|file| ("nats_tls_ca", file.display().to_string())));
    if let Some((certificate, key)) = identity {
        shown.push(("nats_tls_certificate", certificate.display().to_string()));
        shown.push(("nats_tls_key", key.display().to_string()));
    }
    shown
}

fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("nats", url));
    format!("{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host))
}

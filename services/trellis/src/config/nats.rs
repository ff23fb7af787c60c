//! The broker by way of which the services hear of each other's events.

use trellis_events::{BrokerAddress, BrokerUrls};

use super::{Layers, Refusal, refuse, tls};

/// On how many servers a cluster can keep an event.
const MOST_REPLICAS: usize = 5;

pub(super) fn read(layers: &Layers) -> Result<Option<BrokerAddress>, Refusal> {
    let Some((urls, source)) = layers.list("nats_url") else {
        if let Some((_, source)) = layers.one("nats_replicas") {
            return refuse(format!("{source}: `nats_replicas` means nothing without nats_url."));
        }
        tls::BROKER.refuse(layers, "without nats_url")?;
        return Ok(None);
    };
    match BrokerUrls::parse(urls) {
        Ok(urls) => {
            Ok(Some(BrokerAddress { urls, tls: tls::BROKER.read(layers)?, replicas: replicas(layers)? }))
        }
        Err(error) => refuse(format!("{source}: `nats_url` {error}.")),
    }
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
    let Some(BrokerAddress { urls, tls, replicas }) = broker else { return Vec::new() };
    let mut shown = vec![("nats_url", urls.to_string()), ("nats_replicas", replicas.to_string())];
    shown.extend(tls::BROKER.shown(tls));
    shown
}

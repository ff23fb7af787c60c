//! `health`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::{Settings, Stop};
use crate::config::Config;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the server of these settings on this machine whether it is ready, as `/readyz` says.
pub(super) async fn health(settings: &Settings) -> Result<(), Stop> {
    let address = asked(&settings.config()?)?;
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().map_err(Stop::failed)?;
    let unreachable = |_| Stop::Unreachable(format!("No suite answers at {address}."));
    let answer = client.get(format!("http://{address}/readyz")).send().await.map_err(unreachable)?;
    let is_ready = answer.status().is_success();
    let parts = answer.text().await.map_err(unreachable)?;
    if !is_ready {
        return Err(Stop::Failed(format!("It is not ready.\n{}", parts.trim_end())));
    }
    println!("{}", parts.trim_end());
    Ok(())
}

/// Where the server answers without TLS, as this machine reaches it.
fn asked(config: &Config) -> Result<SocketAddr, Stop> {
    let address = match config.admin_listen {
        Some(address) => address,
        None if config.tls.is_none() => config.listen,
        None => {
            let words = "With TLS set admin_listen, where health is asked without a certificate.";
            return Err(Stop::Usage(words.to_owned()));
        }
    };
    let host = match address.ip() {
        IpAddr::V4(all) if all.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(all) if all.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    Ok(SocketAddr::new(host, address.port()))
}

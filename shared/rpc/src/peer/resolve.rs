//! Where the addresses of a name come from.

use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;

/// Knows the addresses behind a name.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of the host, each with the port; an error or none of them where the name is not
    /// known now.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// Asks the machine's own resolver: DNS, and the hosts file. A headless Service of Kubernetes has an
/// address for each of its pods that is ready.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dns;

#[async_trait]
impl Resolve for Dns {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }
}

/// Knows the addresses of a few hosts that were named one by one, whatever is asked for.
#[derive(Clone, Debug)]
pub(super) struct Listed(pub(super) Vec<(String, u16)>);

#[async_trait]
impl Resolve for Listed {
    async fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        let mut found = Vec::new();
        let mut unknown = None;
        for (host, port) in &self.0 {
            // One that is not known now must not hide the others.
            match Dns.resolve(host, *port).await {
                Ok(addresses) => found.extend(addresses),
                Err(failed) => unknown = Some(failed),
            }
        }
        match unknown {
            Some(failed) if found.is_empty() => Err(failed),
            _ => Ok(found),
        }
    }
}

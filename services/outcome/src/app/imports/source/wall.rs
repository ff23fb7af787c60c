//! Which addresses a server may be sent to by a request: those of the public internet.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Finds the addresses of a host, and gives them to nobody unless all of them may be reached. The
/// connection is made to what was looked at here: a name that says something else a moment later says it
/// to nobody.
pub(super) struct Wall {
    /// Whether addresses that are not public may be reached too.
    pub(super) private: bool,
}

/// A host has an address that must not be reached.
#[derive(Debug)]
pub(super) struct Walled;

impl fmt::Display for Walled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host has an address that is not public")
    }
}

impl std::error::Error for Walled {}

impl Resolve for Wall {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let reached = if private { found } else { public(found)? };
            Ok(Box::new(reached.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a host, where all of them are public.
fn public(found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Walled> {
    if found.iter().all(|address| is_public(address.ip())) { Ok(found) } else { Err(Walled) }
}

/// Whether an address is one of the public internet: not this machine, its network, the service that tells
/// a machine of a cloud its secrets (169.254.169.254), nor one that stands for such a one.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    // This network, shared addresses of providers, protocol assignments, 6to4 relays, benchmarks; then
    // multicast, reserved, broadcast.
    let special = matches!(
        (a, b, c),
        (0 | 224.., ..) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _)
    );
    !(special
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, .., seventh, eighth] = address.segments();
    let within = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    if let Some(address) = address.to_ipv4_mapped() {
        return is_public_v4(address);
    }
    match (first, second) {
        // A translator reaches the address of version 4 that stands in it.
        (0x64, 0xff9b) => address.segments()[2..6] == [0; 4] && within(seventh, eighth),
        (0x2002, _) => within(second, address.segments()[2]),
        // Teredo and other protocol assignments, documentation.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, _) => false,
        _ => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are() {
        for address in ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"] {
            assert!(is_public(address.parse().expect("an address")), "{address}");
        }
        for address in [
            "127.0.0.1",
            "127.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "0.0.0.0",
            "192.0.0.192",
            "198.18.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(address.parse().expect("an address")), "{address}");
        }
    }

    #[test]
    fn a_host_with_one_address_within_is_reached_at_none() {
        let address = |text: &str| SocketAddr::new(text.parse().expect("an address"), 0);
        let outside = vec![address("93.184.216.34"), address("2606:2800:220:1::1")];
        assert_eq!(public(outside.clone()).ok(), Some(outside.clone()));
        for within in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"] {
            let mixed = [outside.clone(), vec![address(within)]].concat();
            assert!(public(mixed).is_err(), "{within}");
        }
    }
}

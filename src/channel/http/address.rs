//! Which addresses may be connected to: the public internet, and nothing else.
//!
//! In: an address as the operating system connects to it. Out: why not, or nothing. **Invariant:** what is not known to be public is not
//! connected to; a form of an address that hides another one (mapped, NAT64, 6to4, Teredo) is not public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The special-purpose blocks of IANA's registry for IPv4, the multicast and reserved space, and one address that only a cloud's inside
/// answers.
const NOT_PUBLIC: [([u8; 4], u32, &str); 17] = [
    ([0, 0, 0, 0], 8, "this network"),
    ([10, 0, 0, 0], 8, "private"),
    ([100, 64, 0, 0], 10, "shared by a carrier's customers"),
    ([127, 0, 0, 0], 8, "this machine"),
    ([168, 63, 129, 16], 32, "the inside of a cloud"),
    ([169, 254, 0, 0], 16, "link-local, where clouds keep their metadata"),
    ([172, 16, 0, 0], 12, "private"),
    ([192, 0, 0, 0], 24, "reserved"),
    ([192, 0, 2, 0], 24, "for documentation"),
    ([192, 88, 99, 0], 24, "a relay"),
    ([192, 168, 0, 0], 16, "private"),
    ([198, 18, 0, 0], 15, "for benchmarks"),
    ([198, 51, 100, 0], 24, "for documentation"),
    ([203, 0, 113, 0], 24, "for documentation"),
    ([192, 31, 196, 0], 24, "reserved"),
    ([224, 0, 0, 0], 4, "multicast"),
    ([240, 0, 0, 0], 4, "reserved"),
];

/// Why this address is not connected to; `None`: it is public.
pub fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(four) => four_not_public(four),
        IpAddr::V6(six) => six_not_public(six),
    }
}

fn four_not_public(address: Ipv4Addr) -> Option<&'static str> {
    let bits = u32::from(address);
    let inside = |(net, length, _): &&([u8; 4], u32, &str)| (bits ^ u32::from(Ipv4Addr::from(*net))) >> (32 - length) == 0;
    NOT_PUBLIC.iter().find(inside).map(|(_, _, why)| *why)
}

/// Global unicast is 2000::/3; all else is loopback, mapped (`::ffff:`), NAT64 (`64:ff9b::`), unique local, link-local or multicast.
fn six_not_public(address: Ipv6Addr) -> Option<&'static str> {
    let [a, b, ..] = address.segments();
    if a & 0xe000 != 0x2000 {
        return Some("not global unicast");
    }
    match (a, b) {
        // Teredo, benchmarks, ORCHID and other protocols: 2001::/23.
        (0x2001, 0..0x0200) => Some("reserved for protocols"),
        (0x2001, 0x0db8) => Some("for documentation"),
        (0x2002, _) => Some("a tunnel to an IPv4 address"),
        (0x3fff, 0..0x1000) => Some("for documentation"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        for inside in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::7f00:1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(not_public(inside.parse().unwrap()).is_some(), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "168.63.129.17",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2a00:1450::1",
        ] {
            assert_eq!(not_public(outside.parse().unwrap()), None, "{outside}");
        }
    }
}

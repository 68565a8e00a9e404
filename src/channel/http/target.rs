//! Addresses on the web, read strictly.
//!
//! In: `https://host[:port]/path?query`. Out: a [`Target`], or what is wrong with it. **Invariant:** one spelling for one place: a host is a
//! name of letters, digits and hyphens, or an IP address in its usual form; the forms that only C libraries read (`127.1`, `0x7f.1`,
//! `2130706433`) are refused here and not left to a resolver. Connects to nothing.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The longest address.
pub const URL_BYTES_MAX: usize = 2048;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// In lower case.
    Name(String),
    Ip(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Ip(IpAddr::V4(four)) => four.fmt(f),
            Host::Ip(IpAddr::V6(six)) => write!(f, "[{six}]"),
        }
    }
}

/// Where a request goes. Its path may hold a secret: only the host belongs into logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    pub https: bool,
    pub host: Host,
    pub port: u16,
    /// With the query; begins with `/`.
    pub path: String,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({}:{})", self.host, self.port)
    }
}

impl Target {
    /// What is wrong is said for people who wrote the address, without repeating it.
    pub fn parse(url: &str) -> Result<Target, &'static str> {
        if url.len() > URL_BYTES_MAX {
            return Err("it is longer than 2,048 bytes");
        }
        if url.chars().any(|letter| letter.is_control() || letter.is_whitespace() || letter == '\\') {
            return Err("it holds a space, a control character or a backslash");
        }
        let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
        let (https, rest) = if lower.starts_with("https://") {
            (true, &url[8..])
        } else if lower.starts_with("http://") {
            (false, &url[7..])
        } else {
            return Err("it does not begin with `https://`");
        };
        if rest.contains('#') {
            return Err("it holds a `#`");
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err("it holds a user or a password: these are secrets, and have settings of their own");
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            None => {
                if https {
                    443
                } else {
                    80
                }
            }
            Some(port) => port,
        };
        Ok(Target { https, host: read_host(host)?, port, path: encode_path(path) })
    }

    /// As in the header `host`.
    pub fn authority(&self) -> String {
        let usual = if self.https { 443 } else { 80 };
        if self.port == usual { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }

    /// The same place, another path.
    #[must_use]
    pub fn at(&self, path: &str) -> Target {
        let base = self.path.trim_end_matches('/');
        Target { path: format!("{base}{path}"), ..self.clone() }
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), &'static str> {
    let after_bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = authority[after_bracket..].find(':') else { return Ok((authority, None)) };
    let (host, port) = (&authority[..after_bracket + colon], &authority[after_bracket + colon + 1..]);
    if port.is_empty() || port.len() > 5 || !port.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err("its port is no number");
    }
    match port.parse::<u16>() {
        Ok(0) | Err(_) => Err("its port is not between 1 and 65535"),
        Ok(port) => Ok((host, Some(port))),
    }
}

/// A host as in an address, or alone in the settings.
pub fn read_host(text: &str) -> Result<Host, &'static str> {
    if let Some(six) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return six.parse::<Ipv6Addr>().map(|six| Host::Ip(IpAddr::V6(six))).map_err(|_| "its host is no IPv6 address");
    }
    if let Ok(four) = text.parse::<std::net::Ipv4Addr>() {
        return Ok(Host::Ip(IpAddr::V4(four)));
    }
    if !text.is_ascii() {
        return Err("its host has letters beyond ASCII: write it in its `xn--` form");
    }
    let name = text.to_ascii_lowercase();
    let labels: Vec<&str> = name.strip_suffix('.').unwrap_or(&name).split('.').collect();
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let label_ok = |label: &&str| !label.is_empty() && label.len() <= 63 && label.bytes().all(letter) && !label.starts_with('-');
    if name.len() > 253 || !labels.iter().all(label_ok) {
        return Err("its host is no name of a machine");
    }
    // `127.1`, `0x7f.1`, `2130706433`, `0177.0.0.1`: C libraries read these as addresses.
    let last = labels.last().copied().unwrap_or_default();
    if last.bytes().all(|digit| digit.is_ascii_digit()) || last.starts_with("0x") {
        return Err("its host is an IP address in an unusual form");
    }
    Ok(Host::Name(labels.join(".")))
}

/// Letters beyond ASCII as `%E0%B8…`; all else as it was written.
fn encode_path(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len() + 1);
    if !path.starts_with('/') {
        encoded.push('/');
    }
    for byte in path.bytes() {
        if byte.is_ascii() && !matches!(byte, b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&percent(byte));
        }
    }
    encoded
}

pub(crate) fn percent(byte: u8) -> String {
    format!("%{byte:02X}")
}

/// As in forms and queries: all but letters, digits and `-._~` as `%XX`.
pub fn encode_component(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&percent(byte));
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn addresses_are_read_strictly() {
        let shop = Target::parse("HTTPS://Shop.Example:8443/ก?a=b").unwrap();
        assert_eq!((shop.https, shop.host.to_string().as_str(), shop.port), (true, "shop.example", 8443));
        assert_eq!(shop.path, "/%E0%B8%81?a=b");
        assert_eq!(shop.authority(), "shop.example:8443");
        assert_eq!(Target::parse("https://a.example").unwrap().path, "/");
        assert_eq!(Target::parse("https://a.example?x").unwrap().path, "/?x");
        assert_eq!(Target::parse("https://[::1]:7/").unwrap().authority(), "[::1]:7");
        assert_eq!(Target::parse("https://a.example/v1/").unwrap().at("/send").path, "/v1/send");
        for wrong in [
            "",
            "shop.example",
            "ftp://a.example",
            "gopher://a",
            "file:///etc/passwd",
            "https://",
            "https:///x",
            "https://u@a.example",
            "https://u:p@a.example",
            "https://a.example:0/",
            "https://a.example:65536/",
            "https://a.example:x/",
            "https://a.example:/",
            "https://a.example/#x",
            "https://a b.example/",
            "https://a.example\\@b.example/",
            "https://a\r\nb/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0x7f000001/",
            "https://127.1/",
            "https://0177.0.0.1/",
            "https://①②⑦.⓪.⓪.①/",
            "https://[::1/",
            "https://[::ffff:127.0.0.1%25eth0]/",
            "https://a..b/",
            "https://.a/",
            "https://-a.example/",
            "https://1.2.3.4.5/",
            "https://a.0x1/",
        ] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Target::parse(&format!("https://a.example/{}", "x".repeat(URL_BYTES_MAX))).is_err());
        assert_eq!(encode_component("a b+ก~"), "a%20b%2B%E0%B8%81~");
    }
}

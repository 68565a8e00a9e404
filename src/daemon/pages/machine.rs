//! Who asks: a person, or a program that looks at mails and links for her.
//!
//! In: the method and the headers of a request. Out: whether a program asks, as far as it says so. **Invariant:** only what is recorded depends on
//! it, never what is answered: a scanner that is shown something else than people would be right to complain.

use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, Method};

/// Parts of what programs call themselves, in lower case: mail scanners, proxies for pictures, previews of links, tools.
const PROGRAMS: [&str; 35] = [
    "bot/",
    "slackbot",
    "crawl",
    "spider",
    "preview",
    "scanner",
    "googleimageproxy",
    "yahoomailproxy",
    "barracuda",
    "mimecast",
    "proofpoint",
    "safelinks",
    "messagelabs",
    "trendmicro",
    "forcepoint",
    "symantec",
    "sophos",
    "bluecoat",
    "cloudmark",
    "facebookexternalhit",
    "line-poker",
    "whatsapp/",
    "skypeuripreview",
    "headlesschrome",
    "phantomjs",
    "curl/",
    "wget/",
    "python",
    "go-http-client",
    "java/",
    "okhttp",
    "libwww",
    "node-fetch",
    "axios/",
    "undici",
];

/// Proxies of mail programs that fetch every picture before anybody looks: Apple's calls itself this and nothing else.
const BARE: &str = "mozilla/5.0";

/// Whether a program asks, and not somebody who wants to read.
pub fn asks(method: &Method, headers: &HeaderMap) -> bool {
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let agent = says(USER_AGENT.as_str());
    let ahead = ["sec-purpose", "purpose", "x-purpose", "x-moz"].iter().any(|name| {
        let purpose = says(name);
        purpose.contains("prefetch") || purpose.contains("preview") || purpose.contains("prerender")
    });
    method != Method::GET || ahead || agent.is_empty() || agent == BARE || PROGRAMS.iter().any(|program| agent.contains(program))
}

/// Whether a request that changes something may come from a page of ours, as far as the browser tells. Our pages send no referrer, so browsers
/// say `Origin: null` for their forms; the token in the address is what allows the change, this only keeps other sites from using it.
pub fn same_site(headers: &HeaderMap) -> bool {
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (says("sec-fetch-site"), says("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, None | Some("null")) => true,
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == says("host")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1";

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn scanners_and_what_fetches_ahead_are_no_people() {
        for (method, pairs, program) in [
            (Method::GET, vec![("user-agent", PHONE)], false),
            (Method::HEAD, vec![("user-agent", PHONE)], true),
            (Method::GET, vec![], true),
            (Method::GET, vec![("user-agent", "Mozilla/5.0")], true),
            (
                Method::GET,
                vec![("user-agent", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)")],
                true,
            ),
            (Method::GET, vec![("user-agent", PHONE), ("sec-purpose", "prefetch;prerender")], true),
            (Method::GET, vec![("user-agent", PHONE), ("x-moz", "prefetch")], true),
            (Method::GET, vec![("user-agent", "facebookexternalhit/1.1;line-poker/1.0")], true),
            (Method::GET, vec![("user-agent", "python-requests/2.32")], true),
            (Method::GET, vec![("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")], true),
            // A maker of telephones.
            (Method::GET, vec![("user-agent", "Mozilla/5.0 (Linux; Android 14; CUBOT NOTE 40) Chrome/140.0 Mobile Safari/537.36")], false),
        ] {
            assert_eq!(asks(&method, &headers(&pairs)), program, "{method} {pairs:?}");
        }
    }

    #[test]
    fn another_site_is_told_from_ours() {
        for (pairs, ours) in [
            (vec![], true),
            (vec![("origin", "null")], true),
            (vec![("sec-fetch-site", "same-origin"), ("origin", "null")], true),
            (vec![("sec-fetch-site", "cross-site"), ("origin", "null")], false),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("host", "m.shop.example"), ("origin", "https://m.shop.example")], true),
            (vec![("host", "m.shop.example"), ("origin", "https://evil.example")], false),
            (vec![("origin", "https://evil.example")], false),
        ] {
            assert_eq!(same_site(&headers(&pairs)), ours, "{pairs:?}");
        }
    }
}

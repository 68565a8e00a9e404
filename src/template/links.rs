//! Addresses of a message's own pages, which are not known yet when its texts are written: where she unsubscribes, where it is shown in a
//! browser.
//!
//! In: a rendered part. Out: the same with the addresses of this one message. **Invariant:** until then each stands for a constant that
//! escaping leaves as it is, in HTML and in addresses too, and that leads nowhere (`.invalid`, RFC 2606), so that stories and samples can
//! show it and a forgotten one harms nobody. Whoever hands a message over fills them in.

/// What `{{ unsubscribe_url }}` shows until it is filled in.
pub const UNSUBSCRIBE: &str = "https://unsubscribe.onward.invalid/";
/// What `{{ view_url }}` shows until it is filled in.
pub const VIEW: &str = "https://view.onward.invalid/";

/// The pages of one message; what a deployment without a public address does not have is `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pages<'a> {
    pub unsubscribe: Option<&'a str>,
    pub view: Option<&'a str>,
}

/// Whether a rendered text waits for an address.
pub fn waits(text: &str) -> bool {
    text.contains(UNSUBSCRIBE) || text.contains(VIEW)
}

/// Fills the addresses in. `markup`: the text is HTML. An address that there is none of is taken out: nothing may lead to nowhere.
pub fn fill(text: &str, markup: bool, pages: Pages) -> String {
    let address = |page: Option<&str>| {
        let mut written = String::new();
        match page {
            Some(page) if markup => super::escape::push_html(page, &mut written),
            Some(page) => written.push_str(page),
            None => {}
        }
        written
    };
    text.replace(UNSUBSCRIBE, &address(pages.unsubscribe)).replace(VIEW, &address(pages.view))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::calendar::Zone;
    use crate::condition::Expr;
    use crate::template::{Manner, OUTPUT_BYTES_MAX, Piece, Show, Template};
    use crate::value::Value;

    #[test]
    fn an_address_comes_through_html_as_it_is_and_is_filled_in_once() {
        let link = |to: &str| Piece::Value { value: Expr::Const(Value::text(to)), filters: vec![], show: Show::Plain };
        let text = |text: &str| Piece::Text(text.to_owned());
        let mail = Template::from(vec![
            text("<a href=\""),
            link(UNSUBSCRIBE),
            text("\">off</a> <a href='"),
            link(VIEW),
            text("#top'>see</a> "),
            link(UNSUBSCRIBE),
        ]);
        for markup in [true, false] {
            let manner = Manner { language: "en", zone: Zone::UTC, one_line: false, markup, bytes_max: OUTPUT_BYTES_MAX };
            let shown =
                mail.render(&mut |expr| if let Expr::Const(value) = expr { value.clone() } else { Value::Missing }, manner).unwrap();
            assert!(waits(&shown), "{shown}");
            let pages = Pages { unsubscribe: Some("https://m.example/u?a=1&b=2"), view: Some("https://m.example/v/x") };
            let amp = if markup { "&amp;" } else { "&" };
            let expected = format!(
                "<a href=\"https://m.example/u?a=1{amp}b=2\">off</a> <a href='https://m.example/v/x#top'>see</a> https://m.example/u?a=1{amp}b=2"
            );
            assert_eq!(fill(&shown, markup, pages), expected);
            assert!(!waits(&expected));
            assert_eq!(fill(&shown, markup, Pages::default()), "<a href=\"\">off</a> <a href='#top'>see</a> ");
        }
    }
}

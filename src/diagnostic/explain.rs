//! One explanation page per code: what it means, a text that fails, the same mended.
//!
//! In: a code (`E0203`) or its slug (`unknown-channel`). Out: the page, as Markdown. The pages are `explain/*.md`, embedded by the
//! build step, so `onward explain` needs no network and no files. **Invariant:** sorted by code; a test runs both blocks of every page.

use crate::diagnostic::suggest;

/// An explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub code: &'static str,
    pub slug: &'static str,
    /// Markdown; opens with `# CODE slug`.
    pub text: &'static str,
}

static PAGES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Every page, by code.
pub fn pages() -> impl Iterator<Item = Page> {
    PAGES.iter().map(|(code, slug, text)| Page { code, slug, text })
}

/// The page of a code or slug, in any case.
pub fn page(code_or_slug: &str) -> Option<Page> {
    let wanted = code_or_slug.trim();
    pages().find(|page| page.code.eq_ignore_ascii_case(wanted) || page.slug.eq_ignore_ascii_case(wanted))
}

/// Codes or slugs that look like what was asked for.
pub fn similar(code_or_slug: &str) -> Vec<String> {
    suggest::nearest(code_or_slug.trim(), PAGES.iter().flat_map(|(code, slug, _)| [*code, *slug]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_by_code_and_by_slug() {
        let known = pages().next();
        assert!(known.is_some(), "at least one page is embedded");
        for one in pages() {
            assert_eq!(page(&one.code.to_lowercase()), Some(one));
            assert_eq!(page(one.slug), Some(one));
        }
        assert_eq!(page("E9999"), None);
    }
}

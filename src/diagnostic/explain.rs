//! One explanation page per code: what it means, a text that fails, the same mended.
//!
//! In: a code (`E0203`) or its slug (`unknown-channel`). Out: the page, as Markdown. The pages are `explain/*.md`, embedded by the
//! build step, so `onward explain` needs no network and no files. **Invariant:** sorted by code; a test runs both blocks of every page.
//!
//! In Thai a page is `explain/th/*.md`: its title and what it says. The examples have one home, the English page, and are taken from there.

use crate::diagnostic::suggest;
use std::borrow::Cow;

/// An explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub code: &'static str,
    pub slug: &'static str,
    /// Markdown; opens with `# CODE slug`.
    pub text: &'static str,
}

static PAGES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

static THAI: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages_th.rs"));

/// The titles of the two examples, in English and in Thai.
const TITLES: [(&str, &str); 2] = [("## Fails", "## ไม่ผ่าน"), ("## Works", "## ผ่าน")];

impl Page {
    /// The page in a language, named by its code (`th`). A language that has no pages gets the English one.
    pub fn text_in(&self, language: &str) -> Cow<'static, str> {
        if language != "th" {
            return Cow::Borrowed(self.text);
        }
        let thai = THAI.binary_search_by_key(&self.code, |(code, _)| *code).ok().and_then(|at| THAI.get(at));
        thai.map_or(Cow::Borrowed(self.text), |(_, text)| with_examples(text, self.text))
    }
}

/// The title of a page in Thai, if it has one there.
pub fn thai_title(page: Page) -> Option<&'static str> {
    let (_, text) = thai_pages().find(|(code, _)| *code == page.code)?;
    Some(text.lines().next()?.split_once(": ")?.1)
}

/// The Thai page with the examples of the English one. A page whose examples are words has them in Thai already.
fn with_examples(thai: &'static str, english: &'static str) -> Cow<'static, str> {
    let (fails, titled) = TITLES[0];
    let Some(at) = english.find(&format!("\n{fails}\n")).filter(|_| !thai.contains(titled)) else { return Cow::Borrowed(thai) };
    let mut page = thai.to_owned();
    for line in english[at..].lines() {
        page.push_str(TITLES.iter().find(|(title, _)| *title == line).map_or(line, |(_, titled)| titled));
        page.push('\n');
    }
    Cow::Owned(page)
}

/// Every page in Thai, without the examples: its code and its Markdown, sorted by code.
pub fn thai_pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    THAI.iter().copied()
}

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

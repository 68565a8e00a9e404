//! The brand: words that are never used, names that are written in one way, domains that links lead to.
//!
//! In: `brand { … }` and every text that is written for customers: of messages, of files that messages take a part from, and of constants.
//! Out: findings only, at the place inside the text. **Invariant:** judges what is written and not what is filled in; where only a part of
//! an address is written, nothing is said of it. Does not know which message is sent.

mod names;
mod texts;

use super::problem::problems;
use super::project::Project;
use super::template;
use crate::ast::{self, BrandRuleKind as Rule, DeclKind, ExprKind, TextLit};
use crate::diagnostic::{Code, Diagnostics, Fix};
use crate::source::Place;
use names::Folded;
use texts::{Said, Shown};

/// Most words, names or domains that a brand has of each kind.
const ENTRIES_MAX: usize = 500;

problems! {
    /// `never say [cheap]`
    NotTexts { what: &'static str, example: &'static str } = Code::new("E0440", "brand-rule-needs-texts");
        "{what} are texts", "this is none, or says nothing", "write for example `{example}`";

    /// The 501st word.
    TooMany { what: &'static str } = Code::new("E0441", "too-many-brand-rules");
        "a brand has at most 500 {what}", "this is the 501st", "take out what nobody writes";

    /// `link domains ["https://shop.example/sale"]`
    NotADomain { written: String, fix: Option<Fix> } = Code::new("E0442", "not-a-domain");
        "`{written}` is no domain", "links are compared by their domain only", "write the domain alone, for example `\"shop.example\"`; it covers `www.shop.example` too";

    /// A text with a word of `never say`.
    NeverSay { word: String, other: Option<(Place, &'static str)> } = Code::new("W0441", "brand-never-says");
        "the brand never says `{word}`", "customers would read it", "say it in other words, or why not: `## allow W0441: …`";

    /// `Line pay` where the name is `LINE Pay`.
    WrittenOtherwise { written: String, name: String, other: Option<(Place, &'static str)>, fix: Option<Fix> } = Code::new("W0442", "name-written-otherwise");
        "`{written}` is always written `{name}`", "the same name, spelled otherwise", "write `{name}`";

    /// A link to somebody else.
    LinkLeadsAway { domain: String, allowed: String, other: Option<(Place, &'static str)> } = Code::new("W0443", "link-leads-elsewhere");
        "this link leads to `{domain}`, which is not one of the brand's domains", "customers would leave your pages", "links lead to {allowed}; correct it, or add \"{domain}\" to `link domains`";
}

/// A word, a name or a domain, with where the brand says it.
struct Entry {
    text: String,
    /// Without what does not count when it is looked for.
    key: String,
    place: Place,
}

#[derive(Default)]
struct Brand {
    never: Vec<Entry>,
    /// The longest first: `LINE Pay` is not a `LINE` that goes on.
    names: Vec<Entry>,
    domains: Vec<Entry>,
}

/// Holds every text against the brand.
pub(super) fn check(project: &Project, files: &[ast::File], found: &mut Diagnostics) {
    let brand = rules(files, found);
    if brand.never.is_empty() && brand.names.is_empty() && brand.domains.is_empty() {
        return;
    }
    for said in texts::all(project, files) {
        let shown = Shown::of(&said);
        if said.is_read {
            words(&brand, &said, &shown, found);
        }
        links(&brand, &said, &shown, found);
    }
}

fn rules(files: &[ast::File], found: &mut Diagnostics) -> Brand {
    let mut brand = Brand::default();
    for decl in files.iter().flat_map(|file| &file.decls) {
        let DeclKind::Brand { rules } = &decl.kind else { continue };
        for rule in rules {
            match &rule.kind {
                Rule::NeverSay(list) => {
                    let (what, example) = ("the words of `never say`", "never say [\"cheap\", \"ถูกสุดๆ\"]");
                    for text in listed(list.as_ref(), what, example, found) {
                        add(&mut brand.never, text, names::key(&text.text), (what, example), found);
                    }
                }
                Rule::AlwaysWrite(Some(text)) => {
                    let (what, example) = ("the names of `always write`", "always write \"LINE Pay\"");
                    add(&mut brand.names, text, names::key(&text.text), (what, example), found);
                }
                Rule::LinkDomains(list) => {
                    let (what, example) = ("the domains of `link domains`", "link domains [\"shop.example\"]");
                    for text in listed(list.as_ref(), what, example, found) {
                        if let Some(domain) = domain(text, found) {
                            add(&mut brand.domains, text, domain, (what, example), found);
                        }
                    }
                }
                Rule::AlwaysWrite(None) => {}
                Rule::Colours(_) => super::project::not_yet("`colours`", rule.place, found),
                Rule::PostalAddress(_) => super::project::not_yet("`postal address`", rule.place, found),
                Rule::Footer(_) => super::project::not_yet("`footer`", rule.place, found),
                Rule::AddressPeopleAs(_) => super::project::not_yet("`address people as`", rule.place, found),
            }
        }
    }
    brand.names.sort_by_key(|name| std::cmp::Reverse(name.key.len()));
    brand
}

/// The texts of a list; anything else in it is reported.
fn listed<'a>(list: Option<&'a ast::Expr>, what: &'static str, example: &'static str, found: &mut Diagnostics) -> Vec<&'a TextLit> {
    let Some(ExprKind::List(items)) = list.map(|list| &list.kind) else { return Vec::new() };
    let mut texts = Vec::new();
    for item in items {
        match &item.kind {
            ExprKind::Text(text) => texts.push(text),
            ExprKind::Broken => {}
            _ => found.push(NotTexts { place: item.place, what, example }),
        }
    }
    texts
}

fn add(entries: &mut Vec<Entry>, text: &TextLit, key: String, (what, example): (&'static str, &'static str), found: &mut Diagnostics) {
    if key.is_empty() {
        found.push(NotTexts { place: text.place, what, example });
    } else if entries.len() == ENTRIES_MAX {
        found.push(TooMany { place: text.place, what: what.trim_start_matches("the ") });
    } else if entries.len() < ENTRIES_MAX {
        entries.push(Entry { text: text.text.trim().to_owned(), key, place: text.place });
    }
}

/// A domain without a scheme, a path or a port, in small letters.
fn domain(text: &TextLit, found: &mut Diagnostics) -> Option<String> {
    let written = text.text.trim().to_lowercase();
    if written.is_empty() {
        return Some(written);
    }
    let is_domain = |text: &str| {
        text.contains('.')
            && text.split('.').all(|label| !label.is_empty() && !label.chars().any(|c| c.is_whitespace() || "/:@*?#\\".contains(c)))
    };
    if is_domain(&written) {
        return Some(written);
    }
    let bare = texts::host(written.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("*."));
    let fix = is_domain(&bare).then(|| Fix::replace(format!("change to \"{bare}\""), text.content, bare.clone()));
    found.push(NotADomain { place: text.place, written: text.text.clone(), fix });
    None
}

fn words(brand: &Brand, said: &Said, shown: &Shown, found: &mut Diagnostics) {
    if brand.never.is_empty() && brand.names.is_empty() {
        return;
    }
    let folded = Folded::of(&shown.words);
    for word in &brand.never {
        for at in folded.all(&word.key) {
            let place = template::place(&said.text, &at);
            found.push(NeverSay { place, word: word.text.clone(), other: Some((word.place, "said here")) });
        }
    }
    let mut taken: Vec<std::ops::Range<usize>> = Vec::new();
    for name in &brand.names {
        for at in folded.all(&name.key) {
            if taken.iter().any(|taken| taken.start < at.end && at.start < taken.end) {
                continue;
            }
            taken.push(at.clone());
            let written = &said.text.text[at.clone()];
            // A line end inside of a name is a blank.
            if written.split_whitespace().eq(name.text.split_whitespace()) {
                continue;
            }
            let place = template::place(&said.text, &at);
            let plain = !name.text.contains(['"', '\\', '{']);
            let fix = plain.then(|| Fix::replace(format!("change to `{}`", name.text), place, name.text.clone()));
            let written = written.split_whitespace().collect::<Vec<_>>().join(" ");
            found.push(WrittenOtherwise { place, written, name: name.text.clone(), other: Some((name.place, "said here")), fix });
        }
    }
}

fn links(brand: &Brand, said: &Said, shown: &Shown, found: &mut Diagnostics) {
    let Some(first) = brand.domains.first() else { return };
    for (at, domain) in texts::links(said, shown) {
        let fits = |entry: &Entry| domain == entry.key || domain.strip_suffix(&entry.key).is_some_and(|before| before.ends_with('.'));
        if brand.domains.iter().any(fits) {
            continue;
        }
        let names: Vec<String> = brand.domains.iter().take(3).map(|entry| entry.key.clone()).collect();
        let more = if brand.domains.len() > names.len() { " and others" } else { "" };
        let allowed = format!("{}{more}", super::names::listed(&names));
        let place = template::place(&said.text, &at);
        found.push(LinkLeadsAway { place, domain, allowed, other: Some((first.place, "the domains of the brand")) });
    }
}

//! What a brand says, read and normalised.
//!
//! In: `brand { … }`. Out: [`Brand`]. **Invariant:** what is in it has a form that can be looked for; everything else is reported. Knows no
//! text that is held against it.

use super::{Brand, ENTRIES_MAX, Entry, NotAColour, NotADomain, NotAForm, NotTexts, SaidTwice, TooMany};
use super::{address, colours, names, texts};
use crate::ast::{self, BrandRule, BrandRuleKind as Rule, DeclKind, ExprKind, TextLit};
use crate::check::names::Kind;
use crate::check::project::Project;
use crate::diagnostic::{Diagnostics, Fix};
use crate::source::Place;
use crate::value::Text;

/// Words for a list of the brand: what it is, and how it is written.
type Words = (&'static str, &'static str);

/// The postal address, which every text may show.
pub(in crate::check) fn postal(files: &[ast::File]) -> Option<Text> {
    lines(files).find_map(|rule| match &rule.kind {
        Rule::PostalAddress(Some(text)) => Some(Text::new(text.text.trim())).filter(|text| !text.is_empty()),
        _ => None,
    })
}

fn lines(files: &[ast::File]) -> impl Iterator<Item = &BrandRule> {
    files.iter().flat_map(|file| &file.decls).flat_map(|decl| match &decl.kind {
        DeclKind::Brand { rules } => rules.as_slice(),
        _ => &[],
    })
}

pub(super) fn read(project: &Project, files: &[ast::File], found: &mut Diagnostics) -> Brand {
    let place = files.iter().flat_map(|file| &file.decls).find(|decl| matches!(decl.kind, DeclKind::Brand { .. })).map(|decl| decl.place);
    let mut brand = Brand { place, ..Brand::default() };
    for rule in lines(files) {
        line(project, rule, &mut brand, found);
    }
    brand.names.sort_by_key(|name| std::cmp::Reverse(name.key.len()));
    brand
}

fn line(project: &Project, rule: &BrandRule, brand: &mut Brand, found: &mut Diagnostics) {
    match &rule.kind {
        Rule::NeverSay(list) => {
            let words: Words = ("the words of `never say`", "never say [\"cheap\", \"ถูกสุดๆ\"]");
            for text in listed(list.as_ref(), words, found) {
                add(&mut brand.never, text, names::key(&text.text), words, found);
            }
        }
        Rule::AlwaysWrite(Some(text)) => {
            let words: Words = ("the names of `always write`", "always write \"LINE Pay\"");
            add(&mut brand.names, text, names::key(&text.text), words, found);
        }
        Rule::LinkDomains(list) => {
            let words: Words = ("the domains of `link domains`", "link domains [\"shop.example\"]");
            for text in listed(list.as_ref(), words, found) {
                if let Some(domain) = domain(text, found) {
                    add(&mut brand.domains, text, domain, words, found);
                }
            }
        }
        Rule::Colours(list) => {
            let words: Words = ("the colours of `colours`", "colours [\"#0a5\", \"white\"]");
            for text in listed(list.as_ref(), words, found) {
                match colours::key(text.text.trim()) {
                    None if !text.text.trim().is_empty() => found.push(NotAColour { place: text.place, written: text.text.clone() }),
                    key => add(&mut brand.colours, text, key.unwrap_or_default(), words, found),
                }
            }
        }
        Rule::PostalAddress(Some(text)) => {
            let written = text.text.split_whitespace().collect::<Vec<_>>().join(" ");
            if let Some(first) = &brand.postal {
                found.push(twice(rule, "the postal address".to_owned(), first.place));
            } else if written.is_empty() {
                let (what, example) = ("postal addresses", "postal address \"1 Sukhumvit Road, Bangkok 10110\"");
                found.push(NotTexts { place: text.place, what, example });
            } else {
                brand.postal = Some(Entry { text: text.text.trim().to_owned(), key: written, place: text.place });
            }
        }
        Rule::Footer(Some(name)) => {
            if project.names.find(Kind::Block, name, found).is_some() {
                brand.footers.push(Entry { text: name.text.to_string(), key: name.text.to_string(), place: name.place });
            }
        }
        Rule::AddressPeopleAs(Some(text)) => form(rule, text, brand, found),
        // Reported when they were read.
        Rule::AlwaysWrite(None) | Rule::PostalAddress(None) | Rule::Footer(None) | Rule::AddressPeopleAs(None) => {}
    }
}

fn form(rule: &BrandRule, text: &TextLit, brand: &mut Brand, found: &mut Diagnostics) {
    let Some(form) = address::find(text.text.trim()) else {
        found.push(NotAForm { place: text.place, written: text.text.clone(), known: address::known() });
        return;
    };
    match brand.forms.iter().find(|(other, _)| other.language == form.language) {
        Some((_, first)) => found.push(twice(rule, format!("how people are addressed in {}", form.name), *first)),
        None => brand.forms.push((form, text.place)),
    }
}

fn twice(rule: &BrandRule, what: String, first: Place) -> SaidTwice {
    let fix = Some(Fix::replace("take this one out", rule.place, ""));
    SaidTwice { place: rule.place, what, other: Some((first, "the first one")), fix }
}

/// The texts of a list; anything else in it is reported.
fn listed<'a>(list: Option<&'a ast::Expr>, (what, example): Words, found: &mut Diagnostics) -> Vec<&'a TextLit> {
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

fn add(entries: &mut Vec<Entry>, text: &TextLit, key: String, (what, example): Words, found: &mut Diagnostics) {
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

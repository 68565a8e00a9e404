//! The brand: words that are never used, names that are written in one way, domains that links lead to, colours, how people are addressed,
//! and what every mail ends with.
//!
//! In: `brand { … }` and every text that is written for customers: of messages, of blocks, of files that messages take a part from, and of
//! constants. Out: findings only, at the place inside the text. **Invariant:** judges what is written and not what is filled in; where only
//! a part of an address is written, nothing is said of it. Does not know which message is sent.

mod address;
mod colours;
mod mails;
mod names;
mod rules;
mod texts;

pub(super) use mails::check as mails;
pub(super) use rules::postal;

use super::problem::problems;
use super::project::Project;
use super::template;
use crate::ast;
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

    /// `colours ["#12"]`
    NotAColour { written: String } = Code::new("E0443", "not-a-colour");
        "`{written}` is no colour", "mails could not show it", "write it as `\"#0a5\"`, `\"#00aa55\"`, `\"rgb(0, 170, 85)\"` or by its English name, for example `\"white\"`";

    /// `address people as "you all"`
    NotAForm { written: String, known: String } = Code::new("E0444", "not-a-form-of-address");
        "`{written}` is no way to address people that is known here", "there is nothing to hold texts against", "write one of {known}; other words that are never used go into `never say`";

    /// `postal address` twice, `address people as` twice for one language.
    SaidTwice { what: String, other: Option<(Place, &'static str)>, fix: Option<Fix> } = Code::new("E0445", "brand-rule-twice");
        "{what} is said twice", "which of the two holds?", "take one of the two lines out";

    /// A text with a word of `never say`.
    NeverSay { word: String, other: Vec<(Place, &'static str)> } = Code::new("W0441", "brand-never-says");
        "the brand never says `{word}`", "customers would read it", "say it in other words, or why not: `## allow W0441: …`";

    /// `Line pay` where the name is `LINE Pay`.
    WrittenOtherwise { written: String, name: String, other: Vec<(Place, &'static str)>, fix: Option<Fix> } = Code::new("W0442", "name-written-otherwise");
        "`{written}` is always written `{name}`", "the same name, spelled otherwise", "write `{name}`";

    /// A link to somebody else.
    LinkLeadsAway { domain: String, allowed: String, other: Vec<(Place, &'static str)> } = Code::new("W0443", "link-leads-elsewhere");
        "this link leads to `{domain}`, which is not one of the brand's domains", "customers would leave your pages", "links lead to {allowed}; correct it, or add \"{domain}\" to `link domains`";

    /// `color="#ff0000"` where red is none of the brand's colours.
    ColourOfOthers { written: String, known: String, other: Vec<(Place, &'static str)> } = Code::new("W0447", "colour-of-others");
        "`{written}` is not one of the brand's colours", "this mail would look like somebody else's", "take one of {known}, or add it to `colours`";

    /// `ท่าน` where people are addressed as `คุณ`.
    AddressedOtherwise { written: String, form: &'static str, language: &'static str, other: Vec<(Place, &'static str)> } = Code::new("W0448", "addressed-otherwise");
        "people are addressed as `{form}` in {language}, and here as `{written}`", "the same customer would hear two voices", "say it with `{form}`, or why not: `## allow W0448: …`";
}

/// A word, a name or a domain, with where the brand says it.
struct Entry {
    text: String,
    /// Without what does not count when it is looked for.
    key: String,
    place: Place,
}

#[derive(Default)]
pub(super) struct Brand {
    /// Where a project says its brand.
    place: Option<Place>,
    never: Vec<Entry>,
    /// The longest first: `LINE Pay` is not a `LINE` that goes on.
    names: Vec<Entry>,
    domains: Vec<Entry>,
    colours: Vec<Entry>,
    postal: Option<Entry>,
    /// Blocks, by name, one of which every mail shows.
    footers: Vec<Entry>,
    /// One for each language.
    forms: Vec<(&'static address::Form, Place)>,
}

impl Brand {
    /// Something that a single text can be held against.
    fn is_about_texts(&self) -> bool {
        let lists = [&self.never, &self.names, &self.domains, &self.colours];
        lists.iter().any(|list| !list.is_empty()) || !self.forms.is_empty()
    }
}

/// Holds every text against the brand.
pub(super) fn check(project: &Project, files: &[ast::File], found: &mut Diagnostics) -> Brand {
    let brand = rules::read(project, files, found);
    if !brand.is_about_texts() {
        return brand;
    }
    for said in texts::all(project, files) {
        let shown = Shown::of(&said);
        if said.is_read {
            words(&brand, &said, &shown, found);
            forms(&brand, &said, &shown, found);
        }
        links(&brand, &said, &shown, found);
        if said.is_html {
            colours(&brand, &said, &shown, found);
        }
    }
    brand
}

/// Where the brand says it, and the block whose text this is.
fn others(said: &Said, rule: Place, label: &'static str) -> Vec<(Place, &'static str)> {
    let block = said.block.map(|block| (block, "a text of this block"));
    std::iter::once((rule, label)).chain(block).collect()
}

fn words(brand: &Brand, said: &Said, shown: &Shown, found: &mut Diagnostics) {
    if brand.never.is_empty() && brand.names.is_empty() {
        return;
    }
    let folded = Folded::of(&shown.words);
    for word in &brand.never {
        for at in folded.all(&word.key) {
            let place = template::place(&said.text, &at);
            found.push(NeverSay { place, word: word.text.clone(), other: others(said, word.place, "said here") });
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
            let other = others(said, name.place, "said here");
            found.push(WrittenOtherwise { place, written, name: name.text.clone(), other, fix });
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
        found.push(LinkLeadsAway { place, domain, allowed, other: others(said, first.place, "the domains of the brand") });
    }
}

fn colours(brand: &Brand, said: &Said, shown: &Shown, found: &mut Diagnostics) {
    let Some(first) = brand.colours.first() else { return };
    for (at, key) in colours::all(&shown.source) {
        if brand.colours.iter().any(|colour| colour.key == key) {
            continue;
        }
        let names: Vec<String> = brand.colours.iter().take(6).map(|colour| format!("`{}`", colour.text)).collect();
        let more = if brand.colours.len() > names.len() { " and others" } else { "" };
        let (place, written) = (template::place(&said.text, &at), shown.source[at].to_owned());
        let other = others(said, first.place, "the colours of the brand");
        found.push(ColourOfOthers { place, written, known: format!("{}{more}", names.join(", ")), other });
    }
}

fn forms(brand: &Brand, said: &Said, shown: &Shown, found: &mut Diagnostics) {
    for (form, rule) in &brand.forms {
        if said.language.as_deref().is_some_and(|language| language != form.language) {
            continue;
        }
        for at in form.others_in(&shown.words) {
            let (place, written) = (template::place(&said.text, &at), said.text.text[at].to_owned());
            let other = others(said, *rule, "said here");
            found.push(AddressedOtherwise { place, written, form: form.word, language: form.name, other });
        }
    }
}

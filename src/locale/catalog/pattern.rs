//! A template with places that are filled in.
//!
//! In: `there is no {kind} \`{name}\``. Out: what was filled in where a text was made from it, and texts made from it. **Invariant:**
//! what is filled in inside backticks has none itself, and elsewhere has pairs of them. Knows no language.

use super::STEPS_MAX;

/// A place that is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub name: String,
    /// Stands inside backticks or quotes: what fills it is a user's or the language's.
    pub quoted: bool,
    /// Stands inside backticks.
    code: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Own(String),
    Slot(Slot),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

impl Pattern {
    /// Reads a template as `format!` does; places without a name are called `0`, `1` … in their order.
    pub fn new(template: &str) -> Pattern {
        let mut pieces = Vec::new();
        let mut own = String::new();
        let (mut code, mut quote, mut nameless) = (false, false, 0);
        let mut rest = template;
        while let Some(letter) = rest.chars().next() {
            if let Some(after) = ["{{", "}}"].iter().find_map(|pair| rest.strip_prefix(pair)) {
                own.push(letter);
                rest = after;
                continue;
            }
            if letter == '{'
                && let Some((inside, after)) = rest[1..].split_once('}')
            {
                let name = inside.split(':').next().unwrap_or_default();
                let name = if name.is_empty() {
                    nameless += 1;
                    (nameless - 1).to_string()
                } else {
                    name.to_owned()
                };
                if !own.is_empty() {
                    pieces.push(Piece::Own(std::mem::take(&mut own)));
                }
                pieces.push(Piece::Slot(Slot { name, quoted: code || quote, code }));
                rest = after;
                continue;
            }
            code ^= letter == '`';
            quote ^= letter == '"';
            own.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
        if !own.is_empty() {
            pieces.push(Piece::Own(own));
        }
        Pattern { pieces }
    }

    /// The text itself, where nothing is filled in.
    pub fn whole(&self) -> Option<String> {
        match self.pieces.as_slice() {
            [] => Some(String::new()),
            [Piece::Own(text)] => Some(text.clone()),
            _ => None,
        }
    }

    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Slot(slot) => Some(slot),
            Piece::Own(_) => None,
        })
    }

    /// How much of the template is not filled in, in bytes.
    pub fn own_letters(&self) -> usize {
        self.pieces.iter().map(|piece| if let Piece::Own(text) = piece { text.len() } else { 0 }).sum()
    }

    /// The text with each place filled.
    pub fn fill(&self, with: &mut dyn FnMut(&str) -> String) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Own(text) => out.push_str(text),
                Piece::Slot(slot) => out.push_str(&with(&slot.name)),
            }
        }
        out
    }

    /// What was filled in, in the order of the places, if the text was made from this template.
    pub fn matches<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        if let Some(Piece::Own(own)) = self.pieces.last()
            && !text.ends_with(own.as_str())
        {
            return None;
        }
        let mut filled = Vec::new();
        let mut steps = 0;
        fits(&self.pieces, text, &mut filled, &mut steps).then_some(filled)
    }
}

/// Takes the shortest filling that lets the rest fit.
fn fits<'t>(pieces: &[Piece], text: &'t str, filled: &mut Vec<&'t str>, steps: &mut usize) -> bool {
    let Some((first, rest)) = pieces.split_first() else { return text.is_empty() };
    let slot = match first {
        Piece::Own(own) => return text.strip_prefix(own.as_str()).is_some_and(|text| fits(rest, text, filled, steps)),
        Piece::Slot(slot) => slot,
    };
    if rest.is_empty() {
        filled.push(text);
        return may_fill(slot, text);
    }
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    for end in ends {
        *steps += 1;
        if *steps > STEPS_MAX || (slot.code && text[..end].ends_with('`')) {
            return false;
        }
        let next_fits = !matches!(rest.first(), Some(Piece::Own(own)) if !text[end..].starts_with(own.as_str()));
        if next_fits && may_fill(slot, &text[..end]) {
            let before = filled.len();
            filled.push(&text[..end]);
            if fits(rest, &text[end..], filled, steps) {
                return true;
            }
            filled.truncate(before);
        }
    }
    false
}

fn may_fill(slot: &Slot, text: &str) -> bool {
    let ticks = text.matches('`').count();
    if slot.code { ticks == 0 } else { slot.quoted || ticks.is_multiple_of(2) }
}

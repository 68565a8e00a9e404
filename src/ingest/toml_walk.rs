//! Walking a TOML table with places: typed getters that say what is wrong where, and a last word on keys that nobody asked for.

use super::problem::{BadSetting, MissingSetting, UnknownSetting};
use crate::diagnostic::{Diagnostics, suggest};
use crate::source::{FileId, Place, Span};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A text with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub text: String,
    pub place: Place,
}

/// One table while it is read.
pub struct Table<'t, 'i> {
    table: &'t DeTable<'i>,
    file: FileId,
    /// As people call it: `[project]`, `this [[log]]`.
    pub name: String,
    /// Of its header, or of its first key.
    pub place: Place,
    known: Vec<&'static str>,
}

pub fn place_of(file: FileId, range: std::ops::Range<usize>) -> Place {
    Span::new(range.start as u32, range.end as u32).at(file)
}

/// A value as a person would call it.
pub fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text \"{text}\""),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {}", number.as_str()),
        DeValue::Boolean(truth) => format!("{truth}"),
        DeValue::Datetime(moment) => format!("the date {moment}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

impl<'t, 'i> Table<'t, 'i> {
    pub fn new(table: &'t DeTable<'i>, file: FileId, name: impl Into<String>, place: Place) -> Table<'t, 'i> {
        Table { table, file, name: name.into(), place, known: Vec::new() }
    }

    pub fn place_of(&self, value: &Spanned<DeValue<'i>>) -> Place {
        place_of(self.file, value.span())
    }

    /// The value of a key, which is known from now on.
    pub fn get(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'i>>> {
        self.known.push(key);
        self.table.get(key)
    }

    pub fn bad(&self, key: &str, value: &Spanned<DeValue<'i>>, expected: &str, help: &str) -> BadSetting {
        BadSetting {
            setting: key.to_owned(),
            expected: expected.to_owned(),
            found: describe(value.get_ref()),
            place: self.place_of(value),
            help: help.to_owned(),
        }
    }

    pub fn text(&mut self, key: &'static str, help: &str, found: &mut Diagnostics) -> Option<Written> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Written { text: text.to_string(), place: self.place_of(value) }),
            _ => {
                found.push(self.bad(key, value, "a text in quotes", help));
                None
            }
        }
    }

    /// As [`Table::text`], but it must be there.
    pub fn presumed_text(&mut self, key: &'static str, what: &str, help: &str, found: &mut Diagnostics) -> Option<Written> {
        if self.table.get(key).is_none() {
            self.known.push(key);
            found.push(self.missing(what, help));
            return None;
        }
        self.text(key, help, found)
    }

    pub fn missing(&self, what: &str, help: &str) -> MissingSetting {
        MissingSetting { block: self.name.clone(), what: what.to_owned(), place: self.place, help: help.to_owned() }
    }

    pub fn whole(&mut self, key: &'static str, help: &str, found: &mut Diagnostics) -> Option<u64> {
        let value = self.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        if number.is_none() {
            found.push(self.bad(key, value, "a whole number", help));
        }
        number
    }

    pub fn truth(&mut self, key: &'static str, help: &str, found: &mut Diagnostics) -> Option<bool> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(truth) => Some(*truth),
            _ => {
                found.push(self.bad(key, value, "`true` or `false`", help));
                None
            }
        }
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &'static str, help: &str, found: &mut Diagnostics) -> Vec<Written> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            found.push(self.bad(key, value, "a list of texts", help));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) => texts.push(Written { text: text.to_string(), place: self.place_of(item) }),
                _ => found.push(self.bad(key, item, "a text in quotes", help)),
            }
        }
        texts
    }

    /// A table inside this one.
    pub fn table(&mut self, key: &'static str, name: impl Into<String>, found: &mut Diagnostics) -> Option<Table<'t, 'i>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(Table::new(table, self.file, name, self.place_of(value))),
            _ => {
                found.push(self.bad(key, value, "a table", &format!("write `[{key}]` on a line of its own, and its settings below it")));
                None
            }
        }
    }

    /// `[[key]]`, in order.
    pub fn tables(&mut self, key: &'static str, found: &mut Diagnostics) -> Vec<Table<'t, 'i>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let help = format!("write `[[{key}]]` with two brackets: there may be several");
        let DeValue::Array(items) = value.get_ref() else {
            found.push(self.bad(key, value, "a list of tables", &help));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::Table(table) => {
                    tables.push(Table::new(table, self.file, format!("this `[[{key}]]`"), self.place_of(item)));
                }
                _ => found.push(self.bad(key, item, "a list of tables", &help)),
            }
        }
        tables
    }

    /// Every key with its value, for tables whose keys are names: all of them are known.
    pub fn entries(&self) -> impl Iterator<Item = (Written, &'t Spanned<DeValue<'i>>)> + use<'t, 'i> {
        let file = self.file;
        self.table.iter().map(move |(key, value)| (Written { text: key.get_ref().to_string(), place: place_of(file, key.span()) }, value))
    }

    /// Says which keys nobody asked for.
    pub fn finish(self, found: &mut Diagnostics) {
        for (key, _) in self.table.iter() {
            let written = key.get_ref().as_ref();
            if self.known.contains(&written) {
                continue;
            }
            let nearest = suggest::best(written, self.known.iter().copied());
            let help = match &nearest {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("{} knows: {}", self.name, self.known.join(", ")),
            };
            found.push(UnknownSetting {
                written: written.to_owned(),
                whereabouts: format!("in {}", self.name),
                place: place_of(self.file, key.span()),
                help,
                nearest,
            });
        }
    }
}

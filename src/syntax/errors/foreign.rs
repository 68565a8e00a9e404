//! Spellings of other languages, and what to write instead.

use super::lines::short;
use super::{Around, Spelling};
use crate::diagnostic::{Edit, Fix};
use crate::source::Span;
use crate::syntax::findings::{BadNumber, ForeignSpelling, Words};
use crate::syntax::tree::{Kind, NodeId};

impl Spelling<'_> {
    /// True once something was said.
    pub(super) fn foreign(&mut self, id: NodeId, kind: Kind, around: Around) -> bool {
        let written = self.written(id);
        let span = self.tree.span(id);
        let instead: Option<String> = match kind {
            Kind::ForeignCompare => Some(comparison(written).to_owned()),
            Kind::ForeignJoin => Some(if written.starts_with('&') { "and" } else { "or" }.to_owned()),
            Kind::ForeignNot => Some("not ".to_owned()),
            Kind::ForeignBe => Some(if around.parent == Kind::SetStep { "to" } else { "be" }.to_owned()),
            Kind::ForeignElseIf => Some("else if".to_owned()),
            Kind::ForeignElse => Some("else".to_owned()),
            Kind::ForeignOtherwise => Some("otherwise".to_owned()),
            Kind::ForeignBy => Some("by".to_owned()),
            Kind::ForeignWhere => Some("where".to_owned()),
            Kind::ForeignArgAssign => Some(":".to_owned()),
            Kind::ForeignColon | Kind::ForeignAssign | Kind::ForeignThen => Some(String::new()),
            Kind::ForeignNotMissing => Some(is_missing_or_set(written).to_owned()),
            Kind::ForeignText => text_in_quotes(written),
            Kind::ForeignDuration | Kind::WordedDuration => duration_in_words(written),
            Kind::ForeignTime => clock_time(written),
            Kind::ForeignDate => plain_date(written),
            Kind::ForeignMoney => money(written),
            Kind::ForeignChoices => Some(written.split(',').map(|choice| format!("\"{}\"", choice.trim())).collect::<Vec<_>>().join(", ")),
            Kind::ForeignCount => None,
            Kind::ForeignOption => return false,
            Kind::BadNumber => return self.number_with_letters(id),
            _ => None,
        };
        let (message, label, help) = self.foreign_words(kind, written, instead.as_deref());
        let fixes = instead.map_or(Vec::new(), |text| vec![self.replacement(span, &text)]);
        self.report(ForeignSpelling::from(Words { message, place: self.at(span), label, help, fixes }));
        true
    }

    fn replacement(&self, span: Span, text: &str) -> Fix {
        let title = if text.is_empty() { "take it away".to_owned() } else { format!("change to `{}`", text.trim()) };
        // A sign that glues two words together leaves a blank behind.
        let before = self.text[..span.start as usize].chars().next_back();
        let after = self.text[span.end as usize..].chars().next();
        let word = |character: Option<char>| {
            character.is_some_and(|character| character.is_alphanumeric() || character == '_' || character == '"')
        };
        let mut text = text.to_owned();
        if text.starts_with(char::is_alphabetic) && word(before) {
            text.insert(0, ' ');
        }
        if text.ends_with(char::is_alphabetic) && word(after) {
            text.push(' ');
        }
        if text.is_empty() && word(before) && word(after) {
            text.push(' ');
        }
        Fix { title, edits: vec![Edit { place: self.at(span), text }] }
    }

    fn foreign_words(&self, kind: Kind, written: &str, instead: Option<&str>) -> (String, String, String) {
        let shown = short(written);
        let write = |instead: Option<&str>| match instead {
            Some("") => format!("take the `{shown}` away"),
            Some(instead) => format!("write `{}`", instead.trim()),
            None => String::new(),
        };
        let (message, label, help): (String, &str, String) = match kind {
            Kind::ForeignChoices => ("the choices of `one of` stand in quotes".to_owned(), "each is a text", write(instead)),
            Kind::ForeignText => (format!("`{shown}` is no text here"), "texts stand in plain double quotes", write(instead)),
            Kind::ForeignDuration if instead.is_none() => (
                format!("`{shown}` can be read in two ways"),
                "minutes or months",
                "write the unit in full: `30 minutes` or `30 months`".to_owned(),
            ),
            Kind::WordedDuration if written.starts_with('-') => (
                format!("`{shown}` lies in the past"),
                "nobody can wait for less than nothing",
                "write a length of time such as `2 days`; what lies before a date is `2 days before customer.birthday`".to_owned(),
            ),
            Kind::ForeignDuration | Kind::WordedDuration => {
                (format!("`{shown}` is written differently here"), "a number and a unit in full", write(instead))
            }
            Kind::ForeignTime => (
                format!("`{shown}` is written differently here"),
                "clock times are two digits, `:`, two digits",
                instead.map_or("write for example `09:00`".to_owned(), |instead| format!("write `{instead}`")),
            ),
            Kind::ForeignDate => {
                let help = instead.map_or(
                    "write the year, the month and the day, for example `2026-03-01`, or `2026-03-01 09:00`".to_owned(),
                    |instead| format!("write `{instead}`"),
                );
                (format!("`{shown}` is written differently here"), "dates go year, month, day", help)
            }
            Kind::ForeignMoney => {
                let help = instead
                    .map_or("write the amount and the currency's three letters, for example `500 THB` or `5 USD`".to_owned(), |instead| {
                        format!("write `{instead}`")
                    });
                (format!("`{shown}` is written differently here"), "an amount and three letters", help)
            }
            Kind::ForeignCount => {
                let help = "write `at least 2`, `at most 2` or `exactly 2`; more than 2 is `at least 3`".to_owned();
                (format!("`{shown}` is not one of the three ways to count"), "`at least`, `at most` or `exactly`", help)
            }
            Kind::ForeignColon => (
                "a name that is given a type takes no `:`".to_owned(),
                "not before a type",
                "write for example `total money THB`".to_owned(),
            ),
            Kind::ForeignArgAssign => {
                ("a name that is given a value takes `:`".to_owned(), "not `=`", "write for example `total: 900 THB`".to_owned())
            }
            _ => (format!("`{shown}` is a word of another language"), "written differently here", write(instead)),
        };
        (message, label.to_owned(), help)
    }

    fn number_with_letters(&mut self, id: NodeId) -> bool {
        let written = short(self.written(id));
        self.report(BadNumber::from(Words {
            message: format!("`{written}` is neither a number nor a name"),
            place: self.at(self.tree.span(id)),
            label: "a number with letters in it".to_owned(),
            help: "write a number such as `20_000`, a length of time such as `2 days`, or a name that begins with a letter".to_owned(),
            fixes: Vec::new(),
        }));
        true
    }

    /// `any of LIST where it is "x"` without its parentheses.
    pub(super) fn bare_where(&mut self, id: NodeId) -> bool {
        let Some(test) = self.tree.child(id, Kind::Test) else { return false };
        let span = self.tree.span(test);
        let fix = Fix {
            title: "put it in parentheses".to_owned(),
            edits: vec![self.edit(Span::new(span.start, span.start), "("), self.edit(Span::new(span.end, span.end), ")")],
        };
        self.report(ForeignSpelling::from(Words {
            message: "the condition of a count stands in parentheses".to_owned(),
            place: self.at(span),
            label: "where does it end?".to_owned(),
            help: format!("write `where ({})`", short(self.written(test))),
            fixes: vec![fix],
        }));
        true
    }
}

fn comparison(written: &str) -> &'static str {
    match written {
        "!=" | "!==" | "<>" | "≠" => "is not",
        "=>" | "≥" => ">=",
        "=<" | "≤" => "<=",
        _ => "is",
    }
}

fn is_missing_or_set(written: &str) -> &'static str {
    let negated = written.split_ascii_whitespace().nth(1) == Some("not");
    if negated != written.ends_with("set") { "is set" } else { "is missing" }
}

/// The same text in plain double quotes.
fn text_in_quotes(written: &str) -> Option<String> {
    let mut letters = written.chars();
    letters.next()?;
    letters.next_back()?;
    Some(format!("\"{}\"", letters.as_str().replace('"', "\\\"")))
}

/// `24h` as `24 hours`; None where the unit could be two things.
fn duration_in_words(written: &str) -> Option<String> {
    let numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    if written.starts_with('-') {
        return None;
    }
    if written.starts_with(|first: char| first.is_ascii_alphabetic()) {
        let (word, unit) = written.split_once([' ', '\t'])?;
        let count = numbers.iter().position(|number| *number == word).map_or(1, |at| at + 1);
        return Some(format!("{count} {}", unit.trim()));
    }
    let digits = written.find(|letter: char| !(letter.is_ascii_digit() || letter == '_' || letter == '.'))?;
    let (count, unit) = written.split_at(digits);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "h" | "hr" | "hrs" | "hour" | "hours" => "hour",
        "min" | "mins" | "minute" | "minutes" => "minute",
        "s" | "sec" | "secs" | "second" | "seconds" => "second",
        "d" | "day" | "days" => "day",
        "w" | "wk" | "wks" | "week" | "weeks" => "week",
        "month" | "months" => "month",
        "y" | "yr" | "yrs" | "year" | "years" => "year",
        _ => return None,
    };
    Some(format!("{count} {unit}{}", if count == "1" { "" } else { "s" }))
}

/// `9am` as `09:00`.
fn clock_time(written: &str) -> Option<String> {
    let lower = written.to_ascii_lowercase();
    let clock = lower.trim_end_matches(['a', 'p', 'm']).trim_end();
    let mut parts = clock.split(':').map(|part| part.parse::<u32>().ok());
    let mut hour = parts.next()??;
    let minute = parts.next().unwrap_or(Some(0))?;
    if lower.ends_with("pm") && hour < 12 {
        hour += 12;
    }
    if lower.ends_with("am") && hour == 12 {
        hour = 0;
    }
    (hour < 24 && minute < 60).then(|| format!("{hour:02}:{minute:02}"))
}

/// `2026-3-1T09:00:00Z` as `2026-03-01 09:00`; None where day and month could be swapped.
fn plain_date(written: &str) -> Option<String> {
    let (date, clock) = match written.find(['T', ' ', '\t']) {
        Some(at) => (&written[..at], Some(written[at + 1..].trim())),
        None => (written, None),
    };
    let parts: Vec<u32> = date.split(['-', '/']).filter_map(|part| part.parse().ok()).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    if *year < 100 {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    match clock {
        None => Some(date),
        Some(clock) => Some(format!("{date} {}", clock_time(clock.get(..5).unwrap_or(clock))?)),
    }
}

/// `฿500` as `500 THB`.
fn money(written: &str) -> Option<String> {
    let code = match written.chars().find(|sign| "฿$€£¥₹".contains(*sign))? {
        '฿' => "THB",
        '€' => "EUR",
        '£' => "GBP",
        '₹' => "INR",
        // Many countries have dollars, and two have this sign for yen and yuan.
        _ => return None,
    };
    let amount: String = written.chars().filter(|letter| letter.is_ascii_digit() || matches!(letter, '.' | '_')).collect();
    Some(format!("{amount} {code}"))
}

//! Lines and rests of lines that nothing fits.

use super::{Around, Spelling};
use crate::diagnostic::{Fix, suggest};
use crate::source::Span;
use crate::syntax::findings::{Commas, ForeignSpelling, NoDeclaration, NoSuchLine, StrayBrace, Unexpected, Words};
use crate::syntax::tree::{Kind, NodeId};

const DECLARATIONS: &[&str] = &[
    "customer",
    "event",
    "topic",
    "team",
    "segment",
    "policy",
    "route",
    "channel",
    "let",
    "message",
    "journey",
    "scenario",
    "catalog",
    "stages",
    "list",
    "audience",
    "codes",
    "block",
    "brand",
    "survey",
    "score",
    "hook",
    "custom channel",
];
const CLAUSES: &[&str] = &[
    "enter",
    "enter again",
    "one run per",
    "while running",
    "accept late",
    "goal",
    "exit on",
    "exit when",
    "only while",
    "hold out",
    "runs from",
    "priority",
    "quiet hours",
    "at most",
    "when edited",
    "message",
];
const STEPS: &[&str] = &[
    "wait",
    "send",
    "if",
    "let",
    "exit",
    "split",
    "set",
    "clear",
    "add",
    "remove",
    "increase",
    "decrease",
    "subscribe",
    "unsubscribe",
    "emit",
    "repeat",
    "break",
    "start journey",
    "wait until",
    "wait up to",
    "wait the full",
    "experiment",
    "collect",
    "call",
    "confirm",
    "suppress",
    "draw code",
    "for each",
    "move to stage",
];
const JOINING: &[&str] = &["and", "or", "where", "within", "by", "for", "then", "otherwise", "else"];
const RESERVED: &[&str] = &["and", "or", "not", "is", "in", "has", "where", "within", "by", "as", "else", "true", "false"];
/// Words of other languages for steps that have another word here.
const BORROWED: &[(&str, &str)] = &[
    ("delay", "wait"),
    ("sleep", "wait"),
    ("pause", "wait"),
    ("return", "exit"),
    ("stop", "exit"),
    ("end", "exit"),
    ("quit", "exit"),
    ("var", "let"),
    ("const", "let"),
    ("email", "send"),
    ("notify", "send"),
    ("message", "send"),
    ("loop", "repeat"),
    ("while", "repeat"),
    ("goto", "start journey"),
    ("trigger", "emit"),
];
/// Words that may continue a line.
const CONTINUES: &[&str] = &[
    "by",
    "as",
    "where",
    "within",
    "then",
    "otherwise",
    "or",
    "and",
    "to",
    "for",
    "at",
    "from",
    "in",
    "since",
    "until",
    "about",
    "if",
    "is",
    "not",
    "of",
    "after",
    "before",
    "containing",
    "because",
    "without",
    "ignoring",
    "up",
    "times",
];

/// Words of the language that are no misspelt others.
const KNOWN: &[&str] = &["when", "if", "on", "with", "send", "set", "exit", "wait", "not", "now", "has", "any", "the", "no", "all"];

/// Statements whose events may be narrowed by `where`.
fn takes_where(statement: Kind) -> bool {
    matches!(statement, Kind::Enter | Kind::ExitOn | Kind::Goal | Kind::OnBranch | Kind::CollectStep)
}

/// The words that begin the lines of a block.
fn first_words(block: Kind) -> Vec<&'static str> {
    match block {
        Kind::File => DECLARATIONS.to_vec(),
        Kind::JourneyBlock => CLAUSES.iter().chain(STEPS).copied().collect(),
        Kind::Block => STEPS.to_vec(),
        Kind::PolicyBlock => vec!["timezone", "quiet hours", "at most", "hold out"],
        Kind::BranchBlock => vec!["on", "when", "otherwise"],
        Kind::SplitBlock => vec!["path"],
        Kind::ArmBlock => vec!["variant", "control", "winner when", "adaptive"],
        Kind::SceneBlock => vec!["starting", "given", "at", "after", "choosing", "in the run of", "expect"],
        Kind::ScoreBlock => vec!["start", "on", "halve every"],
        Kind::HookBlock => vec!["url", "timeout", "answers"],
        Kind::BrandBlock => vec!["never say", "always write", "link domains", "postal address", "footer", "colours", "address people as"],
        Kind::ContentBlock => vec!["email", "sms", "push", "line", "web", "inbox", "task", "when in doubt", "skip when"],
        _ => Vec::new(),
    }
}

/// Where the lines of a block stand, in people's words.
fn place_name(block: Kind) -> &'static str {
    match block {
        Kind::JourneyBlock => "a line of a journey",
        Kind::Block => "a step",
        Kind::PolicyBlock => "a rule of the policy",
        Kind::BranchBlock => "a branch of a wait",
        Kind::SplitBlock => "a path of a split",
        Kind::ArmBlock => "a line of an experiment",
        Kind::SceneBlock => "a line of a scenario",
        Kind::ContentBlock => "the content of a message",
        Kind::FieldBlock => "a field",
        Kind::PartBlock => "a part of the content",
        _ => "a line here",
    }
}

fn example_of(block: Kind) -> &'static str {
    match block {
        Kind::JourneyBlock | Kind::Block => "`wait 2 days`, `send reminder by email`, `exit \"done\"`",
        Kind::PolicyBlock => "`timezone \"Asia/Bangkok\"`, `at most 4 messages in 7 days then skip`",
        Kind::BranchBlock => "`on clicked reminder { }`, `when customer.plan is \"pro\" { }`, `otherwise { }`",
        Kind::SplitBlock => "`path \"a\" 50% { }`",
        Kind::ArmBlock => "`variant \"a\" 50% { }`, `control 50%`",
        Kind::SceneBlock => "`given subscribed to news`, `at 2026-03-01 10:00 signed_up`, `expect 1 message`",
        Kind::ContentBlock => "`email { subject \"Hello\" text \"…\" }`, `sms \"Hello\"`",
        Kind::FieldBlock => "`order_id text`, `total money THB`",
        Kind::PartBlock => "`subject \"Hello\"`",
        Kind::StageBlock => "`purchase when has order_completed`",
        _ => "a line that begins with one of its words",
    }
}

impl Spelling<'_> {
    pub(super) fn bad_line(&mut self, id: NodeId, block: Kind) {
        let span = self.tree.span(id);
        let written = self.written(id);
        if written.starts_with('}') {
            self.report(StrayBrace::from(Words {
                message: "a `}` closes nothing".to_owned(),
                place: self.at(Span::new(span.start, span.start + 1)),
                label: "no `{` belongs to this".to_owned(),
                help: "take it away, or write the `{` that it should close".to_owned(),
                fixes: vec![Fix::replace("take the `}` away", self.at(Span::new(span.start, span.start + 1)), "")],
            }));
            return;
        }
        if self.foreign_comment(span, written) {
            return;
        }
        let word = first_word(written);
        let place = self.at(Span::new(span.start, span.start + word.len() as u32));
        let (message, label, help, fixes) = self.line_words(word, block, place);
        let words = Words { message, place, label, help, fixes };
        if block == Kind::File { self.report(NoDeclaration::from(words)) } else { self.report(NoSuchLine::from(words)) }
    }

    fn line_words(&self, word: &str, block: Kind, place: crate::source::Place) -> (String, String, String, Vec<Fix>) {
        let legal = first_words(block);
        let shown = short(word);
        let owned = |message: String, label: &str, help: String| (message, label.to_owned(), help, Vec::new());
        if word == "{" {
            return owned(
                "a block without a line that it belongs to".to_owned(),
                "what does this block belong to?",
                format!("write what it is for before the `{{`, for example {}", example_of(block)),
            );
        }
        if block == Kind::CondBlock {
            return owned(
                "a segment is one condition".to_owned(),
                "a second condition begins here",
                "join the two: begin this line with `and` or with `or`".to_owned(),
            );
        }
        if legal.contains(&word) || legal.iter().any(|phrase| phrase.split(' ').next() == Some(word)) {
            let phrases: Vec<String> =
                legal.iter().filter(|phrase| phrase.split(' ').next() == Some(word)).map(|phrase| format!("`{phrase} …`")).collect();
            return owned(format!("`{shown}` is not complete"), "how does this go on?", format!("write {}", phrases.join(" or ")));
        }
        if JOINING.contains(&word) {
            return owned(
                format!("a line cannot begin with `{shown}` here"),
                "the line above does not go on",
                "put it at the end of the line that it belongs to, or directly below it".to_owned(),
            );
        }
        if let Some((_, here)) = BORROWED.iter().find(|(other, here)| *other == word.to_ascii_lowercase() && legal.contains(here)) {
            let fixes = if matches!(*here, "wait" | "exit" | "let" | "emit") {
                vec![Fix::replace(format!("change to `{here}`"), place, *here)]
            } else {
                Vec::new()
            };
            return (
                format!("`{shown}` is a word of another language"),
                "written differently here".to_owned(),
                format!("write `{here} …`"),
                fixes,
            );
        }
        let near = suggest::nearest(word, legal.iter().filter(|phrase| !phrase.contains(' ')).copied());
        if let Some(best) = near.first() {
            let message = if block == Kind::File {
                format!("`{shown}` begins no declaration")
            } else {
                format!("`{shown}` is not {}", place_name(block))
            };
            let fixes = vec![Fix::replace(format!("change to `{best}`"), place, best.clone())];
            return (message, format!("did you mean `{best}`?"), format!("write `{best}`"), fixes);
        }
        if block != Kind::File && DECLARATIONS.contains(&word) {
            return owned(
                format!("`{shown}` is declared outside of blocks"),
                "not inside of this",
                "move it out, to the first column of a line of its own".to_owned(),
            );
        }
        if block == Kind::Block && CLAUSES.iter().any(|clause| clause.split(' ').next() == Some(word)) {
            return owned(
                format!("`{shown}` belongs into the header of the journey"),
                "not among the steps of a block",
                "move it up, to the lines before the first step".to_owned(),
            );
        }
        if block == Kind::File && (STEPS.contains(&word) || CLAUSES.contains(&word)) {
            return owned(
                format!("`{shown}` belongs into a journey"),
                "outside of every journey",
                "move it between the braces of a `journey`".to_owned(),
            );
        }
        if block == Kind::File {
            let help = "a file holds declarations, for example `event signed_up { }` or `journey welcome { … }`".to_owned();
            return owned(format!("`{shown}` begins no declaration"), "no declaration begins like this", help);
        }
        owned(
            format!("`{shown}` is not {}", place_name(block)),
            "this word begins no line here",
            format!("here stand lines such as {}", example_of(block)),
        )
    }

    /// `// …`, `/* … */`, `-- …`: comments of other languages. True once said.
    fn foreign_comment(&mut self, span: Span, written: &str) -> bool {
        let Some(sign) = ["//", "/*", "--", "<!--"].into_iter().find(|sign| written.starts_with(sign)) else { return false };
        let place = self.at(Span::new(span.start, span.start + sign.len() as u32));
        let fixes = if sign == "//" || sign == "--" { vec![Fix::replace("change to `#`", place, "#")] } else { Vec::new() };
        self.report(ForeignSpelling::from(Words {
            message: format!("`{sign}` begins no comment here"),
            place,
            label: "comments begin with `#`".to_owned(),
            help: "write `# …`, to the end of the line".to_owned(),
            fixes,
        }));
        true
    }

    pub(super) fn bad_item(&mut self, id: NodeId, block: Kind) {
        let span = self.tree.span(id);
        let written = self.written(id);
        if self.foreign_comment(span, written) {
            return;
        }
        let word = first_word(written);
        if is_reserved(word) {
            return self.reserved(span);
        }
        let place = self.at(Span::new(span.start, span.start + word.len() as u32));
        let message = format!("`{}` is not {}", short(word), place_name(block));
        self.report(NoSuchLine::from(Words {
            message,
            place,
            label: "no name begins like this".to_owned(),
            help: format!("here stand entries such as {}", example_of(block)),
            fixes: Vec::new(),
        }));
    }

    /// The rest of a line that does not belong to it. True once something was said.
    pub(super) fn unexpected(&mut self, id: NodeId, around: Around) -> bool {
        if matches!(around.parent, Kind::BadLine | Kind::BadItem | Kind::StrayBlock) {
            return true;
        }
        let span = self.tree.span(id);
        let written = self.written(id);
        if self.foreign_comment(span, written) || self.semicolon(span, written) || self.thousands(id, span, written) {
            return true;
        }
        if around.parent == Kind::BadArg
            && let Some(list) = self.parent_of(around.parent_id)
        {
            let (open, close) = if self.tree.kind(list) == Kind::List { ("[", "]") } else { ("(", ")") };
            if self.tree.children(list).any(|child| matches!(self.tree.kind(child), Kind::NoRparen | Kind::NoRbracket)) {
                return self.bracket(list, self.token_before(id).unwrap_or(id), open, close);
            }
        }
        let word = first_word(written);
        if around.parent == Kind::BadArg && is_reserved(word) && !matches!(word, "and" | "or" | "is" | "in") {
            self.reserved(span);
            return true;
        }
        let place = self.at(Span::new(span.start, span.start + word.len() as u32));
        let behind = self.token_before(id).map_or(String::new(), |before| format!(" after `{}`", short(self.written(before))));
        let near = match word {
            "when" | "if" | "with" | "whose" | "having" if takes_where(around.parent) => Some("where".to_owned()),
            _ if KNOWN.contains(&word) || word.len() < 2 => None,
            _ => suggest::best(word, CONTINUES.iter().copied()),
        };
        let (label, fixes) = match &near {
            Some(best) => (format!("did you mean `{best}`?"), vec![Fix::replace(format!("change to `{best}`"), place, best.clone())]),
            None => ("the line is complete before this".to_owned(), Vec::new()),
        };
        let example = std::iter::successors(Some(around.parent_id), |id| self.parent_of(*id)).find_map(|id| self.tree.kind(id).example());
        let help = match example {
            Some(example) => format!("take it away, or begin a new line with it; the line goes for example `{example}`"),
            None => "take it away, or begin a new line with it".to_owned(),
        };
        self.report(Unexpected::from(Words {
            message: format!("`{}` does not belong here{behind}", short(word)),
            place,
            label,
            help,
            fixes,
        }));
        true
    }

    fn semicolon(&mut self, span: Span, written: &str) -> bool {
        if written.trim_end() != ";" {
            return false;
        }
        let place = self.at(Span::new(span.start, span.start + 1));
        self.report(ForeignSpelling::from(Words {
            message: "a line ends without `;`".to_owned(),
            place,
            label: "not needed".to_owned(),
            help: "take it away: one statement a line".to_owned(),
            fixes: vec![Fix::replace("take the `;` away", place, "")],
        }));
        true
    }

    /// `20,000`: the comma of other number formats.
    fn thousands(&mut self, id: NodeId, span: Span, written: &str) -> bool {
        let groups = written.strip_prefix(',').filter(|rest| rest.bytes().take(3).filter(u8::is_ascii_digit).count() == 3);
        let Some(before) = self.token_before(id).filter(|before| groups.is_some() && self.tree.kind(*before) == Kind::Number) else {
            return false;
        };
        let number = self.tree.span(before);
        let digits = written.find(|letter: char| !(letter.is_ascii_digit() || letter == ',')).unwrap_or(written.len());
        let place = self.at(Span::new(number.start, span.start + digits as u32));
        let plain = self.text.get(place.span.range()).unwrap_or("").replace(',', "_");
        self.report(ForeignSpelling::from(Words {
            message: "a number has no commas in it".to_owned(),
            place,
            label: "a comma parts the entries of a list".to_owned(),
            help: format!("write `{plain}`, or without the `_`"),
            fixes: vec![Fix::replace(format!("change to `{plain}`"), place, plain)],
        }));
        true
    }

    /// Braces where none belong. True once something was said.
    pub(super) fn stray_block(&mut self, id: NodeId, around: Around) -> bool {
        if matches!(around.parent, Kind::BadLine | Kind::BadItem) {
            return true;
        }
        let span = self.tree.span(id);
        let behind = self.token_before(id).map_or(String::new(), |before| format!(" after `{}`", short(self.written(before))));
        self.report(Unexpected::from(Words {
            message: format!("a block does not belong here{behind}"),
            place: self.at(Span::new(span.start, span.start + 1)),
            label: "this line takes no block".to_owned(),
            help: "take the braces away, or complete the line before them".to_owned(),
            fixes: Vec::new(),
        }));
        true
    }

    /// Two commas in a row, or none between two entries of one line.
    pub(super) fn commas(&mut self, list: Kind, before: Option<NodeId>, id: NodeId, said: &mut bool) {
        let Some(before) = before.filter(|_| !*said) else { return };
        let (last, this) = (self.tree.kind(before), self.tree.kind(id));
        let place = self.at(self.tree.span(id));
        let bracket = matches!(last, Kind::Open | Kind::Lparen | Kind::Lbracket);
        if this == Kind::Comma && (last == Kind::Comma || bracket) {
            *said = true;
            return self.report(Commas::from(Words {
                message: "a comma too many".to_owned(),
                place,
                label: "nothing stands before it".to_owned(),
                help: "one comma parts two entries".to_owned(),
                fixes: vec![Fix::replace("take the comma away", place, "")],
            }));
        }
        let entry = |kind: Kind| matches!(kind, Kind::Cond | Kind::Record | Kind::Arg | Kind::Param | Kind::BadArg);
        if matches!(list, Kind::Params | Kind::Args | Kind::List)
            && entry(last)
            && entry(this)
            && last != Kind::BadArg
            && this != Kind::BadArg
        {
            *said = true;
            let end = self.tree.span(before).end;
            self.report(Commas::from(Words {
                message: "a comma is missing between two entries".to_owned(),
                place,
                label: "a second entry begins here".to_owned(),
                help: "write a comma before it".to_owned(),
                fixes: vec![Fix::replace("add a comma", self.at(Span::new(end, end)), ",")],
            }));
        }
    }
}

pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// The first word of a text, or its first sign.
pub(super) fn first_word(text: &str) -> &str {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return &text[..text.find([' ', '\t', ',', ')', '\n']).unwrap_or(text.len())];
    }
    let end = text.find(|letter: char| !(letter.is_alphanumeric() || letter == '_' || !letter.is_ascii())).unwrap_or(text.len());
    if end > 0 {
        return &text[..end];
    }
    &text[..text.chars().next().map_or(0, char::len_utf8)]
}

/// A text of the user for a message: its first line, not too long.
pub(super) fn short(text: &str) -> String {
    const LETTERS_MAX: usize = 30;
    let line = text.lines().next().unwrap_or("").trim();
    if line.chars().count() <= LETTERS_MAX { line.to_owned() } else { line.chars().take(LETTERS_MAX).chain(['…']).collect() }
}

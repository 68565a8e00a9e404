//! Words of the language, by the place where they could stand.
//!
//! In: the tree of a declaration with a name where the cursor is, and the line up to there. Out: phrases, with the rest of their line as a
//! snippet. **Invariant:** a phrase whose first words are on the line already goes on from there; nothing is offered inside quotes but
//! what a template can say. Knows no names.

use crate::check::Symbol;
use crate::syntax::{Kind, NodeId, SyntaxTree};
use lsp_types::Range;
use serde_json::{Value, json};

/// A phrase, and how its line goes on: `${1:name}` are places to fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    pub words: String,
    pub snippet: String,
    about: &'static str,
}

impl Phrase {
    pub fn item(&self, at: usize, range: Range, snippets: bool) -> Value {
        let (text, format) = if snippets { (self.snippet.clone(), 2) } else { (format!("{} ", self.words), 1) };
        json!({
            "label": self.words,
            "kind": 14,
            "detail": self.about,
            "sortText": format!("1{at:04}"),
            "filterText": self.words,
            "insertTextFormat": format,
            "textEdit": { "range": range, "newText": text.trim_end() },
        })
    }
}

#[derive(Debug, Default)]
pub struct Words {
    /// Whole statements, of which the beginning may be on the line already.
    statements: Vec<&'static [(&'static str, &'static str)]>,
    /// How a statement goes on.
    tables: Vec<&'static [(&'static str, &'static str)]>,
    /// What of the line is there already, from the first word of the statement.
    typed: String,
    colon: bool,
    tags: bool,
}

const DECLARATIONS: &[(&str, &str)] = &[
    ("journey ${1:name} \"${2:Title}\" {\n  enter on ${3:event}\n  enter again ${4:never}\n\n  $0\n}", "what happens, step by step"),
    ("message ${1:name} about ${2:topic} {\n  ${3:email} {\n    subject \"$4\"\n    text \"$0\"\n  }\n}", "what customers get"),
    ("event ${1:name} {\n  $0\n}", "something that customers do"),
    ("customer {\n  $0\n}", "what is known of everybody"),
    ("segment ${1:name} \"${2:Title}\" {\n  $0\n}", "a group of customers, by a condition"),
    ("topic ${1:name} \"${2:Title}\" ${3:opt in}", "what messages are about, and who agreed to them"),
    ("scenario \"${1:what happens}\" for ${2:journey} {\n  $0\n}", "a story with its expected end"),
    ("policy {\n  $0\n}", "rules for every message"),
    ("route ${1:name} first reachable of ${2:email}", "which channel to try first"),
    ("team ${1:name} \"${2:Title}\"", "people of ours"),
    ("let ${1:name} be $0", "a constant"),
    ("stages {\n  $0\n}", "the steps of a customer's life"),
    ("catalog ${1:product} by ${2:sku} {\n  $0\n}", "things that are sold or shown"),
    ("list ${1:name} \"${2:Title}\"", "members by hand"),
    ("audience ${1:name} \"${2:Title}\"", "a group at an advertising network"),
    ("codes ${1:name} \"${2:Title}\"", "codes that are given once"),
    ("block ${1:name} {\n  text \"$0\"\n}", "a piece of content for many messages"),
    ("brand {\n  $0\n}", "rules for every text"),
    ("survey ${1:name} \"${2:Title}\" {\n  $0\n}", "questions that a message carries"),
    ("score ${1:name} \"${2:Title}\" {\n  start 0\n  $0\n}", "points for what customers do"),
    ("hook ${1:name}(${2}) {\n  url \"https://$0\"\n}", "a question to a service of the house"),
    ("channel ${1:sms} reaches customer.${2:phone}", "which field a channel uses"),
    ("custom channel ${1:name} \"${2:Title}\" reaches customer.id {\n  $0\n}", "a channel of your own"),
];

const CLAUSES: &[(&str, &str)] = &[
    ("enter on ${1:event}", "who comes in"),
    ("enter when joins segment ${1:segment}", "who comes in"),
    ("enter when leaves segment ${1:segment}", "who comes in"),
    ("enter when reaches stage ${1:stage}", "who comes in"),
    ("enter when requested", "who comes in"),
    ("enter every ${1:monday} at ${2:09:00}", "who comes in"),
    ("enter yearly on customer.${1:birthday} at ${2:09:00}", "who comes in"),
    ("enter ${1:3 days} before customer.${2:field} at ${3:09:00}", "who comes in"),
    ("enter again never", "how often"),
    ("enter again always", "how often"),
    ("enter again ${1:7 days} after entry", "how often"),
    ("enter again ${1:7 days} after the end", "how often"),
    ("one run per ${1:event}", "several runs side by side"),
    ("while running ignore", "what another entry does meanwhile"),
    ("while running restart", "what another entry does meanwhile"),
    ("while running update entry", "what another entry does meanwhile"),
    ("goal ${1:event} within ${2:7 days} of entry", "what it is for"),
    ("goal ${1:event} within ${2:7 days} of entry then exit", "what it is for, and its end"),
    ("exit on ${1:event}", "what ends it"),
    ("exit when ${1:condition}", "what ends it"),
    ("only while subscribed to ${1:topic}", "for whom"),
    ("only while ${1:condition}", "for whom"),
    ("hold out ${1:10%}", "a share that gets nothing, to compare with"),
    ("runs from ${1:2026-12-01} to ${2:2026-12-31}", "when"),
    ("priority ${1:high}", "which messages go first"),
    ("quiet hours ${1:21:00} to ${2:08:00} then wait", "when nothing is sent"),
    ("at most ${1:2} messages in ${2:7 days} from this journey then skip", "how many messages"),
    ("at most ${1:500} entries in ${2:1 day} then wait", "how many customers"),
    ("accept late", "old events count"),
    ("when edited ${1:finish as started}", "who is on the way when it changes"),
];

const STEPS: &[(&str, &str)] = &[
    ("send ${1:message} by ${2:email}", "a message to the customer"),
    ("wait ${1:2 days}", "then go on"),
    ("wait ${1:2 days}, until ${2:10:00}", "then go on"),
    ("wait until ${1:09:00}", "then go on"),
    ("wait until ${1:monday} at ${2:09:00}", "then go on"),
    ("wait until it is ${1:09:00} to ${2:18:00} on ${3:weekdays}", "then go on"),
    ("wait until best time within ${1:24 hours}", "then go on"),
    ("wait up to ${1:2 days} {\n  on ${2:event} {\n    $0\n  }\n  otherwise {\n  }\n}", "for what comes first"),
    ("wait up to ${1:1 day} for ${2:event} otherwise exit", "for one thing"),
    (
        "wait the full ${1:3 days}, then first listed of {\n  on ${2:event} {\n    $0\n  }\n  otherwise {\n  }\n}",
        "then the best of what came",
    ),
    ("if ${1:condition} {\n  $0\n}", "a question"),
    ("let ${1:name} be $0", "a value with a name"),
    ("split {\n  path \"${1:a}\" 50% {\n    $0\n  }\n  path \"${2:b}\" 50% {\n  }\n}", "by chance"),
    (
        "experiment \"${1:name}\" measured by ${2:event} within ${3:7 days} {\n  variant \"${4:a}\" 50% {\n    $0\n  }\n  control 50%\n}",
        "which is better",
    ),
    ("set customer.${1:field} to $0", "what is known of her"),
    ("clear customer.${1:field}", "what is known of her"),
    ("add ${1:value} to customer.${2:field}", "to a list"),
    ("remove ${1:value} from customer.${2:field}", "from a list"),
    ("increase customer.${1:field} by ${2:1}", "a number"),
    ("decrease customer.${1:field} by ${2:1}", "a number"),
    ("add to list ${1:list}", "membership"),
    ("add to audience ${1:audience}", "membership"),
    ("remove from list ${1:list}", "membership"),
    ("remove from audience ${1:audience}", "membership"),
    ("subscribe to ${1:topic}", "consent"),
    ("unsubscribe from ${1:topic}", "consent"),
    ("unsubscribe from everything", "consent"),
    ("confirm ${1:topic}", "consent"),
    ("suppress ${1:email} \"${2:reason}\"", "an address that is never used again"),
    ("move to stage ${1:stage}", "her stage"),
    ("emit ${1:event} { $0 }", "an event of our own"),
    ("start journey ${1:journey}", "another journey"),
    ("call ${1:hook}($2) as ${3:answer} otherwise {\n  $0\n}", "a question to a service"),
    ("draw code from ${1:codes} as ${2:code} otherwise {\n  $0\n}", "a code that is given once"),
    ("collect ${1:event} for ${2:10 minutes} with the first as ${3:events}", "several events at once"),
    ("repeat up to ${1:3} times {\n  $0\n}", "again"),
    ("for each ${1:x} in ${2:list} up to ${3:5} {\n  $0\n}", "one after the other"),
    ("break", "out of a repeat"),
    ("exit \"${1:reason}\"", "the end"),
];

const BRANCHES: &[(&str, &str)] = &[
    ("on ${1:event} {\n  $0\n}", "when this comes"),
    ("when ${1:condition} {\n  $0\n}", "when this holds"),
    ("otherwise {\n  $0\n}", "when the time is up"),
];
const PATHS: &[(&str, &str)] = &[("path \"${1:name}\" ${2:50%} {\n  $0\n}", "one way")];
const ARMS: &[(&str, &str)] = &[
    ("variant \"${1:name}\" ${2:50%} {\n  $0\n}", "one way"),
    ("control ${1:20%}", "who gets nothing"),
    ("winner when ${1:95%} sure after ${2:500} customers in each", "when it is decided"),
    ("adaptive", "more for what works"),
];
const POLICY: &[(&str, &str)] = &[
    ("timezone \"${1:Asia/Bangkok}\"", "of the project"),
    ("quiet hours ${1:21:00} to ${2:08:00} then wait", "when nothing is sent"),
    ("quiet hours ${1:21:00} to ${2:08:00} for ${3:sms} then wait", "when nothing is sent"),
    ("at most ${1:4} messages in ${2:7 days} then skip", "how many"),
    ("hold out ${1:5%}", "a share that gets nothing"),
];
const CONTENTS: &[(&str, &str)] = &[
    ("email {\n  subject \"$1\"\n  text \"$0\"\n}", "a mail"),
    ("sms \"$0\"", "a text"),
    ("line \"$0\"", "a LINE message"),
    ("push {\n  title \"$1\"\n  body \"$0\"\n}", "on the phone's screen"),
    ("whatsapp {\n  template \"${1:name}\"\n}", "an approved template"),
    ("inbox {\n  title \"$1\"\n  body \"$0\"\n}", "in the app"),
    ("web {\n  headline \"$1\"\n  body \"$0\"\n}", "on the site"),
    ("task {\n  title \"$0\"\n}", "for a team"),
    ("webhook {\n  $0\n}", "for a program"),
    ("print {\n  $0\n}", "a letter"),
    ("email in \"${1:en}\" {\n  subject \"$2\"\n  text \"$0\"\n}", "a mail in another language"),
    ("when in doubt ${1:skip}", "whether it arrived"),
    ("skip when ${1:condition} \"${2:reason}\"", "when it refuses itself"),
    ("survey ${1:name}", "questions with it"),
];
const PARTS: &[(&str, &str)] = &[
    ("subject \"$0\"", "part"),
    ("preheader \"$0\"", "part"),
    ("mjml file \"$0\"", "part"),
    ("html file \"$0\"", "part"),
    ("text \"$0\"", "part"),
    ("from \"$0\"", "part"),
    ("reply to \"$0\"", "part"),
    ("title \"$0\"", "part"),
    ("body \"$0\"", "part"),
    ("link \"https://$0\"", "part"),
    ("headline \"$0\"", "part"),
    ("ends $0", "part"),
    ("template \"$0\"", "part"),
];
const SCENES: &[(&str, &str)] = &[
    ("starting ${1:2026-03-01 09:00}", "when the story begins"),
    ("given customer { $0 }", "who she is"),
    ("given subscribed to ${1:topic}", "what she agreed to"),
    ("given has ${1:event} ${2:3 days} ago { $0 }", "what she did before"),
    ("at ${1:2026-03-01 10:00} ${2:event} { $0 }", "what happens"),
    ("after ${1:1 hour} ${2:event} { $0 }", "what happens"),
    ("choosing \"${1:path}\"", "which way"),
    ("expect message ${1:message}", "what must come"),
    ("expect message ${1:message} by ${2:email} after ${3:1 hour}", "what must come"),
    ("expect no messages", "what must not come"),
    ("expect no message ${1:message}", "what must not come"),
    ("expect ${1:1} message", "how many"),
    ("expect exit on ${1:event}", "how it ends"),
    ("expect exit \"${1:reason}\"", "how it ends"),
    ("expect waiting at \"${1:step}\"", "where she is"),
    ("expect not entered", "that she never came in"),
    ("in the run of ${1:key} ${2:value} {\n  $0\n}", "one of several runs"),
];
const STAGE: &[(&str, &str)] = &[("${1:name} when $0", "a stage"), ("${1:name} otherwise", "the first stage")];
const SCORE: &[(&str, &str)] = &[
    ("start ${1:0}", "points to begin with"),
    ("on ${1:event} add ${2:1}", "points"),
    ("on ${1:event} subtract ${2:1}", "points"),
    ("halve every ${1:30 days}", "how they fade"),
];
const BRAND: &[(&str, &str)] = &[
    ("never say [\"$0\"]", "words"),
    ("always write \"$0\"", "words"),
    ("link domains [\"$0\"]", "links"),
    ("postal address \"$0\"", "for mails"),
    ("footer ${1:block}", "under mails"),
    ("colours [\"$0\"]", "in mails"),
    ("address people as \"$0\"", "words"),
];
const HOOK: &[(&str, &str)] =
    &[("url \"https://$0\"", "where"), ("timeout ${1:5 seconds}", "how long"), ("answers {\n  $0\n}", "what comes back")];
const SEND: &[(&str, &str)] = &[
    ("by ${1:email}", "which way"),
    ("by first reachable of ${1:email}", "which way"),
    ("by preferred channel", "which way"),
    ("to team ${1:team}", "to whom"),
    ("to ${1:entry.owner}", "to whom"),
    ("without waiting", "goes on at once"),
    ("ignoring quiet hours", "for what is urgent"),
    ("as ${1:name}", "a name, to ask what became of it"),
    ("or exit if not sent", "when it cannot be sent"),
];
const HOW: &[(&str, &str)] = &[
    ("first reachable of ${1:email}", "the first that reaches her"),
    ("preferred channel", "the one that she likes"),
    ("those of ${1:email} in customer.${2:channels}", "those that she chose"),
];
const TRIGGER: &[(&str, &str)] = &[
    ("sent ${1:message}", "what became of a message"),
    ("received ${1:message}", "what became of a message"),
    ("opened ${1:message}", "what became of a message"),
    ("clicked ${1:message}", "what became of a message"),
    ("replied to ${1:message}", "what became of a message"),
    ("bounced ${1:message}", "what became of a message"),
    ("subscribed to ${1:topic}", "consent"),
    ("unsubscribed from ${1:topic}", "consent"),
    ("answered ${1:survey}", "answers"),
];
const AFTER_TARGET: &[(&str, &str)] = &[
    ("where $0", "only if"),
    ("for the same ${1:key}", "of this run"),
    ("for any ${1:key}", "of any run"),
    ("since entry", "from then on"),
    ("as ${1:name}", "a name for it"),
    ("or ${1:event}", "or another"),
];
const OPERATORS: &[(&str, &str)] = &[
    ("is $0", "the same"),
    ("is not $0", "another"),
    ("is missing", "not there"),
    ("is set", "there"),
    ("in [$0]", "one of"),
    ("not in [$0]", "none of"),
    ("contains $0", "has in it"),
    ("starts with \"$0\"", "text"),
    ("ends with \"$0\"", "text"),
    ("and $0", "both"),
    ("or $0", "one of the two"),
];
const OPERANDS: &[(&str, &str)] = &[
    ("has ${1:event}", "what she did"),
    ("has no ${1:event}", "what she did not do"),
    ("has at least ${1:2} ${2:event}", "how often"),
    ("count of ${1:event}", "how often"),
    ("sum of ${1:event}.${2:total}", "all together"),
    ("average of ${1:event}.${2:total}", "in the middle"),
    ("largest of ${1:event}.${2:total}", "the most"),
    ("latest of ${1:event}.${2:at}", "the last one"),
    ("first of $0", "of a list"),
    ("in segment ${1:segment}", "membership"),
    ("in stage ${1:stage}", "membership"),
    ("in list ${1:list}", "membership"),
    ("in journey ${1:journey}", "membership"),
    ("subscribed to ${1:topic}", "consent"),
    ("reachable by ${1:email}", "an address"),
    ("any of ${1:list} where ($0)", "of a list"),
    ("not $0", "the opposite"),
];
const WINDOWS: &[(&str, &str)] = &[
    ("in the last ${1:30 days}", "when"),
    ("since ${1:entry}", "when"),
    ("in the ${1:7 days} before ${2:entry.at}", "when"),
    ("where $0", "which of them"),
];
const TOPICS: &[(&str, &str)] = &[
    ("opt in", "only who said yes"),
    ("double opt in", "only who confirmed"),
    ("opt out", "everybody who did not say no"),
    ("on request", "only who asked"),
    ("transactional \"${1:why}\"", "what belongs to an order or an account"),
];
const UNITS: &[(&str, &str)] = &[
    ("minutes", "unit"),
    ("hours", "unit"),
    ("days", "unit"),
    ("weeks", "unit"),
    ("months", "unit"),
    ("seconds", "unit"),
    ("years", "unit"),
    ("THB", "currency"),
    ("USD", "currency"),
    ("EUR", "currency"),
];
const TYPES: &[(&str, &str)] =
    &[("list of ${1:text}", "several"), ("one of \"$1\", \"$0\"", "one of some"), ("money ${1:THB}", "an amount")];
const DAYS: &[(&str, &str)] = &[
    ("monday", "day"),
    ("tuesday", "day"),
    ("wednesday", "day"),
    ("thursday", "day"),
    ("friday", "day"),
    ("saturday", "day"),
    ("sunday", "day"),
    ("weekdays", "day"),
    ("weekends", "day"),
    ("day", "day"),
    ("week", "day"),
    ("month", "day"),
];
const ZONES: &[(&str, &str)] = &[
    ("Asia/Bangkok", "time zone"),
    ("Asia/Singapore", "time zone"),
    ("Asia/Tokyo", "time zone"),
    ("Asia/Jakarta", "time zone"),
    ("Asia/Ho_Chi_Minh", "time zone"),
    ("Asia/Kolkata", "time zone"),
    ("Asia/Dubai", "time zone"),
    ("Europe/London", "time zone"),
    ("Europe/Berlin", "time zone"),
    ("Europe/Paris", "time zone"),
    ("America/New_York", "time zone"),
    ("America/Los_Angeles", "time zone"),
    ("Australia/Sydney", "time zone"),
    ("UTC", "time zone"),
];

impl Words {
    /// What could stand at `cursor`, where a placeholder is. `before`: the line up to there.
    pub fn at(tree: &SyntaxTree, text: &str, cursor: u32, before: &str) -> Words {
        let above = ancestors(tree, cursor);
        let line = before.trim_start();
        let quotes = before.matches('"').count() - before.matches("\\\"").count();
        if quotes % 2 == 1 || above.iter().any(|kind| matches!(kind, Kind::LongText | Kind::OpenLongText)) {
            return Words::in_text(before, text, cursor);
        }
        let typed = line.trim_end_matches(['\t']).to_owned();
        let mut words = Words { typed, ..Words::default() };
        let line_is_empty = line.trim().is_empty();
        words.colon = above.iter().any(|kind| matches!(kind, Kind::Arg | Kind::RecordEntry | Kind::BadItem | Kind::BadArg | Kind::Args));
        if line.trim_end().ends_with(|c: char| c.is_ascii_digit()) && line.ends_with(' ') {
            words.tables = vec![UNITS];
            words.typed = String::new();
            return words;
        }
        let block = above.iter().find_map(|kind| block_words(*kind));
        words.statements.extend(block.unwrap_or(&[DECLARATIONS]));
        if !line_is_empty {
            let more = rest_words(&above, tree, cursor, line);
            words.tables.extend(more);
        }
        words
    }

    /// In a text: its template, or a zone.
    fn in_text(before: &str, text: &str, cursor: u32) -> Words {
        if before.trim_start().starts_with("timezone") {
            return Words { tables: vec![ZONES], ..Words::default() };
        }
        let tag = text[..cursor as usize].trim_end().ends_with("{%");
        Words { tags: tag, ..Words::default() }
    }

    /// Whether a name that is chosen is followed by its value.
    pub fn wants_colon(&self, symbol: &Symbol) -> bool {
        let last = self.typed.trim_end().chars().next_back();
        self.colon
            && matches!(last, None | Some('(' | ',' | '{'))
            && matches!(symbol, Symbol::Param(..) | Symbol::Field(..) | Symbol::Word("part", _))
    }

    /// The phrases that fit what is on the line.
    pub fn phrases(&self) -> Vec<Phrase> {
        if self.tags {
            return TAGS.iter().map(|(snippet, about)| phrase(snippet, about)).collect();
        }
        let mut phrases = Vec::new();
        let whole =
            self.statements.iter().flat_map(|table| table.iter()).filter_map(|(snippet, about)| Some((self.rest_of(snippet)?, *about)));
        let more = self.tables.iter().flat_map(|table| table.iter()).map(|(snippet, about)| ((*snippet).to_owned(), *about));
        for (snippet, about) in whole.chain(more) {
            let one = phrase(&snippet, about);
            if !one.words.is_empty() && !phrases.contains(&one) {
                phrases.push(one);
            }
        }
        phrases
    }

    /// What of a statement is not on the line yet; `None` where the line says something else.
    fn rest_of(&self, snippet: &str) -> Option<String> {
        let mut rest = snippet;
        let mut typed = self.typed.trim_start();
        while !typed.trim().is_empty() {
            let word_end = typed.find(' ')?;
            let (word, more) = (&typed[..word_end], typed[word_end..].trim_start());
            let wanted_end = rest.find(' ').unwrap_or(rest.len());
            if &rest[..wanted_end] != word {
                return None;
            }
            rest = rest[wanted_end..].trim_start();
            typed = more;
        }
        Some(rest.to_owned())
    }
}

fn phrase(snippet: &str, about: &'static str) -> Phrase {
    // Shown is what comes before the first place to fill, without what opens a block.
    let end = snippet.find(['$', '{', '"', '[', '\n']).unwrap_or(snippet.len());
    let words = snippet[..end].trim().to_owned();
    Phrase { words, snippet: snippet.to_owned(), about }
}

fn block_words(kind: Kind) -> Option<&'static [&'static [(&'static str, &'static str)]]> {
    Some(match kind {
        Kind::JourneyBlock => &[CLAUSES, STEPS],
        Kind::Block => &[STEPS],
        Kind::BranchBlock => &[BRANCHES],
        Kind::SplitBlock => &[PATHS],
        Kind::ArmBlock => &[ARMS],
        Kind::PolicyBlock => &[POLICY],
        Kind::ContentBlock => &[CONTENTS],
        Kind::PartBlock => &[PARTS],
        Kind::SceneBlock => &[SCENES],
        Kind::StageBlock => &[STAGE],
        Kind::ScoreBlock => &[SCORE],
        Kind::BrandBlock => &[BRAND],
        Kind::HookBlock => &[HOOK],
        Kind::FieldBlock | Kind::Record | Kind::Args | Kind::Params | Kind::QuestionBlock => &[&[]],
        _ => return None,
    })
}

/// How a statement goes on, by what the cursor is in and the word before it.
fn rest_words(above: &[Kind], tree: &SyntaxTree, cursor: u32, line: &str) -> Vec<&'static [(&'static str, &'static str)]> {
    let before = token_before(tree, cursor);
    let last = line.trim_end().rsplit(' ').next().unwrap_or("");
    let mut tables: Vec<&[(&str, &str)]> = Vec::new();
    if line.starts_with("topic ") && line.trim_end().split(' ').count() >= 2 {
        return vec![TOPICS];
    }
    match last {
        "by" => return vec![HOW],
        "on" if line.trim_end() == "on" || line.contains("exit on") || line.contains("enter on") => return vec![TRIGGER],
        "every" | "until" => return vec![DAYS],
        "if" | "when" | "where" | "and" | "or" | "not" | "while" | "(" => return vec![OPERANDS],
        _ => {}
    }
    let is_in = |wanted: &[Kind]| above.iter().any(|kind| wanted.contains(kind));
    if is_in(&[Kind::Field, Kind::Param]) {
        tables.push(TYPES);
    }
    if line.starts_with("send ") && before.is_some() {
        tables.push(SEND);
    }
    if line.starts_with("on ") || line.starts_with("enter on ") || line.starts_with("exit on ") {
        tables.push(AFTER_TARGET);
    }
    if line.contains("has ") || line.contains(" of ") {
        tables.push(WINDOWS);
    }
    if ["if ", "when ", "exit when ", "only while ", "skip when ", "else if "].iter().any(|head| line.starts_with(head))
        || line.contains("where ")
    {
        tables.push(OPERATORS);
    }
    if is_in(&[Kind::CondBlock]) {
        tables.push(OPERANDS);
        tables.push(OPERATORS);
    }
    tables
}

/// Kinds of the nodes that hold an offset, innermost first.
fn ancestors(tree: &SyntaxTree, offset: u32) -> Vec<Kind> {
    let mut above: Vec<(u32, Kind)> = tree
        .ids()
        .filter(|id| {
            let span = tree.span(*id);
            span.start <= offset && offset < span.end
        })
        .map(|id| (id.0, tree.kind(id)))
        .collect();
    above.reverse();
    above.into_iter().map(|(_, kind)| kind).collect()
}

fn token_before(tree: &SyntaxTree, offset: u32) -> Option<NodeId> {
    tree.tokens().take_while(|id| tree.span(*id).end <= offset).filter(|id| !tree.span(*id).is_empty()).last()
}

const TAGS: &[(&str, &str)] = &[
    ("if ${1:customer.name} %}$0{% endif", "only if"),
    ("for ${1:item} in ${2:items} %}$0{% endfor", "for each"),
    ("assign ${1:name} = $0", "a value with a name"),
    ("render '${1:block}'", "a block"),
    ("case ${1:value} %}{% when $0 %}{% endcase", "one of several"),
    ("unless ${1:value} %}$0{% endunless", "only if not"),
    ("capture ${1:name} %}$0{% endcapture", "a text with a name"),
    ("else", "otherwise"),
    ("elsif $0", "otherwise, if"),
    ("endif", "the end of if"),
    ("endfor", "the end of for"),
];

/// Tags of templates as entries.
pub fn tags(range: Range) -> Vec<Value> {
    TAGS.iter().enumerate().map(|(at, (snippet, about))| phrase(snippet, about).item(at, range, true)).collect()
}

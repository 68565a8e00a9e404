//! Parts that must be there and are not.

use super::lines::{first_word, is_reserved, short};
use super::{Around, Spelling};
use crate::diagnostic::{Fix, suggest};
use crate::source::Span;
use crate::syntax::findings::{MissingBlock, MissingOtherwise, MissingPart, ReservedWord, UnclosedBrace, UnclosedBracket, Words};
use crate::syntax::tree::{Kind, NodeId};

impl Spelling<'_> {
    /// True once something was said.
    pub(super) fn missing(&mut self, id: NodeId, kind: Kind, around: Around) -> bool {
        match kind {
            Kind::NoRparen => return self.bracket(around.parent_id, self.last_token(around.parent_id), "(", ")"),
            Kind::NoRbracket => return self.bracket(around.parent_id, self.last_token(around.parent_id), "[", "]"),
            Kind::NoClose => return self.never_closed(around),
            _ => {}
        }
        let before = self.token_before(id);
        let (behind, end) = match before {
            Some(before) => (short(self.written(before)), self.tree.span(before).end),
            None => (String::new(), self.tree.span(id).start),
        };
        let found = self.found_instead(id, end);
        let words = self.words_for(kind, around, &behind, end, before, found);
        match kind {
            Kind::NoBlock => self.report(MissingBlock::from(words)),
            Kind::NoOtherwise | Kind::NoStep => self.report(MissingOtherwise::from(words)),
            Kind::NoName if found.is_some_and(|found| is_reserved(first_word(self.slice(found)))) => {
                let found = found.unwrap_or_default();
                self.reserved(found);
            }
            _ => self.report(MissingPart::from(words)),
        }
        true
    }

    /// A reserved word where a name must be.
    pub(super) fn reserved(&mut self, found: Span) {
        let word = first_word(self.slice(found)).to_owned();
        let span = Span::new(found.start, found.start + word.len() as u32);
        self.report(ReservedWord::from(Words {
            message: format!("`{word}` is a word of the language and no name"),
            place: self.at(span),
            label: "reserved".to_owned(),
            help: format!("take another name, or write it in backticks: `` `{word}` ``"),
            fixes: vec![Fix::replace("put it in backticks", self.at(span), format!("`{word}`"))],
        }));
    }

    fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn words_for(&self, kind: Kind, around: Around, behind: &str, end: u32, before: Option<NodeId>, found: Option<Span>) -> Words {
        let expected = self.expected(kind, around, before);
        let example = self.example(around);
        let help = match (&expected.word, kind) {
            (_, Kind::NoBlock) => {
                "write the block in braces: `{` at the end of this line, its lines below, and `}` on a line of its own".to_owned()
            }
            _ => example.map_or_else(|| "complete the line".to_owned(), |example| format!("write for example `{example}`")),
        };
        match found {
            Some(found) => {
                let word = first_word(self.slice(found)).to_owned();
                let span = Span::new(found.start, found.start + word.len() as u32);
                let fixes = match &expected.word {
                    Some(wanted) if wanted == "at" && word.starts_with(|first: char| first.is_ascii_digit()) => {
                        vec![Fix::replace("add `at`", self.at(Span::new(span.start, span.start)), "at ")]
                    }
                    Some(wanted) if suggest::best(&word, [wanted.as_str()]).is_some() => {
                        vec![Fix::replace(format!("change to `{wanted}`"), self.at(span), wanted.clone())]
                    }
                    _ => Vec::new(),
                };
                let instead =
                    if expected.word.is_some() { format!("before `{}`", short(&word)) } else { format!(": `{}` is none", short(&word)) };
                Words {
                    message: format!("{} is missing {instead}", expected.noun).replace(" : ", ": "),
                    place: self.at(span),
                    label: format!("after `{behind}` comes {}", expected.noun),
                    help,
                    fixes,
                }
            }
            None => {
                // A word helps only where what comes behind it is there.
                let complete = around.next.is_some_and(|next| !self.tree.kind(next).is_missing())
                    && !matches!(around.parent, Kind::MessageDecl | Kind::ScenarioDecl);
                let insert = match (&expected.word, kind) {
                    (_, Kind::NoColon) => Some(":".to_owned()),
                    (_, Kind::NoBlock) if around.parent != Kind::SegmentDecl => Some(" { }".to_owned()),
                    (Some(word), _) if complete => Some(format!(" {word}")),
                    _ => None,
                };
                let fixes = insert
                    .map_or(Vec::new(), |text| vec![Fix::replace(format!("add `{}`", text.trim()), self.at(Span::new(end, end)), text)]);
                let place = before.map_or(Span::new(end, end), |before| self.tree.span(before));
                Words {
                    message: format!("{} is missing after `{behind}`", expected.noun),
                    place: self.at(place),
                    label: format!("{} comes after this", expected.noun),
                    help,
                    fixes,
                }
            }
        }
    }

    /// How the statement around is written.
    fn example(&self, around: Around) -> Option<&'static str> {
        // A part such as `test` or `cond` has no example of its own that helps; its statement has.
        let mut parent = around.parent_id;
        loop {
            if let Some(example) = self.tree.kind(parent).example() {
                return Some(example);
            }
            parent = self.parent_of(parent)?;
        }
    }

    /// The node that holds another; only for messages, so it may take its time.
    pub(super) fn parent_of(&self, id: NodeId) -> Option<NodeId> {
        (0..id.0).rev().map(NodeId).find(|above| self.tree.node(*above).end > id.0)
    }

    /// The last token before a node that is not empty and no comment.
    pub(super) fn token_before(&self, id: NodeId) -> Option<NodeId> {
        (0..id.0).rev().map(NodeId).find(|token| {
            self.tree.is_token(*token) && !self.tree.span(*token).is_empty() && !matches!(self.tree.kind(*token), Kind::Comment | Kind::Doc)
        })
    }

    /// What stands on the same line where the missing part should be, if nobody understood it.
    fn found_instead(&self, id: NodeId, end: u32) -> Option<Span> {
        let next = (id.0 + 1..self.tree.len() as u32)
            .map(NodeId)
            .find(|token| self.tree.is_token(*token) && !self.tree.span(*token).is_empty())?;
        let span = self.tree.span(next);
        let same_line = !self.text.get(end as usize..span.start as usize).unwrap_or("").contains('\n');
        let junk = matches!(self.tree.kind(next), Kind::Junk | Kind::JunkItem | Kind::JunkArg | Kind::JunkShort);
        (junk && same_line).then_some(span)
    }

    /// A bracket that is never closed; its partner would go behind `last`.
    pub(super) fn bracket(&mut self, bracket: NodeId, last: NodeId, open: &str, close: &str) -> bool {
        let span = self.tree.span(bracket);
        let end = self.tree.span(last).end;
        self.report(UnclosedBracket::from(Words {
            message: format!("a `{open}` has no `{close}`"),
            place: self.at(Span::new(span.start, span.start + 1)),
            label: "opened here and never closed".to_owned(),
            help: format!("write `{close}` where it ends; a line may only break after `{open}`, a comma or an operator"),
            fixes: vec![Fix::replace(format!("add `{close}`"), self.at(Span::new(end, end)), close)],
        }));
        true
    }

    fn last_token(&self, id: NodeId) -> NodeId {
        let end = self.tree.node(id).end;
        (id.0..end).rev().map(NodeId).find(|token| self.tree.is_token(*token) && !self.tree.span(*token).is_empty()).unwrap_or(id)
    }

    /// A block that ends where a declaration begins in the first column.
    fn never_closed(&mut self, around: Around) -> bool {
        let span = self.tree.span(around.parent_id);
        self.report(UnclosedBrace::from(Words {
            message: "a `{` has no `}`".to_owned(),
            place: self.at(Span::new(span.start, span.start + 1)),
            label: "a declaration begins before this is closed".to_owned(),
            help: "close it, or indent what looks like a declaration if it belongs inside".to_owned(),
            fixes: Vec::new(),
        }));
        true
    }

    /// What belongs there, as a noun, and the one word that it must be.
    fn expected(&self, kind: Kind, around: Around, before: Option<NodeId>) -> Expected {
        let noun = match kind {
            Kind::NoName => name_noun(around.parent),
            Kind::NoText => "a text in quotes",
            Kind::NoCond => "a condition",
            Kind::NoValue if around.parent == Kind::ChannelContent => "the content, a text or a block,",
            Kind::NoValue | Kind::NoOperand => "a value",
            Kind::NoDuration => "a length of time such as `2 days`",
            Kind::NoTime => "a clock time such as `09:00`",
            Kind::NoMoment => "a date or a moment such as `2026-03-01 09:00`",
            Kind::NoNumber => "a number",
            Kind::NoPercent => "a percentage such as `50%`",
            Kind::NoType => "a type such as `text`",
            Kind::NoCurrency => "a currency such as `THB`",
            Kind::NoPath => "what it is about, such as `customer.plan`,",
            Kind::NoBlock => "a block in braces",
            Kind::NoColon => "a `:`",
            Kind::NoTarget => "what happens, an event or `clicked reminder`,",
            Kind::NoChannels => "a channel or a route",
            Kind::NoDay => "a day such as `monday`",
            Kind::NoOtherwise => "`otherwise`",
            Kind::NoStep => "the step for that case",
            Kind::NoChoice => choice_noun(around.parent),
            _ => "",
        };
        if !noun.is_empty() {
            return Expected { noun: noun.to_owned(), word: None };
        }
        let word = self.word(around, before);
        Expected { noun: word.map_or("a word".to_owned(), |word| format!("`{word}`")), word: word.map(str::to_owned) }
    }

    /// The fixed word that is missing in a phrase.
    fn word(&self, around: Around, before: Option<NodeId>) -> Option<&'static str> {
        let behind = before.map(|before| self.tree.kind(before));
        Some(match around.parent {
            Kind::CatalogDecl => "by",
            Kind::ConstDecl | Kind::LetStep => "be",
            Kind::QuietHours | Kind::UntilWindow | Kind::QuestionLine | Kind::SetStep | Kind::AddStep | Kind::SubscribeStep => "to",
            Kind::AtMost => match behind {
                Some(Kind::KwMessages | Kind::KwMessage | Kind::KwEntries) => "in",
                Some(Kind::KwHigh | Kind::KwNormal | Kind::KwLow) => "priority",
                _ => "for",
            },
            Kind::MessageDecl => "about",
            Kind::ScenarioDecl => "for",
            Kind::ChannelDecl | Kind::CustomChannelDecl => "reaches",
            Kind::InTheBefore => "before",
            Kind::EntryEvery | Kind::EntryYearlyOn | Kind::UntilDay => "at",
            Kind::Goal => match behind {
                Some(Kind::Duration) => "of entry",
                _ => "within",
            },
            Kind::WaitFull => "then first listed of",
            Kind::Arm => match behind {
                Some(Kind::Percent) => "sure after",
                _ => "customers in each",
            },
            Kind::How | Kind::ForEachStep if behind != Some(Kind::Number) => "in",
            Kind::RemoveStep | Kind::UnsubscribeStep => "from",
            Kind::IncreaseStep | Kind::DecreaseStep | Kind::HappensRefuse => "by",
            Kind::RepeatStep => match behind {
                Some(Kind::KwRepeat) => "up to",
                _ => "times",
            },
            Kind::SceneGivenHas => "ago",
            Kind::Has => "messages",
            Kind::Top => "of",
            Kind::LetChoice => "if",
            _ => return None,
        })
    }
}

struct Expected {
    noun: String,
    word: Option<String>,
}

fn name_noun(parent: Kind) -> &'static str {
    match parent {
        Kind::SendStep => "the name of a message",
        Kind::Target | Kind::HappensRefuse | Kind::ExpectMessage | Kind::ExpectNoMessage | Kind::HappensBounce => "the name of a message",
        Kind::StartJourneyStep => "the name of a journey",
        Kind::SubscribeStep | Kind::UnsubscribeStep | Kind::About | Kind::SceneGivenSubscribed => "the name of a topic",
        Kind::OneRunPer => "what a run stands for, `event` or a property,",
        Kind::EmitStep => "the name of an event",
        Kind::ByName => "a channel",
        _ => "a name",
    }
}

/// The choices of a statement, as a list.
fn choice_noun(parent: Kind) -> &'static str {
    match parent {
        Kind::TopicDecl => "`opt in`, `double opt in`, `opt out`, `on request` or `transactional \"why\"`",
        Kind::Stage => "`otherwise` or `when`",
        Kind::QuietHours => "`then wait` or `then skip`",
        Kind::AtMost => "`messages` or `entries`, and at the end `then skip`, `then wait` or `then exit`,",
        Kind::ScoreRule => "`add` or `subtract`",
        Kind::WhenInDoubt => "`skip` or `repeat`",
        Kind::Enter => "what begins a run, such as `on order_completed`,",
        Kind::EntryJoins => "`segment` or `list`",
        Kind::EntryChanges => "`changes`, `rises`, `drops`, `rises above`, `drops below`, `rises by` or `drops by`",
        Kind::EntryAround | Kind::UntilAround => "`before` or `after`",
        Kind::EnterAgain => "`never`, `always`, or a length of time and `after entry` or `after the end`,",
        Kind::WhileRunning => "`ignore`, `restart` or `update entry`",
        Kind::Priority => "`high`, `normal` or `low`",
        Kind::WhenEdited => "`finish as started` or `continue in the new version`",
        Kind::OrIf | Kind::SkipIf => "`past` or `missing`",
        Kind::CollectStep => "`with the first` or `without the first`",
        _ => "one of the choices",
    }
}

//! What is wrong with the spelling of a file, in people's words.
//!
//! In: a tree and its text. Out: findings. **Invariant:** one mistake gives one finding: a brace mistake is reported alone, and of one
//! line (field, clause, step, declaration) only the first thing that is wrong. Knows nothing of what names mean.

mod characters;
mod foreign;
mod lines;
mod literals;
mod missing;

use super::braces::{self, BraceKind, BraceMistake};
use super::findings::{FileTooLarge, Words};
use super::tree::{Kind, Limit, NodeId, SyntaxTree};
use super::{FILE_BYTES_MAX, NESTING_MAX, findings};
use crate::diagnostic::{Diagnostic, Diagnostics, Edit, Fix};
use crate::source::{FileId, Place, Span};

/// What is wrong with the spelling of a file: one finding for one mistake.
pub fn errors(tree: &SyntaxTree, text: &str) -> Diagnostics {
    let mut spelling = Spelling { tree, text, file: tree.file, found: Diagnostics::default(), bad_lines: Vec::new() };
    match tree.beyond {
        Some(Limit::Size) => {
            let place = Span::new(0, 0).at(tree.file);
            spelling.found.push(FileTooLarge { bytes: text.len(), max: FILE_BYTES_MAX, place });
        }
        Some(Limit::Nesting(span)) => spelling.too_deep(span),
        None => spelling.all(),
    }
    spelling.found
}

/// The walk over one file.
struct Spelling<'t> {
    tree: &'t SyntaxTree,
    text: &'t str,
    file: FileId,
    found: Diagnostics,
    /// Lines with characters that cannot be read, in order: what else is wrong there follows from them.
    bad_lines: Vec<Span>,
}

impl<'t> Spelling<'t> {
    fn all(&mut self) {
        self.characters();
        let open_long = self.tree.ids().find(|id| self.tree.kind(*id) == Kind::OpenLongText);
        if let Some(id) = open_long {
            self.unclosed_long_text(id);
            return;
        }
        if let Some(mistake) = braces::mistake(self.text) {
            // A text that lost its quote may have swallowed the brace.
            let swallowed = self.tree.ids().find(|id| self.tree.kind(*id) == Kind::OpenText && self.written(*id).contains(['{', '}']));
            match swallowed {
                Some(id) => self.unclosed_text(id),
                None => self.brace(mistake),
            }
            return;
        }
        self.unit(SyntaxTree::ROOT, Kind::File);
    }

    fn written(&self, id: NodeId) -> &'t str {
        self.tree.text(id, self.text)
    }

    fn at(&self, span: Span) -> Place {
        span.at(self.file)
    }

    fn report(&mut self, finding: impl Into<Diagnostic>) {
        let finding = finding.into();
        if !self.on_bad_line(finding.place.span.start as usize) {
            self.found.push(finding);
        }
    }

    /// One unit of the text, in which one mistake is reported: a declaration, a line of a block, an entry of a list of fields.
    fn unit(&mut self, id: NodeId, kind: Kind) {
        let mut said = false;
        if let Some(open) = self.open_text_in(id) {
            self.unclosed_text(open);
            said = true;
        }
        self.look(id, kind, &mut said);
    }

    /// An unclosed text of this unit: it explains whatever else is wrong there.
    fn open_text_in(&self, id: NodeId) -> Option<NodeId> {
        if id == SyntaxTree::ROOT {
            return None;
        }
        for child in self.tree.children(id) {
            let kind = self.tree.kind(child);
            if kind == Kind::OpenText {
                return Some(child);
            }
            if !holds_units(kind)
                && kind != Kind::StrayBlock
                && let Some(open) = self.open_text_in(child)
            {
                return Some(open);
            }
        }
        None
    }

    /// Looks at the children of a node; `said` once the unit has its finding.
    fn look(&mut self, id: NodeId, kind: Kind, said: &mut bool) {
        let mut before: Option<NodeId> = None;
        let mut children = self.tree.children(id);
        while let Some(child) = children.next() {
            let child_kind = self.tree.kind(child);
            if holds_units(kind) && is_unit(child_kind) {
                if is_listed(kind) {
                    self.commas(kind, before, child, said);
                }
                self.line(child, child_kind, kind);
            } else if !*said {
                let next = children.clone().find(|next| !matches!(self.tree.kind(*next), Kind::Comment | Kind::Doc));
                let around = Around { parent: kind, parent_id: id, before, next };
                if is_listed(kind) {
                    self.commas(kind, before, child, said);
                }
                if !*said {
                    *said = self.token(child, child_kind, around);
                }
            }
            if child_kind == Kind::StrayBlock {
                // Its header is not understood: what stands in it is read again when the header is.
                continue;
            }
            let has_its_own = holds_units(kind) && is_unit(child_kind);
            if !has_its_own && !self.tree.is_token(child) {
                self.look(child, child_kind, said);
            }
            if !matches!(child_kind, Kind::Comment | Kind::Doc) {
                before = Some(child);
            }
        }
    }

    /// A line of a block, an entry of a list, a declaration.
    fn line(&mut self, id: NodeId, kind: Kind, parent: Kind) {
        match kind {
            Kind::BadLine | Kind::StrayClose => self.bad_line(id, parent),
            Kind::BadItem => self.bad_item(id, parent),
            _ => self.unit(id, kind),
        }
    }

    /// A token or node that is wrong in itself; true once something was said.
    fn token(&mut self, id: NodeId, kind: Kind, around: Around) -> bool {
        match kind {
            _ if kind.is_missing() => self.missing(id, kind, around),
            _ if kind.is_foreign() => self.foreign(id, kind, around),
            Kind::Junk | Kind::JunkItem | Kind::JunkArg | Kind::JunkShort => self.unexpected(id, around),
            Kind::StrayBlock => self.stray_block(id, around),
            Kind::BareWhere => self.bare_where(id),
            _ => self.literal(id, kind, around),
        }
    }

    fn too_deep(&mut self, span: Span) {
        self.report(findings::TooDeep::from(Words {
            message: format!("this goes deeper than {NESTING_MAX} brackets and blocks"),
            place: self.at(span),
            label: "too deep from here on".to_owned(),
            help: "take a part out: a condition into a `segment`, steps into a journey of their own that `start journey` starts".to_owned(),
            fixes: Vec::new(),
        }));
    }

    fn brace(&mut self, mistake: BraceMistake) {
        let place = self.at(mistake.span);
        let insert = |title: &str, at: u32, text: String| vec![Fix::replace(title, self.at(Span::new(at, at)), text)];
        match mistake.kind {
            BraceKind::Unclosed => {
                let fixes = match mistake.insert {
                    Some((at, Some(indent))) => insert("close the block", at, format!("\n{}}}", " ".repeat(indent as usize))),
                    Some((at, None)) => insert("close the block", at, " }".to_owned()),
                    None => Vec::new(),
                };
                let help = match mistake.insert {
                    Some((_, Some(_))) => "write a `}` on a line of its own where the block ends, as deep as the line that opens it",
                    _ => "write a `}` at the end of the block, for example `{ exit \"done\" }`",
                };
                let (message, label) = ("a `{` has no `}`".to_owned(), "opened here and never closed".to_owned());
                self.report(findings::UnclosedBrace::from(Words { message, place, label, help: help.to_owned(), fixes }));
            }
            BraceKind::LostOpen => {
                let fixes = mistake.insert.map_or(Vec::new(), |(at, _)| insert("open the block", at, " {".to_owned()));
                self.report(findings::StrayBrace::from(Words {
                    message: "a block is closed that was never opened".to_owned(),
                    place,
                    label: "this line seems to lack its `{`".to_owned(),
                    help: "write a `{` at the end of this line, or take the `}` below away".to_owned(),
                    fixes,
                }));
            }
            BraceKind::Stray => self.report(findings::StrayBrace::from(Words {
                message: "a `}` closes nothing".to_owned(),
                place,
                label: "no `{` belongs to this".to_owned(),
                help: "take it away, or write the `{` that it should close".to_owned(),
                fixes: vec![Fix::replace("take the `}` away", place, "")],
            })),
            BraceKind::Doubled => self.report(findings::UnclosedBrace::from(Words {
                message: "a `{` too many".to_owned(),
                place,
                label: "one `{` opens the block".to_owned(),
                help: "take one of the two away".to_owned(),
                fixes: vec![Fix::replace("take the second `{` away", place, "")],
            })),
        }
    }

    fn unclosed_text(&mut self, id: NodeId) {
        let span = self.tree.span(id);
        let written = self.written(id);
        // What most likely stood behind the quote stays outside: ` {`, a closing bracket, a comma.
        let trimmed = written.trim_end();
        let kept = trimmed.trim_end_matches(['{', '}', ')', ']', ',', ' ']);
        let inner = if kept.len() > 1 { kept.len() } else { trimmed.len() };
        let end = span.start + inner as u32;
        let place = self.at(Span::new(span.start, span.start + trimmed.len() as u32));
        self.report(findings::UnclosedText::from(Words {
            message: "a text has no closing quote".to_owned(),
            place,
            label: "the text begins here and runs to the end of the line".to_owned(),
            help: "write `\"` where the text ends; a text over several lines stands between `\"\"\"` and `\"\"\"`".to_owned(),
            fixes: vec![Fix::replace("close the text", self.at(Span::new(end, end)), "\"")],
        }));
    }

    fn unclosed_long_text(&mut self, id: NodeId) {
        let start = self.tree.span(id).start;
        self.report(findings::UnclosedLongText::from(Words {
            message: "a long text is never closed".to_owned(),
            place: self.at(Span::new(start, start + 3)),
            label: "begins here".to_owned(),
            help: "write `\"\"\"` on a line of its own where the text ends".to_owned(),
            fixes: Vec::new(),
        }));
    }

    fn edit(&self, span: Span, text: impl Into<String>) -> Edit {
        Edit { place: self.at(span), text: text.into() }
    }
}

/// What stands around a token.
#[derive(Debug, Clone, Copy)]
struct Around {
    parent: Kind,
    parent_id: NodeId,
    before: Option<NodeId>,
    next: Option<NodeId>,
}

/// Blocks and lists whose entries are units of their own.
fn holds_units(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::File
            | Kind::Block
            | Kind::JourneyBlock
            | Kind::FieldBlock
            | Kind::PolicyBlock
            | Kind::ContentBlock
            | Kind::PartBlock
            | Kind::StageBlock
            | Kind::CondBlock
            | Kind::BrandBlock
            | Kind::SceneBlock
            | Kind::QuestionBlock
            | Kind::ScoreBlock
            | Kind::HookBlock
            | Kind::BranchBlock
            | Kind::SplitBlock
            | Kind::ArmBlock
    )
}

/// Lists whose entries are parted by commas.
fn is_listed(kind: Kind) -> bool {
    matches!(kind, Kind::FieldBlock | Kind::PartBlock | Kind::QuestionBlock | Kind::Params | Kind::Args | Kind::List | Kind::Record)
}

/// A line or entry, not the punctuation around it.
fn is_unit(kind: Kind) -> bool {
    !(matches!(
        kind,
        Kind::Open | Kind::Close | Kind::Comma | Kind::Comment | Kind::Doc | Kind::Bom | Kind::Cond | Kind::Junk | Kind::StrayBlock
    ) || kind.is_missing())
}

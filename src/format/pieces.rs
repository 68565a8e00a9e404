//! A file cut into the pieces that are laid out: its tokens, and what is left as it is.
//!
//! In: a tree and its text. Out: [`Pieces`]. **Invariant:** all pieces in their order, with nothing but blanks and line ends between
//! them, are the text. A declaration with a mistake is one piece, with whatever stands on its lines; once blocks cannot be told apart,
//! so is everything that does not begin in the first column.

use super::role::{self, Holds};
use crate::source::Span;
use crate::syntax::{Kind, NodeId, SyntaxTree};
use std::borrow::Cow;
use unicode_width::UnicodeWidthStr as _;

/// No group, no unit, no piece.
pub(super) const NONE: u32 = u32::MAX;
/// The group of the declarations.
pub(super) const FILE: u32 = 0;

/// A token, or text that is left as it is.
#[derive(Debug)]
pub(super) struct Piece<'t> {
    pub text: Cow<'t, str>,
    pub kind: Kind,
    pub parent: Kind,
    /// Line ends between the piece before and this one in the text that was given; more than two are two.
    pub newlines: u8,
    /// The innermost brackets around it; of a bracket those around the pair.
    pub group: u32,
    /// The statement, field or declaration that it belongs to.
    pub unit: u32,
    /// The first of a statement, a field, an element of its group.
    pub starts: bool,
    /// A joining word of a condition that its brackets hold alone: it stands as far left as the first test.
    pub flush: bool,
    /// Left byte for byte, with its line ends.
    pub raw: bool,
    /// The group that this bracket opens or closes.
    pub opens: u32,
    pub closes: u32,
    /// Columns of its first line.
    pub columns: u32,
    /// Blanks before it where the fields around it stand in columns.
    pub pad: u32,
}

/// A pair of brackets.
#[derive(Debug)]
pub(super) struct Group {
    pub holds: Holds,
    pub parent: u32,
    pub open: u32,
    pub close: u32,
    /// How many elements it has.
    pub elements: u32,
    /// A condition in it is joined by `and` or `or`.
    pub joined: bool,
}

/// A statement, field or declaration.
#[derive(Debug, Default)]
pub(super) struct Unit {
    /// Position of the last `{` of its blocks: what goes on in a line before it stands deeper than the block.
    pub last_block: u32,
}

/// A file in pieces.
#[derive(Debug)]
pub(super) struct Pieces<'t> {
    pub pieces: Vec<Piece<'t>>,
    pub groups: Vec<Group>,
    pub units: Vec<Unit>,
    /// What is left as it is.
    pub left: Vec<Span>,
    /// The byte order mark, if there is one.
    pub mark: &'t str,
}

/// Cuts a file into pieces.
pub(super) fn pieces<'t>(tree: &SyntaxTree, text: &'t str) -> Pieces<'t> {
    let file = Group { holds: Holds::File, parent: NONE, open: NONE, close: NONE, elements: 0, joined: false };
    let all = Pieces { pieces: Vec::with_capacity(tree.len() / 2), groups: vec![file], units: Vec::new(), left: Vec::new(), mark: "" };
    let mut cutter = Cutter { tree, text, all, end: 0, fresh: false };
    cutter.file();
    columns(&mut cutter.all);
    cutter.all
}

/// A node that is being walked.
struct Frame {
    end: u32,
    kind: Kind,
    /// Its brackets, where it has any.
    own: Option<u32>,
    group: u32,
    unit: u32,
}

struct Cutter<'t, 's> {
    tree: &'s SyntaxTree,
    text: &'t str,
    all: Pieces<'t>,
    /// End of the last piece in the text.
    end: usize,
    /// The next token is the first of an element.
    fresh: bool,
}

impl<'t> Cutter<'t, '_> {
    fn file(&mut self) {
        let damaged = self.tree.ids().any(|id| role::loses_blocks(self.tree.kind(id)));
        let mut items = self.tree.children(SyntaxTree::ROOT).filter(|id| !self.tree.span(*id).is_empty()).peekable();
        if let Some(mark) = items.next_if(|id| self.tree.kind(*id) == Kind::Bom) {
            self.all.mark = self.tree.text(mark, self.text);
            self.end = self.all.mark.len();
        }
        let items: Vec<NodeId> = items.collect();
        let mut raw: Option<Span> = None;
        let (tree, text) = (self.tree, self.text);
        for chain in items.chunk_by(|a, b| !between(tree, text, *a, *b).contains('\n')) {
            let (Some(first), Some(last)) = (chain.first(), chain.last()) else { continue };
            let lines = self.lines(self.tree.span(*first).to(self.tree.span(*last)));
            let indented = self.tree.span(*first).start != lines.start;
            if damaged && indented || chain.iter().any(|id| self.is_broken(*id)) {
                // What lies between two broken lines may belong to them.
                raw = Some(raw.map_or(lines, |before| before.to(lines)));
                continue;
            }
            self.leave(raw.take());
            for id in chain {
                self.item(*id);
            }
        }
        self.leave(raw);
    }

    fn is_broken(&self, id: NodeId) -> bool {
        (id.0..self.tree.node(id).end).any(|node| role::is_broken(self.tree.kind(NodeId(node))))
    }

    /// The whole lines of a span, with the last one's line end.
    fn lines(&self, span: Span) -> Span {
        let from = self.text.get(..span.start as usize).and_then(|before| before.rfind('\n')).map_or(self.all.mark.len(), |at| at + 1);
        let to = self.text.get(span.end as usize..).and_then(|rest| rest.find('\n'));
        Span::new(from as u32, to.map_or(self.text.len() as u32, |at| span.end + at as u32 + 1))
    }

    /// Adds lines that are left as they are.
    fn leave(&mut self, lines: Option<Span>) {
        let Some(lines) = lines else { return };
        let unit = self.unit();
        let written = self.text.get(lines.range()).unwrap_or("");
        self.push(written, lines, Kind::Junk, Kind::File, (FILE, unit));
        if let Some(piece) = self.all.pieces.last_mut() {
            piece.starts = true;
            piece.raw = true;
        }
        self.all.left.push(Span::new(lines.start, lines.start + written.trim_end().len() as u32));
    }

    fn unit(&mut self) -> u32 {
        self.all.units.push(Unit::default());
        self.all.units.len() as u32 - 1
    }

    /// Adds a piece. What lies before it since the last one is counted for its line ends.
    fn push(&mut self, written: &'t str, span: Span, kind: Kind, parent: Kind, (group, unit): (u32, u32)) {
        let gap = self.text.get(self.end..span.start as usize).unwrap_or("");
        let newlines = gap.bytes().filter(|byte| *byte == b'\n').count().min(2) as u8;
        self.end = span.end as usize;
        // The line end of what is left as it is counts as one between it and what follows.
        let after_raw = self.all.pieces.last().is_some_and(|before| before.raw && before.text.ends_with('\n'));
        let text = normal(written, kind);
        self.all.pieces.push(Piece {
            kind,
            parent,
            newlines: (newlines + u8::from(after_raw)).min(2),
            group,
            unit,
            starts: false,
            flush: false,
            raw: false,
            opens: NONE,
            closes: NONE,
            columns: columns_of(text.split('\n').next().unwrap_or("")),
            pad: 0,
            text,
        });
    }

    /// Adds a declaration or a comment between declarations.
    fn item(&mut self, item: NodeId) {
        let end = self.tree.node(item).end;
        let mut frames = vec![Frame { end, kind: Kind::File, own: Some(FILE), group: NONE, unit: NONE }];
        for id in (item.0..end).map(NodeId) {
            while frames.len() > 1 && frames.last().is_some_and(|frame| frame.end <= id.0) {
                frames.pop();
            }
            let Some(frame) = frames.last() else { return };
            let (parent, kind) = (frame.kind, self.tree.kind(id));
            let group = frame.own.unwrap_or(frame.group);
            let mut unit = frame.unit;
            let is_element = !role::opens(kind) && !role::closes(kind) && kind != Kind::Comma && !role::is_comment(kind);
            if frame.own.is_some() && is_element {
                let holds = self.all.groups.get(group as usize).map(|group| group.holds);
                if !matches!(holds, Some(Holds::Values | Holds::Parentheses)) {
                    unit = self.unit();
                }
                if let Some(group) = self.all.groups.get_mut(group as usize) {
                    group.elements += 1;
                }
                self.fresh = true;
            }
            if self.tree.is_token(id) {
                let bracket = frame.own.filter(|_| role::opens(kind) || role::closes(kind)).map(|own| (own, frame.group));
                let grandparent = frames.len().checked_sub(2).and_then(|at| frames.get(at)).map(|frame| frame.kind);
                self.token(id, parent, grandparent, (group, unit), bracket);
            } else {
                let own = role::holds(kind).map(|holds| self.group(holds, group));
                frames.push(Frame { end: self.tree.node(id).end, kind, own, group, unit });
            }
        }
    }

    fn group(&mut self, holds: Holds, parent: u32) -> u32 {
        self.all.groups.push(Group { holds, parent, open: NONE, close: NONE, elements: 0, joined: false });
        self.all.groups.len() as u32 - 1
    }

    /// Adds a token. A bracket comes with its own group and the one around it.
    fn token(&mut self, id: NodeId, parent: Kind, grandparent: Option<Kind>, (group, unit): (u32, u32), bracket: Option<(u32, u32)>) {
        let (kind, span) = (self.tree.kind(id), self.tree.span(id));
        let written = self.tree.text(id, self.text);
        if written.is_empty() {
            return;
        }
        self.push(written, span, kind, parent, (bracket.map_or(group, |(_, around)| around), unit));
        let at = self.all.pieces.len() as u32 - 1;
        let Some(piece) = self.all.pieces.last_mut() else { return };
        if !role::is_comment(kind) {
            piece.starts = std::mem::take(&mut self.fresh);
        }
        let joins = parent == Kind::Cond && role::leads_a_line(kind, parent);
        piece.flush = joins && matches!(grandparent, Some(Kind::CondBlock | Kind::Paren));
        if piece.flush
            && let Some(group) = self.all.groups.get_mut(group as usize)
        {
            group.joined = true;
        }
        let Some((own, _)) = bracket else { return };
        let Some(group) = self.all.groups.get_mut(own as usize) else { return };
        if role::closes(kind) {
            piece.closes = own;
            group.close = at;
        } else {
            piece.opens = own;
            group.open = at;
            if group.holds == Holds::Statements
                && let Some(unit) = self.all.units.get_mut(unit as usize)
            {
                unit.last_block = at;
            }
        }
    }
}

/// The text between two nodes.
fn between<'t>(tree: &SyntaxTree, text: &'t str, first: NodeId, second: NodeId) -> &'t str {
    text.get(tree.span(first).end as usize..tree.span(second).start as usize).unwrap_or("")
}

/// The text of a piece: keywords and literals have single blanks inside, comments none at their end.
fn normal(written: &str, kind: Kind) -> Cow<'_, str> {
    if role::is_comment(kind) {
        return written.trim_end().into();
    }
    if let Some(phrase) = kind.phrase() {
        return if written == phrase { written.into() } else { phrase.into() };
    }
    if role::has_blanks(kind) && (written.contains("  ") || written.contains('\t') || kind == Kind::Percent) {
        let between = if kind == Kind::Percent { "" } else { " " };
        return written.split([' ', '\t']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between).into();
    }
    written.into()
}

/// Columns that a text takes on a terminal.
pub(super) fn columns_of(text: &str) -> u32 {
    if text.is_ascii() { text.len() as u32 } else { text.width() as u32 }
}

/// Puts the types of fields that stand under each other into columns. A blank line begins new columns.
fn columns(all: &mut Pieces<'_>) {
    // For each group the fields since its last blank line: where they are, and the widest name.
    let mut sections: Vec<(Vec<usize>, u32)> = all.groups.iter().map(|_| (Vec::new(), 0)).collect();
    for at in 0..all.pieces.len() {
        let Some(piece) = all.pieces.get(at) else { continue };
        let (group, columns) = (piece.group as usize, piece.columns);
        let is_field = piece.starts && piece.parent == Kind::Field;
        let comes_after_blank = piece.newlines > 1 && (is_field || role::is_comment(piece.kind));
        let Some((fields, widest)) = sections.get_mut(group) else { continue };
        if comes_after_blank {
            set_columns(&mut all.pieces, fields, *widest);
            fields.clear();
            *widest = 0;
        }
        if is_field {
            fields.push(at);
            *widest = (*widest).max(columns);
        }
    }
    for (fields, widest) in sections {
        set_columns(&mut all.pieces, &fields, widest);
    }
}

fn set_columns(pieces: &mut [Piece<'_>], fields: &[usize], widest: u32) {
    for at in fields {
        let columns = pieces.get(*at).map_or(0, |name| name.columns);
        if let Some(behind) = pieces.get_mut(at + 1) {
            behind.pad = widest - columns + 2;
        }
    }
}

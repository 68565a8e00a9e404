//! Where lines end and how far they stand in.
//!
//! In: the pieces of a file. Out: its text in the one layout. **Invariant:** a line break of the author stays where the grammar cares
//! for it or where it parts a list or a condition; a line that is wider than [`COLUMNS_MAX`] is broken at its outermost place. What
//! comes out is a fixed point: every line of it fits or has no place left. Each piece is looked at once for every break around it.

use super::COLUMNS_MAX;
use super::pieces::{FILE, NONE, Piece, Pieces, columns_of};
use super::role::{self, Holds, Rank};
use crate::syntax::Kind;
use std::ops::Range;

/// How much deeper the inside of brackets, and a line that goes on, stand.
const INDENT: u32 = 2;
/// How much deeper a line stands that goes on before the `{` of a block, so that it cannot be taken for a line of the block.
const INDENT_BEFORE_BLOCK: u32 = 4;

/// The text of a file in the one layout, and how many pieces were looked at.
pub(super) fn lay_out(pieces: Pieces<'_>, text: &str) -> (String, u64) {
    // Blank lines at the begin go, so theirs does not count: the next run would not see it.
    let body = text.trim_start_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']);
    let line_end = match body.find('\n') {
        Some(at) if body.get(..at).is_some_and(|line| line.ends_with('\r')) => "\r\n",
        _ => "\n",
    };
    let (groups, units) = (pieces.groups.len(), pieces.units.len());
    let mut layout = Layout {
        broken: vec![false; groups],
        base: vec![0; groups],
        unit_indent: vec![0; units],
        breaks: Vec::new(),
        anchors: Vec::new(),
        line_end,
        out: String::with_capacity(text.len() + text.len() / 16),
        at_line_start: true,
        work: 0,
        all: pieces,
    };
    layout.settle();
    layout.open_up();
    layout.breaks = (0..layout.all.pieces.len()).map(|at| layout.breaks_before(at)).collect();
    layout.write();
    (layout.out, layout.work)
}

struct Layout<'t> {
    all: Pieces<'t>,
    /// For each group: its brackets stand on lines of their own.
    broken: Vec<bool>,
    /// For each group that is written: where its closing bracket stands when it begins a line.
    base: Vec<u32>,
    /// For each unit that is written: where its first line stands.
    unit_indent: Vec<u32>,
    /// For each piece: it begins a line.
    breaks: Vec<bool>,
    /// For each piece: the next one from it on that is no comment.
    anchors: Vec<u32>,
    line_end: &'static str,
    out: String,
    at_line_start: bool,
    work: u64,
}

/// A place to break a line at: the brackets around it that stay closed, and what it is. The least goes first.
type Place = (u32, Rank);

impl<'t> Layout<'t> {
    fn piece(&self, at: usize) -> Option<&Piece<'t>> {
        self.all.pieces.get(at)
    }

    fn before(&self, at: usize) -> Option<&Piece<'t>> {
        at.checked_sub(1).and_then(|before| self.piece(before))
    }

    fn is_broken(&self, group: u32) -> bool {
        group == FILE || self.broken.get(group as usize).copied().unwrap_or(false)
    }

    fn holds(&self, group: u32) -> Holds {
        self.all.groups.get(group as usize).map_or(Holds::File, |group| group.holds)
    }

    /// Moves line ends to where they belong: before `and`, not behind it; none before `else`; and finds where comments lean to.
    fn settle(&mut self) {
        let pieces = &mut self.all.pieces;
        for at in 1..pieces.len() {
            let Some([before, piece]) = pieces.get_mut(at - 1..=at) else { continue };
            if piece.newlines == 0 || role::is_comment(piece.kind) || role::is_comment(before.kind) || piece.raw || before.raw {
                continue;
            }
            if role::leads_a_line(before.kind, before.parent) {
                before.newlines = before.newlines.max(piece.newlines);
                piece.newlines = 0;
            } else if role::stays_behind(piece.kind, piece.parent) || matches!(piece.kind, Kind::Comma) || before.kind == Kind::Colon {
                piece.newlines = 0;
            }
        }
        let mut anchor = NONE;
        self.anchors = vec![NONE; self.all.pieces.len()];
        for (at, slot) in self.anchors.iter_mut().enumerate().rev() {
            if self.all.pieces.get(at).is_some_and(|piece| !role::is_comment(piece.kind)) {
                anchor = at as u32;
            }
            *slot = anchor;
        }
    }

    /// Finds the brackets that the author, a comment or a text of several lines has opened up.
    fn open_up(&mut self) {
        let mut tall = vec![false; self.broken.len()];
        for (at, piece) in self.all.pieces.iter().enumerate() {
            if !piece.raw && piece.text.contains('\n') {
                mark(&mut tall, piece.group);
            }
            let Some(before) = self.before(at) else { continue };
            let inside = if piece.closes == NONE { piece.group } else { piece.closes };
            let is_empty = before.opens != NONE && before.opens == piece.closes;
            if (piece.newlines > 0 || role::is_comment(before.kind)) && !is_empty {
                mark(&mut self.broken, inside);
            }
        }
        for at in (1..self.broken.len()).rev() {
            let Some(group) = self.all.groups.get(at) else { continue };
            let is_tall = tall.get(at) == Some(&true) || self.broken.get(at) == Some(&true);
            if is_tall {
                mark(&mut tall, group.parent);
                if group.holds.opens_up() {
                    mark(&mut self.broken, at as u32);
                }
            }
        }
    }

    /// Whether a piece begins a line, before any line is found too long.
    fn breaks_before(&self, at: usize) -> bool {
        let (Some(before), Some(piece)) = (self.before(at), self.piece(at)) else { return false };
        if before.raw || piece.raw || role::is_comment(before.kind) {
            return true;
        }
        if role::is_comment(piece.kind) {
            return piece.newlines > 0;
        }
        if piece.closes != NONE {
            return self.is_broken(piece.closes);
        }
        if before.opens != NONE && self.is_broken(before.opens) {
            return true;
        }
        let holds = self.holds(piece.group);
        if piece.starts && (holds == Holds::File || holds.opens_up()) {
            return self.is_broken(piece.group);
        }
        piece.newlines > 0
    }

    /// Writes the lines, breaking those that are too wide.
    fn write(&mut self) {
        self.out.push_str(self.all.mark);
        let count = self.all.pieces.len();
        let mut start = 0;
        while start < count {
            let end = (start + 1..count).find(|at| self.breaks.get(*at) == Some(&true)).unwrap_or(count);
            let mut waiting: Vec<std::ops::Range<usize>> = std::iter::once(start..end).collect();
            while let Some(line) = waiting.pop() {
                match self.place_to_break(&line) {
                    Some(place) => self.break_line(&line, place, &mut waiting),
                    None => self.write_line(line),
                }
            }
            start = end;
        }
        if !self.at_line_start && !self.all.pieces.last().is_some_and(|piece| piece.raw) {
            self.out.push_str(self.line_end);
        }
    }

    /// The blanks before a piece that does not begin a line.
    fn blanks_before(&self, at: usize) -> u32 {
        let (Some(before), Some(piece)) = (self.before(at), self.piece(at)) else { return 0 };
        if role::is_comment(piece.kind) {
            return 2;
        }
        if piece.pad > 0 && self.is_broken(piece.group) {
            return piece.pad;
        }
        let before_before = at.checked_sub(2).and_then(|at| self.piece(at)).map(|piece| piece.kind);
        u32::from(role::is_apart(before_before, before.kind, piece.kind, piece.parent))
    }

    fn is_too_wide(&mut self, line: &Range<usize>) -> bool {
        let mut columns = self.indent_of(line.start);
        for at in line.clone() {
            self.work += 1;
            let blanks = if at > line.start { self.blanks_before(at) } else { 0 };
            let Some(piece) = self.piece(at).filter(|piece| !role::is_comment(piece.kind) && !piece.raw) else { continue };
            columns += blanks + piece.columns;
            if columns > COLUMNS_MAX as u32 {
                return true;
            }
            if piece.text.contains('\n') {
                columns = columns_of(piece.text.rsplit('\n').next().unwrap_or(""));
            }
        }
        false
    }

    /// Where to break a line first; `None` where it fits or cannot be broken.
    fn place_to_break(&mut self, line: &Range<usize>) -> Option<Place> {
        if !self.is_too_wide(line) {
            return None;
        }
        let mut best: Option<Place> = None;
        let mut depth = 0;
        for at in line.clone() {
            self.work += 1;
            let place = self.place_at(at, line, &mut depth);
            best = match (best, place) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        best
    }

    /// The place to break at that a piece offers: before it, or the brackets that it opens.
    fn place_at(&self, at: usize, line: &Range<usize>, depth: &mut u32) -> Option<Place> {
        let piece = self.piece(at)?;
        if piece.closes != NONE && !self.is_broken(piece.closes) {
            *depth = depth.saturating_sub(1);
        }
        if piece.opens != NONE && !self.is_broken(piece.opens) {
            let inside = *depth;
            *depth += 1;
            let group = self.all.groups.get(piece.opens as usize)?;
            let helps = match group.holds {
                Holds::Values => group.elements > 1,
                Holds::Parentheses => group.joined,
                _ => group.elements > 0,
            };
            return (helps && line.contains(&(group.close as usize))).then(|| (inside, role::rank_of(group.holds)));
        }
        if at == line.start || !self.is_broken(piece.group) {
            return None;
        }
        let chosen = self.before(at).is_some_and(|before| before.kind == Kind::Comma && before.parent == Kind::LetChoice);
        if chosen { Some((0, Rank::Clause)) } else { role::rank(piece.kind, piece.parent).map(|rank| (0, rank)) }
    }

    /// Breaks a line at every place of one kind; the parts wait to be looked at, the first on top.
    fn break_line(&mut self, line: &Range<usize>, place: Place, waiting: &mut Vec<Range<usize>>) {
        let mut depth = 0;
        let mut starts = vec![line.start];
        for at in line.clone() {
            let here = self.place_at(at, line, &mut depth) == Some(place);
            let opens = self.piece(at).map_or(NONE, |piece| piece.opens);
            if here && opens != NONE {
                mark(&mut self.broken, opens);
            }
            // Brackets that have just been opened are asked like those that the author opened.
            let bracket = at > line.start && self.is_newly_apart(at);
            if (here && opens == NONE || bracket) && at > line.start {
                starts.push(at);
            }
        }
        let mut end = line.end;
        for start in starts.into_iter().rev() {
            waiting.push(start..end);
            end = start;
        }
    }

    /// A piece of a line that begins a line of its own now, because its brackets have been opened up.
    fn is_newly_apart(&self, at: usize) -> bool {
        let (Some(before), Some(piece)) = (self.before(at), self.piece(at)) else { return false };
        if role::is_comment(piece.kind) {
            return false;
        }
        let opened = |group: u32| group != NONE && group != FILE && self.is_broken(group);
        opened(before.opens) || opened(piece.closes) || piece.starts && opened(piece.group)
    }

    /// Where a line stands that begins with a piece.
    fn indent_of(&self, at: usize) -> u32 {
        let Some(piece) = self.piece(at) else { return 0 };
        if piece.closes != NONE {
            return self.base.get(piece.closes as usize).copied().unwrap_or(0);
        }
        let inner = if piece.group == FILE { 0 } else { self.base.get(piece.group as usize).map_or(0, |base| base + INDENT) };
        if role::is_comment(piece.kind) {
            let anchor = self.anchors.get(at).copied().unwrap_or(NONE) as usize;
            let leans = self.piece(anchor).is_some_and(|next| next.group == piece.group && next.closes == NONE);
            return if leans { self.indent_of(anchor) } else { inner };
        }
        if piece.starts || piece.flush {
            return inner;
        }
        if role::stays_behind(piece.kind, piece.parent) {
            return self.unit_indent.get(piece.unit as usize).copied().unwrap_or(0);
        }
        let last_block = self.all.units.get(piece.unit as usize).map_or(0, |unit| unit.last_block as usize);
        let in_block = matches!(self.holds(piece.group), Holds::Statements | Holds::File);
        inner + if in_block && last_block > at { INDENT_BEFORE_BLOCK } else { INDENT }
    }

    fn write_line(&mut self, line: Range<usize>) {
        if !self.at_line_start {
            self.out.push_str(self.line_end);
        }
        let is_first = line.start == 0;
        let follows_open = self.before(line.start).is_some_and(|before| before.opens != NONE);
        let (Some(first), indent) = (self.piece(line.start), self.indent_of(line.start)) else { return };
        let blank = first.newlines > 1 && !is_first && !follows_open && first.closes == NONE;
        let raw = first.raw;
        if blank {
            self.out.push_str(self.line_end);
        }
        if !raw {
            self.push_blanks(indent);
        }
        for at in line.clone() {
            if at > line.start {
                self.push_blanks(self.blanks_before(at));
            }
            let Some(piece) = self.all.pieces.get(at) else { continue };
            self.out.push_str(&piece.text);
            if piece.starts
                && let Some(slot) = self.unit_indent.get_mut(piece.unit as usize)
            {
                *slot = indent;
            }
            if piece.opens != NONE {
                let block = self.holds(piece.opens) == Holds::Statements;
                let base = if block { self.unit_indent.get(piece.unit as usize).copied().unwrap_or(indent) } else { indent };
                if let Some(slot) = self.base.get_mut(piece.opens as usize) {
                    *slot = base;
                }
            }
        }
        self.at_line_start = raw && self.out.ends_with('\n');
    }

    fn push_blanks(&mut self, count: u32) {
        self.out.extend(std::iter::repeat_n(' ', count as usize));
    }
}

fn mark(flags: &mut [bool], at: u32) {
    if let Some(flag) = flags.get_mut(at as usize) {
        *flag = true;
    }
}

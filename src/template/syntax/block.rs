//! Puts tags inside each other: from pieces of text to the tree.
//!
//! In: the text of a template. Out: its [`Tree`] and everything that is wrong. **Invariant:** total; at most [`DEPTH_MAX`] deep, so that no
//! walk over a tree can exhaust the stack; texts are ranges of the template, never copies.

use super::cut::{Cutter, Inside, Piece};
use super::markup::{self, Markup, Read};
use super::{DEPTH_MAX, Wrong, WrongKind};
use crate::template::tree::{Arm, At, Case, Condition, Node, NodeKind, Term, TermKind, Tree};

/// Parses a template: the tree of all that could be read, and what is wrong.
pub fn parse(text: &str) -> (Tree, Vec<Wrong>) {
    let mut parser =
        Parser { text, source: Source::Document(Cutter { text, at: 0 }), wrong: Vec::new(), trim: false, depth: 0, line: (0, 1) };
    let (mut body, _) = parser.body(None, &[]);
    if parser.wrong.iter().any(|wrong| wrong.kind == WrongKind::TooDeep) {
        body.clear();
    }
    (Tree { body }, parser.wrong)
}

/// Where tags come from: the document, or the lines of a `liquid` tag.
enum Source<'a> {
    Document(Cutter<'a>),
    Lines { at: usize, end: usize },
}

/// A tag: its name, what follows it, and its place.
#[derive(Debug, Clone)]
struct Tag {
    name: String,
    markup: At,
    at: At,
}

struct Parser<'a> {
    text: &'a str,
    source: Source<'a>,
    wrong: Vec<Wrong>,
    /// The last tag ended with a dash: the text behind it loses its leading white space.
    trim: bool,
    depth: usize,
    /// A place and its line, to count from.
    line: (usize, u32),
}

enum Item {
    Text(At),
    Output(Inside),
    Tag(Tag),
}

/// What Liquid takes for white space: not the blanks of other scripts.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0B' | '\x0C' | '\0')
}

/// Only white space, or output-less tags: such a block shows nothing.
fn is_blank(text: &str, nodes: &[Node]) -> bool {
    nodes.iter().all(|node| match &node.kind {
        NodeKind::Text(at) => text[at.clone()].trim_matches(is_space).is_empty(),
        NodeKind::Assign { .. } | NodeKind::Capture { .. } => true,
        NodeKind::If { arms, otherwise } => {
            arms.iter().all(|arm| is_blank(text, &arm.body)) && otherwise.as_deref().is_none_or(|body| is_blank(text, body))
        }
        NodeKind::Case { arms, .. } => arms.iter().all(|arm| is_blank(text, &arm.body)),
        NodeKind::For(head) => {
            head.table.is_none() && is_blank(text, &head.body) && head.otherwise.as_deref().is_none_or(|body| is_blank(text, body))
        }
        NodeKind::IfChanged(body) => is_blank(text, body),
        _ => false,
    })
}

fn drop_texts(body: &mut Vec<Node>) {
    body.retain(|node| !matches!(node.kind, NodeKind::Text(_)));
}

impl<'a> Parser<'a> {
    fn line_at(&mut self, at: usize) -> u32 {
        if at < self.line.0 {
            self.line = (0, 1);
        }
        let between = self.text.as_bytes()[self.line.0..at].iter().filter(|byte| **byte == b'\n').count();
        self.line = (at, self.line.1 + between as u32);
        self.line.1
    }

    fn report(&mut self, at: At, kind: WrongKind) {
        let line = self.line_at(at.start);
        self.wrong.push(Wrong { at, line, kind });
    }

    /// Takes what was read; what was read only tolerantly is noted.
    fn read<T>(&mut self, (value, skipped): Read<T>) -> T {
        if let Some(at) = skipped {
            let kind = if at.is_empty() { WrongKind::Empty } else { WrongKind::Skipped(self.text[at.clone()].to_owned()) };
            self.report(at, kind);
        }
        value
    }

    fn markup(&self, at: &At) -> Markup<'a> {
        Markup { text: &self.text[at.clone()], base: at.start }
    }

    /// The next piece. What does not end is reported and passed over.
    fn next(&mut self) -> Option<Item> {
        loop {
            let piece = match &mut self.source {
                Source::Document(cutter) => cutter.cut()?,
                Source::Lines { at, end } => {
                    if *at >= *end {
                        return None;
                    }
                    let line = *at..self.text[*at..*end].find('\n').map_or(*end, |length| *at + length);
                    *at = line.end + 1;
                    if self.text[line.clone()].trim().is_empty() {
                        continue;
                    }
                    match self.tag(line.clone(), line.clone()) {
                        Some(tag) => return Some(Item::Tag(tag)),
                        None => continue,
                    }
                }
            };
            match piece {
                Piece::Text(at) => return Some(Item::Text(at)),
                Piece::Output(inside) => return Some(Item::Output(inside)),
                Piece::Tag(inside) => {
                    let found = self.tag(inside.at.clone(), inside.inner.clone());
                    let Some(tag) = found else { continue };
                    return Some(Item::Tag(tag));
                }
                Piece::OutputOpen(at) => {
                    let token = self.text[at.clone()].to_owned();
                    self.report(at, WrongKind::OutputOpen(token));
                }
                Piece::TagOpen(at) => {
                    let token = self.text[at.clone()].to_owned();
                    self.report(at, WrongKind::TagOpen(token));
                }
            }
        }
    }

    /// The name of a tag and what follows it.
    fn tag(&mut self, at: At, inner: At) -> Option<Tag> {
        let inside = &self.text[inner.clone()];
        let lead = inside.len() - inside.trim_start().len();
        let rest = &inside[lead..];
        let length = if rest.starts_with('#') { 1 } else { rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len()) };
        if length == 0 {
            let token = self.text[at.clone()].to_owned();
            self.report(at, WrongKind::TagOpen(token));
            return None;
        }
        let markup = inner.start + lead + length..inner.end;
        Some(Tag { name: rest[..length].to_owned(), markup, at })
    }

    /// Nodes up to a tag that ends the block, or to the end. `stops` are the tags that part the block.
    fn body(&mut self, block: Option<&'static str>, stops: &[&str]) -> (Vec<Node>, Option<Tag>) {
        let mut nodes: Vec<Node> = Vec::new();
        // Whether the last thing was plain text: a comment behind it keeps it from being trimmed.
        let mut after_text = false;
        while let Some(item) = self.next() {
            match item {
                Item::Text(mut at) => {
                    if self.trim {
                        let text = &self.text[at.clone()];
                        at.start += text.len() - text.trim_start_matches(is_space).len();
                        self.trim = false;
                    }
                    let line = self.line_at(at.start);
                    after_text = true;
                    nodes.push(Node { at: at.clone(), line, kind: NodeKind::Text(at) });
                }
                Item::Output(inside) => {
                    self.white_space(&mut nodes, after_text, inside.trims_before);
                    self.trim = inside.trims_after;
                    after_text = false;
                    let line = self.line_at(inside.at.start);
                    let read = markup::piped(self.markup(&inside.inner));
                    let value = self.read(read);
                    nodes.push(Node { at: inside.at, line, kind: NodeKind::Output(value) });
                }
                Item::Tag(tag) => {
                    if matches!(self.source, Source::Document(_)) {
                        let token = &self.text[tag.at.clone()];
                        let (before, after) = (token.starts_with("{%-"), token.ends_with("-%}"));
                        self.white_space(&mut nodes, after_text, before);
                        self.trim = after;
                    }
                    after_text = false;
                    let ends = block.is_some_and(|block| tag.name.strip_prefix("end") == Some(block));
                    if ends || stops.contains(&tag.name.as_str()) {
                        return (nodes, Some(tag));
                    }
                    self.statement(tag, block, &mut nodes);
                }
            }
        }
        (nodes, None)
    }

    fn white_space(&mut self, nodes: &mut [Node], after_text: bool, trims: bool) {
        if !trims || !after_text {
            return;
        }
        if let Some(node) = nodes.last_mut()
            && let NodeKind::Text(at) = &mut node.kind
        {
            at.end = at.start + self.text[at.clone()].trim_end_matches(is_space).len();
        }
    }

    /// One tag that is not the end of a block.
    fn statement(&mut self, tag: Tag, block: Option<&'static str>, nodes: &mut Vec<Node>) {
        let line = self.line_at(tag.at.start);
        let at = tag.at.clone();
        let kind = match tag.name.as_str() {
            "if" => self.nested(&tag, |parser, tag| parser.choice(tag, "if")),
            "unless" => self.nested(&tag, |parser, tag| parser.choice(tag, "unless")),
            "case" => self.nested(&tag, Parser::case),
            "for" => self.nested(&tag, |parser, tag| parser.each(tag, "for")),
            "tablerow" => self.nested(&tag, |parser, tag| parser.each(tag, "tablerow")),
            "capture" => self.nested(&tag, Parser::capture),
            "ifchanged" => self.nested(&tag, |parser, tag| {
                let (body, end) = parser.body(Some("ifchanged"), &[]);
                parser.closed(tag, "ifchanged", &end);
                Some(NodeKind::IfChanged(body))
            }),
            "comment" => return self.comment(&tag),
            "raw" | "doc" => return self.raw(&tag, line, nodes),
            "#" => return self.inline_comment(&tag),
            "liquid" => return self.lines(&tag, nodes),
            _ => self.simple(&tag, block),
        };
        nodes.extend(kind.map(|kind| Node { at, line, kind }));
    }

    fn nested(&mut self, tag: &Tag, read: impl FnOnce(&mut Self, &Tag) -> Option<NodeKind>) -> Option<NodeKind> {
        if self.depth >= DEPTH_MAX {
            if !self.wrong.iter().any(|wrong| wrong.kind == WrongKind::TooDeep) {
                self.report(tag.at.clone(), WrongKind::TooDeep);
            }
            return None;
        }
        self.depth += 1;
        let kind = read(self, tag);
        self.depth -= 1;
        kind
    }

    /// Tags without a body.
    fn simple(&mut self, tag: &Tag, block: Option<&'static str>) -> Option<NodeKind> {
        let markup = self.markup(&tag.markup);
        Some(match tag.name.as_str() {
            "assign" => {
                let read = self.valid(markup::assign(markup), tag, "assign")?;
                NodeKind::Assign { name: read.0, value: read.1 }
            }
            "echo" => {
                let read = markup::piped(markup);
                NodeKind::Output(self.read(read))
            }
            "cycle" => {
                let (group, values) = self.valid(markup::cycle(markup), tag, "cycle")?;
                NodeKind::Cycle { group, values, at: markup.at() }
            }
            "increment" => NodeKind::Increment(self.counter(markup, tag, "increment")?),
            "decrement" => NodeKind::Decrement(self.counter(markup, tag, "decrement")?),
            "break" => NodeKind::Break,
            "continue" => NodeKind::Continue,
            "render" => {
                let read = self.valid(markup::render(markup), tag, "render")?;
                if !matches!(read.template.kind, TermKind::Text(_)) {
                    self.wrong_tag(tag, "render");
                    return None;
                }
                NodeKind::Render(Box::new(read))
            }
            "include" => {
                let mut read = self.valid(markup::render(markup), tag, "include")?;
                read.shared = true;
                NodeKind::Render(Box::new(read))
            }
            _ => {
                self.unknown(tag, block);
                return None;
            }
        })
    }

    /// The name of a counter is the whole markup, whatever it is.
    fn counter(&mut self, markup: Markup, tag: &Tag, name: &'static str) -> Option<crate::template::tree::Name> {
        self.valid(markup::one_name(markup), tag, name)
    }

    fn unknown(&mut self, tag: &Tag, block: Option<&'static str>) {
        let name = tag.name.clone();
        let kind = if matches!(name.as_str(), "else" | "elsif" | "when") || (block.is_none() && name == "end") {
            WrongKind::Misplaced { tag: name, open: block }
        } else if name.starts_with("end") {
            WrongKind::UnexpectedEnd { tag: name, open: block }
        } else {
            WrongKind::UnknownTag(name)
        };
        self.report(tag.at.clone(), kind);
    }

    fn valid<T>(&mut self, read: Option<Read<T>>, tag: &Tag, name: &'static str) -> Option<T> {
        match read {
            Some(read) => Some(self.read(read)),
            None => {
                self.wrong_tag(tag, name);
                None
            }
        }
    }

    fn wrong_tag(&mut self, tag: &Tag, name: &'static str) {
        let valid = match name {
            "assign" => "Syntax Error in 'assign' - Valid syntax: assign [var] = [source]",
            "capture" => "Syntax Error in 'capture' - Valid syntax: capture [var]",
            "case" => "Syntax Error in 'case' - Valid syntax: case [condition]",
            "when" => "Syntax Error in tag 'case' - Valid when condition: {% when [condition] [or condition2...] %}",
            "cycle" => "Syntax Error in 'cycle' - Valid syntax: cycle [name :] var [, var2, var3 ...]",
            "for" => "Syntax Error in 'for loop' - Valid syntax: for [item] in [collection]",
            "tablerow" => "Syntax Error in 'table_row loop' - Valid syntax: table_row [item] in [collection] cols=3",
            "include" => "Error in tag 'include' - Valid syntax: include '[template]' (with|for) [object|collection]",
            "render" => "Syntax error in tag 'render' - Template name must be a quoted string",
            "raw" => "Syntax Error in 'raw' - Valid syntax: raw",
            "#" => "Syntax error in tag '#' - Each line of comments must be prefixed by the '#' character",
            _ => "Syntax Error in tag 'if' - Valid syntax: if [expression]",
        };
        self.report(tag.at.clone(), WrongKind::Tag { tag: name, valid });
    }

    fn closed(&mut self, tag: &Tag, name: &'static str, end: &Option<Tag>) {
        if end.is_none() {
            self.report(tag.at.clone(), WrongKind::NeverClosed(name));
        }
    }

    fn condition(&mut self, tag: &Tag, name: &'static str) -> Condition {
        let read = markup::condition(self.markup(&tag.markup));
        self.valid(read, tag, name).unwrap_or_else(|| {
            let at = tag.markup.clone();
            let left = Term { at: at.clone(), kind: TermKind::Nil };
            Condition { at, tests: vec![(crate::template::tree::Junction::And, crate::template::tree::Test { left, right: None })] }
        })
    }

    fn choice(&mut self, tag: &Tag, name: &'static str) -> Option<NodeKind> {
        let mut arms = vec![Arm { condition: self.condition(tag, name), negated: name == "unless", body: Vec::new() }];
        let mut otherwise: Option<Vec<Node>> = None;
        // What comes behind `else` is never reached: it is read and left out.
        let mut reached = true;
        loop {
            let (body, end) = self.body(Some(name), &["elsif", "else"]);
            if reached {
                match (&mut otherwise, arms.last_mut()) {
                    (Some(otherwise), _) => *otherwise = body,
                    (None, Some(arm)) => arm.body = body,
                    (None, None) => {}
                }
            }
            match end {
                Some(next) if next.name == "elsif" => {
                    let condition = self.condition(&next, "if");
                    if otherwise.is_none() {
                        arms.push(Arm { condition, negated: false, body: Vec::new() });
                    } else {
                        reached = false;
                    }
                }
                Some(next) if next.name == "else" => {
                    reached = otherwise.is_none();
                    otherwise.get_or_insert_default();
                }
                end => {
                    self.closed(tag, name, &end);
                    break;
                }
            }
        }
        let blank =
            arms.iter().all(|arm| is_blank(self.text, &arm.body)) && otherwise.as_deref().is_none_or(|body| is_blank(self.text, body));
        if blank {
            arms.iter_mut().for_each(|arm| drop_texts(&mut arm.body));
            otherwise.iter_mut().for_each(drop_texts);
        }
        Some(NodeKind::If { arms, otherwise })
    }

    fn case(&mut self, tag: &Tag) -> Option<NodeKind> {
        let subject = self.valid(markup::single(self.markup(&tag.markup)), tag, "case");
        let mut arms: Vec<Case> = Vec::new();
        // What stands before the first `when` is shown nowhere.
        let (_, mut end) = self.body(Some("case"), &["when", "else"]);
        while let Some(next) = end.take().filter(|next| next.name != "endcase") {
            let values = if next.name == "when" {
                let read = markup::when(self.markup(&next.markup));
                Some(self.valid(read, &next, "when").unwrap_or_default())
            } else {
                None
            };
            let (body, after) = self.body(Some("case"), &["when", "else"]);
            arms.push(Case { values, body });
            if after.is_none() {
                self.closed(tag, "case", &after);
            }
            end = after;
        }
        if arms.iter().all(|arm| is_blank(self.text, &arm.body)) {
            arms.iter_mut().for_each(|arm| drop_texts(&mut arm.body));
        }
        Some(NodeKind::Case { subject: subject?, arms })
    }

    fn each(&mut self, tag: &Tag, name: &'static str) -> Option<NodeKind> {
        let read = markup::for_head(self.markup(&tag.markup), name == "tablerow");
        let head = self.valid(read, tag, name);
        let (mut body, mut end) = self.body(Some(name), if name == "for" { &["else"] } else { &[] });
        let mut otherwise = None;
        while end.as_ref().is_some_and(|end| end.name == "else") {
            let (nodes, next) = self.body(Some(name), &["else"]);
            otherwise = Some(nodes);
            end = next;
        }
        self.closed(tag, name, &end);
        if name == "for" && is_blank(self.text, &body) && otherwise.as_deref().is_none_or(|body| is_blank(self.text, body)) {
            drop_texts(&mut body);
            otherwise.iter_mut().for_each(drop_texts);
        }
        let mut head = head?;
        head.body = body;
        head.otherwise = otherwise;
        Some(NodeKind::For(Box::new(head)))
    }

    fn capture(&mut self, tag: &Tag) -> Option<NodeKind> {
        let read = markup::one_name(self.markup(&tag.markup));
        let name = self.valid(read, tag, "capture");
        let (body, end) = self.body(Some("capture"), &[]);
        self.closed(tag, "capture", &end);
        Some(NodeKind::Capture { name: name?, body })
    }

    fn raw(&mut self, tag: &Tag, line: u32, nodes: &mut Vec<Node>) {
        let is_raw = tag.name == "raw";
        if is_raw && !self.text[tag.markup.clone()].trim().is_empty() {
            return self.wrong_tag(tag, "raw");
        }
        let Source::Document(cutter) = &mut self.source else { return self.unknown(tag, None) };
        match cutter.skip_to(if is_raw { "endraw" } else { "enddoc" }) {
            Some((at, end)) => {
                self.trim = end.trims_after;
                if is_raw && !at.is_empty() {
                    nodes.push(Node { at: tag.at.clone(), line, kind: NodeKind::Raw(at) });
                }
            }
            None => {
                self.report(tag.at.clone(), WrongKind::NeverClosed(if is_raw { "raw" } else { "doc" }));
                if let Source::Document(cutter) = &mut self.source {
                    cutter.at = self.text.len();
                }
            }
        }
    }

    /// Skips what is between `comment` and its `endcomment`; comments stand inside comments.
    fn comment(&mut self, tag: &Tag) {
        let mut depth = 1;
        let reported = self.wrong.len();
        while let Some(item) = self.next() {
            let Item::Tag(inner) = item else { continue };
            match inner.name.as_str() {
                "comment" => depth += 1,
                "raw" => {
                    if let Source::Document(cutter) = &mut self.source {
                        cutter.skip_to("endraw");
                    }
                }
                "endcomment" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                // Nothing inside a comment is wrong.
                self.wrong.truncate(reported);
                if matches!(self.source, Source::Document(_)) {
                    self.trim = self.text[inner.at].ends_with("-%}");
                }
                return;
            }
        }
        self.wrong.truncate(reported);
        self.report(tag.at.clone(), WrongKind::NeverClosed("comment"));
    }

    fn inline_comment(&mut self, tag: &Tag) {
        let lines = self.text[tag.markup.clone()].split('\n').skip(1);
        if lines.map(str::trim_start).any(|line| !line.is_empty() && !line.starts_with('#')) {
            self.wrong_tag(tag, "#");
        }
    }

    /// `{% liquid … %}`: a tag on each line.
    fn lines(&mut self, tag: &Tag, nodes: &mut Vec<Node>) {
        let lines = Source::Lines { at: tag.markup.start, end: tag.markup.end };
        if self.depth >= DEPTH_MAX {
            return;
        }
        self.depth += 1;
        let outer = std::mem::replace(&mut self.source, lines);
        let trim = self.trim;
        let (body, _) = self.body(None, &[]);
        self.source = outer;
        self.trim = trim;
        self.depth -= 1;
        nodes.extend(body);
    }
}

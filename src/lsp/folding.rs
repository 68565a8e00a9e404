//! What can be folded: blocks, long texts, runs of comments.

use super::requests::Asked;
use super::{Answer, Server, write};
use crate::syntax::Kind;
use lsp_types::FoldingRangeParams;
use serde_json::{Value, json};

impl Server {
    pub(super) fn folding(&mut self, params: &FoldingRangeParams) -> Answer {
        let Some(Asked { document, .. }) = self.asked(params.text_document.uri.as_str()) else { return Ok(Value::Null) };
        let lines = document.lines().clone();
        let mut folds = Vec::new();
        let mut comments: Option<(usize, usize)> = None;
        for piece in document.pieces().iter() {
            for id in piece.tree.ids() {
                let span = piece.span_of(id);
                let kind = piece.tree.kind(id);
                if matches!(kind, Kind::Comment | Kind::Doc) {
                    let line = lines.line_of(span.start);
                    comments = match comments {
                        Some((first, last)) if line == last + 1 => Some((first, line)),
                        before => {
                            fold_comments(before, &mut folds);
                            Some((line, line))
                        }
                    };
                    continue;
                }
                let is_block = piece.tree.children(id).next().is_some_and(|first| piece.tree.kind(first) == Kind::Open);
                if !is_block && kind != Kind::LongText {
                    continue;
                }
                let (first, last) = (lines.line_of(span.start), lines.line_of(span.end.saturating_sub(1)));
                // The line that closes stays to be seen.
                let last = if is_block { last.saturating_sub(1) } else { last };
                if last > first {
                    folds.push(json!({ "startLine": first, "endLine": last }));
                }
            }
        }
        fold_comments(comments, &mut folds);
        write(folds)
    }
}

fn fold_comments(lines: Option<(usize, usize)>, folds: &mut Vec<Value>) {
    if let Some((first, last)) = lines.filter(|(first, last)| last > first) {
        folds.push(json!({ "startLine": first, "endLine": last, "kind": "comment" }));
    }
}

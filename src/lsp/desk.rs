//! What is known of one project: the last check, and what was run.
//!
//! In: snapshots as they come. Out: what stands at a place of a text that may be newer than they are. **Invariant:** places are given in the
//! text that the editor has now; what lies in the part that has changed since is looked at anew, by the checker, one declaration at a time.

use super::chunks;
use super::snapshot::{Root, Snapshot, find};
use super::text::Shift;
use super::uri;
use crate::ast;
use crate::check::{self, Definition, Offer, Symbol, Use};
use crate::source::{FileId, Place, SourceFile, Span};
use crate::syntax;
use crate::value::Type;
use lsp_server::{Message, Notification};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The file of a declaration that is being looked at apart from all others.
const LIVE: FileId = FileId(u32::MAX);

/// What became of a scenario when it was last run: by its journey and title.
pub type Results = BTreeMap<(String, String), Option<String>>;

#[derive(Debug, Default)]
pub struct Desk {
    pub snapshot: Option<Arc<Snapshot>>,
    /// The shape of each file, as the snapshot has it.
    pub files: Vec<ast::File>,
    /// The change that is being checked, or is checked.
    pub wanted: u64,
    /// Files of which something was said.
    pub told: BTreeSet<String>,
    /// `None` where all came true, else what did not.
    pub results: Results,
    /// Of the last version without errors.
    pub plan: Option<Arc<crate::plan::Plan>>,
    /// How many customers each segment held when the project was last simulated.
    pub sizes: BTreeMap<String, u64>,
    /// The end of the time that was simulated.
    pub sizes_until: String,
    /// Tokens that were given last, by file.
    pub tokens: BTreeMap<String, (String, Vec<u32>)>,
}

/// Something that stands at a place.
#[derive(Debug, Clone)]
pub struct Found {
    /// The name, in the text as it is now.
    pub span: Span,
    pub symbol: Symbol,
    pub ty: Option<Type>,
}

impl Desk {
    /// Takes everything back that was said of its files.
    pub fn withdraw(self) -> Vec<Message> {
        let clear = |uri: &String| {
            let params = json!({ "uri": uri, "diagnostics": [] });
            Message::from(Notification::new("textDocument/publishDiagnostics".to_owned(), params))
        };
        self.told.iter().map(clear).collect()
    }

    /// How the text that names were resolved in lies in the text of now.
    pub fn shift(&self, name: &str, text: &str) -> Option<(FileId, Shift)> {
        let snapshot = self.snapshot.as_ref()?;
        let (id, file) = find(&snapshot.resolved_sources, name)?;
        Some((id, Shift::between(&file.text, text)))
    }

    /// What stands at an offset of a file.
    pub fn at(&mut self, name: &str, text: &str, offset: u32) -> Vec<Found> {
        let Some(snapshot) = self.snapshot.clone() else { return Vec::new() };
        if let Some((id, shift)) = self.shift(name, text)
            && let Some(old) = shift.to_old(offset)
        {
            let at = snapshot.resolved.at(Span::new(old, old).at(id));
            let found: Vec<Found> = at
                .into_iter()
                .filter_map(|(place, symbol, ty)| {
                    let span = shift.span_to_new(place.span)?;
                    Some(Found { span, symbol, ty })
                })
                .collect();
            if !found.is_empty() || shift.is_none() {
                return found;
            }
        }
        let chunk = chunks::around(text, offset);
        let (_, uses) = self.look(name, text, chunk, &text[chunk.range()], None);
        let here = |one: &Use| {
            one.place.file == LIVE && one.place.span.start + chunk.start <= offset && offset <= one.place.span.end + chunk.start
        };
        let live = |one: Use| {
            let span = Span::new(one.place.span.start + chunk.start, one.place.span.end + chunk.start);
            Found { span, symbol: one.symbol, ty: one.ty }
        };
        uses.into_iter().filter(here).map(live).collect()
    }

    /// Lets the checker look at one declaration, with `written` in the place of what stands at `chunk`. Gives what could stand at `cursor`
    /// (from the start of the piece), and what every name in it means.
    pub fn look(&mut self, name: &str, text: &str, chunk: Span, written: &str, cursor: Option<Span>) -> (Vec<Offer>, Vec<Use>) {
        let Some(snapshot) = self.snapshot.clone() else { return (Vec::new(), Vec::new()) };
        let tree = syntax::parse(LIVE, written);
        let here = ast::lower(LIVE, &tree, written);
        let replaced = self.take_out(&snapshot, name, text, chunk);
        self.files.push(ast::File { file: LIVE, decls: here.decls.clone() });
        let cursor = cursor.unwrap_or(Span::new(u32::MAX, u32::MAX)).at(LIVE);
        // A mistake of ours in the checker must not lose the files.
        let files = &self.files;
        let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check::offers(files, &here, snapshot.sources(), cursor)));
        self.files.pop();
        if let Some((at, from, kept)) = replaced {
            self.files[at].decls.splice(from..from, kept);
        }
        looked.unwrap_or_default()
    }

    /// Takes the declarations of a piece out of the project; gives them, with where they are to be put back.
    fn take_out(&mut self, snapshot: &Snapshot, name: &str, text: &str, chunk: Span) -> Option<(usize, usize, Vec<ast::Decl>)> {
        let (id, file) = snapshot.file(name)?;
        let shift = Shift::between(&file.text, text);
        let old = Span::new(shift.near_old(chunk.start, false), shift.near_old(chunk.end, true));
        let at = self.files.iter().position(|file| file.file == id)?;
        let decls = &mut self.files[at].decls;
        let from = decls.partition_point(|decl| decl.place.span.end <= old.start);
        let to = decls.partition_point(|decl| decl.place.span.start < old.end).max(from);
        Some((at, from, decls.drain(from..to).collect()))
    }

    /// As [`Desk::look`], for a file that messages name: the checker looks at the declarations that name it.
    pub fn look_into_asset(&mut self, name: &str, written: &str, cursor: Span) -> Vec<Offer> {
        let Some(snapshot) = self.snapshot.clone() else { return Vec::new() };
        let Some((id, _)) = snapshot.file(name) else { return Vec::new() };
        let mut sources = snapshot.sources().clone();
        sources.replace(id, SourceFile::new(name, written));
        let mut offers = Vec::new();
        for file in &self.files {
            let names_it = |decl: &&ast::Decl| sources.text(decl.place).contains(name);
            let decls: Vec<ast::Decl> = file.decls.iter().filter(names_it).cloned().collect();
            if decls.is_empty() {
                continue;
            }
            let here = ast::File { file: file.file, decls };
            let files = &self.files;
            let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check::offers(files, &here, &sources, cursor.at(id))));
            for offer in looked.unwrap_or_default().0 {
                if !offers.contains(&offer) {
                    offers.push(offer);
                }
            }
        }
        offers
    }

    pub fn definition(&self, symbol: &Symbol) -> Option<&Definition> {
        self.snapshot.as_ref()?.resolved.definitions.get(symbol)
    }

    /// The address of a file of the project.
    pub fn uri_of(root: &Root, name: &str) -> Option<String> {
        match root {
            Root::Nowhere(uri) => Some(uri.clone()),
            root => uri::uri_of(&root.path_of(name)?).map(|uri| uri.as_str().to_owned()),
        }
    }
}

/// Whether a place is in the declaration that is looked at alone.
pub fn is_live(place: Place) -> bool {
    place.file == LIVE
}

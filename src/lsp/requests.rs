//! What the server can do, and which request goes where.
//!
//! In: requests by their names. Out: answers. **Invariant:** what `initialize` promises is answered here; a file that is not open is no
//! error but nothing to say.

use super::desk::Desk;
use super::document::Document;
use super::snapshot::{Root, Snapshot};
use super::text::Encoding;
use super::{Answer, Client, Refused, Server, name_in, navigation, read, tokens, uri, write};
use crate::ast;
use lsp_server::{ErrorCode, Message, Request, RequestId, Response};
use lsp_types::{
    CodeActionParams, CodeLensParams, CompletionParams, DocumentFormattingParams, DocumentHighlightParams, DocumentRangeFormattingParams,
    DocumentSymbolParams, ExecuteCommandParams, FoldingRangeParams, GotoDefinitionParams, HoverParams, InlayHintParams, ReferenceParams,
    RenameParams, SemanticTokensDeltaParams, SemanticTokensParams, SemanticTokensRangeParams, TextDocumentPositionParams,
    WorkspaceSymbolParams,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Commands that `workspace/executeCommand` runs.
pub(super) const COMMANDS: [&str; 4] = ["onward.runScenarios", "onward.showPicture", "onward.showPreview", "onward.check"];

/// An open file of which something is asked.
pub(super) struct Asked<'a> {
    pub name: String,
    pub root: Root,
    pub document: &'a mut Document,
    pub desk: &'a mut Desk,
    pub encoding: Encoding,
}

impl Server {
    pub(super) fn initialize(&mut self, id: RequestId, params: &Value) -> Vec<Message> {
        let can = |at: &str| params.pointer(&format!("/capabilities{at}")).and_then(Value::as_bool).unwrap_or(false);
        let list = |at: &str| params.pointer(&format!("/capabilities{at}")).and_then(Value::as_array).cloned().unwrap_or_default();
        self.client = Client {
            snippets: can("/textDocument/completion/completionItem/snippetSupport"),
            markdown: list("/textDocument/hover/contentFormat").iter().any(|one| one == "markdown"),
            nested_symbols: can("/textDocument/documentSymbol/hierarchicalDocumentSymbolSupport"),
            watches: can("/workspace/didChangeWatchedFiles/dynamicRegistration"),
            refreshes_lenses: can("/workspace/codeLens/refreshSupport"),
            refreshes_hints: can("/workspace/inlayHint/refreshSupport"),
        };
        let encodings = list("/general/positionEncodings");
        self.encoding = if encodings.iter().any(|one| one == "utf-8") { Encoding::Utf8 } else { Encoding::Utf16 };
        let folders = params.get("workspaceFolders").and_then(Value::as_array).cloned().unwrap_or_default();
        self.folders = folders.iter().filter_map(|folder| uri::path_of(folder.get("uri")?.as_str()?)).collect();
        if self.folders.is_empty() {
            let root = params.get("rootUri").and_then(Value::as_str).and_then(uri::path_of);
            self.folders.extend(root);
        }
        self.initialized = true;
        let result = json!({
            "capabilities": self.capabilities(),
            "serverInfo": { "name": "onward", "version": env!("CARGO_PKG_VERSION") },
        });
        vec![Response::new_ok(id, result).into()]
    }

    fn capabilities(&self) -> Value {
        json!({
            "positionEncoding": self.encoding.kind(),
            "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
            "hoverProvider": true,
            "completionProvider": { "triggerCharacters": [".", " ", "{", "|", "(", "\"", ":"], "resolveProvider": false },
            "definitionProvider": true,
            "referencesProvider": true,
            "documentHighlightProvider": true,
            "renameProvider": { "prepareProvider": true },
            "documentSymbolProvider": true,
            "workspaceSymbolProvider": true,
            "foldingRangeProvider": true,
            "documentFormattingProvider": true,
            "documentRangeFormattingProvider": true,

            "codeActionProvider": { "codeActionKinds": ["quickfix"] },
            "semanticTokensProvider": { "legend": tokens::legend(), "full": { "delta": true }, "range": true },
            "inlayHintProvider": true,
            "codeLensProvider": { "resolveProvider": false },
            "executeCommandProvider": { "commands": COMMANDS },
            "workspace": { "workspaceFolders": { "supported": true, "changeNotifications": true } },
            "experimental": { "onwardPicture": true, "onwardPreview": true },
        })
    }

    /// Asks the editor to tell when files change on the disk.
    pub(super) fn watch(&mut self) -> Vec<Message> {
        if !self.client.watches {
            return Vec::new();
        }
        self.requests += 1;
        let watchers: Vec<Value> =
            ["**/*.journey", "**/onward.toml", "**/*.{mjml,html,txt,liquid}"].iter().map(|glob| json!({ "globPattern": glob })).collect();
        let one = json!({ "id": "onward-files", "method": "workspace/didChangeWatchedFiles", "registerOptions": { "watchers": watchers } });
        let id = RequestId::from(format!("onward-{}", self.requests));
        vec![Request { id, method: "client/registerCapability".to_owned(), params: json!({ "registrations": [one] }) }.into()]
    }

    /// Takes a check: says what was found, and lets the editor ask again for what depends on it.
    pub(super) fn checked(&mut self, snapshot: Arc<Snapshot>, files: Vec<ast::File>) -> Vec<Message> {
        let root = snapshot.root.clone();
        let Some(desk) = self.desks.get_mut(&root) else { return Vec::new() };
        if desk.snapshot.as_ref().is_some_and(|known| known.revision > snapshot.revision) {
            return Vec::new();
        }
        let is_first = desk.snapshot.is_none();
        desk.files = files;
        desk.sizes = snapshot.sizes.segments.clone();
        desk.sizes_until.clone_from(&snapshot.sizes.until);
        if let Some(plan) = &snapshot.compiled.plan {
            desk.plan = Some(Arc::new(plan.clone()));
        }
        desk.snapshot = Some(snapshot);
        let mut out = self.publish(&root);
        if self.client.refreshes_lenses && is_first {
            out.push(self.ask("workspace/codeLens/refresh"));
        }
        if self.client.refreshes_hints && is_first {
            out.push(self.ask("workspace/inlayHint/refresh"));
        }
        out
    }

    /// Answers a request; `None` where a job will.
    pub(super) fn dispatch(&mut self, request: Request) -> Option<Answer> {
        let Request { id, method, params } = request;
        Some(match method.as_str() {
            "textDocument/hover" => read::<HoverParams>(params).and_then(|params| self.hover(&params.text_document_position_params)),
            "textDocument/completion" => {
                read::<CompletionParams>(params).and_then(|params| self.completion(&params.text_document_position))
            }
            "textDocument/definition" => {
                read::<GotoDefinitionParams>(params).and_then(|params| self.definition(&params.text_document_position_params))
            }
            "textDocument/references" => read::<ReferenceParams>(params).and_then(|params| self.references(&params)),
            "textDocument/documentHighlight" => {
                read::<DocumentHighlightParams>(params).and_then(|params| self.highlights(&params.text_document_position_params))
            }
            "textDocument/prepareRename" => read::<TextDocumentPositionParams>(params).and_then(|params| self.prepare_rename(&params)),
            "textDocument/rename" => read::<RenameParams>(params).and_then(|params| self.rename(&params)),
            "textDocument/documentSymbol" => read::<DocumentSymbolParams>(params).and_then(|params| self.document_symbols(&params)),
            "workspace/symbol" => read::<WorkspaceSymbolParams>(params).and_then(|params| self.workspace_symbols(&params.query)),
            "textDocument/foldingRange" => read::<FoldingRangeParams>(params).and_then(|params| self.folding(&params)),
            "textDocument/formatting" => read::<DocumentFormattingParams>(params).and_then(|params| self.format(&params)),
            "textDocument/rangeFormatting" => read::<DocumentRangeFormattingParams>(params).and_then(|params| self.format_range(&params)),
            "textDocument/codeAction" => read::<CodeActionParams>(params).and_then(|params| self.code_actions(&params)),
            "textDocument/semanticTokens/full" => read::<SemanticTokensParams>(params).and_then(|params| self.tokens(&params)),
            "textDocument/semanticTokens/full/delta" => {
                read::<SemanticTokensDeltaParams>(params).and_then(|params| self.tokens_delta(&params))
            }
            "textDocument/semanticTokens/range" => read::<SemanticTokensRangeParams>(params).and_then(|params| self.tokens_range(&params)),
            "textDocument/inlayHint" => read::<InlayHintParams>(params).and_then(|params| self.hints(&params)),
            "textDocument/codeLens" => read::<CodeLensParams>(params).and_then(|params| self.lenses(&params)),
            "workspace/executeCommand" => match read::<ExecuteCommandParams>(params).and_then(|params| self.execute(id, params)) {
                Ok(None) => return None,
                Ok(Some(answer)) => Ok(answer),
                Err(refused) => Err(refused),
            },
            "onward/picture" => read::<TextDocumentPositionParams>(params).and_then(|params| self.picture(&params)),
            "onward/preview" => read::<TextDocumentPositionParams>(params).and_then(|params| self.preview(&params)),
            other => Err(Refused { code: ErrorCode::MethodNotFound as i32, message: format!("`{other}` is not known here") }),
        })
    }

    /// The open file that a request is about, with its project.
    pub(super) fn asked(&mut self, uri: &str) -> Option<Asked<'_>> {
        let encoding = self.encoding;
        let (document, root) = self.documents.get_mut(uri)?;
        let root = root.clone();
        let desk = self.desks.get_mut(&root)?;
        Some(Asked { name: name_in(&root, uri), root, document, desk, encoding })
    }

    fn definition(&mut self, params: &TextDocumentPositionParams) -> Answer {
        let found = self.stands_at(params);
        let Some((root, found)) = found else { return Ok(Value::Null) };
        let mut places = Vec::new();
        for one in &found {
            if let Some(location) = self.definition_of(&root, params.text_document.uri.as_str(), one)
                && !places.contains(&location)
            {
                places.push(location);
            }
        }
        write(places)
    }

    /// The names at a position, in the text as it is now.
    pub(super) fn stands_at(&mut self, params: &TextDocumentPositionParams) -> Option<(Root, Vec<super::desk::Found>)> {
        let asked = self.asked(params.text_document.uri.as_str())?;
        let lines = asked.document.lines().clone();
        let offset = lines.offset(params.position, asked.encoding);
        let found = asked.desk.at(&asked.name, lines.text(), offset);
        Some((asked.root, navigation::nearest(found)))
    }
}

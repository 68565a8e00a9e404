//! Blocks: pieces of content that many messages show by `{% render 'footer', … %}`.
//!
//! In: `block …` declarations. Out: the texts and parameters that templates look up. **Invariant:** a block sees only what it is given,
//! and what is wrong in it is said here, once, however often it is shown. Does not know who shows it.

use super::declare::params;
use super::expr::Typer;
use super::names::Kind;
use super::problem::problems;
use super::project::Project;
use super::scope::Scope;
use super::template::ContentBlock;
use crate::ast::{self, Content, ContentBody, DeclKind};
use crate::diagnostic::{Code, Diagnostics};
use crate::value::Text;
use std::collections::BTreeMap;

problems! {
    /// `block footer { }`, or one with several texts.
    OneText { block: String, why: &'static str } = Code::new("E0470", "block-is-one-text");
        "the block `{block}` is one text", "{why}", "write for example `block {block}(shop text) {{ text \"© {{{{ shop }}}}\" }}`";
}

/// What a block's text may be called.
const FORMS: [&str; 3] = ["text", "html", "mjml"];

/// Reads all blocks; their texts are checked with only their parameters in sight.
pub(super) fn declare(project: &mut Project, files: &[ast::File], found: &mut Diagnostics) {
    let mut blocks: BTreeMap<Text, ContentBlock> = BTreeMap::new();
    for decl in files.iter().flat_map(|file| &file.decls) {
        let DeclKind::Block { name: Some(name), params: written, contents } = &decl.kind else { continue };
        let params = params(project, written, found);
        // One with a mistake is shown as nothing, so that no text that shows it gives a second finding.
        let nothing = || ast::TextLit { text: String::new(), place: name.place, content: name.place, long: false, map: Vec::new() };
        let (form, text) =
            one_text(name, contents, found).map_or_else(|| (Text::const_new("text"), nothing()), |(form, text)| (form, text.clone()));
        if project.names.own(Kind::Block, name).is_some() {
            blocks.insert(name.text.clone(), ContentBlock { params, text, form });
        }
    }
    project.blocks = blocks;
    for (name, block) in &project.blocks {
        let mut scope = Scope::of_template(&block.params);
        scope.customer = false;
        scope.owner = Some((Kind::Block, name.clone()));
        Typer { project, scope: &mut scope, found }.template(&block.text);
        if block.form != "text" {
            super::content::markup::check(&block.text, found);
        }
    }
}

fn one_text<'a>(name: &ast::Name, contents: &'a [Content], found: &mut Diagnostics) -> Option<(Text, &'a ast::TextLit)> {
    let mut tell = |place, why| found.push(OneText { place, block: name.text.to_string(), why });
    let mut text = None;
    for content in contents {
        let Content::Channel(content) = content else {
            tell(name.place, "only texts can stand in it");
            return None;
        };
        match &content.body {
            _ if !FORMS.contains(&content.channel.text.as_str()) => {
                tell(content.channel.place, "it is `text`, `html` or `mjml`");
                return None;
            }
            ContentBody::Missing => return None,
            ContentBody::Text(_) if text.is_some() => {
                tell(content.channel.place, "which of the two would be shown?");
                return None;
            }
            ContentBody::Text(found) => text = Some((content.channel.text.clone(), found)),
            ContentBody::Parts(_) => {
                tell(content.channel.place, "it has no parts");
                return None;
            }
        }
    }
    if text.is_none() {
        tell(name.place, "nothing stands in it");
    }
    text
}

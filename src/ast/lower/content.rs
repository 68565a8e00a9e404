//! Messages and what they say.

use super::Lowerer;
use crate::ast::{ChannelContent, Content, ContentBody, Docs, Expr, ExprKind, Message, Name, Part, WhenInDoubt};
use crate::syntax::{Kind as K, NodeId};

impl<'a> Lowerer<'a> {
    pub(super) fn message(&'a self, node: NodeId, docs: Docs) -> Message {
        let mut names = self.children(node).into_iter().filter(|child| self.kind(*child) == K::Name).map(|name| self.name_of(name));
        // The name stands before `about`, the topic behind it.
        let about = self.child(node, K::KwAbout).map(|about| self.tree.span(about).start);
        let (mut name, mut topic) = (None, None);
        for found in names.by_ref() {
            if about.is_some_and(|about| found.place.span.start > about) {
                topic = topic.or(Some(found));
            } else {
                name = name.or(Some(found));
            }
        }
        Message { docs, name, params: self.params_in(node), about: topic, contents: self.contents(node), place: self.place(node) }
    }

    /// What stands in the braces of a message or a block.
    pub(super) fn contents(&'a self, node: NodeId) -> Vec<Content> {
        let mut contents = Vec::new();
        if let Some(block) = self.child(node, K::ContentBlock) {
            self.with_docs(block, |line, docs| {
                if let Some(content) = self.content(line, docs) {
                    contents.push(content);
                }
            });
        }
        contents
    }

    fn content(&'a self, node: NodeId, docs: Docs) -> Option<Content> {
        let place = self.place(node);
        match self.kind(node) {
            K::ChannelContent => self.channel_content(node, docs).map(Box::new).map(Content::Channel),
            K::ContentRule => {
                let rule = self.children(node).first().copied()?;
                Some(match self.kind(rule) {
                    K::WhenInDoubt => {
                        let what = if self.has(rule, K::KwSkip) {
                            Some(WhenInDoubt::Skip)
                        } else {
                            self.has(rule, K::KwRepeat).then_some(WhenInDoubt::Repeat)
                        };
                        Content::WhenInDoubt(what, place)
                    }
                    K::SkipWhen => Content::SkipWhen { condition: self.value_in(rule).map(Box::new), reason: self.text_in(rule), place },
                    _ => Content::Survey(self.name_in(rule), place),
                })
            }
            _ => None,
        }
    }

    fn channel_content(&'a self, node: NodeId, docs: Docs) -> Option<ChannelContent> {
        let channel = self.name_in(node)?;
        let mut texts: Vec<_> = self.children(node).into_iter().filter_map(|child| self.text_of(child)).collect();
        // The first text behind `in` is the language.
        let language = match self.child(node, K::KwIn) {
            Some(_) if !texts.is_empty() => Some(texts.remove(0)),
            _ => None,
        };
        let body = match self.child(node, K::PartBlock) {
            Some(block) => ContentBody::Parts(self.parts_of(block)),
            None => texts.into_iter().next().map_or(ContentBody::Missing, ContentBody::Text),
        };
        Some(ChannelContent { docs, channel, language, body, place: self.place(node) })
    }

    fn parts_of(&'a self, block: NodeId) -> Vec<Part> {
        self.children(block)
            .into_iter()
            .filter(|part| self.kind(*part) == K::Part)
            .filter_map(|part| {
                let name = match self.child(part, K::KwReplyTo) {
                    Some(words) => Name { text: "reply to".into(), place: self.place(words), quoted: false },
                    None => self.name_in(part)?,
                };
                let file = self.has(part, K::KwFile);
                let value = if file {
                    self.text_in(part).map(|text| Expr { place: text.place, kind: ExprKind::Text(text) })
                } else {
                    self.value_in(part)
                };
                Some(Part { name, file, value, place: self.place(part) })
            })
            .collect()
    }
}

//! Hooks and calls.

use super::Lowerer;
use crate::ast::{Call, Docs, Hook};
use crate::syntax::{Kind as K, NodeId};

impl<'a> Lowerer<'a> {
    pub(super) fn hook(&'a self, node: NodeId, docs: Docs) -> Hook {
        let mut hook = Hook {
            docs,
            name: self.name_in(node),
            params: self.params_in(node),
            urls: Vec::new(),
            timeouts: Vec::new(),
            answers: Vec::new(),
        };
        let rules = self.child(node, K::HookBlock).map(|block| self.children(block)).unwrap_or_default();
        for rule in rules.into_iter().filter(|rule| self.kind(*rule) == K::HookRule) {
            if self.has(rule, K::KwUrl) {
                hook.urls.extend(self.text_in(rule));
            } else if self.has(rule, K::KwTimeout) {
                hook.timeouts.extend(self.duration_in(rule));
            } else {
                hook.answers.push((self.fields_in(rule), self.place(rule)));
            }
        }
        hook
    }

    pub(super) fn call(&'a self, node: NodeId) -> Call {
        let call = self.child(node, K::Call);
        Call {
            hook: call.and_then(|call| self.name_in(call)),
            args: call.and_then(|call| self.args_in(call)).unwrap_or_default(),
            args_place: call.and_then(|call| self.child(call, K::Args)).map(|args| self.place(args)),
            bind: self.bind_in(node),
            otherwise: self.block_in(node),
        }
    }
}

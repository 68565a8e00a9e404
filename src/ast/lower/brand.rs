//! The rules of the brand.

use super::Lowerer;
use crate::ast::{BrandRule, BrandRuleKind as Rule};
use crate::syntax::{Kind as K, NodeId};

impl<'a> Lowerer<'a> {
    pub(super) fn brand(&'a self, node: NodeId) -> Vec<BrandRule> {
        let Some(block) = self.child(node, K::BrandBlock) else { return Vec::new() };
        let lines = self.children(block).into_iter().filter(|line| self.kind(*line) == K::BrandRule);
        lines.filter_map(|line| self.brand_rule(line)).collect()
    }

    fn brand_rule(&'a self, line: NodeId) -> Option<BrandRule> {
        let keyword = self.children(line).first().map(|word| self.kind(*word))?;
        let kind = match keyword {
            K::KwNeverSay => Rule::NeverSay(self.value_in(line)),
            K::KwAlwaysWrite => Rule::AlwaysWrite(self.text_in(line)),
            K::KwLinkDomains => Rule::LinkDomains(self.value_in(line)),
            K::KwColours => Rule::Colours(self.value_in(line)),
            K::KwPostalAddress => Rule::PostalAddress(self.text_in(line)),
            K::KwFooter => Rule::Footer(self.name_in(line)),
            K::KwAddressPeopleAs => Rule::AddressPeopleAs(self.text_in(line)),
            _ => return None,
        };
        Some(BrandRule { place: self.place(line), kind })
    }
}

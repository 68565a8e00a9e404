//! Scenarios.

use super::Lowerer;
use crate::ast::{Docs, Expect, ExpectExit, ExpectWhen, Happens, HappensKind, ItemScene, Scenario, Scene, SceneKind, Target, TargetKind};
use crate::syntax::{Kind as K, NodeId};

impl<'a> Lowerer<'a> {
    pub(super) fn scenario(&'a self, node: NodeId, docs: Docs) -> Scenario {
        Scenario { docs, title: self.text_in(node), journey: self.name_in(node), lines: self.scenes_in(node), place: self.place(node) }
    }

    fn scenes_in(&'a self, node: NodeId) -> Vec<Scene> {
        let Some(block) = self.child(node, K::SceneBlock) else { return Vec::new() };
        self.children(block).into_iter().filter_map(|line| Some(Scene { place: self.place(line), kind: self.scene(line)? })).collect()
    }

    fn scene(&'a self, node: NodeId) -> Option<SceneKind> {
        Some(match self.kind(node) {
            K::SceneStarting => SceneKind::Starting(self.moment_in(node)),
            K::SceneGivenHas => SceneKind::GivenHas {
                count: self.number_in(node),
                target: self.target_in(node),
                ago: self.duration_in(node),
                fields: self.record_in(node),
            },
            K::SceneGivenSubscribed => match self.text_in(node) {
                who @ Some(_) => SceneKind::GivenOther { who, fields: None, topic: self.name_in(node) },
                None => SceneKind::GivenSubscribed(self.name_in(node)),
            },
            K::SceneGiven => match self.name_in(node) {
                Some(name) if name.text == "customer" => match self.text_in(node) {
                    who @ Some(_) => SceneKind::GivenOther { who, fields: self.record_in(node), topic: None },
                    None => SceneKind::GivenCustomer(self.record_in(node)),
                },
                _ => SceneKind::GivenItem(self.item_scene(node)),
            },
            K::SceneAt => SceneKind::At { moment: self.moment_in(node), happens: self.happens_in(node) },
            K::SceneAfter => SceneKind::After { delay: self.duration_in(node), happens: self.happens_in(node) },
            K::SceneChoosing => SceneKind::Choosing(self.text_in(node)),
            K::SceneInRun => SceneKind::InTheRunOf { key: self.name_in(node), value: self.value_in(node), lines: self.scenes_in(node) },
            K::SceneExpect => SceneKind::Expect(self.expect_in(node)),
            _ => return None,
        })
    }

    fn item_scene(&'a self, node: NodeId) -> ItemScene {
        ItemScene { catalog: self.name_in(node), key: self.text_in(node), fields: self.record_in(node) }
    }

    fn happens_in(&'a self, node: NodeId) -> Option<Happens> {
        let (form, kind) = self.children(node).into_iter().find_map(|form| Some((form, self.happening(form)?)))?;
        Some(Happens { kind, place: self.place(form) })
    }

    fn happening(&'a self, form: NodeId) -> Option<HappensKind> {
        Some(match self.kind(form) {
            K::HappensBounce => HappensKind::HardBounce(self.name_in(form)),
            K::HappensRequested => HappensKind::Requested(self.record_in(form)),
            K::HappensList => HappensKind::List { joins: self.has(form, K::KwJoinsList), list: self.name_in(form) },
            K::HappensRefuse => {
                let mut names = self.children(form).into_iter().filter(|name| self.kind(*name) == K::Name).map(|name| self.name_of(name));
                HappensKind::Refuse { message: names.next(), by: names.next() }
            }
            K::HappensAnswers => HappensKind::Answers { hook: self.name_in(form), fields: self.record_in(form) },
            K::HappensGone => HappensKind::ItemGone(self.item_scene(form)),
            K::HappensTarget => self.happens_target(form),
            _ => return None,
        })
    }

    fn happens_target(&'a self, node: NodeId) -> HappensKind {
        let target = self.target_in(node).unwrap_or(Target { kind: TargetKind::Missing, place: self.place(node) });
        let fields = self.record_in(node);
        match &target.kind {
            TargetKind::Event(name) if name.text == "customer" && !name.quoted => HappensKind::Customer(fields),
            TargetKind::Message { verb, message: crate::ast::MessageRef::Named(name), .. } if self.has(node, K::KwByAMachine) => {
                HappensKind::ByMachine { verb: *verb, message: Some(name.clone()) }
            }
            TargetKind::Event(catalog) if self.text_in(node).is_some() => {
                HappensKind::Item(ItemScene { catalog: Some(catalog.clone()), key: self.text_in(node), fields })
            }
            _ => HappensKind::Target { target, fields },
        }
    }

    fn expect_in(&'a self, node: NodeId) -> Option<Expect> {
        let form = self.children(node).get(1).copied()?;
        let names = || self.children(form).into_iter().filter(|name| self.kind(*name) == K::Name).map(|name| self.name_of(name));
        let because = || self.child(form, K::Because).and_then(|because| self.name_in(because));
        Some(match self.kind(form) {
            K::ExpectNoMessages => Expect::NoMessages,
            K::ExpectCount => Expect::Messages(self.number_in(form)?),
            K::ExpectNoMessage => Expect::NoMessage { message: names().next(), by: names().nth(1), because: because() },
            K::ExpectNotEntered => Expect::NotEntered { because: because() },
            K::ExpectMessage => {
                let when = if self.has(form, K::KwAt) {
                    self.moment_in(form).map(ExpectWhen::At)
                } else if self.has(form, K::KwWithin) {
                    self.duration_in(form).map(ExpectWhen::Within)
                } else {
                    self.duration_in(form).map(ExpectWhen::After)
                };
                let by = if self.has(form, K::KwBy) { names().nth(1) } else { None };
                Expect::Message { message: names().next(), by, when, containing: self.text_in(form) }
            }
            K::ExpectExit => {
                let cause = if self.has(form, K::KwOn) {
                    self.target_in(form).map(ExpectExit::On)
                } else if self.has(form, K::KwWhen) {
                    Some(ExpectExit::When)
                } else {
                    self.text_in(form).map(ExpectExit::Reason)
                };
                Expect::Exit { cause, after: self.duration_in(form) }
            }
            K::ExpectWaiting => Expect::WaitingAt(self.text_in(form)),
            K::Cond => Expect::Condition(self.condition(form)),
            _ => return None,
        })
    }
}

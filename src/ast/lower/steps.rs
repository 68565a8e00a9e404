//! The steps of a journey.

use super::Lowerer;
use crate::ast::{
    Block, Branch, BranchKind, CollectFor, Docs, Draw, Expr, LetValue, MembershipOf, PastRule, Send, SendTo, ShortWait, SkipBlock, Spanned,
    SplitPath, Step, StepKind, UnsubscribeFrom, Until, WaitUntil,
};
use crate::syntax::{Kind as K, NodeId};

impl<'a> Lowerer<'a> {
    /// The steps of the first block among the pieces of a node; empty where there is none.
    pub(super) fn block_in(&'a self, node: NodeId) -> Block {
        self.child(node, K::Block).map(|block| self.block(block)).unwrap_or_default()
    }

    fn block(&'a self, block: NodeId) -> Block {
        let mut steps = Vec::new();
        self.with_docs(block, |node, docs| steps.extend(self.step(node, docs)));
        steps
    }

    pub(super) fn step(&'a self, node: NodeId, docs: Docs) -> Option<Step> {
        let kind = self.step_kind(node)?;
        Some(Step { docs, place: self.place(node), head: self.head(node), kind })
    }

    fn step_kind(&'a self, node: NodeId) -> Option<StepKind> {
        Some(match self.kind(node) {
            K::WaitFor => StepKind::Wait { duration: self.duration_in(node), until: self.time_in(node) },
            K::WaitUntil => self.wait_until(node),
            K::WaitUpTo => self.wait_up_to(node),
            K::WaitFull => StepKind::WaitFull { duration: self.duration_in(node), branches: self.branches_in(node).unwrap_or_default() },
            K::IfStep => self.if_step(node),
            K::LetStep => StepKind::Let { name: self.name_in(node), value: self.let_value(node) },
            K::SplitStep => self.split(node),
            K::SendStep => StepKind::Send(self.send(node)),
            K::SetStep => StepKind::Set { path: self.path_in(node), value: self.value_in(node) },
            K::ClearStep => StepKind::Clear(self.path_in(node)),
            K::AddStep => StepKind::Add { value: self.value_in(node), path: self.path_in(node) },
            K::RemoveStep => StepKind::Remove { value: self.value_in(node), path: self.path_in(node) },
            K::IncreaseStep => StepKind::Increase { path: self.path_in(node), by: self.value_in(node) },
            K::DecreaseStep => StepKind::Decrease { path: self.path_in(node), by: self.value_in(node) },
            K::SubscribeStep => StepKind::Subscribe(self.name_in(node)),
            K::UnsubscribeStep => StepKind::Unsubscribe(match self.child(node, K::KwEverything) {
                Some(everything) => Some(UnsubscribeFrom::Everything(self.place(everything))),
                None => self.name_in(node).map(UnsubscribeFrom::Topic),
            }),
            K::EmitStep => StepKind::Emit { event: self.name_in(node), fields: self.record_in(node) },
            K::StartJourneyStep => {
                let call = self.child(node, K::Call);
                StepKind::StartJourney {
                    journey: call.and_then(|call| self.name_in(call)),
                    args: call.and_then(|call| self.args_in(call)).unwrap_or_default(),
                    args_place: call.and_then(|call| self.child(call, K::Args)).map(|args| self.place(args)),
                }
            }
            K::RepeatStep => StepKind::Repeat { times: self.number_in(node), block: self.block_in(node) },
            K::BreakStep => StepKind::Break,
            K::ExitStep => StepKind::Exit(self.text_in(node)),
            K::ExperimentStep => StepKind::Experiment(Box::new(self.experiment(node))),
            K::CollectStep => self.collect(node),
            K::CallStep => StepKind::Call(Box::new(self.call(node))),
            K::DrawStep => StepKind::Draw(Draw { pool: self.name_in(node), bind: self.bind_in(node), otherwise: self.block_in(node) }),
            K::ForEachStep => StepKind::ForEach {
                name: self.name_in(node),
                list: self.value_in(node),
                most: self.number_in(node),
                block: self.block_in(node),
            },
            K::MoveToStageStep => StepKind::MoveToStage(self.name_in(node)),
            K::ConfirmStep => StepKind::Confirm(self.name_in(node)),
            K::SuppressStep => StepKind::Suppress { channel: self.name_in(node), reason: self.text_in(node) },
            K::AddToListStep => self.membership(node, true),
            K::RemoveFromListStep => self.membership(node, false),
            K::BadLine => StepKind::Broken {
                block: self.child(node, K::StrayBlock).and_then(|stray| self.child(stray, K::Block)).map(|block| self.block(block)),
            },
            _ => return None,
        })
    }

    fn collect(&'a self, node: NodeId) -> StepKind {
        let duration = self.duration_in(node);
        let length = match (self.path_in(node), duration) {
            (Some(path), most) => Some(CollectFor::UpTo { path, most }),
            (None, duration) => duration.map(CollectFor::Fixed),
        };
        let with_first = match (self.has(node, K::KwWithTheFirst), self.has(node, K::KwWithoutTheFirst)) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        StepKind::Collect { trigger: self.trigger_in(node), length, with_first, bind: self.bind_in(node) }
    }

    fn membership(&self, node: NodeId, add: bool) -> StepKind {
        let audience = self.has(node, K::KwAddToAudience) || self.has(node, K::KwRemoveFromAudience);
        let of = if audience { MembershipOf::Audience } else { MembershipOf::List };
        StepKind::Membership { of, add, name: self.name_in(node) }
    }

    // --------------------------------------------------------------------------------------------------------------------- waits

    fn wait_up_to(&'a self, node: NodeId) -> StepKind {
        let duration = self.duration_in(node);
        let Some(short) = self.child(node, K::ShortWait) else {
            return StepKind::WaitUpTo { duration, branches: self.branches_in(node).unwrap_or_default() };
        };
        let what = match self.named_trigger_in(short) {
            (Some(trigger), bind) => Some(ShortWait::For { trigger, bind }),
            (None, _) => self.value_in(short).map(ShortWait::Until),
        };
        let otherwise = self.children(short).into_iter().find_map(|child| self.step(child, Docs::default())).map(Box::new);
        StepKind::WaitUpToShort { duration, what, otherwise }
    }

    fn wait_until(&'a self, node: NodeId) -> StepKind {
        let (mut if_past, mut if_missing) = (None, None);
        let mut skip = SkipBlock { past: false, missing: false, block: self.block_in(node), place: self.place(node) };
        for child in self.children(node) {
            match self.kind(child) {
                K::OrIf => {
                    let rule = if self.has(child, K::KwOrContinueIf) { PastRule::Continue } else { PastRule::Exit };
                    if self.has(child, K::KwMissing) {
                        if_missing = Some(rule);
                    } else {
                        if_past = Some(rule);
                    }
                }
                K::SkipIf => {
                    skip.place = self.place(child);
                    if self.has(child, K::KwMissing) {
                        skip.missing = true;
                    } else {
                        skip.past = true;
                    }
                }
                _ => {}
            }
        }
        StepKind::WaitUntil(WaitUntil {
            until: self.children(node).into_iter().find_map(|form| self.until(form)),
            if_past,
            if_missing,
            branches: self.branches_in(node),
            skip: (skip.past || skip.missing).then_some(skip),
        })
    }

    fn until(&self, form: NodeId) -> Option<Until> {
        match self.kind(form) {
            K::UntilWindow => {
                let mut times = self.times_in(form).into_iter();
                Some(Until::Window { from: times.next(), to: times.next(), days: self.days_in(form) })
            }
            K::UntilBest => Some(Until::BestTime(self.duration_in(form))),
            K::UntilMoment => self.moment_in(form).map(Until::Moment).or_else(|| self.time_in(form).map(Until::Time)),
            K::UntilDay => {
                let day = self.child(form, K::Day).and_then(|day| self.day_of(day))?;
                Some(Until::Day { day, at: self.time_in(form) })
            }
            K::UntilAround => Some(Until::Around {
                offset: self.duration_in(form)?,
                before: !self.has(form, K::KwAfter),
                path: self.path_in(form),
                at: self.time_in(form),
            }),
            K::UntilPath => Some(Until::Path { path: self.path_in(form)?, at: self.time_in(form) }),
            _ => None,
        }
    }

    fn branches_in(&'a self, node: NodeId) -> Option<Vec<Branch>> {
        let block = self.child(node, K::BranchBlock)?;
        let mut branches = Vec::new();
        self.with_docs(block, |line, docs| {
            let kind = match self.kind(line) {
                K::OnBranch => {
                    let (trigger, bind) = self.named_trigger_in(line);
                    BranchKind::On { trigger, bind }
                }
                K::WhenBranch => BranchKind::When(self.value_in(line)),
                K::OtherwiseBranch => BranchKind::Otherwise,
                _ => return,
            };
            branches.push(Branch { docs, kind, block: self.block_in(line), place: self.place(line), head: self.head(line) });
        });
        Some(branches)
    }

    // ------------------------------------------------------------------------------------------------------------------ branches

    fn if_step(&'a self, node: NodeId) -> StepKind {
        let mut arms = vec![(self.value_in(node), self.block_in(node))];
        let mut otherwise = None;
        for child in self.children(node) {
            match self.kind(child) {
                K::ElseIf => arms.push((self.value_in(child), self.block_in(child))),
                K::ElsePart => otherwise = Some(self.block_in(child)),
                _ => {}
            }
        }
        StepKind::If { arms, otherwise }
    }

    fn let_value(&'a self, node: NodeId) -> Option<LetValue> {
        let value = self.value_in(node)?;
        if self.has(node, K::KwOrExitIfMissing) {
            return Some(LetValue::OrExit(value));
        }
        let Some(choice) = self.child(node, K::LetChoice) else { return Some(LetValue::Plain(value)) };
        let mut choices: Vec<(Expr, Option<Expr>)> = Vec::new();
        let mut waiting = Some(value);
        let (mut is_condition, mut is_otherwise, mut otherwise) = (false, false, None);
        for child in self.children(choice) {
            match self.kind(child) {
                K::KwIf => is_condition = true,
                K::KwOtherwise => is_otherwise = true,
                _ => {
                    let Some(expr) = self.value_of(child) else { continue };
                    if is_otherwise {
                        otherwise = Some(expr);
                    } else if is_condition {
                        is_condition = false;
                        if let Some(value) = waiting.take() {
                            choices.push((value, Some(expr)));
                        }
                    } else {
                        waiting = Some(expr);
                    }
                }
            }
        }
        if let Some(value) = waiting {
            choices.push((value, None));
        }
        Some(LetValue::Choice { choices, otherwise })
    }

    fn split(&'a self, node: NodeId) -> StepKind {
        let mut paths = Vec::new();
        if let Some(block) = self.child(node, K::SplitBlock) {
            self.with_docs(block, |line, docs| {
                if self.kind(line) == K::SplitPath {
                    paths.push(SplitPath {
                        docs,
                        name: self.text_in(line),
                        percent: self.percent_in(line),
                        block: self.block_in(line),
                        place: self.place(line),
                        head: self.head(line),
                    });
                }
            });
        }
        StepKind::Split { by: self.path_in(node), paths }
    }

    // --------------------------------------------------------------------------------------------------------------------- sends

    fn send(&'a self, node: NodeId) -> Send {
        let call = self.child(node, K::Call);
        let mut send = Send {
            message: call.and_then(|call| self.name_in(call)),
            args: call.and_then(|call| self.args_in(call)).unwrap_or_default(),
            args_place: call.and_then(|call| self.child(call, K::Args)).map(|args| self.place(args)),
            by: None,
            to: None,
            without_waiting: None,
            ignoring_quiet_hours: None,
            bind: self.bind_in(node),
            or_exit_if_not_sent: self.has(node, K::KwOrExitIfNotSent),
        };
        for option in self.children(node) {
            if self.kind(option) != K::SendOption {
                continue;
            }
            let place = self.place(option);
            if let Some(how) = self.child(option, K::How) {
                send.by = self.how(how).map(|value| Spanned { value, place: self.place(how) });
            } else if self.has(option, K::KwToTeam) {
                send.to = Some(SendTo::Team(self.name_in(option)));
            } else if self.has(option, K::KwTo) {
                send.to = Some(SendTo::Customer(self.path_in(option)));
            } else if self.has(option, K::KwWithoutWaiting) {
                send.without_waiting = Some(place);
            } else if self.has(option, K::KwIgnoringQuietHours) {
                send.ignoring_quiet_hours = Some(place);
            }
        }
        send
    }
}

//! Journeys and the clauses of their headers.

use super::Lowerer;
use super::conditions::trailing_bind;
use super::literals::decimal;
use crate::ast::{
    ChangeTest, Clause, ClauseKind, DayWord, Docs, Enter, EnterAgain, Entry, Every, EveryOn, EveryStep, Goal, IfPast, Journey, JourneyItem,
    OneRunPer, Spanned, Target, TargetKind, Unit, WhileRunning,
};
use crate::syntax::{Kind as K, NodeId};
use rust_decimal::prelude::ToPrimitive;

impl<'a> Lowerer<'a> {
    pub(super) fn journey(&'a self, node: NodeId, docs: Docs) -> Journey {
        let mut items = Vec::new();
        if let Some(block) = self.child(node, K::JourneyBlock) {
            self.with_docs(block, |line, docs| {
                if self.kind(line) == K::MessageDecl {
                    items.push(JourneyItem::Message(self.message(line, docs)));
                } else if let Some(kind) = self.clause(line) {
                    items.push(JourneyItem::Clause(Clause { docs, place: self.place(line), kind }));
                } else if let Some(step) = self.step(line, docs) {
                    items.push(JourneyItem::Step(step));
                }
            });
        }
        Journey { docs, name: self.name_in(node), title: self.text_in(node), params: self.params_in(node), items, place: self.place(node) }
    }

    fn clause(&'a self, node: NodeId) -> Option<ClauseKind> {
        Some(match self.kind(node) {
            K::Enter => {
                let mut condition = self.where_in(node);
                let bind = self.bind_in(node).or_else(|| condition.as_mut().and_then(trailing_bind));
                ClauseKind::Enter(Enter {
                    entry: self.children(node).into_iter().find_map(|form| self.entry(form)),
                    if_past: if self.has(node, K::KwEnterNow) {
                        Some(IfPast::EnterNow)
                    } else {
                        (self.has(node, K::KwIfPast) && self.has(node, K::KwSkip)).then_some(IfPast::Skip)
                    },
                    condition,
                    bind,
                })
            }
            K::EnterAgain => ClauseKind::EnterAgain(self.enter_again(node)),
            K::OneRunPer => ClauseKind::OneRunPer(self.name_in(node).map(|name| match name.text.as_str() {
                "event" if !name.quoted => OneRunPer::Event,
                "request" if !name.quoted => OneRunPer::Request,
                _ => OneRunPer::Key(name),
            })),
            K::WhileRunning => ClauseKind::WhileRunning(if self.has(node, K::KwIgnore) {
                Some(WhileRunning::Ignore)
            } else if self.has(node, K::KwRestart) {
                Some(WhileRunning::Restart)
            } else {
                self.has(node, K::KwUpdateEntry).then_some(WhileRunning::UpdateEntry)
            }),
            K::AcceptLate => ClauseKind::AcceptLate,
            K::Goal => ClauseKind::Goal(Goal {
                target: self.target_in(node),
                within: self.duration_in(node),
                for_key: self.child(node, K::ForKey).map(|key| self.for_key(key)),
                condition: self.where_in(node),
                then_exit: self.has(node, K::KwThenExit),
                place: self.place(node),
            }),
            K::ExitOn => ClauseKind::ExitOn(self.trigger_in(node)),
            K::ExitWhen => ClauseKind::ExitWhen(self.value_in(node)),
            K::OnlyWhile => ClauseKind::OnlyWhile(self.value_in(node)),
            K::HoldOut => ClauseKind::HoldOut(self.percent_in(node)),
            K::RunsFrom => {
                let to_at = self.child(node, K::KwTo).map_or(u32::MAX, |to| self.tree.span(to).start);
                let (mut from, mut to) = (None, None);
                for moment in self.moments_in(node) {
                    if moment.place.span.start < to_at {
                        from = Some(moment);
                    } else {
                        to = Some(moment);
                    }
                }
                ClauseKind::RunsFrom { from, to }
            }
            K::Priority => ClauseKind::Priority(self.priority_in(node)),
            K::QuietHours => ClauseKind::QuietHours(self.quiet_hours(node)),
            K::AtMost => ClauseKind::AtMost(self.at_most(node)),
            K::WhenEdited => ClauseKind::WhenEdited { continue_in_new: self.has(node, K::KwContinueInTheNewVersion) },
            _ => return None,
        })
    }

    fn enter_again(&self, node: NodeId) -> Option<EnterAgain> {
        if self.has(node, K::KwNever) {
            return Some(EnterAgain::Never);
        }
        if self.has(node, K::KwAlways) {
            return Some(EnterAgain::Always);
        }
        let length = self.duration_in(node)?;
        if self.has(node, K::KwAfterTheEnd) { Some(EnterAgain::AfterEnd(length)) } else { Some(EnterAgain::AfterEntry(length)) }
    }

    fn entry_changes(&'a self, form: NodeId) -> Entry {
        let mut parts = self.parts(form);
        let test = loop {
            let Some(piece) = parts.next() else { break None };
            match self.kind(piece) {
                K::KwRisesAbove => break Some(ChangeTest::RisesAbove),
                K::KwDropsBelow => break Some(ChangeTest::DropsBelow),
                K::KwRisesBy => break Some(ChangeTest::RisesBy),
                K::KwDropsBy => break Some(ChangeTest::DropsBy),
                K::KwChanges => break Some(ChangeTest::Changes),
                K::KwRises => break Some(ChangeTest::Rises),
                K::KwDrops => break Some(ChangeTest::Drops),
                _ => {}
            }
        };
        Entry::Changes { path: self.path_in(form), test, than: self.operators(&mut parts, 0, form) }
    }

    fn entry(&'a self, form: NodeId) -> Option<Entry> {
        Some(match self.kind(form) {
            K::EntryRequested => Entry::WhenRequested,
            K::EntryJoins if self.has(form, K::KwList) => Entry::List {
                list: self.name_in(form),
                joins: !self.has(form, K::KwWhenLeaves),
                including: self.has(form, K::KwIncludingThoseAlreadyIn),
            },
            K::EntryJoins => {
                let (segment, including) = (self.name_in(form), self.has(form, K::KwIncludingThoseAlreadyIn));
                if self.has(form, K::KwWhenLeaves) {
                    Entry::LeavesSegment { segment, including }
                } else {
                    Entry::JoinsSegment { segment, including }
                }
            }
            K::EntryStage => Entry::ReachesStage(self.name_in(form)),
            K::EntryChanges => self.entry_changes(form),
            K::EntryOn => match self.moment_in(form) {
                Some(moment) => Entry::OnMoment(moment),
                None => Entry::On(self.target_in(form).unwrap_or(Target { kind: TargetKind::Missing, place: self.place(form) })),
            },
            K::EntryEvery => Entry::Every(self.every(form)),
            K::EntryYearlyOn => {
                Entry::Around { yearly: true, offset: None, before: false, path: self.path_in(form), at: self.time_in(form) }
            }
            K::EntryAround => Entry::Around {
                yearly: self.has(form, K::KwYearly),
                offset: self.duration_in(form),
                before: self.has(form, K::KwBefore),
                path: self.path_in(form),
                at: self.time_in(form),
            },
            _ => return None,
        })
    }

    fn every(&self, node: NodeId) -> Every {
        let step = match self.duration_unit(node) {
            Some((count, unit)) => Some(EveryStep::Units { count, unit }),
            None => {
                let days = self.days_in(node);
                match days.as_slice() {
                    [] => None,
                    [Spanned { value: DayWord::Unit(unit), .. }] => Some(EveryStep::Units { count: 1, unit: *unit }),
                    _ => Some(EveryStep::Days(days)),
                }
            }
        };
        let on = self.child(node, K::EveryOn).map(|on| match self.number_in(on) {
            Some(number) => EveryOn::DayOfMonth(number),
            None if self.has(on, K::KwFirst) => EveryOn::First(self.days_in(on)),
            None if self.has(on, K::KwLast) => EveryOn::Last(self.days_in(on)),
            None => EveryOn::Days(self.days_in(on)),
        });
        Every { step, on, at: self.time_in(node), place: self.place(node) }
    }

    /// `2 weeks` as a count of one unit; the unit matters, `2 weeks` are not `14 days` here.
    fn duration_unit(&self, node: NodeId) -> Option<(u32, Unit)> {
        let duration = self.children(node).into_iter().find(|child| matches!(self.kind(*child), K::Duration | K::ForeignDuration))?;
        let text = self.text(duration).trim();
        let end = text.find(|letter: char| !(letter.is_ascii_digit() || letter == '_' || letter == '.'))?;
        let count = decimal(&text[..end])?.to_u32()?;
        let word = text[end..].trim().trim_end_matches('s');
        let unit = match word {
            "second" => Unit::Second,
            "minute" => Unit::Minute,
            "hour" => Unit::Hour,
            "day" => Unit::Day,
            "week" => Unit::Week,
            "month" => Unit::Month,
            "year" => Unit::Year,
            _ => return None,
        };
        Some((count, unit))
    }
}

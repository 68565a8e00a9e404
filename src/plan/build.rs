//! From a checked project to a plan.
//!
//! In: [`Checked`] without errors, and the source texts (only for labels and line numbers). Out: a [`Plan`]. Cannot fail: whatever could
//! be wrong was found by the checker. Steps become flat here ([`flatten`]), conditions get their trackers ([`trackers`]), and what a
//! condition depends on is written down, so that the engine asks only what can have changed.

mod flatten;
mod scores;
mod trackers;

use super::{
    Cap, Depends, Entry, EntryCap, EntryField, EntryKind, Exit, Goal, Guard, Journey, Line, Message, Plan, Policy, QuietHours, Route,
    Segment, Variant,
};
use crate::check::checked::{self, Checked};
use crate::condition::{Expr, Trigger, Window};
use crate::schema::{SegmentId, SegmentRole, WhenInDoubt};
use crate::source::{Place, Sources};
use crate::value::Text;
use std::collections::BTreeMap;
use trackers::Trackers;

/// Compiles a project. The same project gives the same plan, byte for byte.
pub fn build(project: &Checked, sources: &Sources) -> Plan {
    let mut builder = Builder::new(project, sources);
    let plan = builder.plan(project);
    builder.finish(plan)
}

/// Compiles a project together with its scenarios: what those ask about the past is kept in the rows, too.
pub fn with_scenarios(project: &Checked, sources: &Sources) -> (Plan, Vec<checked::Scenario>) {
    let mut builder = Builder::new(project, sources);
    let plan = builder.plan(project);
    let mut scenarios = project.scenarios.clone();
    scenarios.iter_mut().for_each(|scenario| builder.scenes(&mut scenario.lines));
    (builder.finish(plan), scenarios)
}

struct Builder<'a> {
    sources: &'a Sources,
    trackers: Trackers,
    message_history_ms: i64,
    /// The hidden segments of the stages' conditions, ascending.
    stage_tests: Vec<SegmentId>,
}

impl<'a> Builder<'a> {
    fn new(project: &Checked, sources: &'a Sources) -> Builder<'a> {
        let mut stage_tests: Vec<SegmentId> = project.schema.stages.iter().filter_map(|stage| stage.test).collect();
        stage_tests.sort_unstable();
        Builder { sources, trackers: Trackers::default(), message_history_ms: 0, stage_tests }
    }
}

impl Builder<'_> {
    /// Everything but trackers and hashes, which need to know all conditions.
    fn plan(&mut self, project: &Checked) -> Plan {
        Plan {
            format: super::FORMAT,
            schema: project.schema.clone(),
            files: self.sources.iter().map(|(_, file)| Text::from(&*file.name)).collect(),
            policy: self.policy(&project.policy),
            scores: project.scores.iter().map(|score| self.score(score)).collect(),
            segments: project.segments.iter().map(|segment| self.segment(segment)).collect(),
            routes: project.routes.iter().map(|route| Route { name: route.name.clone(), how: route.how.clone() }).collect(),
            messages: project.messages.iter().map(|message| self.message(message, project)).collect(),
            journeys: project.journeys.iter().map(|journey| self.journey(journey, project)).collect(),
            ..Plan::default()
        }
    }

    fn finish(self, mut plan: Plan) -> Plan {
        scores::follow(&mut plan);
        plan.trackers = self.trackers.finish();
        plan.message_history_ms = self.message_history_ms;
        for journey in &mut plan.journeys {
            journey.hash = super::encode::hash_of_journey(journey);
        }
        plan.hash = super::encode::hash(&plan);
        plan
    }

    fn scenes(&mut self, lines: &mut [checked::Scene]) {
        for line in lines {
            match &mut line.kind {
                checked::SceneKind::Expect(checked::Expect::Condition(condition)) => *condition = self.compile(condition),
                checked::SceneKind::InTheRunOf { lines, .. } => self.scenes(lines),
                _ => {}
            }
        }
    }

    fn line(&self, place: Place) -> Line {
        let line = self.sources.get(place.file).map_or(0, |file| file.line_index(place.span.start) as u32 + 1);
        Line { file: place.file.0 as u16, line }
    }

    /// The first line of what stands there, as people wrote it, without the brace that opens its block.
    fn label(&self, place: Place) -> String {
        let text = self.sources.text(place);
        let first = text.lines().next().unwrap_or("").trim();
        first.trim_end_matches('{').trim_end().to_owned()
    }

    /// Numbers the trackers of a condition and notes how far back it reads messages.
    fn compile(&mut self, condition: &Expr) -> Expr {
        let mut condition = condition.clone();
        condition.walk_mut(&mut |part| match part {
            Expr::History(history) => self.trackers.assign(history),
            Expr::Messages(messages) => {
                let reach = match messages.window {
                    Window::Last { ms } => ms,
                    _ => i64::MAX,
                };
                self.message_history_ms = self.message_history_ms.max(reach);
                if let Window::Before { .. } | Window::Since(_) = messages.window {
                    // Their moments are plain values: nothing to number.
                }
            }
            _ => {}
        });
        condition
    }

    fn compile_option(&mut self, condition: Option<&Expr>) -> Option<Expr> {
        condition.map(|condition| self.compile(condition))
    }

    fn compile_trigger(&mut self, trigger: &Trigger) -> Trigger {
        let mut trigger = trigger.clone();
        for condition in trigger.conditions.iter_mut().flatten() {
            *condition = self.compile(condition);
        }
        trigger
    }

    fn guard(&mut self, condition: &Expr, place: Place) -> Guard {
        let condition = self.compile(condition);
        Guard { depends: depends(&condition), condition, line: self.line(place) }
    }

    fn policy(&mut self, policy: &checked::Policy) -> Policy {
        Policy {
            zone: policy.zone,
            quiet_hours: policy.quiet_hours.iter().map(|hours| self.quiet_hours(hours)).collect(),
            caps: policy.caps.iter().map(|cap| self.cap(cap)).collect(),
            hold_out: policy.hold_out,
        }
    }

    fn quiet_hours(&self, hours: &checked::QuietHours) -> QuietHours {
        QuietHours { from: hours.from, to: hours.to, channels: hours.channels.clone(), then: hours.then, line: self.line(hours.place) }
    }

    fn cap(&self, cap: &checked::Cap) -> Cap {
        Cap {
            count: cap.count,
            window: cap.window,
            about: cap.about,
            by: cap.by.clone(),
            then: cap.then,
            keep: cap.keep,
            line: self.line(cap.place),
        }
    }

    fn segment(&mut self, segment: &checked::Segment) -> Segment {
        let condition = self.compile(&segment.condition);
        let mut depends = depends(&condition);
        if let SegmentRole::Stage(_) = segment.role {
            // Which stage a customer is in hangs on the conditions of all of them.
            depends.segments.extend(self.stage_tests.iter().copied());
        }
        Segment {
            name: segment.name.clone(),
            title: segment.title.clone(),
            depends,
            condition,
            role: segment.role,
            line: self.line(segment.place),
        }
    }

    fn message(&mut self, message: &checked::Message, project: &Checked) -> Message {
        let transactional = project.schema.topics.get(message.topic.index()).is_some_and(crate::schema::Topic::is_transactional);
        let usual = if transactional { WhenInDoubt::Repeat } else { WhenInDoubt::Skip };
        Message {
            name: message.name.clone(),
            params: message.params.clone(),
            topic: message.topic,
            variants: message
                .variants
                .iter()
                .map(|variant| Variant { channel: variant.channel, language: variant.language.clone(), parts: variant.parts.clone() })
                .collect(),
            when_in_doubt: message.when_in_doubt.unwrap_or(usual),
            skip_when: message.skip_when.iter().map(|skip| (self.compile(&skip.condition), Text::new(&skip.reason))).collect(),
            line: self.line(message.place),
        }
    }

    fn journey(&mut self, journey: &checked::Journey, project: &Checked) -> Journey {
        let entries = journey
            .entries
            .iter()
            .map(|entry| Entry {
                kind: entry_kind(&entry.kind),
                condition: self.compile_option(entry.condition.as_ref()),
                line: self.line(entry.place),
            })
            .collect();
        let goals = journey
            .goals
            .iter()
            .map(|goal| Goal {
                what: goal.what,
                key: goal.key,
                condition: self.compile_option(goal.condition.as_ref()),
                within: goal.within,
                then_exit: goal.then_exit,
                line: self.line(goal.place),
            })
            .collect();
        let exit_on = journey
            .exit_on
            .iter()
            .map(|(trigger, place)| Exit { trigger: self.compile_trigger(trigger), line: self.line(*place) })
            .collect();
        let flat = flatten::flatten(self, journey, project);
        Journey {
            name: journey.name.clone(),
            title: journey.title.clone(),
            line: self.line(journey.place),
            hash: Text::default(),
            entries,
            again: journey.again,
            key: journey.key,
            while_running: journey.while_running,
            accept_late: journey.accept_late,
            goals,
            exit_on,
            exit_when: journey.exit_when.iter().map(|(condition, place)| self.guard(condition, *place)).collect(),
            only_while: journey.only_while.iter().map(|(condition, place)| self.guard(condition, *place)).collect(),
            hold_out: journey.hold_out,
            runs_from: journey.runs_from,
            runs_to: journey.runs_to,
            priority: journey.priority,
            continues: journey.continues,
            quiet_hours: journey.quiet_hours.iter().map(|hours| self.quiet_hours(hours)).collect(),
            caps: journey.caps.iter().map(|cap| self.cap(cap)).collect(),
            entry_caps: journey
                .entry_cap
                .iter()
                .map(|cap| EntryCap { count: cap.count, window: cap.window, then: cap.then, line: self.line(cap.place) })
                .collect(),
            entry_fields: journey
                .entry_fields
                .iter()
                .map(|field| EntryField { name: field.name.clone(), ty: field.ty.clone(), from: field.from.clone() })
                .collect(),
            params: journey.params,
            locals: flat.locals,
            sends: flat.sends,
            experiments: flat.experiments,
            steps: flat.steps,
        }
    }
}

fn entry_kind(kind: &checked::EntryKind) -> EntryKind {
    match kind {
        checked::EntryKind::On(what) => EntryKind::On(*what),
        checked::EntryKind::Moment(moment) => EntryKind::Moment(*moment),
        checked::EntryKind::Joins { segment, including } => EntryKind::Joins { segment: *segment, including: *including },
        checked::EntryKind::Leaves { segment, including } => EntryKind::Leaves { segment: *segment, including: *including },
        checked::EntryKind::Every(rule) => EntryKind::Every(rule.clone()),
        checked::EntryKind::Around { yearly, field, offset, before, at, past } => {
            EntryKind::Around { yearly: *yearly, field: *field, offset: *offset, before: *before, at: *at, past: *past }
        }
        checked::EntryKind::Requested => EntryKind::Requested,
        // A threshold asks for no history: the checker types it as a value of the customer.
        checked::EntryKind::Changes { catalog, field, test, than } => {
            EntryKind::Changes { catalog: *catalog, field: *field, test: *test, than: than.clone() }
        }
    }
}

/// What can change the truth of a condition. Segments that it asks are listed, not followed.
pub(super) fn depends(condition: &Expr) -> Depends {
    let mut on = Depends::default();
    condition.walk(&mut |part| match part {
        // What a catalog says changes without an input of hers.
        Expr::Now | Expr::Today | Expr::Item { .. } | Expr::ItemField { .. } | Expr::Top { .. } => on.time = true,
        Expr::Customer(field) => on.fields.push(*field),
        Expr::History(history) => {
            on.happenings.push(history.of);
            on.time |=
                matches!(history.window, Window::Last { .. }) || matches!(history.function, crate::condition::HistoryFn::TimeSinceLatest);
        }
        Expr::Messages(messages) => {
            on.messages = true;
            on.time |= matches!(messages.window, Window::Last { .. });
        }
        Expr::SendState { .. } => on.messages = true,
        Expr::ReachableBy(_) => on.messages = true,
        Expr::InSegment(segment) => on.segments.push(*segment),
        Expr::InJourney(journey) | Expr::InJourneyFor { journey, .. } => on.journeys.push(*journey),
        Expr::SubscribedTo(topic) => on.topics.push(*topic),
        Expr::Score(score) => on.scores.push(*score),
        _ => {}
    });
    sort_unique(&mut on.scores);
    sort_unique(&mut on.happenings);
    sort_unique(&mut on.fields);
    sort_unique(&mut on.topics);
    sort_unique(&mut on.segments);
    sort_unique(&mut on.journeys);
    on
}

fn sort_unique<T: Ord>(items: &mut Vec<T>) {
    items.sort_unstable();
    items.dedup();
}

/// Names steps so that an edit elsewhere does not rename them: kind and object, within the path of their blocks, numbered where alike.
#[derive(Default)]
struct Identities {
    taken: BTreeMap<String, u32>,
}

impl Identities {
    fn name(&mut self, path: &str, own: &str) -> String {
        let base = if path.is_empty() { own.to_owned() } else { format!("{path}/{own}") };
        let count = self.taken.entry(base.clone()).or_insert(0);
        *count += 1;
        if *count == 1 { base } else { format!("{base}#{count}") }
    }
}

//! A message's way from its step to the provider, and every decision on it.
//!
//! In: messages that are ready. Out: claims (with what to hand over), skips, deferrals, each recorded. **Invariant:** the checks run in
//! this order, from the top after every deferral: run still valid, consent, suppression, contact, caps, quiet hours, lateness, pauses,
//! `skip when`, content, hold-out; when several messages are ready, the higher priority claims first, then the earlier planned. What leaves here as claimed
//! counts as handed over, unless [`Attention::two_steps`](super::Attention::two_steps) says otherwise: then all but content is asked again just before.

use super::caps::Full;
use super::contact::address;
use super::handover::{PAUSE_MS, decision_on};
use super::index::Loaded;
use super::row::{MessageFact, Pending, PendingState, RunState};
use super::turn::Turn;
use super::{Decision, Deferral, Delivery, Effect, Ending, RecordKind, SendKey, Skip};
use crate::calendar::window::Window;
use crate::calendar::{Instant, Zone};
use crate::plan::{CapThen, How, Journey, Message, QuietHours, Recipient, Send, StepKind, Variant};
use crate::schema::{ChannelId, ChannelKind, WaitOrSkip, WhenInDoubt};
use crate::template::{Manner, OUTPUT_BYTES_MAX};
use crate::value::{Text, Value};

/// Quiet hours that follow each other are waited through at once, at most so many.
const QUIET_HOURS_MAX: usize = 8;

/// What the checks say.
enum Verdict {
    Claim {
        address: Text,
        content: Content,
    },
    HeldOut,
    /// Another channel than the one that it was claimed for: it is claimed for that one.
    Elsewhere(ChannelId),
    Skip(Skip),
    Defer {
        until: Instant,
        because: Deferral,
    },
    /// The run is not for this customer any more, or a cap says `then exit`.
    EndRun {
        ending: Ending,
        skip: Skip,
    },
}

/// When a message is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Claim,
    /// It was claimed, and a worker is about to send it.
    HandOver {
        attempt: u32,
        /// An earlier try may have left.
        doubtful: bool,
    },
}

/// What a message says: nothing where nobody looks.
#[derive(Debug, Clone, Default)]
struct Content {
    language: Text,
    parts: Vec<(Text, String)>,
}

/// A message with everything that decides about it.
struct Case<'a> {
    loaded: &'a Loaded,
    journey: &'a Journey,
    send: &'a Send,
    message: &'a Message,
    to_customer: bool,
    transactional: bool,
}

impl<'a> Turn<'a> {
    /// Plans the messages of a send. `true` if the run is held with them.
    pub(super) fn plan_messages(&mut self, number: u32, send: &Send) -> bool {
        let Some((at, loaded, _)) = self.run_and_journey(number) else { return true };
        let run = &mut self.row.runs[at];
        let visit = match run.visits.iter_mut().find(|(id, _)| *id == send.id) {
            Some((_, count)) => {
                *count += 1;
                *count - 1
            }
            None => {
                run.visits.push((send.id, 1));
                0
            }
        };
        run.delivered = false;
        let (journey, step) = (run.journey, run.step);
        if send.other.is_some() {
            self.tell_other(number, send, loaded);
            return false;
        }
        let channels = self.ways(loaded, send);
        let some = !channels.is_empty();
        for channel in channels {
            let key = SendKey { run: number, send: send.id, visit, channel };
            self.plan_message(key, journey, send, step);
        }
        !send.without_waiting && some
    }

    /// The channels that a send goes by: most often one.
    pub(super) fn ways(&self, loaded: &Loaded, send: &Send) -> Vec<ChannelId> {
        match &send.to {
            Recipient::Team(_) => team_channel(loaded, send).into_iter().collect(),
            Recipient::Customer { how: How::Each(channels), .. } => channels.clone(),
            Recipient::Customer { how: How::FirstReachable(channels), .. } => {
                self.reachable_from(channels, None).or(channels.first().copied()).into_iter().collect()
            }
            Recipient::Customer { how: how @ How::Preferred(_), .. } => {
                let ranked = self.ranked(how).unwrap_or_default();
                self.reachable_from(&ranked, None).or(ranked.first().copied()).into_iter().collect()
            }
            Recipient::Customer { how: How::ThoseOf { channels, field }, .. } => {
                let wanted: Vec<ChannelId> =
                    channels.iter().copied().filter(|channel| self.wants(&loaded.plan, *field, *channel)).collect();
                // Whoever named none of them has not agreed to any: that is said of the first one.
                if wanted.is_empty() { channels.iter().take(1).copied().collect() } else { wanted }
            }
        }
    }

    pub(super) fn plan_message(&mut self, key: SendKey, journey: crate::schema::JourneyId, send: &Send, step: crate::schema::StepIx) {
        let pending = Pending {
            key,
            journey,
            message: send.message,
            step,
            planned_at: self.now,
            state: PendingState::Ready,
            on_time: self.on_time,
            capped_since: None,
            doubts: 0,
        };
        self.record_message(&pending, Decision::Planned);
        self.row.pending.push(pending);
    }

    pub(super) fn record_message(&mut self, pending: &Pending, decision: Decision) {
        let kind = RecordKind::Message { key: pending.key, message: pending.message, decision };
        self.record_run(pending.journey, pending.key.run, pending.step, kind);
    }

    /// The first channel that contact and suppression allow, behind `after`.
    fn reachable_from(&self, channels: &[ChannelId], after: Option<ChannelId>) -> Option<ChannelId> {
        let from = after.and_then(|after| channels.iter().position(|channel| *channel == after)).map_or(0, |at| at + 1);
        channels.iter().skip(from).copied().find(|channel| self.row.is_reachable(&self.loaded.plan, *channel))
    }

    /// 10: messages that are ready. `false` if there was none.
    pub(super) fn claim_ready(&mut self) -> bool {
        let mut any = false;
        while let Some(at) = self.first_ready() {
            any = true;
            if matches!(self.row.pending[at].state, PendingState::InDoubt { .. }) {
                self.end_doubt(at);
            } else {
                self.decide(at, Stage::Claim);
            }
        }
        any
    }

    fn first_ready(&self) -> Option<usize> {
        let index = &self.loaded.index;
        self.row
            .pending
            .iter()
            .enumerate()
            .filter(|(_, pending)| match pending.state {
                PendingState::Ready => true,
                // Not what is held to exactly an input's instant: deadlines come after the inputs of their instant.
                PendingState::Held { until } | PendingState::InDoubt { until } => until <= self.now && self.in_moment,
                PendingState::Paused { until } => until == Instant::FIRST || (until <= self.now && self.in_moment),
                PendingState::Claimed | PendingState::HandedOver { .. } => false,
            })
            .min_by_key(|(at, pending)| {
                (index.journeys.get(pending.journey.index()).map_or(u8::MAX, |journey| journey.rank), pending.planned_at, *at)
            })
            .map(|(at, _)| at)
    }

    pub(super) fn decide(&mut self, at: usize, stage: Stage) {
        let verdict = self.judge_message(at, stage);
        if let Stage::HandOver { doubtful: true, .. } = stage
            && !matches!(verdict, Verdict::Claim { .. })
        {
            // It must not be asked for again, and may have left already: nothing can be said of it but that.
            self.effect(Effect::Withdraw(self.row.pending[at].key));
            self.begin_doubt(at);
            return;
        }
        if stage != Stage::Claim && !matches!(verdict, Verdict::Claim { .. }) {
            let pending = self.row.pending[at].clone();
            self.withdraw(&pending);
        }
        match (verdict, stage) {
            (Verdict::Claim { .. }, Stage::HandOver { attempt, .. }) => self.hand_over(at, attempt),
            (Verdict::Claim { address, content }, Stage::Claim) => self.claim(at, address, content),
            (Verdict::HeldOut, _) => {
                let pending = self.row.pending.remove(at);
                self.record_message(&pending, decision_on(&pending, Decision::HeldOut));
                self.note_fact(&pending, true);
                self.settled(&pending, true);
            }
            (Verdict::Elsewhere(channel), _) => {
                let pending = &mut self.row.pending[at];
                pending.key.channel = channel;
                pending.state = PendingState::Ready;
            }
            (Verdict::Skip(why), _) => {
                let pending = self.row.pending.remove(at);
                self.record_message(&pending, decision_on(&pending, Decision::Skipped(why)));
                self.settled(&pending, false);
            }
            (Verdict::Defer { until, because }, _) => self.defer(at, until, because),
            (Verdict::EndRun { ending, skip }, _) => {
                let pending = self.row.pending.remove(at);
                self.record_message(&pending, decision_on(&pending, Decision::Skipped(skip)));
                self.end(pending.key.run, ending);
                self.forget_guest(pending.key.run);
            }
        }
    }

    fn defer(&mut self, at: usize, until: Instant, because: Deferral) {
        let until = until.max(self.now.plus_ms(1));
        let (lost, now) = (self.now.since_ms(self.on_time), self.now);
        let pending = &mut self.row.pending[at];
        if because == Deferral::Paused {
            // It is asked again and again, and said once. The time is lost.
            let said = matches!(pending.state, PendingState::Paused { .. });
            pending.state = PendingState::Paused { until };
            if said {
                return;
            }
        } else {
            pending.state = PendingState::Held { until };
            pending.on_time = until.plus_ms(-lost);
        }
        if matches!(because, Deferral::Capped(_)) && pending.capped_since.is_none() {
            pending.capped_since = Some(now);
        }
        let pending = pending.clone();
        self.record_message(&pending, Decision::Deferred { until, because });
    }

    fn case(&self, pending: &Pending) -> Option<Case<'a>> {
        let (loaded, journey) = match self.run_and_journey(pending.key.run) {
            Some((_, loaded, journey)) => (loaded, journey),
            None => {
                let loaded = self.loaded_of(self.guest(pending)?.plan)?;
                (loaded, loaded.plan.journeys.get(pending.journey.index())?)
            }
        };
        let StepKind::Send(send) = &journey.steps.get(pending.step.index())?.kind else { return None };
        let message = loaded.plan.messages.get(pending.message.index())?;
        // Topics are never pinned: the newest rule holds.
        let transactional = self.loaded.plan.schema.topics.get(message.topic.index()).is_some_and(crate::schema::Topic::is_transactional);
        Some(Case { loaded, journey, send, message, to_customer: matches!(send.to, Recipient::Customer { .. }), transactional })
    }

    fn judge_message(&mut self, at: usize, stage: Stage) -> Verdict {
        let Some(case) = self.case(&self.row.pending[at]) else { return Verdict::Skip(Skip::RunEnded) };
        if let Some(run) = self.row.run(self.row.pending[at].key.run)
            && let (Some(ending), _) = self.guards(&case.loaded.plan, case.journey, run)
        {
            return Verdict::EndRun { ending, skip: Skip::NotForHer };
        }
        let mut address = Text::default();
        if case.to_customer {
            match self.check_reach(at, &case, stage) {
                Ok(found) => address = found,
                Err(verdict) => return verdict,
            }
            if let Some(verdict) = self.check_hours_and_caps(at, &case) {
                return verdict;
            }
        }
        let pending = &self.row.pending[at];
        if self.now.since_ms(pending.on_time) > self.limits.late_ms_max {
            return Verdict::Skip(Skip::Expired);
        }
        if self.is_paused(case.journey, pending.key.channel) {
            return Verdict::Defer { until: self.now.plus_ms(PAUSE_MS), because: Deferral::Paused };
        }
        let held_out = match (self.row.run(pending.key.run), self.guest(pending)) {
            (Some(run), _) => run.held_out,
            (None, Some(guest)) => guest.held_out,
            (None, None) => return Verdict::Skip(Skip::RunEnded),
        };
        let mut content = Content::default();
        if stage == Stage::Claim {
            if let Some(at) = self.refusal(&case, pending) {
                return Verdict::Skip(Skip::Refused(at));
            }
            content = match self.content(&case, pending) {
                Ok(content) => content,
                Err(skip) => return Verdict::Skip(skip),
            };
        }
        if !case.transactional && (held_out || self.policy_holds_out()) {
            return Verdict::HeldOut;
        }
        Verdict::Claim { address, content }
    }

    /// The arguments as they are now; those of another one's message as they came.
    fn arguments(&self, case: &Case<'_>, pending: &Pending) -> Vec<Value> {
        match (self.row.run(pending.key.run), self.guest(pending)) {
            (Some(run), _) => {
                let context = self.context_in(&case.loaded.plan, run);
                case.send.args.iter().map(|arg| context.value(arg)).collect()
            }
            (None, guest) => guest.map(|guest| guest.args.clone()).unwrap_or_default(),
        }
    }

    /// The first `skip when` of the message that holds, with the arguments as they are now.
    fn refusal(&self, case: &Case<'_>, pending: &Pending) -> Option<u16> {
        if case.message.skip_when.is_empty() {
            return None;
        }
        let mut context = self.context(&case.loaded.plan);
        let params = self.arguments(case, pending);
        context.params = &params;
        case.message.skip_when.iter().position(|(condition, _)| context.truth(condition)).map(|at| at as u16)
    }

    /// The content in her language, with the arguments as they are now.
    fn content(&self, case: &Case<'_>, pending: &Pending) -> Result<Content, Skip> {
        self.items_are_there(&case.loaded.plan, case.message, case.send, self.row.run(pending.key.run), || self.arguments(case, pending))?;
        let spoken = match self.loaded.plan.schema.language.map(|field| self.row.attribute(field)) {
            Some(Value::Text(language)) => Some(language),
            _ => None,
        };
        let Some(variant) = variant_for(case.message, pending.key.channel, spoken) else { return Ok(Content::default()) };
        let language = variant.language.clone().unwrap_or_default();
        if !self.attention.render {
            return Ok(Content { language, parts: Vec::new() });
        }
        let mut context = self.context(&case.loaded.plan);
        let params = self.arguments(case, pending);
        context.params = &params;
        let written = variant.language.as_ref().or(spoken).map_or("", Text::as_str);
        let mut parts = Vec::with_capacity(variant.parts.len());
        for (name, template) in &variant.parts {
            let (one_line, markup) = (is_one_line(name), is_markup(name));
            let manner = Manner { language: written, zone: self.zone, one_line, markup, bytes_max: OUTPUT_BYTES_MAX };
            let text = template.render(&mut |expr| context.shown(expr), manner).map_err(|_| Skip::ContentLimit)?;
            parts.push((name.clone(), text));
        }
        Ok(Content { language, parts })
    }

    /// Consent, suppression, contact.
    fn check_reach(&mut self, at: usize, case: &Case<'_>, stage: Stage) -> Result<Text, Verdict> {
        let plan = &self.loaded.plan;
        if !case.transactional && !self.row.is_subscribed(plan, case.message.topic) {
            return Err(Verdict::Skip(Skip::NoConsent));
        }
        let mut channel = self.row.pending[at].key.channel;
        if let Recipient::Customer { how: How::ThoseOf { field, .. }, .. } = &case.send.to
            && !self.wants(plan, *field, channel)
        {
            return Err(Verdict::Skip(Skip::NoConsent));
        }
        let render = self.attention.render;
        let kept = |found: &str| if render { Text::new(found) } else { Text::default() };
        if !self.row.suppressed(channel)
            && let Ok(found) = address(plan, self.row, channel)
        {
            return Ok(kept(found));
        }
        if let Recipient::Customer { how, .. } = &case.send.to
            && let Some(ranked) = self.ranked(how)
            && let Some(next) = self.reachable_from(&ranked, Some(channel))
        {
            if stage != Stage::Claim {
                return Err(Verdict::Elsewhere(next));
            }
            channel = next;
            self.row.pending[at].key.channel = next;
        }
        if self.row.suppressed(channel) {
            return Err(Verdict::Skip(Skip::Suppressed));
        }
        address(plan, self.row, channel).map(kept).map_err(Verdict::Skip)
    }

    fn check_hours_and_caps(&self, at: usize, case: &Case<'_>) -> Option<Verdict> {
        let pending = &self.row.pending[at];
        if !case.transactional
            && let Some(full) = self.full_cap(pending, case.message.topic, case.journey)
        {
            return Some(self.when_full(pending, full));
        }
        if case.send.ignoring_quiet_hours {
            return None;
        }
        let policy = &self.loaded.plan.policy.quiet_hours;
        let kind = self.loaded.plan.schema.channels.get(pending.key.channel.index()).map_or(ChannelKind::Webhook, |channel| channel.kind);
        match quiet(policy.iter().chain(&case.journey.quiet_hours), pending.key.channel, kind, self.now, self.zone)? {
            Quiet::Skip => Some(Verdict::Skip(Skip::QuietHours)),
            Quiet::Until(until) => Some(Verdict::Defer { until, because: Deferral::QuietHours }),
        }
    }

    fn when_full(&self, pending: &Pending, full: Full) -> Verdict {
        match full.then {
            CapThen::Skip => Verdict::Skip(Skip::Capped(full.cap)),
            CapThen::Exit => Verdict::EndRun { ending: Ending::Capped, skip: Skip::Capped(full.cap) },
            CapThen::Wait { up_to_ms } => {
                let since = pending.capped_since.unwrap_or(self.now);
                let limit = up_to_ms.map_or(Instant::NEVER, |ms| since.plus_ms(ms));
                if self.now >= limit || full.free_at == Instant::NEVER && limit == Instant::NEVER {
                    return Verdict::Skip(Skip::Capped(full.cap));
                }
                Verdict::Defer { until: full.free_at.min(limit), because: Deferral::Capped(full.cap) }
            }
        }
    }

    fn claim(&mut self, at: usize, address: Text, content: Content) {
        self.row.pending[at].state = PendingState::Claimed;
        let pending = self.row.pending[at].clone();
        self.note_fact(&pending, false);
        self.deliver(&pending, address, content);
        if self.attention.accepted_at_once {
            self.out.scratch.accepted.push_back(pending.key);
        }
    }

    fn note_fact(&mut self, pending: &Pending, held_out: bool) {
        let Some(case) = self.case(pending) else { return };
        if pending.doubts > 0 && self.row.facts.iter().any(|fact| fact.key == pending.key) {
            // Of the first try, which keeps its slot.
            return;
        }
        self.forget_facts();
        self.row.facts.push(MessageFact {
            key: pending.key,
            journey: pending.journey,
            message: pending.message,
            topic: case.message.topic,
            channel: pending.key.channel,
            claimed_at: self.now,
            sent_at: Instant::NEVER,
            counts: case.to_customer && !case.transactional && !held_out,
            held_out,
            reports: Vec::new(),
        });
    }

    fn deliver(&mut self, pending: &Pending, address: Text, content: Content) {
        self.effect(Effect::Deliver(Delivery {
            key: pending.key,
            journey: pending.journey,
            message: pending.message,
            channel: pending.key.channel,
            address,
            language: content.language,
            parts: content.parts,
        }));
    }

    /// Whether a message in doubt is handed over once more: not one whose run is over.
    pub(super) fn is_repeated(&self, at: usize) -> bool {
        let pending = &self.row.pending[at];
        pending.doubts == 0 && self.case(pending).is_some_and(|case| case.message.when_in_doubt == WhenInDoubt::Repeat)
    }

    /// Another try of a message whose outcome stayed unknown. `false` if there is nothing to try.
    pub(super) fn deliver_again(&mut self, at: usize) -> bool {
        let pending = self.row.pending[at].clone();
        let Some(case) = self.case(&pending) else { return false };
        let address =
            if case.to_customer { address(&self.loaded.plan, self.row, pending.key.channel).map(Text::new) } else { Ok(Text::default()) };
        let (Ok(address), Ok(content)) = (address, self.content(&case, &pending)) else { return false };
        self.row.pending[at].doubts += 1;
        self.deliver(&pending, address, content);
        true
    }

    /// A definite no: the next channel of `first reachable of`, if one is left. `true` if a message was planned for it.
    pub(super) fn fall_through(&mut self, pending: &Pending) -> bool {
        let Some(case) = self.case(pending) else { return false };
        let Recipient::Customer { how, .. } = &case.send.to else { return false };
        let Some(ranked) = self.ranked(how) else { return false };
        let Some(channel) = self.reachable_from(&ranked, Some(pending.key.channel)) else { return false };
        let key = SendKey { channel, ..pending.key };
        self.plan_message(key, pending.journey, case.send, pending.step);
        true
    }

    /// A message came to its end: the run goes on if it was held with it, or is over if this was the last thing to settle.
    pub(super) fn settled(&mut self, pending: &Pending, sent: bool) {
        let number = pending.key.run;
        let Some((at, _, journey)) = self.run_and_journey(number) else {
            self.forget_guest(number);
            return;
        };
        let run = &mut self.row.runs[at];
        let its_step = run.state == RunState::Sending && run.step == pending.step;
        run.delivered |= its_step && sent;
        if its_step {
            let open =
                |other: &Pending| other.key.run == number && other.key.send == pending.key.send && other.key.visit == pending.key.visit;
            if self.row.pending.iter().any(open) {
                return;
            }
            let Some(step) = journey.steps.get(pending.step.index()) else { return };
            let StepKind::Send(send) = &step.kind else { return };
            if send.or_exit_if_not_sent && !self.row.runs[at].delivered {
                self.end(number, Ending::OrExit);
            } else {
                self.go_on(at, step.next);
            }
            return;
        }
        self.finish_if_settled(number);
    }

    /// Lets go of messages that no cap, condition or report asks about any more.
    fn forget_facts(&mut self) {
        let oldest = self.now.plus_ms(self.loaded.index.facts_ms.saturating_neg());
        if self.row.facts.first().is_none_or(|fact| fact.claimed_at > oldest) {
            return;
        }
        let mut facts = std::mem::take(&mut self.row.facts);
        facts.retain(|fact| {
            let run = fact.key.run;
            fact.claimed_at > oldest || self.row.run(run).is_some() || self.row.ended.iter().any(|ended| ended.number == run)
        });
        self.row.facts = facts;
    }
}

enum Quiet {
    Skip,
    Until(Instant),
}

/// What quiet hours say now; several that follow each other are waited through at once.
fn quiet<'q>(
    rules: impl Iterator<Item = &'q QuietHours> + Clone,
    channel: ChannelId,
    kind: ChannelKind,
    now: Instant,
    zone: Zone,
) -> Option<Quiet> {
    let applying = rules.filter(|rule| if rule.channels.is_empty() { kind.knows_quiet_hours() } else { rule.channels.contains(&channel) });
    let mut until = now;
    for _ in 0..QUIET_HOURS_MAX {
        let mut later = until;
        for rule in applying.clone() {
            let window = Window::daily(rule.from, rule.to);
            if window.contains(until, zone) {
                if rule.then == WaitOrSkip::Skip {
                    // Held to the begin of hours that skip, it is skipped then.
                    return Some(if until == now { Quiet::Skip } else { Quiet::Until(until) });
                }
                later = later.max(window.end_of(until, zone));
            }
        }
        if later == until {
            break;
        }
        until = later;
    }
    (until > now).then_some(Quiet::Until(until))
}

/// The content in her language, else what everybody gets, else what there is.
fn variant_for<'m>(message: &'m Message, channel: ChannelId, language: Option<&Text>) -> Option<&'m Variant> {
    let of_channel = || message.variants.iter().filter(|variant| variant.channel == channel);
    of_channel()
        .find(|variant| language.is_some() && variant.language.as_ref() == language)
        .or_else(|| of_channel().find(|variant| variant.language.is_none()))
        .or_else(|| of_channel().next())
}

/// A header: a line end in a value must not begin another one.
pub(crate) fn is_one_line(part: &str) -> bool {
    matches!(part, "subject" | "preheader" | "from" | "reply to" | "title" | "headline")
}

/// A part that is HTML, or becomes it.
pub(crate) fn is_markup(part: &str) -> bool {
    matches!(part, "mjml" | "html")
}

/// A team gets a task where the message has one.
fn team_channel(loaded: &Loaded, send: &Send) -> Option<ChannelId> {
    let message = loaded.plan.messages.get(send.message.index())?;
    let is_task =
        |channel: &ChannelId| loaded.plan.schema.channels.get(channel.index()).is_some_and(|channel| channel.kind == ChannelKind::Task);
    let channels = || message.variants.iter().map(|variant| variant.channel);
    channels().find(is_task).or_else(|| channels().next())
}

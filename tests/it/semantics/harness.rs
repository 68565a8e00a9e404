//! A story about one customer: journey text, what happens at which local time, and what was decided, as short lines.
//!
//! Between any two inputs the row is encoded and decoded again, and must be the same: so every story here also proves that a customer
//! can be put to sleep at any event. Times are local to the project's zone.

use chrono::{NaiveDateTime, Timelike};
use onward::calendar::{Instant, Zone};
use onward::engine::row::Customer;
use onward::engine::row::delta::{apply, delta};
use onward::engine::versions::{Migration, migrate};
use onward::engine::{
    self, Attention, Decision, Deferral, Effect, Ending, Input, InputKind, Limits, Loaded, NotEntered, Outcome, Output, PlanId, Record,
    RecordKind, SendKey, Skip, Weights, World,
};
use onward::plan::{Plan, StepKind};
use onward::record::{Writer, from_bytes, to_bytes};
use onward::schema::{FieldId, JourneyId, MessageVerb};
use onward::value::parse::{Reading, from_text};
use onward::value::{Text, Type, Value};
use onward::{Project, check_project};
use std::collections::BTreeMap;

/// What most stories need. The first of each is what a journey names when it does not matter which.
pub const PRELUDE: &str = r#"
customer {
  email      email?
  phone      phone?
  push_token text?
  plan       one of "free", "pro", "gone" = "free"
  points     number = 0
  birthday   date?
  ends       datetime?
  timezone   timezone?
}
event bought { order text = "-", total number = 1 }
event viewed { item text = "-", order text? }
event returned { order text = "-" }
event booked { order text = "-", on date?, at_moment datetime? }
event ping { }
event pong { }
topic news "News" opt out
topic promo "Promotions" opt in
topic letter "Letter" double opt in
topic notices "Notices" on request
topic orders "Orders" transactional "the customer asked for it"
message hello about news { email { subject "Hello", text "Hello" } }
message second about news { email { subject "Second", text "Second" } }
message third about news { email { subject "Third", text "Third" } }
message offer about promo { email { subject "Offer", text "Offer" } }
message notice about notices { email { subject "Notice", text "Notice" } }
message receipt about orders { email { subject "Receipt", text "Receipt" } }
message many about news {
  email { subject "Many", text "Many" }
  sms "Many"
  push { title "Many", body "Many" }
}
message banner about news { web { headline "Banner", body "Banner" } }
message points(points number) about news { email { subject "Points", text "{{ points }} points" } }
"#;

/// The plan of a project made of the prelude and this text.
pub fn plan_of(text: &str) -> Plan {
    plan_with(PRELUDE, text)
}

pub fn plan_with(prelude: &str, text: &str) -> Plan {
    let (compiled, found) = check_project(Project::from_texts([("a.journey", prelude), ("j.journey", text)]));
    let found: Vec<String> = found.iter().map(|finding| format!("{finding:?}")).collect();
    compiled.plan.unwrap_or_else(|| panic!("{}", found.join("\n")))
}

/// A world with its settings in the open.
pub struct Earth {
    pub loaded: Loaded,
    pub limits: Limits,
    pub loses_time: bool,
    pub pinned: BTreeMap<String, u16>,
    /// By experiment, from an instant on; later ones hold.
    pub weights: Vec<(String, Instant, Weights)>,
    pub number: u64,
    /// Names of journeys and channels that are paused.
    pub paused: Vec<&'static str>,
    pub hold: bool,
    pub catalogs: onward::world::catalogs::Catalogs,
    /// Plans that were active before.
    pub older: Vec<Loaded>,
}

impl World for Earth {
    fn active(&self) -> &Loaded {
        &self.loaded
    }
    fn catalogs(&self) -> &dyn onward::engine::catalogs::Catalogs {
        &self.catalogs
    }
    fn pinned(&self, id: PlanId) -> Option<&Loaded> {
        if id == self.loaded.id { Some(&self.loaded) } else { self.older.iter().find(|older| older.id == id) }
    }
    fn limits(&self) -> &Limits {
        &self.limits
    }
    fn loses_time(&self) -> bool {
        self.loses_time
    }
    fn number(&self) -> u64 {
        self.number
    }
    fn paused(&self, journey: &str, channel: Option<&str>) -> bool {
        self.paused.contains(&journey) || channel.is_some_and(|channel| self.paused.contains(&channel))
    }
    fn on_hold(&self) -> bool {
        self.hold
    }
    fn weights(&self, identity: &str, at: Instant) -> Option<&Weights> {
        self.weights.iter().rev().find(|(known, from, _)| known == identity && *from <= at).map(|(_, _, weights)| weights)
    }
    fn pinned_draw(&self, identity: &str) -> Option<u16> {
        self.pinned.get(identity).copied()
    }
}

pub struct Story {
    pub earth: Earth,
    pub row: Customer,
    pub records: Vec<Record>,
    /// What was withdrawn.
    pub cancelled: Vec<SendKey>,
    /// By channel: what its provider answers, instead of taking the message at once. `None` keeps it waiting.
    answers: BTreeMap<String, Option<Outcome>>,
    pub sent: Vec<(String, SendKey)>,
    pub attention: Attention,
    /// What workers were told, where messages are handed over in two steps.
    pub words: Vec<String>,
    shown: usize,
    lines: Vec<String>,
}

impl Story {
    /// Somebody with an e-mail address of whom nothing else is known.
    pub fn of(text: &str) -> Story {
        let mut story = Story::stranger(text);
        story.knows("email=nok@example.com");
        story
    }

    pub fn stranger(text: &str) -> Story {
        Story::on(Loaded::new(plan_of(text)))
    }

    /// For journeys that may not be valid.
    pub fn maybe(text: &str) -> Option<Story> {
        let (compiled, _) = check_project(Project::from_texts([("a.journey", PRELUDE), ("j.journey", text)]));
        compiled.plan.map(|plan| Story::on(Loaded::new(plan)))
    }

    /// The same journeys and settings, and somebody else with an e-mail address.
    pub fn of_somebody_else(&self, uid: &str) -> Story {
        let mut story = Story::on(self.earth.loaded.clone());
        story.earth.limits = self.earth.limits.clone();
        story.earth.pinned = self.earth.pinned.clone();
        story.row.uid = uid.into();
        story.knows("email=nok@example.com");
        story
    }

    fn on(loaded: Loaded) -> Story {
        Story {
            earth: Earth {
                loaded,
                limits: Limits::default(),
                loses_time: false,
                pinned: BTreeMap::new(),
                weights: Vec::new(),
                number: 1,
                paused: Vec::new(),
                hold: false,
                catalogs: onward::world::catalogs::Catalogs::default(),
                older: Vec::new(),
            },
            row: Customer::new("c1"),
            records: Vec::new(),
            cancelled: Vec::new(),
            answers: BTreeMap::new(),
            sent: Vec::new(),
            attention: Attention::default(),
            words: Vec::new(),
            shown: 0,
            lines: Vec::new(),
        }
    }

    pub fn plan(&self) -> &Plan {
        &self.earth.loaded.plan
    }

    fn zone(&self) -> Zone {
        self.plan().policy.zone
    }

    /// `2026-03-01 10:00`, with `:30` for seconds; where a local time comes twice, a `Z` behind it says it in UTC.
    pub fn moment(&self, text: &str) -> Instant {
        let (text, zone) = match text.strip_suffix('Z') {
            Some(text) => (text, Zone::UTC),
            None => (text, self.zone()),
        };
        let local = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
        zone.instant(local.unwrap_or_else(|| panic!("`{text}` is no moment")))
    }

    pub fn show(&self, at: Instant) -> String {
        if at == Instant::NEVER {
            return "never".into();
        }
        let local = self.zone().local(at);
        let format = if local.nanosecond() != 0 {
            "%Y-%m-%d %H:%M:%S%.3f"
        } else if local.second() != 0 {
            "%Y-%m-%d %H:%M:%S"
        } else {
            "%Y-%m-%d %H:%M"
        };
        local.format(format).to_string()
    }

    // ------------------------------------------------------------ what happens

    /// What was known of her from the start.
    pub fn knows(&mut self, fields: &str) -> &mut Story {
        let plan = self.earth.loaded.plan.clone();
        self.row.attributes.resize(plan.schema.customer.len(), Value::Missing);
        self.row.attribute_times.resize(plan.schema.customer.len(), Instant::FIRST);
        for (field, value) in self.changes(fields) {
            self.row.attributes[field.index()] = value;
        }
        self
    }

    /// A message to this channel is answered like that from now on; `None`: not at all.
    pub fn answers(&mut self, channel: &str, outcome: Option<Outcome>) -> &mut Story {
        self.answers.insert(channel.into(), outcome);
        self
    }

    /// Something that happens and arrives at this moment.
    pub fn at(&mut self, moment: &str, what: &str) -> &mut Story {
        self.late(moment, moment, what)
    }

    /// Something that happened at one moment and arrived at another.
    pub fn late(&mut self, own: &str, arrival: &str, what: &str) -> &mut Story {
        self.identified(own, arrival, 0, what)
    }

    /// Something with a message id.
    pub fn identified(&mut self, own: &str, arrival: &str, id: u128, what: &str) -> &mut Story {
        let (own, now) = (self.moment(own), self.moment(arrival));
        let kind = self.kind(what, own);
        self.feed(Input { now, id, kind })
    }

    /// An input, after everything that is due before it.
    pub fn feed(&mut self, input: Input) -> &mut Story {
        self.touch_before(input.now);
        self.handle(input);
        self
    }

    /// Time passes up to this moment, and everything due at it is done.
    pub fn until(&mut self, moment: &str) -> &mut Story {
        let end = self.moment(moment);
        self.touch_before(end.plus_ms(1));
        self
    }

    /// Nothing runs until this moment; then what is overdue is worked off. Time was really lost.
    pub fn wakes_up_at(&mut self, moment: &str) -> &mut Story {
        self.earth.loses_time = true;
        let now = self.moment(moment);
        self.handle(Input { now, id: 0, kind: InputKind::Touch });
        self.earth.loses_time = false;
        self
    }

    pub fn touch_before(&mut self, limit: Instant) {
        for _ in 0..100_000 {
            if self.row.wake >= limit {
                return;
            }
            let now = self.row.wake;
            self.handle(Input { now, id: 0, kind: InputKind::Touch });
        }
        panic!("does not come to rest");
    }

    pub fn handle(&mut self, input: Input) {
        let now = input.now;
        let mut inputs = vec![input];
        while !inputs.is_empty() {
            let input = inputs.remove(0);
            assert_eq!(from_bytes::<Input>(&to_bytes(&input)).as_ref(), Ok(&input), "an input that is read back is the same");
            let before = to_bytes(&self.row);
            let mut out = Output::default();
            engine::handle(&self.earth, self.attention, &mut self.row, input, &mut out);
            let after = to_bytes(&self.row);
            let again: Customer = from_bytes(&after).expect("a row can be read back");
            assert_eq!(again, self.row, "a row that is read back is the same");
            self.row = again;
            let mut changed = Writer::default();
            delta(&before, &after, &mut changed);
            assert_eq!(apply(&before, changed.as_bytes()), Ok(after), "what changed leads to the row");
            for record in &out.records {
                assert_eq!(from_bytes::<Record>(&to_bytes(record)).as_ref(), Ok(record), "a record that is read back is the same");
            }
            inputs.append(&mut self.carry_out(now, out));
        }
    }

    /// What the driver does: what it answers at once comes back.
    fn carry_out(&mut self, now: Instant, mut out: Output) -> Vec<Input> {
        let mut inputs = Vec::new();
        self.records.append(&mut out.records);
        for effect in out.effects {
            match effect {
                Effect::Deliver(delivery) => {
                    let channel = self.plan().schema.channels[delivery.channel.index()].name.to_string();
                    let message = self.plan().messages[delivery.message.index()].name.to_string();
                    self.sent.push((message, delivery.key));
                    if self.attention.two_steps {
                        continue;
                    }
                    if let Some(result) = self.answers.get(&channel).copied().unwrap_or(Some(Outcome::Accepted)) {
                        inputs.push(Input { now, id: 0, kind: InputKind::Outcome { send: delivery.key, result } });
                    }
                }
                Effect::Cancel(key) => self.cancelled.push(key),
                Effect::HandOver(key) => self.words.push(format!("{} send {}", self.show(now), self.name_of(key))),
                Effect::Withdraw(key) => self.words.push(format!("{} withdraw {}", self.show(now), self.name_of(key))),
                Effect::Audience { .. } | Effect::CallHook(_) | Effect::DrawCode(_) | Effect::Tell(_) => {}
            }
        }
        inputs
    }

    /// Somebody else turns out to be this customer.
    pub fn merges(&mut self, mut other: Story, moment: &str) -> &mut Story {
        let now = self.moment(moment);
        other.touch_before(now);
        self.touch_before(now);
        let mut out = Output::default();
        engine::merge(&self.earth, self.attention, &mut self.row, other.row, now, &mut out);
        let again: Customer = from_bytes(&to_bytes(&self.row)).expect("a row can be read back");
        assert_eq!(again, self.row, "a row that is read back is the same");
        for input in self.carry_out(now, out) {
            self.handle(input);
        }
        self
    }

    /// `bought order=o1 total=5`, `customer plan=pro`, `subscribed promo`, `unsubscribed news`, `suppressed email`, `requested j`,
    /// `clicked hello [by a machine]`, `bounced hello [hard]`, `taken hello`, `refused hello`, `unsent hello`, `lost hello`; in two steps
    /// `ready hello`, and `again hello` for the second attempt.
    pub fn kind(&self, what: &str, at: Instant) -> InputKind {
        let (head, rest) = what.split_once(' ').unwrap_or((what, ""));
        let schema = &self.plan().schema;
        let topic = || schema.topic(rest).unwrap_or_else(|| panic!("no topic `{rest}`"));
        let verb = match head {
            "customer" => return InputKind::Attributes { at, changes: self.changes(rest) },
            "subscribed" => return InputKind::Consent { at, topic: topic(), subscribed: true },
            "unsubscribed" => return InputKind::Consent { at, topic: topic(), subscribed: false },
            "suppressed" => return InputKind::Suppress { channel: schema.channel(rest).unwrap(), suppressed: true },
            "requested" => return InputKind::Requested { journey: self.plan().journey(rest).unwrap(), at, args: Vec::new() },
            "taken" => return InputKind::Outcome { send: self.last(rest), result: Outcome::Accepted },
            "refused" => return InputKind::Outcome { send: self.last(rest), result: Outcome::Refused },
            "unsent" => return InputKind::Outcome { send: self.last(rest), result: Outcome::NotSent },
            "ready" => return InputKind::Ready { send: self.last(rest), attempt: 1, doubtful: false },
            "again" => return InputKind::Ready { send: self.last(rest), attempt: 2, doubtful: false },
            "lost" => return InputKind::Outcome { send: self.last(rest), result: Outcome::Unknown },
            "clicked" => Some(MessageVerb::Clicked),
            "opened" => Some(MessageVerb::Opened),
            "delivered" => Some(MessageVerb::Delivered),
            "bounced" => Some(MessageVerb::Bounced),
            "complained" => Some(MessageVerb::Complained),
            _ => None,
        };
        if let Some(verb) = verb {
            let (message, how) = rest.split_once(' ').unwrap_or((rest, ""));
            return InputKind::Report { send: self.last(message), verb, at, by_machine: how == "by a machine", hard: how == "hard" };
        }
        let event = schema.event(head).unwrap_or_else(|| panic!("no event `{head}`"));
        let declared = &schema.events[event.index()].fields;
        let mut fields: Vec<Value> = declared.iter().map(|field| field.default.clone()).collect();
        for (name, text) in pairs(rest) {
            let at = declared.iter().position(|field| field.name == name).unwrap_or_else(|| panic!("no property `{name}`"));
            fields[at] = self.value(text, &declared[at].ty);
        }
        InputKind::Event { event, at, fields: fields.into() }
    }

    /// The last message that was handed over.
    pub fn last_sent(&self) -> Option<SendKey> {
        self.sent.last().map(|(_, key)| *key)
    }

    /// Claims are not yet hand-overs: `ready` comes before.
    pub fn in_two_steps(&mut self) -> &mut Story {
        self.attention.two_steps = true;
        self
    }

    /// Another plan becomes active, with the same prelude.
    pub fn deploys(&mut self, text: &str, moment: &str) -> &mut Story {
        self.deploys_plan(plan_of(text), moment)
    }

    pub fn deploys_plan(&mut self, plan: Plan, moment: &str) -> &mut Story {
        let now = self.moment(moment);
        self.touch_before(now);
        let active = Loaded::new(plan);
        let before = std::mem::replace(&mut self.earth.loaded, active.clone());
        let older = std::mem::take(&mut self.earth.older);
        let others: Vec<&Loaded> = older.iter().collect();
        let way = Migration::new(&before, &active, &others).expect("plans can be rewritten");
        let all = older.iter().chain([&before]).filter(|plan| plan.id != active.id);
        self.earth.older = all.map(|plan| Loaded::pinned(plan.original().clone(), &active).expect("plans can be rewritten")).collect();
        self.earth.number += 1;
        let mut out = Output::default();
        assert!(migrate(&self.earth, self.attention, &mut self.row, &way, now, &mut out), "the row follows");
        let again: Customer = from_bytes(&to_bytes(&self.row)).expect("a row can be read back");
        assert_eq!(again, self.row, "a row that is read back is the same");
        for input in self.carry_out(now, out) {
            self.handle(input);
        }
        self
    }

    fn name_of(&self, key: SendKey) -> String {
        let name = self.sent.iter().rev().find(|(_, known)| *known == key).map_or("nothing", |(name, _)| name);
        let channel = &self.plan().schema.channels[key.channel.index()].name;
        if channel == "email" { name.to_owned() } else { format!("{name} by {channel}") }
    }

    /// The last message of that name that was handed over.
    fn last(&self, message: &str) -> SendKey {
        let found = self.sent.iter().rev().find(|(name, _)| name == message);
        found.unwrap_or_else(|| panic!("`{message}` was not sent")).1
    }

    fn changes(&self, text: &str) -> Vec<(FieldId, Value)> {
        let schema = &self.plan().schema;
        pairs(text)
            .map(|(name, text)| {
                let field = schema.field(name).unwrap_or_else(|| panic!("no field `{name}`"));
                (field, self.value(text, &schema.customer[field.index()].ty))
            })
            .collect()
    }

    fn value(&self, text: &str, ty: &Type) -> Value {
        let how = Reading { zone: self.zone(), ..Reading::default() };
        from_text(text, ty, &how).unwrap_or_else(|error| panic!("{error}"))
    }

    // ------------------------------------------------------------ what came of it

    /// Exactly these lines came since the last `expect`.
    #[track_caller]
    pub fn expect(&mut self, expected: &[&str]) -> &mut Story {
        let found = self.since_last();
        assert!(found == expected, "\nexpected:\n  {}\nfound:\n  {}\n", expected.join("\n  "), found.join("\n  "));
        self
    }

    fn since_last(&mut self) -> Vec<String> {
        while self.shown < self.records.len() {
            let record = self.records[self.shown].clone();
            self.shown += 1;
            if let Some(line) = self.line(&record) {
                self.lines.push(line);
            }
        }
        std::mem::take(&mut self.lines)
    }

    /// A record as a line; `None` for what is not worth one.
    pub fn line(&self, record: &Record) -> Option<String> {
        let plan = self.plan();
        let words = match &record.kind {
            RecordKind::Entered { held_out: false, .. } => "entered".to_owned(),
            RecordKind::Entered { held_out: true, .. } => "entered, held out".to_owned(),
            RecordKind::NotEntered(why) => format!("not entered: {}", not_entered(*why)),
            RecordKind::Ended(ending) => format!("ended: {}", self.ending(record, ending)),
            RecordKind::GoalReached { goal, at, .. } => format!("goal {goal} of {}", self.show(*at)),
            RecordKind::Restarted => "restarted".to_owned(),
            RecordKind::EntryUpdated => "entry updated".to_owned(),
            RecordKind::Message { decision: Decision::Planned, .. } => return None,
            RecordKind::Message { key, message, decision } => {
                let message = &plan.messages[message.index()].name;
                let channel = &plan.schema.channels[key.channel.index()].name;
                let by = if channel == "email" { String::new() } else { format!(" by {channel}") };
                self.decision(decision, &format!("{message}{by}"))
            }
            RecordKind::Joined(segment) => format!("joined {}", plan.segments[segment.index()].name),
            RecordKind::Left(segment) => format!("left {}", plan.segments[segment.index()].name),
            RecordKind::Duplicate => "duplicate".to_owned(),
            RecordKind::Conflict => "conflict".to_owned(),
            RecordKind::ChainCut => "chain cut".to_owned(),
            RecordKind::LimitMet(limit) => format!("limit met: {limit}"),
            _ => return None,
        };
        let journey = match record.journey {
            Some(id) if plan.journeys.len() > 1 => format!("{} ", self.journey(id)),
            _ => String::new(),
        };
        let run = if record.run > 1 && plan.journeys.len() == 1 { format!("#{} ", record.run) } else { String::new() };
        Some(format!("{} {journey}{run}{words}", self.show(record.at)))
    }

    fn journey(&self, id: JourneyId) -> &str {
        &self.plan().journeys[id.index()].name
    }

    fn ending(&self, record: &Record, ending: &Ending) -> String {
        match ending {
            Ending::ExitStep => {
                let (journey, step) = (record.journey.unwrap(), record.step.unwrap());
                match &self.plan().journeys[journey.index()].steps[step.index()].kind {
                    StepKind::Exit { reason: Some(reason), .. } => reason.clone(),
                    _ => "exit".into(),
                }
            }
            Ending::Completed => "finished".into(),
            Ending::Goal(_) => "goal".into(),
            Ending::ExitOn(_) => "exit on".into(),
            Ending::ExitWhen(_) => "exit when".into(),
            Ending::OnlyWhile(_) => "only while".into(),
            Ending::Restarted => "restarted".into(),
            Ending::Over => "over".into(),
            Ending::OrExit => "or exit".into(),
            Ending::Capped => "capped".into(),
            other => format!("{other:?}"),
        }
    }

    fn decision(&self, decision: &Decision, message: &str) -> String {
        match decision {
            Decision::Sent => format!("sent {message}"),
            Decision::Skipped(why) => format!("skipped {message}: {}", skip(*why)),
            Decision::Deferred { until, because } => {
                let because = match because {
                    Deferral::QuietHours => "quiet hours",
                    Deferral::Capped(_) => "capped",
                    Deferral::Rate => "rate",
                    Deferral::Paused => "paused",
                };
                format!("held {message} until {}: {because}", self.show(*until))
            }
            Decision::Failed => format!("failed {message}"),
            Decision::Unknown => format!("unknown {message}"),
            Decision::HeldOut => format!("held out {message}"),
            Decision::Cancelled => format!("cancelled {message}"),
            Decision::Planned => format!("planned {message}"),
        }
    }

    pub fn attribute(&self, name: &str) -> &Value {
        self.row.attribute(self.plan().schema.field(name).unwrap())
    }

    /// Runs that are live.
    pub fn live(&self) -> usize {
        self.row.runs.len()
    }
}

/// Everything about a record, as a line.
pub fn shown_line(story: &Story, record: &Record) -> String {
    format!("{} {:?}", story.show(record.at), record)
}

fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(' ').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or_else(|| panic!("`{pair}` has no `=`")))
}

fn not_entered(why: NotEntered) -> &'static str {
    match why {
        NotEntered::Condition => "condition",
        NotEntered::AlreadyRunning => "already running",
        NotEntered::EnteredBefore => "entered before",
        NotEntered::TooSoon => "too soon",
        NotEntered::NoKey => "no key",
        NotEntered::TooLate => "too late",
        NotEntered::AlreadyOver => "already over",
        NotEntered::NotForHer => "not for her",
        NotEntered::OutsidePeriod => "outside period",
        NotEntered::Capped => "capped",
        NotEntered::Past => "past",
        NotEntered::TooManyRuns => "too many runs",
        NotEntered::Paused => "paused",
    }
}

fn skip(why: Skip) -> &'static str {
    match why {
        Skip::NoConsent => "no consent",
        Skip::Suppressed => "suppressed",
        Skip::NoContact => "no contact",
        Skip::InvalidContact => "invalid contact",
        Skip::Capped(_) => "capped",
        Skip::QuietHours => "quiet hours",
        Skip::NotForHer => "not for her",
        Skip::Refused(_) => "refused itself",
        Skip::ContentLimit => "content limit",
        Skip::Paused => "paused",
        Skip::Expired => "expired",
        Skip::RunEnded => "run ended",
        Skip::ItemGone => "item gone",
    }
}

/// A text, for comparisons.
pub fn text(value: &str) -> Value {
    Value::Text(Text::from(value))
}

/// A journey that sends on every purchase, behind a policy.
pub fn sending(policy: &str, steps: &str) -> Story {
    Story::of(&format!("policy {{\n{policy}\n}}\njourney j {{\n enter on bought\n enter again always\n {steps}\n}}"))
}

/// What became of messages.
pub fn messages(story: &Story) -> Vec<String> {
    let about = ["sent ", "skipped ", "held ", "failed ", "unknown ", "cancelled "];
    story
        .records
        .iter()
        .filter_map(|record| story.line(record))
        .filter(|line| about.iter().any(|word| line.contains(word)))
        .map(|line| line.split(' ').filter(|word| !word.starts_with('#')).collect::<Vec<_>>().join(" "))
        .collect()
}

/// Every line that has these words.
pub fn moments(story: &Story, words: &str) -> Vec<String> {
    story.records.iter().filter_map(|record| story.line(record)).filter(|line| line.contains(words)).collect()
}

//! A story of one customer on virtual time: a project's text, what happens, and what came of it.
//!
//! The row is encoded and decoded after every input, so every test here also shows that a state that was stored goes on the same.

use onward::calendar::{Instant, Zone};
use onward::engine::row::Customer;
use onward::engine::{
    Attention, Decision, Delivery, Effect, Ending, Input, InputKind, Limits, Loaded, Outcome, Output, Record, RecordKind, World, handle,
};
use onward::plan::Plan;
use onward::schema::{ChannelId, Field, JourneyId, MessageVerb};
use onward::value::{Text, Type, Value};
use onward::{Project, check_project, record};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Declarations that most stories share.
pub const SHOP: &str = r#"
customer {
  email     email?
  phone     phone?
  push_token text?
  plan      text = "free"
  points    number = 0
  tags      list of text = []
  trial_ends date?
  birthday  date?
  timezone  timezone = "Asia/Bangkok"
  language  language = "th"
}
event bought { total number = 0, order_id text?, due date? }
event viewed { sku text? }
event paid { order_id text }
event cancelled { order_id text? }
event pinged { n number = 0 }
topic news "News" opt out
topic deals "Deals" opt in
topic orders "Orders" transactional "order status"
team sales "Sales"
policy { timezone "Asia/Bangkok" }
message hello about news {
  email {
    subject "Hello"
    text "Hi {{ customer.email | default: 'you' }}"
  }
}
message offer about news {
  email {
    subject "Offer"
    text "An offer"
  }
  sms "An offer"
  push {
    title "Offer"
    body "An offer"
  }
}
message receipt about orders {
  email {
    subject "Receipt"
    text "Thank you"
  }
  sms "Thank you"
}
"#;

pub struct Fixed {
    pub loaded: Loaded,
    pub limits: Limits,
    pub draws: BTreeMap<String, u16>,
    pub loses_time: bool,
}

impl World for Fixed {
    fn active(&self) -> &Loaded {
        &self.loaded
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn pinned_draw(&self, identity: &str) -> Option<u16> {
        self.draws.get(identity).copied()
    }

    fn loses_time(&self) -> bool {
        self.loses_time
    }
}

pub struct Story {
    pub world: Fixed,
    pub row: Customer,
    pub records: Vec<Record>,
    pub delivered: Vec<(Instant, Delivery)>,
    pub cancelled: usize,
    /// What the provider says, in turn; accepted when it is empty.
    pub outcomes: Vec<Outcome>,
    /// Nobody answers: messages stay claimed.
    pub silent: bool,
    /// Somebody reads everything; nothing else may depend on it.
    pub detail: bool,
    pub zone: Zone,
    pub wake: Instant,
}

pub fn plan(text: &str) -> Plan {
    let (compiled, findings) = check_project(Project::from_texts([("story.journey", text)]));
    let Some(plan) = compiled.plan else {
        let all: Vec<String> = findings.iter().map(|finding| format!("{finding:?}")).collect();
        panic!("the story's project has errors:\n{}", all.join("\n"));
    };
    plan
}

impl Story {
    /// Of a journey over the shared declarations.
    pub fn shop(journeys: &str) -> Story {
        Story::of(&format!("{SHOP}{journeys}"))
    }

    /// As [`Story::shop`], with another policy.
    pub fn with_policy(policy: &str, journeys: &str) -> Story {
        Story::of(&format!("{}{journeys}", SHOP.replace("policy { timezone \"Asia/Bangkok\" }", policy)))
    }

    pub fn of(text: &str) -> Story {
        Story::run(plan(text))
    }

    /// Of a plan that the checker would not let pass, made from one that it does.
    pub fn edited(journeys: &str, edit: impl FnOnce(&mut Plan)) -> Story {
        let mut plan = plan(&format!("{SHOP}{journeys}"));
        edit(&mut plan);
        Story::run(plan)
    }

    fn run(plan: Plan) -> Story {
        let zone = plan.policy.zone;
        Story {
            world: Fixed { loaded: Loaded::new(plan), limits: Limits::default(), draws: BTreeMap::new(), loses_time: false },
            row: Customer::new("nok"),
            records: Vec::new(),
            delivered: Vec::new(),
            cancelled: 0,
            outcomes: Vec::new(),
            silent: false,
            detail: true,
            zone,
            wake: Instant::NEVER,
        }
    }

    pub fn plan(&self) -> &Plan {
        &self.world.loaded.plan
    }

    /// `2026-03-01 10:00` in the project's zone, with seconds where they are written.
    pub fn moment(&self, text: &str) -> Instant {
        let full = if text.len() == 16 { format!("{text}:00") } else { text.to_owned() };
        self.zone.instant(chrono::NaiveDateTime::parse_from_str(&full, "%Y-%m-%d %H:%M:%S%.f").unwrap())
    }

    pub fn shown(&self, at: Instant) -> String {
        let local = self.zone.local(at);
        let text = local.format("%Y-%m-%d %H:%M:%S").to_string();
        text.strip_suffix(":00").unwrap_or(&text).to_owned()
    }

    /// One input at an instant; everything due earlier comes first, as a driver does it.
    pub fn input(&mut self, now: Instant, kind: InputKind) {
        self.input_with_id(now, 0, kind);
    }

    pub fn input_with_id(&mut self, now: Instant, id: u128, kind: InputKind) {
        while !self.world.loses_time && self.wake < now {
            self.raw(Input { now: self.wake, id: 0, kind: InputKind::Touch });
        }
        self.raw(Input { now, id, kind });
    }

    pub fn raw(&mut self, input: Input) {
        let now = input.now;
        let mut out = Output::default();
        handle(&self.world, Attention { render: true, detail: self.detail, ..Attention::default() }, &mut self.row, input, &mut out);
        self.records.append(&mut out.records);
        self.wake = out.wake;
        self.store();
        for effect in out.effects {
            match effect {
                Effect::Deliver(delivery) => {
                    let send = delivery.key;
                    self.delivered.push((self.row.clock, delivery));
                    if !self.silent {
                        let result = if self.outcomes.is_empty() { Outcome::Accepted } else { self.outcomes.remove(0) };
                        let now = now.max(self.row.clock);
                        self.raw(Input { now, id: 0, kind: InputKind::Outcome { send, result } });
                    }
                }
                Effect::Cancel(_) => self.cancelled += 1,
                Effect::HandOver(_) | Effect::Withdraw(_) => panic!("nobody hands over in two steps here"),
                Effect::Audience { .. } | Effect::CallHook(_) | Effect::DrawCode(_) | Effect::Tell(_) => {}
            }
        }
    }

    /// What was stored comes back the same.
    fn store(&mut self) {
        let bytes = record::to_bytes(&self.row);
        let restored: Customer = record::from_bytes(&bytes).unwrap();
        assert_eq!(restored, self.row, "the row does not survive its encoding");
        self.row = restored;
    }

    /// Time passes; what is due at its end is handled too.
    pub fn until(&mut self, moment: &str) {
        let end = self.moment(moment);
        while self.wake <= end {
            self.raw(Input { now: self.wake, id: 0, kind: InputKind::Touch });
        }
        self.raw(Input { now: end, id: 0, kind: InputKind::Touch });
    }

    pub fn event(&mut self, moment: &str, name: &str, fields: &[(&str, &str)]) {
        self.late_event(moment, moment, name, fields);
    }

    /// Arrives at `moment`, happened at `own`.
    pub fn late_event(&mut self, moment: &str, own: &str, name: &str, fields: &[(&str, &str)]) {
        let (now, at) = (self.moment(moment), self.moment(own));
        let kind = self.event_kind(name, at, fields);
        self.input(now, kind);
    }

    pub fn event_kind(&self, name: &str, at: Instant, fields: &[(&str, &str)]) -> InputKind {
        let event = self.plan().schema.event(name).unwrap();
        let declared = &self.plan().schema.events[event.index()].fields;
        InputKind::Event { event, at, fields: values(declared, fields).into() }
    }

    pub fn attributes(&mut self, moment: &str, fields: &[(&str, &str)]) {
        self.late_attributes(moment, moment, fields);
    }

    pub fn late_attributes(&mut self, moment: &str, own: &str, fields: &[(&str, &str)]) {
        let (now, at) = (self.moment(moment), self.moment(own));
        let schema = &self.plan().schema;
        let changes = fields
            .iter()
            .map(|(name, value)| {
                let field = schema.field(name).unwrap();
                (field, parse(&schema.customer[field.index()].ty, value))
            })
            .collect();
        self.input(now, InputKind::Attributes { at, changes });
    }

    pub fn consent(&mut self, moment: &str, topic: &str, subscribed: bool) {
        let (at, topic) = (self.moment(moment), self.plan().schema.topic(topic).unwrap());
        self.input(at, InputKind::Consent { at, topic, subscribed });
    }

    pub fn request(&mut self, moment: &str, journey: &str, args: Vec<Value>) {
        let (at, journey) = (self.moment(moment), self.plan().journey(journey).unwrap());
        self.input(at, InputKind::Requested { journey, at, args });
    }

    /// A report on the n-th message that was handed over.
    pub fn report(&mut self, moment: &str, nth: usize, verb: MessageVerb) {
        let at = self.moment(moment);
        let send = self.delivered[nth].1.key;
        self.input(at, InputKind::Report { send, verb, at, by_machine: false, hard: false });
    }

    pub fn channel(&self, name: &str) -> ChannelId {
        self.plan().schema.channel(name).unwrap()
    }

    fn journey(&self, id: JourneyId) -> &str {
        &self.plan().journeys[id.index()].name
    }

    // ------------------------------------------------------------ what came of it

    /// Lines `moment what`, of those records that `pick` names.
    pub fn lines(&self, pick: impl Fn(&Record) -> Option<String>) -> Vec<String> {
        self.records.iter().filter_map(|record| pick(record).map(|text| format!("{} {text}", self.shown(record.at)))).collect()
    }

    /// `moment message by channel`, as they were accepted.
    pub fn sent(&self) -> Vec<String> {
        self.lines(|record| match &record.kind {
            RecordKind::Message { key, message, decision: Decision::Sent } => {
                let plan = self.plan();
                let channel = &plan.schema.channels[key.channel.index()].name;
                Some(format!("{} by {channel}", plan.messages[message.index()].name))
            }
            _ => None,
        })
    }

    /// Every decision but `Planned`.
    pub fn decisions(&self) -> Vec<String> {
        self.lines(|record| match &record.kind {
            RecordKind::Message { decision: Decision::Planned, .. } => None,
            RecordKind::Message { message, decision, .. } => {
                let what = match decision {
                    Decision::Deferred { until, because } => format!("Deferred {} {because:?}", self.shown(*until)),
                    other => format!("{other:?}"),
                };
                Some(format!("{} {what}", self.plan().messages[message.index()].name))
            }
            _ => None,
        })
    }

    /// `moment journey#run …` for entries, refusals, endings and goals.
    pub fn life(&self) -> Vec<String> {
        self.lines(|record| {
            let name = record.journey.map_or("", |journey| self.journey(journey));
            let run = record.run;
            match &record.kind {
                RecordKind::Entered { .. } => Some(format!("{name}#{run} entered")),
                RecordKind::NotEntered(why) => Some(format!("{name} not entered: {why:?}")),
                RecordKind::Ended(ending) => Some(format!("{name}#{run} ended: {}", ending_text(ending))),
                RecordKind::GoalReached { goal, at, .. } => Some(format!("{name}#{run} goal {goal} by {}", self.shown(*at))),
                RecordKind::EntryUpdated => Some(format!("{name}#{run} updated")),
                _ => None,
            }
        })
    }

    pub fn endings(&self) -> Vec<String> {
        self.life().into_iter().filter(|line| line.contains(" ended: ")).collect()
    }

    pub fn entries(&self) -> Vec<String> {
        self.life().into_iter().filter(|line| line.contains(" entered") && !line.contains(" not entered")).collect()
    }

    /// Joins and leaves.
    pub fn standings(&self) -> Vec<String> {
        self.lines(|record| match &record.kind {
            RecordKind::Joined(segment) => Some(format!("joined {}", self.plan().segments[segment.index()].name)),
            RecordKind::Left(segment) => Some(format!("left {}", self.plan().segments[segment.index()].name)),
            _ => None,
        })
    }

    pub fn count(&self, kind: &RecordKind) -> usize {
        self.records.iter().filter(|record| record.kind == *kind).count()
    }

    /// The reason texts of written exits that runs came to.
    pub fn exit_reasons(&self) -> Vec<String> {
        self.lines(|record| {
            let step = self.plan().journeys[record.journey?.index()].steps.get(record.step?.index())?;
            match (&record.kind, &step.kind) {
                (RecordKind::Ended(Ending::ExitStep), onward::plan::StepKind::Exit { reason, .. }) => reason.clone(),
                _ => None,
            }
        })
    }

    pub fn attribute(&self, name: &str) -> &Value {
        self.row.attribute(self.plan().schema.field(name).unwrap())
    }
}

fn ending_text(ending: &Ending) -> String {
    format!("{ending:?}")
}

fn values(declared: &[Field], given: &[(&str, &str)]) -> Vec<Value> {
    for (name, _) in given {
        assert!(declared.iter().any(|field| field.name == *name), "no property is called {name}");
    }
    declared
        .iter()
        .map(|field| match given.iter().find(|(name, _)| field.name == *name) {
            Some((_, value)) => parse(&field.ty, value),
            None => field.default.clone(),
        })
        .collect()
}

fn parse(ty: &Type, text: &str) -> Value {
    if text == "-" {
        return Value::Missing;
    }
    match ty.required() {
        Type::Number | Type::Money(_) => Value::Number(onward::value::Decimal::from_str(text).unwrap()),
        Type::Boolean => Value::Boolean(text == "true"),
        Type::Date => Value::Date(text.parse().unwrap()),
        Type::List(_) => Value::List(text.split_whitespace().map(Value::text).collect()),
        _ => Value::Text(Text::new(text)),
    }
}

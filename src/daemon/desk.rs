//! The doors of the core: what intake, pages and callbacks ask of it.
//!
//! In: arrivals, what people say on pages, reports. Out: answers, each durable when it is given. **Invariant:** everything becomes an input of one
//! customer by the same way as events do; what is about nobody is counted, never an error for who asks.

use super::arrival::{Arrival, Identifier};
use super::bind;
use super::core::others::Dead;
use super::core::{Core, Item, Request};
use super::dispatch::envelope::Envelopes;
use super::runner::{Handle, answer};
use super::{Busy, ChannelOf, CustomerNo, Desk, Intake, Reader, Said, Taken, TopicOf};
use crate::calendar::Instant;
use crate::channel::{About, Envelope, Report, Reported, Task};
use crate::engine::InputKind;
use crate::engine::row::Customer;
use crate::plan::Plan;
use crate::schema::{ChannelKind, MessageVerb, TopicId};
use crate::shard::Number;
use crate::shard::commit::Parcel;
use crate::value::Value;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Both doors, for who has a handle.
#[derive(Clone)]
pub struct Doors {
    pub handle: Handle,
    pub envelopes: Envelopes,
    /// For the head of pages.
    pub project: String,
}

/// What makes an item count once: where it came from and its sender's id.
pub fn item_id(source: &str, id: Option<&str>) -> u128 {
    let Some(id) = id else { return 0 };
    let mut hash = Sha256::new();
    hash.update((source.len() as u64).to_be_bytes());
    hash.update(source.as_bytes());
    hash.update(id.as_bytes());
    let mut first = [0; 16];
    first.copy_from_slice(&hash.finalize()[..16]);
    u128::from_be_bytes(first).max(1)
}

impl Intake for Doors {
    fn take(&self, arrivals: Vec<Arrival>) -> Task<'_, Result<Vec<Taken>, Busy>> {
        Box::pin(async move {
            let plan = self.handle.plan();
            let (now, zone) = (self.handle.now(), plan.policy.zone);
            let items = arrivals
                .into_iter()
                .map(|arrival| {
                    let id = item_id(&arrival.source, arrival.id.as_deref());
                    let bound = bind::bind(&plan, zone, &arrival, now);
                    Item { arrival, bound, id, raw: None }
                })
                .collect();
            self.handle.take_under(&plan, items).await
        })
    }

    fn bury(&self, source: &str, item: String, reason: String) -> Task<'_, Result<(), Busy>> {
        let dead = Dead::new(self.handle.now(), source, item, reason);
        Box::pin(async move {
            let (reply, answered) = answer();
            self.handle.send(Request::Bury { dead, reply })?;
            answered.await.map_err(|_| super::core::busy())
        })
    }
}

impl Desk for Doors {
    fn reader(&self, customer: CustomerNo) -> Task<'_, Option<Reader>> {
        let project = self.project.clone();
        Box::pin(async move {
            let asked = self.handle.ask(move |core, _| {
                let row = core.shard(Number(customer.0))?.row(Number(customer.0)).ok().flatten()?;
                Some(reader_of(core.world.plan(), &row, project))
            });
            asked.await.ok().flatten()
        })
    }

    fn tell(&self, customer: CustomerNo, said: Vec<Said>) -> Task<'_, Result<(), Busy>> {
        Box::pin(async move {
            // Named by the plan that is active when it is taken.
            self.handle
                .ask(move |core, now| {
                    let plan = Arc::clone(core.world.plan());
                    let inputs: Vec<InputKind> = said.into_iter().flat_map(|one| inputs_of(&plan, one, now)).collect();
                    core.request(now, Request::Inputs { number: Number(customer.0), inputs, id: 0, reply: Box::new(drop) });
                })
                .await
        })
    }

    fn report(&self, reports: Vec<Report>) -> Task<'_, Result<(), Busy>> {
        Box::pin(async move {
            let ids = self.envelopes.ids.clone();
            self.handle
                .ask(move |core, now| {
                    for report in reports {
                        take_report(core, &ids, report, now);
                    }
                })
                .await
        })
    }

    fn message(&self, id: &str) -> Task<'_, Option<(CustomerNo, Envelope)>> {
        let (ids, id) = (self.envelopes.ids.clone(), id.to_owned());
        Box::pin(async move {
            let kept = self.handle.ask(move |core, _| {
                let (number, key) = ids.read(&id, &core.world.plan().schema.channels)?;
                let kept = core.kept(number, key)?;
                let active = core.world.plan();
                // What only an older plan has is found by the run that it belongs to.
                let plan = match active.messages.get(kept.message.index()) {
                    Some(_) => Arc::clone(active),
                    None => core.plan_of_run(number, key.run)?,
                };
                Some((number, kept, plan))
            });
            let (number, delivery, plan) = kept.await.ok().flatten()?;
            let envelope = self.envelopes.make(&plan, number, &delivery)?;
            Some((CustomerNo(number.0), envelope))
        })
    }

    fn showing(&self, visitor: Vec<Identifier>) -> Task<'_, Vec<Envelope>> {
        Box::pin(async move {
            let shown = self.handle.ask(move |core, _| {
                let plan = Arc::clone(core.world.plan());
                let Some(number) = core.find(&visitor) else { return (plan, Vec::new()) };
                let Some(shard) = core.shard(number) else { return (plan, Vec::new()) };
                let web = |channel| {
                    core.world
                        .plan()
                        .schema
                        .channels
                        .get(crate::schema::ChannelId::index(channel))
                        .is_some_and(|one| one.kind == ChannelKind::Web)
                };
                let of_her = shard.parcels_of(number).filter_map(|(_, parcel)| match parcel {
                    Parcel::Message(delivery) if web(delivery.channel) => Some((number, delivery.clone())),
                    _ => None,
                });
                (plan, of_her.collect())
            });
            let Ok((plan, shown)) = shown.await else { return Vec::new() };
            shown.iter().filter_map(|(number, delivery)| self.envelopes.make(&plan, *number, delivery)).collect()
        })
    }
}

/// As the preference centre shows her.
pub fn reader_of(plan: &Plan, row: &Customer, project: String) -> Reader {
    let schema = &plan.schema;
    let language = schema.language.map(|field| row.attribute(field)).and_then(|value| match value {
        Value::Text(text) => Some(text.to_string()),
        _ => None,
    });
    let mut languages: Vec<String> = plan
        .messages
        .iter()
        .flat_map(|message| &message.variants)
        .filter_map(|variant| variant.language.as_ref().map(ToString::to_string))
        .collect();
    languages.sort();
    languages.dedup();
    if schema.language.is_none() {
        languages.clear();
    }
    let topics = schema.topics.iter().enumerate().filter(|(_, topic)| !topic.is_transactional()).map(|(at, topic)| TopicOf {
        name: topic.name.to_string(),
        title: topic.title.clone().unwrap_or_else(|| topic.name.to_string()),
        subscribed: row.is_subscribed(plan, TopicId(at as u16)),
    });
    let channels = schema.channels.iter().enumerate().filter_map(|(at, channel)| {
        let id = crate::schema::ChannelId(at as u16);
        let has = channel.contact.is_some() && crate::engine::contact::address(plan, row, id).is_ok();
        has.then(|| ChannelOf { name: channel.name.to_string(), title: channel.name.to_string(), suppressed: row.suppressed(id) })
    });
    Reader { language, languages, topics: topics.collect(), channels: channels.collect(), project }
}

/// What was said on a page, as inputs. What the project does not know (any more) is nothing.
fn inputs_of(plan: &Plan, said: Said, now: Instant) -> Vec<InputKind> {
    let schema = &plan.schema;
    match said {
        Said::Subscribe { topic, yes } => {
            schema.topic(&topic).map(|topic| InputKind::Consent { at: now, topic, subscribed: yes }).into_iter().collect()
        }
        Said::Confirm { topic } => {
            schema.topic(&topic).map(|topic| InputKind::Consent { at: now, topic, subscribed: true }).into_iter().collect()
        }
        Said::LeaveAll => {
            let left = schema.topics.iter().enumerate().filter(|(_, topic)| !topic.is_transactional());
            left.map(|(at, _)| InputKind::Consent { at: now, topic: TopicId(at as u16), subscribed: false }).collect()
        }
        Said::Suppress { channel, yes } => {
            schema.channel(&channel).map(|channel| InputKind::Suppress { channel, suppressed: yes }).into_iter().collect()
        }
        Said::Language(language) => {
            let change = schema.language.map(|field| (field, Value::Text(language.into())));
            change.map(|change| InputKind::Attributes { at: now, changes: vec![change] }).into_iter().collect()
        }
        Said::Answer { survey, answers, .. } => answer_of(plan, &survey, &answers, now).into_iter().collect(),
    }
}

fn answer_of(plan: &Plan, survey: &str, answers: &[(String, Value)], now: Instant) -> Option<InputKind> {
    let survey = plan.schema.surveys.iter().find(|one| one.name == survey)?;
    let event = plan.schema.events.get(survey.event.index())?;
    let fields = event.fields.iter().map(|field| {
        let said = answers.iter().find(|(name, _)| *name == field.name).map(|(_, value)| value.clone());
        said.unwrap_or_else(|| field.default.clone())
    });
    Some(InputKind::Event { event: survey.event, at: now, fields: fields.collect() })
}

/// One report, on the core's own thread.
fn take_report(core: &mut Core, ids: &super::core::message_id::MessageIds, report: Report, now: Instant) {
    let (number, send) = match &report.about {
        About::Message(id) => match ids.read(id, &core.world.plan().schema.channels) {
            Some(found) => found,
            None => return core.counts.strange_reports += 1,
        },
        About::Provider(_, id) => match core.others.by_provider_id(id) {
            Some(found) => found,
            None => return core.counts.strange_reports += 1,
        },
        About::Address(kind, address) => {
            if let Reported::Suppressed(suppressed) = report.what {
                core.suppress_address(*kind, address, suppressed);
            }
            return;
        }
    };
    let at = report.at.unwrap_or(now).min(now);
    let id = item_id("report", report.id.as_deref());
    let verb = |verb, by_machine, hard| InputKind::Report { send, verb, at, by_machine, hard };
    let kind = match report.what {
        Reported::Delivered => verb(MessageVerb::Delivered, false, false),
        Reported::Seen => verb(MessageVerb::Seen, false, false),
        Reported::Dismissed => return core.dismiss(number, send),
        Reported::Opened { by_machine } => verb(MessageVerb::Opened, by_machine, false),
        Reported::Clicked { by_machine, .. } => verb(MessageVerb::Clicked, by_machine, false),
        Reported::Bounced { hard } => {
            if hard {
                core.suppress_address_of(number, send);
            }
            verb(MessageVerb::Bounced, false, hard)
        }
        Reported::Failed => verb(MessageVerb::Bounced, false, false),
        Reported::Complained => {
            core.suppress_address_of(number, send);
            verb(MessageVerb::Complained, false, false)
        }
        Reported::Replied(_) => verb(MessageVerb::RepliedTo, false, false),
        Reported::Unsubscribed => match core.topic_of(number, send) {
            Some(topic) => InputKind::Consent { at, topic, subscribed: false },
            None => return core.counts.strange_reports += 1,
        },
        Reported::Suppressed(suppressed) => InputKind::Suppress { channel: send.channel, suppressed },
    };
    core.take_input(number, crate::engine::Input { now, id, kind });
}

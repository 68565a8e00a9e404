//! What every part of the checker knows of the project: names with their numbers, the schema, constants.
//!
//! In: what [`super::declare`] found. Out: look-ups that report what they do not find. **Invariant:** a look-up that fails has reported
//! it, and whoever asked goes on in silence. Knows nothing of one journey.

use super::checked::Route;
use super::names::{self, Kind, Names};
use super::problem::problems;
use super::recorder::Symbol;
use crate::ast::Name;
use crate::calendar::Zone;
use crate::diagnostic::{Code, Diagnostics, Fix};
use crate::schema::{
    AudienceId, ChannelId, ChannelKind, EventId, JourneyId, ListId, MessageId, RouteId, Schema, SegmentId, StageId, TeamId, TopicId,
};
use crate::source::Sources;
use crate::value::{Text, Type, Value};
use std::collections::HashMap;

problems! {
    /// `by emial`
    UnknownChannel { name: String, help: String, fix: Vec<Fix> } = Code::new("E0102", "unknown-channel");
        "there is no channel `{name}`", "messages cannot go this way", "{help}";
}

/// Declarations of a project, resolved.
pub(crate) struct Project<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) names: Names<'a>,
    pub(crate) schema: Schema,
    /// Positions of the customer's fields by name.
    pub(crate) fields: HashMap<Text, u16>,
    /// The project's zone, in which a written moment is meant.
    pub(crate) zone: Zone,
    /// Top-level `let`, by number; one with a mistake is missing and of type `Error`.
    pub(crate) constants: Vec<(Value, Type)>,
    /// They are worked out: what is declared before has no use of them yet.
    pub(crate) constants_are_known: bool,
    pub(crate) routes: Vec<Route>,
    /// Segments as written and hidden ones, in the order of their numbers, by where they are declared.
    pub(crate) segment_order: Vec<u16>,
    /// Reusable content that templates show, by name.
    pub(crate) blocks: std::collections::BTreeMap<Text, super::template::ContentBlock>,
    /// The postal address that the brand says.
    pub(crate) postal: Option<Text>,
}

impl<'a> Project<'a> {
    /// A project of which only the names are known.
    pub(crate) fn new(sources: &'a Sources, names: Names<'a>) -> Project<'a> {
        Project {
            sources,
            names,
            schema: Schema::default(),
            fields: HashMap::new(),
            zone: Zone::default(),
            constants: Vec::new(),
            constants_are_known: false,
            routes: Vec::new(),
            segment_order: Vec::new(),
            blocks: std::collections::BTreeMap::new(),
            postal: None,
        }
    }

    pub(crate) fn event(&self, name: &Name, found: &mut Diagnostics) -> Option<EventId> {
        self.names.find(Kind::Event, name, found).map(EventId)
    }

    pub(crate) fn topic(&self, name: &Name, found: &mut Diagnostics) -> Option<TopicId> {
        self.names.find(Kind::Topic, name, found).map(TopicId)
    }

    pub(crate) fn team(&self, name: &Name, found: &mut Diagnostics) -> Option<TeamId> {
        self.names.find(Kind::Team, name, found).map(TeamId)
    }

    pub(crate) fn segment(&self, name: &Name, found: &mut Diagnostics) -> Option<SegmentId> {
        self.names.find(Kind::Segment, name, found).map(SegmentId)
    }

    pub(crate) fn list(&self, name: &Name, found: &mut Diagnostics) -> Option<ListId> {
        self.names.find(Kind::List, name, found).map(ListId)
    }

    pub(crate) fn audience(&self, name: &Name, found: &mut Diagnostics) -> Option<AudienceId> {
        self.names.find(Kind::Audience, name, found).map(AudienceId)
    }

    pub(crate) fn stage(&self, name: &Name, found: &mut Diagnostics) -> Option<StageId> {
        self.names.find(Kind::Stage, name, found).map(StageId)
    }

    /// The hidden segment of a list's members.
    pub(crate) fn list_segment(&self, name: &Name, found: &mut Diagnostics) -> Option<SegmentId> {
        let list = self.list(name, found)?;
        self.schema.lists.get(list.index()).map(|list| list.segment)
    }

    /// The hidden segment of those who are in a stage.
    pub(crate) fn stage_segment(&self, name: &Name, found: &mut Diagnostics) -> Option<SegmentId> {
        let stage = self.stage(name, found)?;
        self.schema.stages.get(stage.index()).map(|stage| stage.segment)
    }

    pub(crate) fn message(&self, name: &Name, found: &mut Diagnostics) -> Option<MessageId> {
        self.names.find(Kind::Message, name, found).map(MessageId)
    }

    pub(crate) fn journey(&self, name: &Name, found: &mut Diagnostics) -> Option<JourneyId> {
        self.names.find(Kind::Journey, name, found).map(JourneyId)
    }

    /// A route by its name, silently: where it is none, it may be a channel.
    pub(crate) fn route(&self, name: &Name) -> Option<RouteId> {
        let id = self.names.get(Kind::Route, &name.text)?;
        self.recorder().note(name.place, || Symbol::Declared(Kind::Route, name.text.clone()), None);
        self.names.mark(Kind::Route, &name.text);
        Some(RouteId(id))
    }

    /// The event of a survey's answers, by the survey's name. Such events are numbered behind all others.
    pub(crate) fn survey(&self, name: &Name, found: &mut Diagnostics) -> Option<EventId> {
        let id = self.names.find(Kind::Survey, name, found)?;
        self.schema.surveys.get(usize::from(id)).map(|survey| survey.event)
    }

    /// An event by the name that its type has: also the answers of a survey.
    pub(crate) fn event_named(&self, name: &str) -> Option<EventId> {
        self.names.get(Kind::Event, name).map(EventId).or_else(|| self.schema.event(name))
    }

    /// Whether an event is the answers of a survey.
    pub(crate) fn is_answer(&self, event: EventId) -> bool {
        self.schema.surveys.iter().any(|survey| survey.event == event)
    }

    /// A channel by its name, silently. Declared ones are numbered behind those that are always there.
    pub(crate) fn channel_id(&self, name: &str) -> Option<ChannelId> {
        let own = || self.names.get(Kind::Channel, name).map(|id| id.saturating_add(names::CHANNELS.len() as u16));
        names::channel(name).or_else(own).map(ChannelId)
    }

    /// What a message for a custom channel is made of.
    pub(crate) fn payload(&self, channel: &str) -> &[crate::schema::Field] {
        let channel = self.channel_id(channel).and_then(|id| self.schema.channels.get(id.index()));
        channel.map_or(&[], |channel| &channel.payload)
    }

    pub(crate) fn channel(&self, name: &Name, found: &mut Diagnostics) -> Option<ChannelId> {
        self.channel_or(name, false, found)
    }

    /// As [`Project::channel`], where the name of a route would be right too: suggestions name both.
    pub(crate) fn channel_or(&self, name: &Name, routes: bool, found: &mut Diagnostics) -> Option<ChannelId> {
        self.recorder().offer(name.place, || self.offers_of_channels(routes));
        if let Some(id) = self.channel_id(&name.text) {
            self.recorder().note(
                name.place,
                || match names::channel(&name.text) {
                    Some(_) => Symbol::Word("channel", name.text.clone()),
                    None => Symbol::Declared(Kind::Channel, name.text.clone()),
                },
                None,
            );
            self.names.mark(Kind::Channel, &name.text);
            return Some(id);
        }
        let mut legal: Vec<&str> = names::CHANNELS.iter().map(|(channel, _)| *channel).collect();
        legal.extend(self.names.of_kind(Kind::Channel));
        let is_route = self.names.get(Kind::Route, &name.text).is_some();
        if routes {
            legal.extend(self.names.of_kind(Kind::Route));
        }
        let near = crate::diagnostic::suggest::nearest(&name.text, legal);
        let help = match near.as_slice() {
            [] if is_route => "this is a route; name a single channel here".to_owned(),
            [] => "channels are `email`, `sms`, `push`, `line`, `whatsapp`, `web`, `inbox`, `webhook`, `print` and `task`".to_owned(),
            near => names::did_you_mean(near),
        };
        let fix = names::changes(&near, name.place);
        found.push(UnknownChannel { place: name.place, name: name.text.to_string(), help, fix });
        None
    }

    /// Channels by name; what is no channel is reported and left out.
    pub(crate) fn channels(&self, names: &[Name], found: &mut Diagnostics) -> Vec<ChannelId> {
        names.iter().filter_map(|name| self.channel(name, found)).collect()
    }

    pub(crate) fn channel_kind(&self, id: ChannelId) -> Option<ChannelKind> {
        self.schema.channels.get(id.index()).map(|channel| channel.kind)
    }

    pub(crate) fn channel_name(&self, id: ChannelId) -> &str {
        self.schema.channels.get(id.index()).map_or("", |channel| channel.name.as_str())
    }
}

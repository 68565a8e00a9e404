//! Declarations, fields and types.

use super::Lowerer;
use crate::ast::{
    Answer, AtMost, CapOf, CapThen, CapWindow, Decl, DeclKind, Docs, Field, How, Param, PolicyRule, Priority, Question, QuietHours,
    ScoreRule, ScoreRuleKind, Spanned, Stage, StageWhen, TopicKind, TypeRef, TypeRefKind, WaitOrSkip,
};
use crate::source::Span;
use crate::syntax::{Kind as K, NodeId};
use crate::value::Currency;

impl<'a> Lowerer<'a> {
    pub(super) fn declarations(&'a self, file: NodeId) -> Vec<Decl> {
        let mut decls = Vec::new();
        self.with_docs(file, |node, docs| {
            if let Some(kind) = self.declaration(node, &docs) {
                let place = self.place(node);
                let keyword = self.children(node).first().map_or(place, |word| self.place(*word));
                decls.push(Decl { docs, place, keyword, kind });
            }
        });
        decls
    }

    fn declaration(&'a self, node: NodeId, docs: &Docs) -> Option<DeclKind> {
        let name = || self.name_in(node);
        let title = || self.text_in(node);
        Some(match self.kind(node) {
            K::CustomerDecl => DeclKind::Customer { fields: self.fields_in(node) },
            K::EventDecl => DeclKind::Event { name: name(), wire: title(), fields: self.fields_in(node) },
            K::TopicDecl => self.topic(node),
            K::TeamDecl => DeclKind::Team { name: name(), title: title() },
            K::SegmentDecl => DeclKind::Segment {
                name: name(),
                title: title(),
                condition: self.child(node, K::CondBlock).and_then(|block| self.value_in(block)),
            },
            K::PolicyDecl => DeclKind::Policy { rules: self.policy(node) },
            K::RouteDecl => DeclKind::Route { name: name(), how: self.child(node, K::How).and_then(|how| self.how(how)) },
            K::ChannelDecl => DeclKind::Channel { name: name(), reaches: self.path_in(node) },
            K::ConstDecl => DeclKind::Const { name: name(), value: self.value_in(node) },
            K::MessageDecl => DeclKind::Message(self.message(node, docs.clone())),
            K::JourneyDecl => DeclKind::Journey(self.journey(node, docs.clone())),
            K::ScenarioDecl => DeclKind::Scenario(self.scenario(node, docs.clone())),
            K::CatalogDecl => self.catalog(node),
            K::StagesDecl => DeclKind::Stages { stages: self.stages(node) },
            K::ListDecl => DeclKind::List { name: name(), title: title() },
            K::AudienceDecl => DeclKind::Audience { name: name(), title: title() },
            K::CodesDecl => DeclKind::Codes { name: name(), title: title() },
            K::BlockDecl => DeclKind::Block { name: name(), params: self.params_in(node), contents: self.contents(node) },
            K::BrandDecl => DeclKind::Brand { rules: self.brand(node) },
            K::SurveyDecl => DeclKind::Survey { name: name(), title: title(), questions: self.questions(node) },
            K::ScoreDecl => DeclKind::Score { name: name(), title: title(), rules: self.score_rules(node) },
            K::HookDecl => DeclKind::Hook(Box::new(self.hook(node, docs.clone()))),
            K::CustomChannelDecl => {
                DeclKind::CustomChannel { name: name(), title: title(), reaches: self.path_in(node), fields: self.fields_in(node) }
            }
            _ => return None,
        })
    }

    fn score_rules(&'a self, node: NodeId) -> Vec<ScoreRule> {
        let Some(block) = self.child(node, K::ScoreBlock) else { return Vec::new() };
        let rules = self.children(block).into_iter().filter(|line| self.kind(*line) == K::ScoreRule);
        rules
            .map(|rule| {
                let kind = if self.has(rule, K::KwStart) {
                    ScoreRuleKind::Start(self.number_in(rule))
                } else if self.has(rule, K::KwHalveEvery) {
                    ScoreRuleKind::HalveEvery(self.duration_in(rule))
                } else {
                    let (trigger, points) = (self.trigger_in(rule), self.number_in(rule));
                    ScoreRuleKind::On { trigger, subtract: self.has(rule, K::KwSubtract), points }
                };
                ScoreRule { place: self.place(rule), kind }
            })
            .collect()
    }

    fn stages(&'a self, node: NodeId) -> Vec<Stage> {
        let mut stages = Vec::new();
        let Some(block) = self.child(node, K::StageBlock) else { return stages };
        self.with_docs(block, |line, docs| {
            if self.kind(line) == K::Stage {
                let when = if self.has(line, K::KwOtherwise) { StageWhen::Otherwise } else { StageWhen::Condition(self.value_in(line)) };
                stages.push(Stage { docs, name: self.name_in(line), title: self.text_in(line), when, place: self.place(line) });
            }
        });
        stages
    }

    fn catalog(&'a self, node: NodeId) -> DeclKind {
        let pieces = self.children(node);
        let by = pieces.iter().position(|piece| self.kind(*piece) == K::KwBy).unwrap_or(pieces.len());
        let name = |pieces: &[NodeId]| pieces.iter().find(|piece| self.kind(**piece) == K::Name).map(|name| self.name_of(*name));
        let (before, behind) = pieces.split_at(by);
        DeclKind::Catalog { name: name(before), title: self.text_in(node), key: name(behind), fields: self.fields_in(node) }
    }

    fn topic(&self, node: NodeId) -> DeclKind {
        let pieces = self.children(node);
        let keyword = pieces.iter().copied().find_map(|piece| {
            let kind = match self.kind(piece) {
                K::KwOptIn => TopicKind::OptIn,
                K::KwDoubleOptIn => TopicKind::DoubleOptIn,
                K::KwOptOut => TopicKind::OptOut,
                K::KwOnRequest => TopicKind::OnRequest,
                K::KwTransactional => TopicKind::Transactional(None),
                _ => return None,
            };
            Some((piece, kind))
        });
        let Some((at, kind)) = keyword else {
            return DeclKind::Topic { name: self.name_in(node), title: self.text_in(node), kind: None, kind_place: None };
        };
        // A text before the kind is the title, one behind `transactional` the reason.
        let split = self.tree.span(at).start;
        let texts = || pieces.iter().filter_map(|piece| self.text_of(*piece));
        let title = texts().find(|text| text.place.span.start < split);
        let kind = match kind {
            TopicKind::Transactional(_) => TopicKind::Transactional(texts().find(|text| text.place.span.start > split)),
            other => other,
        };
        DeclKind::Topic { name: self.name_in(node), title, kind: Some(kind), kind_place: Some(self.place(at)) }
    }

    fn questions(&'a self, node: NodeId) -> Vec<Question> {
        let Some(block) = self.child(node, K::QuestionBlock) else { return Vec::new() };
        let lines = self.children(block).into_iter().filter(|line| self.kind(*line) == K::QuestionLine);
        lines.filter_map(|line| self.question(line)).collect()
    }

    fn question(&'a self, line: NodeId) -> Option<Question> {
        let mut numbers = self.children(line).into_iter().filter(|piece| self.kind(*piece) == K::Number).map(|piece| self.number_of(piece));
        let answer = if self.has(line, K::KwFrom) {
            Answer::Range(numbers.next().flatten(), numbers.next().flatten())
        } else {
            Answer::Type(self.type_in(line))
        };
        Some(Question { name: self.name_in(line)?, text: self.text_in(line), answer, place: self.place(line) })
    }

    // ------------------------------------------------------------------------------------------------------------- fields, types

    pub(super) fn fields_in(&'a self, node: NodeId) -> Vec<Field> {
        self.child(node, K::FieldBlock).map(|block| self.fields(block)).unwrap_or_default()
    }

    fn fields(&'a self, block: NodeId) -> Vec<Field> {
        let mut fields = Vec::new();
        self.with_docs(block, |node, docs| {
            if self.kind(node) != K::Field {
                return;
            }
            if let Some(name) = self.name_in(node) {
                fields.push(Field {
                    docs,
                    name,
                    wire: self.text_in(node),
                    ty: self.type_in(node),
                    default: self.value_in(node),
                    place: self.place(node),
                });
            }
        });
        fields
    }

    pub(super) fn type_in(&'a self, node: NodeId) -> Option<TypeRef> {
        self.child(node, K::TypeRef).map(|ty| self.type_ref(ty))
    }

    fn type_ref(&'a self, node: NodeId) -> TypeRef {
        let mut parts = self.parts(node);
        let list = parts.skip(K::KwListOf);
        let plain = parts.peek().and_then(|piece| {
            let kind =
                match self.kind(piece) {
                    K::Name => TypeRefKind::Named(self.name_of(piece)),
                    K::MoneyType => TypeRefKind::Money(self.child(piece, K::Currency).and_then(|currency| {
                        Currency::parse(self.text(currency)).map(|value| Spanned { value, place: self.place(currency) })
                    })),
                    K::OneOf => TypeRefKind::OneOf(self.children(piece).into_iter().filter_map(|text| self.text_of(text)).collect()),
                    K::FieldBlock => TypeRefKind::Record(self.fields(piece)),
                    _ => return None,
                };
            Some(TypeRef { kind, optional: false, place: self.place(piece) })
        });
        let optional = self.has(node, K::Question);
        match (list, plain) {
            (false, Some(plain)) => TypeRef { optional, place: self.place(node), ..plain },
            (_, plain) => TypeRef { kind: TypeRefKind::List(plain.map(Box::new)), optional, place: self.place(node) },
        }
    }

    pub(super) fn params_in(&'a self, node: NodeId) -> Vec<Param> {
        let Some(params) = self.child(node, K::Params) else { return Vec::new() };
        self.children(params)
            .into_iter()
            .filter(|child| self.kind(*child) == K::Param)
            .filter_map(|param| {
                let name = self.name_in(param)?;
                Some(Param { name, ty: self.type_in(param), place: self.place(param) })
            })
            .collect()
    }

    // -------------------------------------------------------------------------------------------------------------------- policy

    fn policy(&'a self, node: NodeId) -> Vec<PolicyRule> {
        let Some(block) = self.child(node, K::PolicyBlock) else { return Vec::new() };
        self.children(block)
            .into_iter()
            .filter_map(|rule| {
                Some(match self.kind(rule) {
                    K::TimezoneRule => PolicyRule::Timezone(self.text_in(rule), self.place(rule)),
                    K::QuietHours => PolicyRule::QuietHours(self.quiet_hours(rule)),
                    K::AtMost => PolicyRule::AtMost(self.at_most(rule)),
                    K::HoldOut => PolicyRule::HoldOut(self.percent_in(rule), self.place(rule)),
                    _ => return None,
                })
            })
            .collect()
    }

    pub(super) fn quiet_hours(&self, node: NodeId) -> QuietHours {
        let (mut from, mut to, mut between) = (None, None, false);
        for piece in self.children(node) {
            match self.kind(piece) {
                K::KwTo => between = true,
                K::Time | K::ForeignTime if between => to = self.time_of(piece),
                K::Time | K::ForeignTime => {
                    from = self.time_of(piece);
                    between = true;
                }
                _ => {}
            }
        }
        let then = if self.has(node, K::KwWait) {
            Some(WaitOrSkip::Wait)
        } else if self.has(node, K::KwSkip) {
            Some(WaitOrSkip::Skip)
        } else {
            None
        };
        QuietHours { from, to, channels: self.channels_in(node), then, place: self.place(node) }
    }

    pub(super) fn at_most(&self, node: NodeId) -> AtMost {
        let pieces = self.children(node);
        // A second number belongs to `keep`, a second duration to `wait up to`.
        let numbers: Vec<_> =
            pieces.iter().filter(|piece| self.kind(**piece) == K::Number).filter_map(|piece| self.number_of(*piece)).collect();
        let keep_at = self.child(node, K::KwKeep).map_or(Span::new(u32::MAX, u32::MAX), |keep| self.tree.span(keep));
        let then_at = self.child(node, K::KwThen).map_or(u32::MAX, |then| self.tree.span(then).start);
        let durations: Vec<_> = pieces.iter().filter_map(|piece| self.duration_of(*piece)).collect();
        let window = if self.has(node, K::KwOneCalendarDay) {
            Some(CapWindow::CalendarDay)
        } else {
            durations.iter().find(|span| span.place.span.start < then_at).cloned().map(CapWindow::Rolling)
        };
        let then = if self.has(node, K::KwSkip) {
            Some(CapThen::Skip)
        } else if self.has(node, K::KwWait) {
            Some(CapThen::Wait(durations.into_iter().find(|span| span.place.span.start > then_at)))
        } else if self.has(node, K::KwExit) {
            Some(CapThen::Exit)
        } else {
            None
        };
        let keep =
            numbers.iter().find(|number| number.place.span.start > keep_at.start).cloned().map(|count| (count, self.priority_in(node)));
        AtMost {
            count: numbers.into_iter().find(|number| number.place.span.start < keep_at.start),
            of: if self.has(node, K::KwEntries) { CapOf::Entries } else { CapOf::Messages },
            window,
            from_this_journey: self.has(node, K::KwFromThisJourney),
            about: self.name_in(node),
            by: self.channels_in(node),
            then,
            keep,
            place: self.place(node),
        }
    }

    pub(super) fn priority_in(&self, node: NodeId) -> Option<Priority> {
        if self.has(node, K::KwHigh) {
            Some(Priority::High)
        } else if self.has(node, K::KwNormal) {
            Some(Priority::Normal)
        } else if self.has(node, K::KwLow) {
            Some(Priority::Low)
        } else {
            None
        }
    }

    // ------------------------------------------------------------------------------------------------------------------ channels

    pub(super) fn channels_in(&self, node: NodeId) -> Vec<crate::ast::Name> {
        let Some(channels) = self.child(node, K::Channels) else { return Vec::new() };
        self.children(channels).into_iter().filter(|name| self.kind(*name) == K::Name).map(|name| self.name_of(name)).collect()
    }

    pub(super) fn how(&self, node: NodeId) -> Option<How> {
        match self.children(node).first().map(|first| self.kind(*first))? {
            K::KwFirstReachableOf => Some(How::FirstReachable(self.channels_in(node))),
            K::KwPreferredChannel => Some(How::Preferred),
            K::KwThoseOf => Some(How::ThoseOf { channels: self.channels_in(node), path: self.path_in(node) }),
            K::Channels => Some(How::Channels(self.channels_in(node))),
            _ => None,
        }
    }
}

//! Which scenarios a save touches, and why.
//!
//! In: the files of a project before and after. Out: for each scenario the declaration that it depends on and that changed. **Invariant:** a
//! scenario that is not named would play as before: it depends on what its text names, on what that names in turn, on every journey that
//! may run beside it, and on what has no name (customer, policy, stages, brand, channels). Where that is unclear it counts as touched.
//! Comments and blanks are no change.

use crate::ast::{self, ClauseKind, DeclKind, Entry, JourneyItem, TargetKind};
use crate::project::Project;
use crate::source::{Asset, SourceFile, asset_name};
use crate::syntax::{self, Kind};
use std::collections::{BTreeMap, BTreeSet};
use unicode_normalization::UnicodeNormalization as _;

/// A scenario: its title, its journey, and which of several of both it is.
pub type Key = (String, String, usize);

/// What the files of a project declare, by what each names.
#[derive(Debug, Clone, Default)]
pub struct Map {
    /// ``message `coupon` ``, by its text without comments.
    texts: BTreeMap<String, String>,
    /// Names that a text holds, of declarations only once the map is used.
    words: BTreeMap<String, BTreeSet<String>>,
    /// Which declarations have a name.
    named: BTreeMap<String, Vec<String>>,
    /// What every scenario depends on.
    everywhere: BTreeSet<String>,
    events: BTreeSet<String>,
    /// By journey: the events that it is entered on; `None` where it is entered otherwise, too.
    entered_on: BTreeMap<String, Option<BTreeSet<String>>>,
    /// By declaration: the words behind `emit`.
    emits: BTreeMap<String, BTreeSet<String>>,
    scenarios: BTreeMap<Key, String>,
}

impl Map {
    pub fn of(project: &Project) -> Map {
        let mut map = Map::default();
        for id in &project.journeys {
            let Some(file) = project.sources.get(*id) else { continue };
            let tree = syntax::parse(*id, &file.text);
            let lowered = ast::lower(*id, &tree, &file.text);
            for decl in &lowered.decls {
                let text = text_of(decl, &tree, file, project);
                map.add(decl, text);
            }
        }
        map
    }

    fn add(&mut self, decl: &ast::Decl, text: String) {
        let (kind, name) = name_of(&decl.kind);
        let words = words(&text);
        let mut label = match &name {
            Some(name) => format!("{kind} `{name}`"),
            None => kind.to_owned(),
        };
        if let DeclKind::Scenario(scenario) = &decl.kind {
            let title = scenario.title.as_ref().map(|title| title.text.clone()).unwrap_or_default();
            let journey = scenario.journey.as_ref().map(|name| name.text.to_string()).unwrap_or_default();
            let same = self.scenarios.keys().filter(|(other, of, _)| *other == title && *of == journey).count();
            label = format!("scenario \"{title}\" of `{journey}`, {same}");
            self.scenarios.insert((title, journey, same), label.clone());
        } else if let Some(name) = &name {
            self.named.entry(name.clone()).or_default().push(label.clone());
        }
        if is_everywhere(&decl.kind) {
            self.everywhere.insert(label.clone());
        }
        if let (DeclKind::Event { .. }, Some(name)) = (&decl.kind, &name) {
            self.events.insert(name.clone());
        }
        if let DeclKind::Journey(journey) = &decl.kind {
            self.entered_on.insert(label.clone(), entered_on(journey));
        }
        let emitted = text.split(' ').zip(text.split(' ').skip(1)).filter(|(word, _)| *word == "emit");
        self.emits.insert(label.clone(), emitted.flat_map(|(_, event)| words_of(event)).collect());
        // Two of one name (a mistake) are one text.
        let whole = self.texts.entry(label.clone()).or_default();
        whole.push_str(&text);
        self.words.entry(label).or_default().extend(words);
    }

    /// Everything that a scenario depends on.
    fn needs(&self, scenario: &str) -> BTreeSet<String> {
        let mut needs: BTreeSet<String> = self.everywhere.clone();
        needs.insert(scenario.to_owned());
        self.close(&mut needs);
        loop {
            let happen = self.events_in(scenario, &needs);
            let beside = |on: &Option<BTreeSet<String>>| on.as_ref().is_none_or(|on| on.iter().any(|event| happen.contains(event)));
            let beside = self.entered_on.iter().filter(|(journey, on)| !needs.contains(*journey) && beside(on));
            let more: Vec<String> = beside.map(|(journey, _)| journey.clone()).collect();
            if more.is_empty() {
                return needs;
            }
            needs.extend(more);
            self.close(&mut needs);
        }
    }

    /// Adds what is named by what is there.
    fn close(&self, needs: &mut BTreeSet<String>) {
        let mut open: Vec<String> = needs.iter().cloned().collect();
        while let Some(label) = open.pop() {
            for word in self.words.get(&label).into_iter().flatten() {
                for named in self.named.get(word).into_iter().flatten() {
                    if needs.insert(named.clone()) {
                        open.push(named.clone());
                    }
                }
            }
        }
    }

    /// Events that may happen in a scenario: it says them, or something that it needs emits them.
    fn events_in(&self, scenario: &str, needs: &BTreeSet<String>) -> BTreeSet<String> {
        let said = self.words.get(scenario).into_iter().flatten();
        let emitted = needs.iter().filter_map(|label| self.emits.get(label)).flatten();
        said.chain(emitted).filter(|word| self.events.contains(*word)).cloned().collect()
    }
}

/// The scenarios of `now` that must be played again, with the declaration that changed: ``message `coupon` ``, `new`.
pub fn touched(before: &Map, now: &Map) -> BTreeMap<Key, String> {
    let labels: BTreeSet<&String> = before.texts.keys().chain(now.texts.keys()).collect();
    let changed: BTreeSet<&String> = labels.into_iter().filter(|label| before.texts.get(*label) != now.texts.get(*label)).collect();
    let mut touched = BTreeMap::new();
    for (key, label) in &now.scenarios {
        let Some(old) = before.scenarios.get(key) else {
            touched.insert(key.clone(), "new".to_owned());
            continue;
        };
        if changed.contains(label) {
            touched.insert(key.clone(), "the scenario itself".to_owned());
            continue;
        }
        let needs: BTreeSet<String> = if changed.is_empty() { BTreeSet::new() } else { &now.needs(label) | &before.needs(old) };
        if let Some(why) = needs.iter().find(|need| changed.contains(need)) {
            touched.insert(key.clone(), why.clone());
        }
    }
    touched
}

fn is_everywhere(kind: &DeclKind) -> bool {
    matches!(
        kind,
        DeclKind::Customer { .. }
            | DeclKind::Policy { .. }
            | DeclKind::Stages { .. }
            | DeclKind::Brand { .. }
            | DeclKind::Channel { .. }
            | DeclKind::CustomChannel { .. }
    )
}

fn entered_on(journey: &ast::Journey) -> Option<BTreeSet<String>> {
    let mut events = BTreeSet::new();
    for item in &journey.items {
        let JourneyItem::Clause(clause) = item else { continue };
        let ClauseKind::Enter(enter) = &clause.kind else { continue };
        match &enter.entry {
            Some(Entry::On(target)) => match &target.kind {
                TargetKind::Event(name) => events.insert(name.text.to_string()),
                _ => return None,
            },
            // Nobody comes in by herself; who starts it names it.
            Some(Entry::WhenRequested) => continue,
            _ => return None,
        };
    }
    Some(events)
}

/// What it is, and its name in NFC.
fn name_of(kind: &DeclKind) -> (&'static str, Option<String>) {
    let (kind, name) = match kind {
        DeclKind::Customer { .. } => ("customer", &None),
        DeclKind::Event { name, .. } => ("event", name),
        DeclKind::Catalog { name, .. } => ("catalog", name),
        DeclKind::Topic { name, .. } => ("topic", name),
        DeclKind::Team { name, .. } => ("team", name),
        DeclKind::Segment { name, .. } => ("segment", name),
        DeclKind::Policy { .. } => ("policy", &None),
        DeclKind::Route { name, .. } => ("route", name),
        DeclKind::Channel { name, .. } => ("channel", name),
        DeclKind::Block { name, .. } => ("block", name),
        DeclKind::Survey { name, .. } => ("survey", name),
        DeclKind::CustomChannel { name, .. } => ("custom channel", name),
        DeclKind::Const { name, .. } => ("let", name),
        DeclKind::List { name, .. } => ("list", name),
        DeclKind::Audience { name, .. } => ("audience", name),
        DeclKind::Score { name, .. } => ("score", name),
        DeclKind::Stages { .. } => ("stages", &None),
        DeclKind::Brand { .. } => ("brand", &None),
        DeclKind::Message(message) => ("message", &message.name),
        DeclKind::Journey(journey) => ("journey", &journey.name),
        DeclKind::Hook(hook) => ("hook", &hook.name),
        DeclKind::Codes { name, .. } => ("codes", name),
        DeclKind::Scenario(_) => ("scenario", &None),
    };
    (kind, name.as_ref().map(|name| name.text.to_string()))
}

/// The tokens of a declaration with one blank between them, without comments, and the files that it names.
fn text_of(decl: &ast::Decl, tree: &syntax::SyntaxTree, file: &SourceFile, project: &Project) -> String {
    let mut text = String::new();
    let whole = decl.place.span;
    for token in tree.tokens() {
        let span = tree.span(token);
        if span.start < whole.start || span.end > whole.end || matches!(tree.kind(token), Kind::Comment | Kind::Doc) {
            continue;
        }
        text.extend(tree.text(token, &file.text).nfc());
        text.push(' ');
    }
    let mut assets = String::new();
    for (at, quoted) in file.slice(whole).split('"').enumerate() {
        let named = (at % 2 == 1).then(|| asset_name(quoted)).flatten();
        if let Some(Asset::Read(id)) = named.as_deref().and_then(|name| project.sources.asset(name)) {
            assets.extend(project.sources.get(*id).map(|file| file.text.nfc().collect::<String>()));
        }
    }
    text + &assets
}

fn words(text: &str) -> BTreeSet<String> {
    words_of(text).collect()
}

/// Letters outside ASCII may all be part of a name: marks of Thai are no letters to Unicode.
fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|letter: char| letter.is_ascii() && !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
}

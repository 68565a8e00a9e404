//! SES, by way of SNS: what became of a mail.
//!
//! In: SNS messages in JSON, signed by RSA (signature version 2, SHA-256) with a certificate of Amazon's. Out: reports, or the visit that
//! confirms a subscription. **Invariant:** only topics of the list are looked at; a certificate is fetched only from Amazon's own host of the topic's
//! region, by an address of the one known shape, and through the guarded client; version 1 (SHA-1) is not believed.
//!
//! The signed time is that of the first attempt, and SNS tries for an hour: so an hour is allowed here, and 5 minutes ahead. A report counts once
//! by its `MessageId`.

mod certificate;
mod meaning;

pub use certificate::{CERTIFICATES_MAX, FetchCertificate, Guarded};

use super::{disbelief, json};
use crate::channel::setup::SetupError;
use crate::channel::signing::{TIME_WINDOW_MS, from_base64};
use crate::channel::{Callback, Disbelief, Heard, Incoming, Task};
use certificate::Certificates;
use chrono::DateTime;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// So old a message may be.
const OLD_MS: i64 = 3600 * 1000 + TIME_WINDOW_MS;
pub const TOPICS_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `arn:aws:sns:eu-west-1:123456789012:mail`
    pub topics: Vec<String>,
}

#[derive(Debug)]
pub struct SesCallback {
    topics: Vec<Topic>,
    certificates: Certificates,
}

#[derive(Debug)]
struct Topic {
    arn: String,
    /// `sns.eu-west-1.amazonaws.com`
    host: String,
}

impl Topic {
    fn read(arn: &str) -> Option<Topic> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", partition, "sns", region, account, name] = parts[..] else { return None };
        let word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let region_ok = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let end = match partition {
            "aws" | "aws-us-gov" => "amazonaws.com",
            "aws-cn" => "amazonaws.com.cn",
            _ => return None,
        };
        (region_ok && account.bytes().all(|byte| byte.is_ascii_digit()) && word(name))
            .then(|| Topic { arn: arn.to_owned(), host: format!("sns.{region}.{end}") })
    }
}

impl SesCallback {
    pub fn new(settings: &Settings, fetch: Arc<dyn FetchCertificate>) -> Result<SesCallback, SetupError> {
        if settings.topics.is_empty() || settings.topics.len() > TOPICS_MAX {
            return Err(SetupError::value("topics", format!("name 1 to {TOPICS_MAX} topics")));
        }
        let topics = settings.topics.iter().map(|arn| Topic::read(arn)).collect::<Option<_>>();
        let topics = topics.ok_or_else(|| SetupError::value("topics", "write a topic as `arn:aws:sns:REGION:ACCOUNT:NAME`"))?;
        Ok(SesCallback { topics, certificates: Certificates::new(fetch) })
    }

    /// What can be said before the signature is looked at: whose it would be.
    fn sorted(&self, said: &Value) -> Result<(&Topic, String), Disbelief> {
        let text = |name: &str| said[name].as_str().unwrap_or_default();
        let Some(topic) = self.topics.iter().find(|topic| topic.arn == text("TopicArn")) else { return disbelief("another topic") };
        if text("SignatureVersion") != "2" {
            return disbelief("signature version 1: set the topic's attribute `SignatureVersion` to 2");
        }
        let url = text("SigningCertURL");
        if !is_certificate(url, &topic.host) {
            return disbelief("its certificate would not be Amazon's");
        }
        Ok((topic, url.to_owned()))
    }
}

/// `https://sns.REGION.amazonaws.com/SimpleNotificationService-….pem`, and no other.
fn is_certificate(url: &str, host: &str) -> bool {
    let name = url
        .strip_prefix("https://")
        .and_then(|url| url.strip_prefix(host))
        .and_then(|path| path.strip_prefix("/SimpleNotificationService-"));
    let name = name.and_then(|name| name.strip_suffix(".pem"));
    name.is_some_and(|name| (16..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// What SNS signs: these fields in this order, each with its name, where it is there.
fn signed_text(said: &Value, kind: &str) -> String {
    let fields: &[&str] = match kind {
        "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
        _ => &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    };
    let there = fields.iter().filter_map(|name| Some((name, said[*name].as_str()?)));
    there.fold(String::new(), |text, (name, value)| format!("{text}{name}\n{value}\n"))
}

impl Callback for SesCallback {
    fn name(&self) -> &'static str {
        "ses"
    }

    fn prepare<'a>(&'a self, request: &'a Incoming<'a>) -> Task<'a, ()> {
        Box::pin(async move {
            let Ok(said) = json(request) else { return };
            if let Ok((_, url)) = self.sorted(&said) {
                self.certificates.fetch(&url, request.now).await;
            }
        })
    }

    fn hear(&self, request: &Incoming<'_>) -> Result<Heard, Disbelief> {
        let said = json(request)?;
        let (topic, url) = self.sorted(&said)?;
        let kind = said["Type"].as_str().unwrap_or_default();
        let Some(signature) = said["Signature"].as_str().and_then(from_base64) else { return disbelief("no signature") };
        self.certificates.verify(&url, signed_text(&said, kind).as_bytes(), &signature)?;
        let at = said["Timestamp"].as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let Some(at) = at.map(|at| at.timestamp_millis()) else { return disbelief("no time") };
        if !(-TIME_WINDOW_MS..=OLD_MS).contains(&request.now.0.saturating_sub(at)) {
            return disbelief("signed more than an hour ago, or in the future");
        }
        match kind {
            "Notification" => Ok(Heard::Reports(meaning::report(&said).into_iter().collect())),
            "SubscriptionConfirmation" => {
                let url = said["SubscribeURL"].as_str().unwrap_or_default();
                let theirs = url
                    .strip_prefix("https://")
                    .and_then(|url| url.strip_prefix(topic.host.as_str()))
                    .is_some_and(|rest| rest.starts_with("/?"));
                if theirs { Ok(Heard::Visit(url.to_owned())) } else { disbelief("its confirmation would not be Amazon's") }
            }
            _ => Ok(Heard::Reports(Vec::new())),
        }
    }
}

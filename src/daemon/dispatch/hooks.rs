//! Questions to services of the house.
//!
//! In: a call with its deadline. Out: an answer of the declared types as an input of the customer. **Invariant:** what does not fit the declared types
//! is `unfit`, and takes the journey's `otherwise`; asked again after a crash, the service sees the same `webhook-id`.

use crate::channel::Task;
use crate::channel::http::{Client, Failure, Question, Target};
use crate::daemon::core::Request;
use crate::daemon::runner::Handle;
use crate::engine::{Answer, HookCall, InputKind};
use crate::plan::Plan;
use crate::schema::Hook;
use crate::shard::Number;
use crate::shard::commit::ParcelKey;
use crate::value::Value;
use crate::value::json::to_json;
use crate::value::parse::{self, Reading};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// Asks one service. An answer is at most 64 KiB.
pub trait Service: Send + Sync + Debug {
    /// The body of a `2xx`, or why there is none.
    fn ask<'a>(&'a self, url: &'a str, id: &'a str, body: String, within: Duration) -> Task<'a, Result<Vec<u8>, String>>;
}

impl Service for Client {
    fn ask<'a>(&'a self, url: &'a str, id: &'a str, body: String, within: Duration) -> Task<'a, Result<Vec<u8>, String>> {
        Box::pin(async move {
            let target = Target::parse(url)?;
            self.check(&target)?;
            let question = Question::post(target, "application/json", body).with("webhook-id", id);
            match tokio::time::timeout(within, Client::ask(self, &question, None)).await {
                Ok(Ok(answer)) if (200..300).contains(&answer.status) => Ok(answer.body),
                Ok(Ok(answer)) => Err(format!("the answer was {}", answer.status)),
                Ok(Err(Failure::NotSent(why) | Failure::Unknown(why))) => Err(why),
                Ok(Err(Failure::Withdrawn)) => Err("it was withdrawn".to_owned()),
                Err(_) => Err("there was no answer in time".to_owned()),
            }
        })
    }
}

/// Asks the services that hooks name.
#[derive(Debug, Clone)]
pub struct Hooks {
    pub service: Arc<dyn Service>,
}

impl Hooks {
    pub async fn call(&self, handle: &Handle, plan: &Plan, number: Number, id: String, call: &HookCall) {
        let customer = handle.ask(move |core, _| core.uid_of(number)).await.ok().flatten().unwrap_or_default();
        let answer = match plan.schema.hooks.get(call.hook.index()) {
            None => Answer::Failed,
            Some(hook) => {
                let ms = call.deadline.since_ms(handle.now()).max(0);
                match self.service.ask(&hook.url, &id, question(plan, hook, &customer, call), handle.clock().real(ms)).await {
                    Ok(bytes) => read(hook, &bytes),
                    Err(reason) => {
                        tracing::warn!(hook = %hook.name, %reason, "a hook did not answer");
                        Answer::Failed
                    }
                }
            }
        };
        let key = ParcelKey::Call(call.call);
        let input = Some(InputKind::Answer { call: call.call, answer });
        handle.send_patiently(Request::Settled { number, key, input, reply: Box::new(|()| {}) }).await;
    }
}

fn question(plan: &Plan, hook: &Hook, customer: &str, call: &HookCall) -> String {
    let arguments: serde_json::Map<String, serde_json::Value> =
        hook.params.iter().zip(&call.args).map(|((name, ty), value)| (name.to_string(), to_json(value, ty))).collect();
    let journey = plan.journeys.get(call.journey.index()).map_or("", |journey| journey.name.as_str());
    serde_json::json!({ "hook": hook.name.as_str(), "customer": customer, "journey": journey, "arguments": arguments }).to_string()
}

fn read(hook: &Hook, bytes: &[u8]) -> Answer {
    let Ok(serde_json::Value::Object(said)) = serde_json::from_slice(bytes) else { return Answer::Unfit };
    let mut fields: Vec<Value> = Vec::with_capacity(hook.answers.len());
    for field in &hook.answers {
        match said.get(field.name.as_str()).filter(|json| !json.is_null()) {
            None if field.ty.is_optional() || !field.default.is_missing() => fields.push(field.default.clone()),
            None => return Answer::Unfit,
            Some(json) => match parse::from_json(json, &field.ty, &Reading::default()) {
                Ok(value) => fields.push(value),
                Err(_) => return Answer::Unfit,
            },
        }
    }
    Answer::Fields(fields.into())
}

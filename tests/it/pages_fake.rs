//! A desk that remembers what it was told, and requests without a socket.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use onward::calendar::{Instant, Zone};
use onward::channel::sandbox::{Caught, Look, Note, Tray};
use onward::channel::{Envelope, Links, Report, Task};
use onward::daemon::arrival::Identifier;
use onward::daemon::pages::sandbox::Inbox;
use onward::daemon::pages::survey::{Asked, Question};
use onward::daemon::pages::web::Web;
use onward::daemon::pages::{Recorder, Setup, sandbox};
use onward::daemon::tokens::{Sealed, Tokens};
use onward::daemon::{Busy, ChannelOf, CustomerNo, Desk, Reader, Said, TopicOf, pages};
use onward::schema::ChannelKind;
use onward::value::{Currency, Reading, Text, Type};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::ServiceExt;

pub const NOK: CustomerNo = CustomerNo(42);
pub const NOW: Instant = Instant(1_790_000_000_000);
/// What breaks out of texts, attributes, addresses and scripts, if anything lets it.
pub const NASTY: &str = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;b&gt;{{7*7}}\u{202e}";

#[derive(Debug, Default)]
pub struct FakeDesk {
    pub reader: Mutex<Option<Reader>>,
    pub told: Mutex<Vec<(CustomerNo, Said)>>,
    pub reported: Mutex<Vec<Report>>,
    pub messages: Mutex<Vec<(CustomerNo, Envelope)>>,
    pub shown: Mutex<Vec<Envelope>>,
    pub asked: Mutex<Vec<Vec<Identifier>>>,
    /// The answers that come before everything goes well.
    pub busy: Mutex<Vec<Busy>>,
    /// How long a report takes.
    pub slow: Mutex<Duration>,
}

impl FakeDesk {
    fn full(&self) -> Result<(), Busy> {
        self.busy.lock().unwrap().pop().map_or(Ok(()), Err)
    }
}

impl Desk for FakeDesk {
    fn reader(&self, customer: CustomerNo) -> Task<'_, Option<Reader>> {
        Box::pin(async move { self.reader.lock().unwrap().clone().filter(|_| customer == NOK) })
    }
    fn tell(&self, customer: CustomerNo, said: Vec<Said>) -> Task<'_, Result<(), Busy>> {
        Box::pin(async move {
            self.full()?;
            self.told.lock().unwrap().extend(said.into_iter().map(|said| (customer, said)));
            Ok(())
        })
    }
    fn report(&self, reports: Vec<Report>) -> Task<'_, Result<(), Busy>> {
        Box::pin(async move {
            let slow = *self.slow.lock().unwrap();
            if !slow.is_zero() {
                tokio::time::sleep(slow).await;
            }
            self.full()?;
            self.reported.lock().unwrap().extend(reports);
            Ok(())
        })
    }
    fn message(&self, id: &str) -> Task<'_, Option<(CustomerNo, Envelope)>> {
        let found = self.messages.lock().unwrap().iter().find(|(_, envelope)| envelope.id == id).cloned();
        Box::pin(async move { found })
    }
    fn showing(&self, visitor: Vec<Identifier>) -> Task<'_, Vec<Envelope>> {
        self.asked.lock().unwrap().push(visitor);
        Box::pin(async move { self.shown.lock().unwrap().clone() })
    }
}

#[derive(Debug, Default)]
pub struct FakeTray(pub Vec<Caught>);

impl Tray for FakeTray {
    fn list(&self, look: &Look) -> Vec<Note> {
        let notes = self.0.iter().rev().map(|caught| Note {
            number: caught.number,
            at: caught.at,
            id: caught.envelope.id.clone(),
            channel: caught.envelope.channel.clone(),
            kind: caught.envelope.kind,
            address: caught.envelope.address.clone(),
            language: caught.envelope.language.clone(),
            message: caught.envelope.message.clone(),
            journey: caught.envelope.journey.clone(),
            title: caught.envelope.parts.first().map_or(String::new(), |(_, text)| text.chars().take(120).collect()),
            instead_of: caught.instead_of.clone(),
        });
        let wanted = |note: &Note| {
            look.channel.as_ref().is_none_or(|channel| *channel == note.channel)
                && look.address.as_ref().is_none_or(|address| *address == note.address)
                && look.before.is_none_or(|before| note.number < before)
        };
        notes.filter(wanted).take(look.count).collect()
    }
    fn kept(&self) -> usize {
        self.0.len()
    }
    fn get(&self, id: &str) -> std::io::Result<Option<Caught>> {
        Ok(self.0.iter().find(|caught| caught.envelope.id == id).cloned())
    }
}

pub fn reader() -> Reader {
    let topic = |name: &str, title: &str, subscribed| TopicOf { name: name.into(), title: title.into(), subscribed };
    let channel = |name: &str, title: &str, suppressed| ChannelOf { name: name.into(), title: title.into(), suppressed };
    Reader {
        language: Some("en".into()),
        languages: vec!["en".into(), "th".into()],
        topics: vec![topic("promotions", "Promotions", true), topic("news", "News & notes", true), topic("letters", "Letters", false)],
        channels: vec![channel("email", "E-mail", false), channel("sms", "SMS", true)],
        project: "Shop".into(),
    }
}

pub fn envelope(id: &str, kind: ChannelKind, parts: &[(&str, &str)]) -> Envelope {
    Envelope {
        id: id.into(),
        channel: format!("{kind:?}").to_lowercase(),
        kind,
        address: "nok@example.com".into(),
        language: String::new(),
        parts: parts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        topic: "promotions".into(),
        message: "thanks".into(),
        journey: "after_order".into(),
        transactional: false,
        links: Links::default(),
        attempt: 1,
    }
}

/// What the server of the shop signs user ids with.
pub const SECRET: &[u8] = b"a secret of the shop";

/// One survey, with a question of every type.
pub fn survey(name: &str) -> Option<Asked> {
    let question = |name: &str, text: &str, ty: Type| Question { name: name.into(), text: text.into(), ty, range: None };
    let ranged = |name: &str, from: i64, to: i64| Question {
        range: Some((from.into(), to.into())),
        ..question(name, "How likely are you to recommend us?", Type::Number)
    };
    let one_of = || Type::OneOf([Text::from("red"), Text::from("blue")].into());
    let questions = vec![
        ranged("score", 0, 10),
        question("why", "เพราะอะไร?", Type::Text.optional()),
        question("again", "Would you come again?", Type::Boolean),
        question("colour", "Which colour?", one_of().optional()),
        question("colours", "Which colours?", Type::List(Arc::new(one_of())).optional()),
        question("paid", "What did you pay?", Type::Money(Currency(*b"THB")).optional()),
        question("day", "Which day?", Type::Date.optional()),
        question("at", "When?", Type::DateTime.optional()),
        question("mail", "Where do we reach you?", Type::Email.optional()),
        Question { ty: Type::Number.optional(), ..ranged("age", 0, 120) },
    ];
    (name == "nps").then(|| Asked { title: "How we do".into(), questions })
}

/// All that a test of the pages needs.
pub struct House {
    pub desk: Arc<FakeDesk>,
    pub tokens: Arc<Tokens>,
    pub recorder: Recorder,
}

impl House {
    pub fn new() -> House {
        let desk = Arc::new(FakeDesk { reader: Mutex::new(Some(reader())), ..FakeDesk::default() });
        House { recorder: Recorder::new(desk.clone()), desk, tokens: Arc::new(Tokens::passing(NOW).unwrap()) }
    }

    pub fn seal(&self, content: Sealed) -> String {
        self.tokens.seal(&content).unwrap()
    }

    pub fn leave_token(&self) -> String {
        self.seal(Sealed::Leave { customer: NOK, message: "m-1".into(), topic: "promotions".into() })
    }

    pub fn setup(&self) -> Setup {
        Setup {
            desk: self.desk.clone(),
            tokens: self.tokens.clone(),
            recorder: self.recorder.clone(),
            surveys: Arc::new(survey),
            reading: Reading { zone: Zone::parse("Asia/Bangkok").unwrap(), ..Reading::default() },
            web: Some(Web::new(Arc::new(|key| key == "wk_1"), vec!["https://shop.example".into()], Some(SECRET)).unwrap()),
        }
    }

    pub fn pages(&self) -> Router {
        pages::router(self.setup())
    }

    pub fn inbox(&self, caught: Vec<Caught>) -> Router {
        let (desk, tokens) = (self.desk.clone(), self.tokens.clone());
        sandbox::router(Inbox {
            desk,
            tray: Arc::new(FakeTray(caught)),
            tokens,
            zone: Zone::parse("Asia/Bangkok").unwrap(),
            web: self.setup().web,
        })
    }

    pub fn told(&self) -> Vec<(CustomerNo, Said)> {
        self.desk.told.lock().unwrap().clone()
    }

    pub fn reported(&self) -> Vec<Report> {
        self.desk.reported.lock().unwrap().clone()
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// One request. `how` has method and address, then headers as `name: value`, then after an empty line the body.
pub async fn ask(router: &Router, how: &str) -> Answer {
    let (head, body) = how.split_once("\n\n").unwrap_or((how, ""));
    let mut lines = head.lines();
    let (method, uri) = lines.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(uri);
    if !body.is_empty() && !head.to_lowercase().contains("content-type:") {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let answer: Response<Body> = router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, 16 << 20).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
}

/// Runs a test on a small runtime.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// A page is whole, says its language, and carries no script or style itself; nothing of [`NASTY`] is alive in it.
pub fn well_made(body: &str) {
    assert!(body.starts_with("<!doctype html>"), "{body}");
    assert!(body.contains("<html lang=\"") && body.contains("name=\"viewport\""), "{body}");
    for bad in [" style=", "<style", "javascript:", "<script>", " onerror=alert(1)>", "<img src=x"] {
        assert!(!body.contains(bad), "{bad} in {body}");
    }
}

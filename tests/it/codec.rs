//! What log and archive hold of the engine's words: everything comes back, garbage is refused, and a change of a byte is noticed.

use super::record::values;
use onward::calendar::Instant;
use onward::engine::row::delta::{apply, delta};
use onward::engine::{
    Answer, CodeDraw, Decision, Deferral, Delivery, Effect, Ending, HookCall, Input, InputKind, NoAnswer, NotEntered, Outcome, Past,
    PlanId, Record, RecordKind, SendKey, Skip, Told,
};
use onward::record::{Decode, DecodeError, Encode, Fault, Writer, from_bytes, to_bytes};
use onward::schema::{
    AudienceId, CatalogId, ChannelId, EventId, FieldId, HookId, JourneyId, ListId, MessageId, MessageVerb, PoolId, SegmentId, SendId,
    StepIx, TopicId,
};
use onward::value::{Text, Value};
use proptest::prelude::*;
use std::fmt::{Debug, Write as _};

const AT: Instant = Instant(1_772_330_400_000);

fn key(number: u16) -> SendKey {
    SendKey { run: u32::from(number), send: SendId(2), visit: 3, channel: ChannelId(number) }
}

fn told(value: Value) -> Told {
    Told {
        to: Text::new("nok"),
        from: Text::new("lek"),
        run: 7,
        plan: PlanId(1 << 100 | 5),
        journey: JourneyId(1),
        step: StepIx(4),
        args: vec![value],
        held_out: true,
    }
}

fn inputs(value: Value, number: u16) -> Vec<InputKind> {
    let mut kinds = vec![
        InputKind::Event { event: EventId(number), at: AT, fields: vec![value.clone(), Value::Missing].into() },
        InputKind::Attributes { at: AT, changes: vec![(FieldId(number), value.clone())] },
        InputKind::Consent { at: AT, topic: TopicId(number), subscribed: true },
        InputKind::Suppress { channel: ChannelId(number), suppressed: false },
        InputKind::List { list: ListId(number), on: true },
        InputKind::Told(Box::new(told(value.clone()))),
        InputKind::Requested { journey: JourneyId(number), at: AT, args: vec![value.clone()] },
        InputKind::Touch,
    ];
    for result in [Outcome::Accepted, Outcome::Refused, Outcome::NotSent, Outcome::Unknown] {
        kinds.push(InputKind::Outcome { send: key(number), result });
    }
    let pasts = [
        Past::Event { event: EventId(number), at: AT, fields: vec![value.clone()].into() },
        Past::Attributes { at: AT, changes: vec![(FieldId(number), value.clone())] },
        Past::Consent { at: AT, topic: TopicId(number), subscribed: true },
    ];
    kinds.extend(pasts.map(InputKind::Past));
    kinds.push(InputKind::ItemChanged { catalog: CatalogId(number), key: Text::new("ก-1"), at: AT });
    let answers = [Answer::Fields(vec![value].into()), Answer::Code(Text::new("รหัส-1")), Answer::NoneLeft, Answer::Failed, Answer::Unfit];
    kinds.extend(answers.map(|answer| InputKind::Answer { call: u32::from(number), answer }));
    kinds.push(InputKind::Erase);
    kinds.push(InputKind::Ready { send: key(number), attempt: 2, doubtful: false });
    kinds.push(InputKind::Report { send: key(number), verb: MessageVerb::Clicked, at: AT, by_machine: true, hard: false });
    kinds
}

fn effects(value: Value, number: u16) -> Vec<Effect> {
    let delivery = Delivery {
        key: key(number),
        journey: JourneyId(1),
        message: MessageId(number),
        channel: ChannelId(2),
        address: Text::new("nok@example.com"),
        language: Text::new("th"),
        parts: vec![(Text::new("subject"), "สวัสดี".to_owned())],
    };
    let call = HookCall { call: 9, journey: JourneyId(1), hook: HookId(number), args: vec![value.clone()], deadline: AT };
    vec![
        Effect::Deliver(delivery),
        Effect::Cancel(key(number)),
        Effect::CallHook(call),
        Effect::DrawCode(CodeDraw { call: 9, journey: JourneyId(1), pool: PoolId(number), deadline: AT }),
        Effect::Tell(Box::new(told(value))),
        Effect::Audience { audience: AudienceId(number), add: true },
        Effect::HandOver(key(number)),
        Effect::Withdraw(key(number)),
    ]
}

fn message(number: u16, decision: Decision) -> RecordKind {
    RecordKind::Message { key: key(number), message: MessageId(number), decision }
}

fn kinds(number: u16) -> Vec<RecordKind> {
    let (experiment, arm, weights, until, at) = (number, 1, 2, AT, AT);
    vec![
        RecordKind::Entered { entry: number, held_out: true },
        RecordKind::NotEntered(NotEntered::NoKey),
        RecordKind::Ended(Ending::Completed),
        RecordKind::GoalReached { goal: number, at, held_out: false },
        RecordKind::Reached,
        RecordKind::Restarted,
        RecordKind::EntryUpdated,
        RecordKind::Waiting { until },
        RecordKind::Took { arm: Some(number) },
        RecordKind::Drew { path: number },
        RecordKind::Called(HookId(number)),
        RecordKind::Answered(HookId(number)),
        RecordKind::NotAnswered(HookId(number), NoAnswer::TimedOut),
        RecordKind::AskedForCode(PoolId(number)),
        RecordKind::GotCode(PoolId(number), Text::new("รหัส-1")),
        RecordKind::GotNoCode(PoolId(number), NoAnswer::NoneLeft),
        RecordKind::Exposed { experiment, arm, weights, until },
        RecordKind::Measured { experiment, arm, weights, until, at },
        message(number, Decision::Planned),
        RecordKind::Reported { key: key(number), message: MessageId(number), verb: MessageVerb::Complained, by_machine: true },
        RecordKind::Joined(SegmentId(number)),
        RecordKind::Left(SegmentId(number)),
        RecordKind::Changed(FieldId(number)),
        RecordKind::Subscribed(TopicId(number)),
        RecordKind::Unsubscribed(TopicId(number)),
        RecordKind::Audience { audience: AudienceId(number), add: false, held_out: true },
        RecordKind::Told(MessageId(number)),
        RecordKind::TakenFrom { run: u32::from(number) },
        RecordKind::Collected,
        RecordKind::Suppressed(ChannelId(number)),
        RecordKind::Emitted(EventId(number)),
        RecordKind::Started(JourneyId(number)),
        RecordKind::Duplicate,
        RecordKind::Conflict,
        RecordKind::Late,
        RecordKind::ChainCut,
        RecordKind::LimitMet("messages of others"),
        RecordKind::Merged { uid: Text::new("lek"), runs: 300, calls: 2 },
        RecordKind::AtTheDoor { until: Instant(1_772_330_400_000) },
        RecordKind::LetIn,
        RecordKind::Moved,
    ]
}

fn decisions(number: u16) -> Vec<RecordKind> {
    let skips = [
        Skip::NoConsent,
        Skip::Suppressed,
        Skip::NoContact,
        Skip::InvalidContact,
        Skip::Capped(number),
        Skip::QuietHours,
        Skip::NotForHer,
        Skip::Refused(number),
        Skip::ContentLimit,
        Skip::ItemGone,
        Skip::Paused,
        Skip::Expired,
        Skip::RunEnded,
    ];
    let reasons = [Deferral::QuietHours, Deferral::Capped(number), Deferral::Rate, Deferral::Paused];
    let mut all: Vec<Decision> = vec![Decision::Planned, Decision::Sent];
    all.extend(skips.map(Decision::Skipped));
    all.extend(reasons.map(|because| Decision::Deferred { until: AT, because }));
    all.extend([Decision::Failed, Decision::Unknown, Decision::HeldOut, Decision::Cancelled]);
    let endings = [
        Ending::ExitStep,
        Ending::Goal(number),
        Ending::ExitOn(number),
        Ending::ExitWhen(number),
        Ending::OnlyWhile(number),
        Ending::Restarted,
        Ending::Over,
        Ending::OrExit,
        Ending::Capped,
        Ending::Erased,
        Ending::Merged,
        Ending::Limit,
        Ending::Removed,
    ];
    let refusals = [
        NotEntered::Condition,
        NotEntered::AlreadyRunning,
        NotEntered::EnteredBefore,
        NotEntered::TooSoon,
        NotEntered::TooLate,
        NotEntered::AlreadyOver,
        NotEntered::NotForHer,
        NotEntered::OutsidePeriod,
        NotEntered::Capped,
        NotEntered::Past,
        NotEntered::TooManyRuns,
        NotEntered::Paused,
    ];
    let mut kinds: Vec<RecordKind> = all.into_iter().map(|decision| message(number, decision)).collect();
    kinds.extend(endings.map(RecordKind::Ended));
    kinds.extend(refusals.map(RecordKind::NotEntered));
    kinds.extend([NoAnswer::Failed, NoAnswer::Unfit].map(|why| RecordKind::NotAnswered(HookId(number), why)));
    kinds.push(RecordKind::Took { arm: None });
    kinds
}

fn input(kind: InputKind, id: u128) -> Input {
    Input { now: AT, id, kind }
}

fn record(kind: RecordKind) -> Record {
    Record { at: AT, journey: Some(JourneyId(1)), run: 7, step: Some(StepIx(4)), kind }
}

#[track_caller]
fn back<T: Encode + Decode + PartialEq + Debug>(thing: &T) {
    let bytes = to_bytes(thing);
    assert_eq!(from_bytes::<T>(&bytes).as_ref(), Ok(thing));
    for cut in 0..bytes.len() {
        assert!(from_bytes::<T>(&bytes[..cut]).is_err(), "{thing:?} cut at {cut}");
    }
}

proptest! {
    #[test]
    fn inputs_records_and_effects_come_back(value in values(), number: u16, id: u128) {
        inputs(value.clone(), number).into_iter().for_each(|kind| back(&input(kind, id)));
        effects(value, number).iter().for_each(back);
        for kind in kinds(number).into_iter().chain(decisions(number)) {
            back(&record(kind));
        }
    }

    #[test]
    fn garbage_is_refused_with_a_place(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0_u8..40], 0..64)) {
        fn tried<T: Encode + Decode + PartialEq + Debug>(bytes: &[u8]) -> Result<(), TestCaseError> {
            match from_bytes::<T>(bytes) {
                // What could be read can be written and read again.
                Ok(thing) => prop_assert_eq!(from_bytes::<T>(&to_bytes(&thing)), Ok(thing)),
                Err(DecodeError { at, .. }) => prop_assert!(at <= bytes.len()),
            }
            Ok(())
        }
        let opened: Vec<u8> = [1].into_iter().chain(bytes.iter().copied()).collect();
        for bytes in [&bytes, &opened] {
            tried::<Input>(bytes)?;
            tried::<Record>(bytes)?;
            tried::<Effect>(bytes)?;
            tried::<Delivery>(bytes)?;
            tried::<HookCall>(bytes)?;
            tried::<CodeDraw>(bytes)?;
            tried::<Told>(bytes)?;
            tried::<Answer>(bytes)?;
            tried::<Outcome>(bytes)?;
        }
    }

    /// Rows that are no rows included.
    #[test]
    fn a_difference_leads_from_one_state_to_the_other(old in states(), new in states(), junk: Vec<u8>) {
        for (old, new) in [(&old, &new), (&new, &old), (&old, &junk), (&junk, &new), (&old, &Vec::new()), (&Vec::new(), &new)] {
            let mut out = Writer::default();
            delta(old, new, &mut out);
            let found = apply(old, out.as_bytes());
            prop_assert_eq!(found.as_ref(), Ok(new));
        }
    }

    #[test]
    fn a_damaged_difference_is_refused_or_gives_other_bytes(old in states(), new in states(), place: usize, byte: u8) {
        let mut out = Writer::default();
        delta(&old, &new, &mut out);
        let mut damaged = out.into_bytes();
        let at = place % damaged.len();
        damaged[at] = byte;
        if let Ok(other) = apply(&old, &damaged) {
            prop_assert!(other.len() <= old.len() + damaged.len() + 16);
        }
    }
}

/// Sections as rows have them: equal ones, ones that grew, ones that are new or gone.
fn states() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec((1_u8..8, 1_u8..3, 0_usize..4, prop::collection::vec(any::<u8>(), 0..12), 0_usize..120), 0..8).prop_map(|parts| {
        let mut out = Writer::default();
        for (id, version, kind, more, length) in parts {
            let body: Vec<u8> = (0..length).map(|at| (at * (kind + 1)) as u8).collect();
            out.section(id, version, |out| {
                out.varint(more.len() as u64);
                out.raw(&body);
                out.raw(&more);
            });
        }
        out.into_bytes()
    })
}

#[test]
fn a_difference_says_only_what_changed() {
    let state = |count: u64, due: u64| {
        let mut out = Writer::default();
        out.section(1, 1, |out| out.varint(due));
        out.section(2, 1, |out| out.raw(&[7; 500]));
        out.section(8, 1, |out| {
            out.varint(count);
            (0..count).for_each(|id| out.fixed(id.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        });
        out.into_bytes()
    };
    let mut out = Writer::default();
    let (old, new) = (state(300, 1_772_330_400_000), state(301, 1_772_330_460_000));
    delta(&old, &new, &mut out);
    assert_eq!(apply(&old, out.as_bytes()), Ok(new));
    assert!(out.len() < 32, "{} bytes for one more entry of 300", out.len());
    assert_eq!(apply(&old, &[9]), Err(DecodeError { at: 1, fault: Fault::Kind(9) }));
    assert!(apply(&old, &[]).is_err() && apply(&old, &[1, 200, 200]).is_err() && apply(b"no row", &[1, 4]).is_err());
    assert_eq!(apply(b"no row", b"\0whatever"), Ok(b"whatever".to_vec()));
}

#[test]
fn a_newer_version_is_refused_by_name() {
    fn newer<T: Encode + Decode + Debug>(thing: &T, section: u8) {
        let mut bytes = to_bytes(thing);
        bytes[0] = 2;
        let fault = from_bytes::<T>(&bytes).unwrap_err().fault;
        assert_eq!(fault, Fault::Newer { section, version: 2, known: 1 });
        bytes[0] = 0;
        assert_eq!(from_bytes::<T>(&bytes).unwrap_err().fault, Fault::Kind(0));
    }
    newer(&input(InputKind::Touch, 0), 64);
    newer(&record(RecordKind::Late), 65);
    newer(&told(Value::Missing), 69);
}

/// Nobody forgets the example of a new kind: the byte behind the last one means nothing.
#[test]
fn there_is_an_example_of_every_kind() {
    let last = kinds(1).len() as u8;
    assert_eq!(from_bytes::<Record>(&[1, 0, 0, 0, 0, last]).map_err(|error| error.fault), Err(Fault::Kind(last)));
    for (at, kind) in kinds(1).into_iter().enumerate() {
        let bytes = to_bytes(&Record { at: Instant(0), journey: None, run: 0, step: None, kind });
        assert_eq!(usize::from(bytes[5]), at);
    }
    let last =
        inputs(Value::Missing, 1).iter().map(|kind| to_bytes(&Input { now: Instant(0), id: 0, kind: kind.clone() })[3]).max().unwrap();
    assert_eq!(from_bytes::<Input>(&[1, 0, 0, last + 1]).map_err(|error| error.fault), Err(Fault::Kind(last + 1)));
    let last = effects(Value::Missing, 1).len() as u8;
    assert_eq!(from_bytes::<Effect>(&[last]).map_err(|error| error.fault), Err(Fault::Kind(last)));
}

/// Every limit that the engine names has a number.
#[test]
fn every_limit_that_is_met_comes_back_by_its_name() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine");
    let mut files = vec![folder];
    let mut names = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for name in text.split("LimitMet(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
            names += 1;
            back(&record(RecordKind::LimitMet(name)));
        }
    }
    assert!(names >= 7, "{names}");
}

/// These bytes are in logs and archives: a line here may come, and none may change.
#[test]
fn the_bytes_stay_what_they_are() {
    let mut text = String::new();
    let mut line = |name: String, bytes: Vec<u8>| {
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let _ = writeln!(text, "{hex}\n    {name}");
    };
    for kind in inputs(Value::text("ก"), 300) {
        line(format!("{kind:?}"), to_bytes(&input(kind.clone(), 0)));
    }
    line("with an id".to_owned(), to_bytes(&input(InputKind::Touch, 1 << 70 | 9)));
    for effect in effects(Value::Number(500.into()), 300) {
        line(format!("{effect:?}"), to_bytes(&effect));
    }
    for kind in kinds(300).into_iter().chain(decisions(300)) {
        line(format!("{kind:?}"), to_bytes(&record(kind.clone())));
    }
    insta::assert_snapshot!(text);
}

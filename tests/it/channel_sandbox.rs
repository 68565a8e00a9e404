//! The sandbox: what is caught is shown, the newest first, also after a restart, and never too much of it.

use super::channel_given::{Counting, block_on, clock, folder, mail};
use onward::channel::sandbox::{KEPT_MAX, LOOK_MAX, Look, Sandbox, Tray};
use onward::channel::{Adapter, Verdict};
use std::io::Write;

fn all() -> Look {
    Look { count: 100, ..Look::default() }
}

#[test]
fn what_is_caught_is_accepted_and_shown_the_newest_first_also_after_a_restart() {
    let folder = folder("sandbox");
    let sandbox = Sandbox::open(&folder, clock()).unwrap();
    let gate = Counting { closed: true, ..Counting::default() };
    let mut sms = mail("b");
    sms.channel = "sms".to_owned();
    sms.address = "+66812345678".to_owned();
    sms.parts = vec![("text".to_owned(), "ส่งฟรี".to_owned())];
    for envelope in [&mail("a"), &sms, &mail("c"), &mail("a")] {
        let verdict = block_on(sandbox.hand_over(envelope, &gate));
        assert_eq!(verdict, Verdict::Accepted { provider_id: None });
    }
    assert_eq!(gate.times(), 0, "it has a key, so the gate is not asked");
    let titles = |sandbox: &Sandbox, look: &Look| -> Vec<String> {
        sandbox.list(look).into_iter().map(|note| format!("{} {} {}", note.id, note.channel, note.title)).collect()
    };
    let expected = ["c email ของในตะกร้ายังรอคุณนกอยู่นะคะ 🛒", "b sms ส่งฟรี", "a email ของในตะกร้ายังรอคุณนกอยู่นะคะ 🛒"];
    assert_eq!(titles(&sandbox, &all()), expected);
    drop(sandbox);
    let sandbox = Sandbox::open(&folder, clock()).unwrap();
    assert_eq!(titles(&sandbox, &all()), expected);
    assert_eq!(titles(&sandbox, &Look { channel: Some("sms".to_owned()), ..all() }), expected[1..2]);
    assert_eq!(titles(&sandbox, &Look { address: Some("NOK@example.org".to_owned()), ..all() }).len(), 2);
    assert_eq!(titles(&sandbox, &Look { count: 1, ..all() }), expected[..1]);
    assert_eq!(titles(&sandbox, &Look { before: Some(3), ..all() }), expected[1..]);
    assert_eq!(sandbox.get("b").unwrap().unwrap().envelope, sms);
    assert_eq!(sandbox.get("nobody").unwrap(), None);
    sandbox.catch(&mail("d"), Some("smtp")).unwrap();
    let newest = sandbox.list(&all()).remove(0);
    assert_eq!((newest.number, newest.instead_of.as_deref()), (4, Some("smtp")));
}

#[test]
fn a_torn_or_broken_line_costs_itself_and_nothing_else() {
    let folder = folder("sandbox-torn");
    let sandbox = Sandbox::open(&folder, clock()).unwrap();
    sandbox.catch(&mail("a"), None).unwrap();
    sandbox.catch(&mail("b"), None).unwrap();
    drop(sandbox);
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::read(&file).unwrap();
    for cut in [whole.len() - 1, whole.len() - 2, whole.len() - 300] {
        std::fs::write(&file, &whole[..cut]).unwrap();
        let sandbox = Sandbox::open(&folder, clock()).unwrap();
        let kept = if cut == whole.len() - 1 { 2 } else { 1 };
        assert_eq!(sandbox.kept(), kept, "cut at {cut} of {}", whole.len());
        assert_eq!(sandbox.get("a").unwrap().unwrap().envelope, mail("a"));
    }
    let mut broken = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
    broken.write_all(b"\n\xff\xfe nonsense\n{\"number\":7}\n").unwrap();
    let sandbox = Sandbox::open(&folder, clock()).unwrap();
    sandbox.catch(&mail("e"), None).unwrap();
    drop(sandbox);
    let ids: Vec<String> = Sandbox::open(&folder, clock()).unwrap().list(&all()).into_iter().map(|note| note.id).collect();
    assert_eq!(ids, ["e", "a"]);
}

#[test]
fn the_newest_are_kept_and_the_folder_does_not_grow_without_end() {
    let folder = folder("sandbox-many");
    let sandbox = Sandbox::open(&folder, clock()).unwrap();
    let mut small = mail("0");
    small.parts.truncate(1);
    for number in 0..KEPT_MAX + 2_500 {
        small.id = format!("m-{number}");
        sandbox.catch(&small, None).unwrap();
    }
    let check = |sandbox: &Sandbox| {
        assert_eq!(sandbox.kept(), KEPT_MAX);
        assert_eq!(sandbox.list(&Look { count: usize::MAX, ..Look::default() }).len(), LOOK_MAX);
        assert_eq!(sandbox.get("m-2499").unwrap(), None);
        assert_eq!(sandbox.get("m-2500").unwrap().unwrap().envelope.id, "m-2500");
        assert_eq!(sandbox.list(&all())[0].id, format!("m-{}", KEPT_MAX + 2_499));
    };
    check(&sandbox);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 11, "files of a thousand; the oldest are gone");
    drop(sandbox);
    check(&Sandbox::open(&folder, clock()).unwrap());
}

#[test]
fn a_sandbox_that_cannot_write_says_that_nothing_was_sent() {
    let folder = folder("sandbox-full");
    let sandbox = Sandbox::open(&folder, clock()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let verdict = block_on(sandbox.hand_over(&mail("a"), &Counting::default()));
    assert!(matches!(&verdict, Verdict::NotSent { reason, .. } if reason.contains("sandbox")), "{verdict:?}");
    assert_eq!(sandbox.kept(), 0);
}

//! What the tests of channels share: envelopes, gates, folders.

use onward::calendar::Instant;
use onward::channel::clock::Clock;
use onward::channel::{Closed, Envelope, Gate, Links, Task};
use onward::schema::ChannelKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// 2026-11-24 22:00:00 UTC.
pub const NOW: Instant = Instant(1_795_557_600_000);

pub fn clock() -> Clock {
    Clock::by(|| NOW)
}

/// A promotion by mail, in Thai, with everything that one has.
pub fn mail(id: &str) -> Envelope {
    Envelope {
        id: id.to_owned(),
        channel: "email".to_owned(),
        kind: ChannelKind::Email,
        address: "nok@example.org".to_owned(),
        language: "th".to_owned(),
        parts: vec![
            ("subject".to_owned(), "ของในตะกร้ายังรอคุณนกอยู่นะคะ 🛒".to_owned()),
            ("preheader".to_owned(), "ส่งฟรีถึงวันศุกร์".to_owned()),
            (
                "html".to_owned(),
                "<html><body><p>สวัสดีค่ะคุณนก</p><p><a href=\"https://shop.example/cart\">ดูตะกร้า</a></p><p><a \
                 href=\"https://o.example/u/abc\">เลิกรับข่าวสาร</a></p></body></html>"
                    .to_owned(),
            ),
        ],
        topic: "offers".to_owned(),
        message: "cart_reminder".to_owned(),
        journey: "cart".to_owned(),
        transactional: false,
        links: Links { unsubscribe: Some("https://o.example/u/abc".to_owned()), ..Links::default() },
        attempt: 1,
    }
}

/// A gate that counts who asks, and is open or closed.
#[derive(Debug, Default)]
pub struct Counting {
    pub asked: AtomicU32,
    pub closed: bool,
}

impl Counting {
    pub fn times(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Gate for Counting {
    fn open(&self) -> Task<'_, Result<(), Closed>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = if self.closed { Err(Closed) } else { Ok(()) };
        Box::pin(async move { answer })
    }
}

/// A folder of this test alone, empty.
pub fn folder(name: &str) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::SeqCst);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("channel-{name}-{}-{number}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

pub fn block_on<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(task)
}

/// A Python with the packages that mails are tried with, or `None` and a line that says what is missing.
pub fn python(what: &str) -> Option<PathBuf> {
    static READY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let ready = READY.get_or_init(|| {
        let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/mail-venv");
        let python = place.join("bin/python");
        let works = || Command::new(&python).args(["-c", "import aiosmtpd, dkim, nacl"]).output().is_ok_and(|out| out.status.success());
        if works() {
            return Some(python);
        }
        let run = |program: &Path, arguments: &[&str]| Command::new(program).args(arguments).output().is_ok_and(|out| out.status.success());
        run(Path::new("python3"), &["-m", "venv", &place.display().to_string()]);
        run(
            &python,
            &["-m", "pip", "install", "-q", "--retries", "0", "--timeout", "10", "aiosmtpd==1.4.6", "dkimpy==1.1.8", "pynacl==1.6.1"],
        );
        if works() { Some(python) } else { None }
    });
    if ready.is_none() {
        eprintln!("SKIPPED: {what}; it needs python3 with venv, and aiosmtpd 1.4.6, dkimpy 1.1.8 and pynacl from PyPI in target/mail-venv");
    }
    ready.clone()
}

//! Tokens: opened only as they were made, readable by nobody, and alive for longer than anybody keeps a mail.

use onward::calendar::{DAY_MS, Instant};
use onward::daemon::CustomerNo;
use onward::daemon::tokens::{KEEP_MS, KEYS_MAX, ROTATE_MS, Sealed, TEXT_MAX, TOKEN_MAX, Tokens};
use std::fs;
use std::path::PathBuf;

const NOW: Instant = Instant(1_790_000_000_000);

fn all() -> Vec<Sealed> {
    let (customer, message) = (CustomerNo(4_711), "0a1b-2c3d".to_owned());
    vec![
        Sealed::Leave { customer, message: message.clone(), topic: "โปรโมชั่น".into() },
        Sealed::Click { message: message.clone(), url: "https://shop.example/สินค้า?a=1&b=2#x".into() },
        Sealed::Open { message: message.clone() },
        Sealed::View { message: message.clone() },
        Sealed::Survey { customer, message: message.clone(), survey: "nps".into() },
        Sealed::Confirm { customer: CustomerNo(u64::MAX), topic: "letters".into() },
        Sealed::Shown { message },
    ]
}

/// A folder of its own, gone afterwards.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("onward-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_kind_comes_back_and_the_same_content_gives_the_same_token() {
    let tokens = Tokens::passing(NOW).unwrap();
    for content in all() {
        let token = tokens.seal(&content).unwrap();
        assert_eq!(tokens.unseal(&token), Some(content.clone()));
        assert_eq!(tokens.seal(&content).unwrap(), token);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{token}");
        // Nothing of the content is in there, in no alignment that base64 could give it.
        for plain in ["0a1b-2c3d", "shop.example", "letters"] {
            let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &token).unwrap();
            assert!(!bytes.windows(plain.len()).any(|window| window == plain.as_bytes()));
        }
    }
}

#[test]
fn no_changed_token_is_opened() {
    let tokens = Tokens::passing(NOW).unwrap();
    let made: Vec<String> = all().iter().map(|content| tokens.seal(content).unwrap()).collect();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. %";
    // A small generator, so that a failure can be found again.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let (mut tried, mut opened) = (0, Vec::new());
    while tried < 100_000 {
        let mut token = made[next(made.len())].clone().into_bytes();
        for _ in 0..=next(3) {
            let at = next(token.len());
            match next(5) {
                0 | 1 => token[at] = alphabet[next(alphabet.len())],
                2 => token.insert(at, alphabet[next(alphabet.len())]),
                3 => token.truncate(at.max(1)),
                _ => {
                    // The head of one with the tail of another.
                    let other = made[next(made.len())].as_bytes();
                    let cut = at.min(other.len());
                    token.splice(cut.min(token.len()).., other[cut..].iter().copied());
                }
            }
        }
        let token = String::from_utf8(token).unwrap();
        if made.contains(&token) {
            continue;
        }
        tried += 1;
        if tokens.unseal(&token).is_some() {
            opened.push(token);
        }
    }
    assert!(opened.is_empty(), "{opened:?}");
}

#[test]
fn every_single_bit_counts() {
    let tokens = Tokens::passing(NOW).unwrap();
    let engine = &base64::engine::general_purpose::URL_SAFE_NO_PAD;
    for content in all() {
        let token = tokens.seal(&content).unwrap();
        let bytes = base64::Engine::decode(engine, &token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(tokens.unseal(&base64::Engine::encode(engine, &changed)), None, "bit {bit} of {content:?}");
        }
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let (tokens, others) = (Tokens::passing(NOW).unwrap(), Tokens::passing(NOW).unwrap());
    let token = tokens.seal(&all()[0]).unwrap();
    assert_eq!(others.unseal(&token), None, "the keys of another store");
    for bad in ["", "a", "โทเค็น", &format!("{token}="), &format!(" {token}"), &"A".repeat(TOKEN_MAX), &"A".repeat(TOKEN_MAX + 1)]
    {
        assert_eq!(tokens.unseal(bad), None, "{bad}");
    }
}

#[test]
fn a_text_has_a_limit() {
    let tokens = Tokens::passing(NOW).unwrap();
    let click = |bytes: usize| Sealed::Click { message: "m".into(), url: "x".repeat(bytes) };
    let longest = tokens.seal(&click(TEXT_MAX)).unwrap();
    assert!(longest.len() <= TOKEN_MAX);
    assert_eq!(tokens.unseal(&longest), Some(click(TEXT_MAX)));
    assert_eq!(tokens.seal(&click(TEXT_MAX + 1)), None);
}

#[test]
fn keys_outlive_a_restart_and_are_replaced_and_dropped_in_time() {
    let folder = Folder::new("token-keys");
    let content = &all()[0];
    let first = Tokens::open(&folder.0, NOW).unwrap().seal(content).unwrap();
    assert_eq!(Tokens::open(&folder.0, NOW.plus_ms(ROTATE_MS - 1)).unwrap().seal(content).unwrap(), first);

    let replaced = NOW.plus_ms(ROTATE_MS);
    let tokens = Tokens::open(&folder.0, replaced).unwrap();
    assert_ne!(tokens.seal(content).unwrap(), first, "the newest key seals");
    assert_eq!(tokens.unseal(&first).as_ref(), Some(content));

    const { assert!(KEEP_MS >= 365 * DAY_MS) };
    let last = replaced.plus_ms(KEEP_MS - 1);
    assert_eq!(Tokens::open(&folder.0, last).unwrap().unseal(&first).as_ref(), Some(content));
    assert_eq!(Tokens::open(&folder.0, last.plus_ms(1)).unwrap().unseal(&first), None);
    // A clock that went back makes no key and drops none.
    assert!(!Tokens::open(&folder.0, last).unwrap().keep_fresh(NOW).unwrap());
}

#[test]
fn there_are_never_more_keys_than_the_limit() {
    let folder = Folder::new("token-many");
    let mut now = NOW;
    for _ in 0..KEYS_MAX + 5 {
        Tokens::open(&folder.0, now).unwrap();
        now = now.plus_ms(ROTATE_MS);
    }
    let lines = fs::read_to_string(folder.0.join("token-keys")).unwrap().lines().count();
    assert!((2..=KEYS_MAX + 1).contains(&lines), "{lines}");
}

#[test]
fn a_file_of_keys_that_is_not_right_is_refused_and_left_alone() {
    let folder = Folder::new("token-broken");
    let file = folder.0.join("token-keys");
    Tokens::open(&folder.0, NOW).unwrap();
    let good = fs::read_to_string(&file).unwrap();
    let line = good.lines().nth(1).unwrap();
    let cases = [
        String::new(),
        "onward token keys 1\n".into(),
        good.replace("keys 1", "keys 2"),
        good[..good.len() - 1].to_owned(),
        good[..good.len() - 9].to_owned(),
        format!("{good}{line}\n"),
        good.replace(' ', "  "),
    ];
    for bad in cases {
        fs::write(&file, &bad).unwrap();
        let error = Tokens::open(&folder.0, NOW).unwrap_err().to_string();
        assert!(error.contains("token-keys") && error.contains("backup"), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), bad);
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_keys() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("token-mode");
    let file = folder.0.join("token-keys");
    Tokens::open(&folder.0, NOW).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(Tokens::open(&folder.0, NOW).unwrap_err().to_string().contains("chmod 600"));
}

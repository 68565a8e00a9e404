//! What an SMTP server answers: read within limits, and what it means for a message.
//!
//! In: lines. Out: a [`Reply`], or what is wrong with them. **Invariant:** a reply counts only when its last line has come whole, with its line
//! ending. Knows no connection.

/// Longest line of a reply, bytes (RFC 5321 says 512; servers that write poems there exist).
pub const LINE_BYTES_MAX: usize = 2_048;
/// Lines of one reply; EHLO is the longest.
pub const LINES_MAX: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    /// `5.1.1` (RFC 3463), where the server says it.
    pub enhanced: Option<(u8, u16, u16)>,
    /// Without codes.
    pub lines: Vec<String>,
}

/// Not SMTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonsense;

impl Reply {
    /// From the lines as they came, without line endings: all with the same code, the last one without a hyphen.
    pub fn read(lines: &[Vec<u8>]) -> Result<Reply, Nonsense> {
        let mut reply = Reply { code: 0, enhanced: None, lines: Vec::new() };
        for (at, line) in lines.iter().enumerate() {
            let (code, text) = split(line).ok_or(Nonsense)?;
            if at > 0 && code != reply.code {
                return Err(Nonsense);
            }
            reply.code = code;
            let text = String::from_utf8_lossy(text).trim().to_owned();
            let (enhanced, text) = enhanced(code, &text);
            reply.enhanced = reply.enhanced.or(enhanced);
            reply.lines.push(text.to_owned());
        }
        if lines.is_empty() { Err(Nonsense) } else { Ok(reply) }
    }

    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.code)
    }

    pub fn is_permanent(&self) -> bool {
        (500..600).contains(&self.code)
    }

    pub fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// The address does not exist, or never gets mail again: nothing is to be sent to it any more. Policy, size and a full mailbox are
    /// other reasons, which a later mail may not meet.
    pub fn is_no_mailbox(&self) -> bool {
        if !self.is_permanent() {
            return false;
        }
        match self.enhanced {
            Some((class, subject, detail)) => is_no_mailbox(class, subject, detail),
            // Servers without enhanced codes say it in words.
            None => {
                let text = self.lines.join(" ").to_lowercase();
                matches!(self.code, 550 | 551 | 553) && NO_MAILBOX.iter().any(|words| text.contains(words))
            }
        }
    }

    /// For logs, without personal data: the codes only, for servers like to repeat the address in their text.
    pub fn codes(&self) -> String {
        match self.enhanced {
            Some((class, subject, detail)) => format!("{} {class}.{subject}.{detail}", self.code),
            None => self.code.to_string(),
        }
    }

    /// The server's name for the message: `Ok: queued as 4F2A1`, `Ok: queued 4F2A1`, `OK id=1rX…`.
    pub fn queue_id(&self) -> Option<String> {
        let text = self.lines.first()?;
        let after = ["queued as ", "queued ", "id="].iter().find_map(|word| text.find(word).map(|at| &text[at + word.len()..]))?;
        let id: String = after.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(64).collect();
        Some(id.trim_end_matches('.').to_owned()).filter(|id| !id.is_empty())
    }
}

const NO_MAILBOX: [&str; 12] = [
    "user unknown",
    "unknown user",
    "no such user",
    "no such mailbox",
    "no such recipient",
    "unknown recipient",
    "recipient unknown",
    "mailbox not found",
    "mailbox unavailable: unknown",
    "does not exist",
    "invalid mailbox",
    "no mailbox",
];

/// Whether an enhanced code says that the address is not there and will not be: unknown mailbox (5.1.1), unknown domain (5.1.2), impossible
/// address (5.1.3), moved away (5.1.6), domain takes no mail (5.1.10), mailbox disabled (5.2.1).
pub fn is_no_mailbox(class: u8, subject: u16, detail: u16) -> bool {
    class == 5 && matches!((subject, detail), (1, 1 | 2 | 3 | 6 | 10) | (2, 1))
}

/// Whether a line is the last one of its reply; `None` where it is none at all.
pub fn is_last(line: &[u8]) -> Option<bool> {
    split(line)?;
    Some(line.get(3) != Some(&b'-'))
}

fn split(line: &[u8]) -> Option<(u16, &[u8])> {
    let digits = line.get(..3)?;
    if !digits.iter().all(u8::is_ascii_digit) || !(b'2'..=b'5').contains(&digits[0]) {
        return None;
    }
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    match line.get(3) {
        None => Some((code, &[])),
        Some(b' ' | b'-') => Some((code, &line[4..])),
        Some(_) => None,
    }
}

/// `5.1.1 No such user` under 550; a code of another class than the reply's is text.
fn enhanced(code: u16, text: &str) -> (Option<(u8, u16, u16)>, &str) {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    match parse_enhanced(first) {
        Some(found) if u16::from(found.0) == code / 100 => (Some(found), rest.trim_start()),
        _ => (None, text),
    }
}

/// `5.1.1`
pub fn parse_enhanced(text: &str) -> Option<(u8, u16, u16)> {
    let mut numbers = text.split('.');
    let class = numbers.next()?.parse().ok().filter(|class| matches!(class, 2 | 4 | 5))?;
    let mut next = || numbers.next().filter(|part| part.len() <= 3)?.parse().ok();
    let found = (class, next()?, next()?);
    if numbers.next().is_some() { None } else { Some(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Reply, Nonsense> {
        Reply::read(&lines.iter().map(|line| line.as_bytes().to_vec()).collect::<Vec<_>>())
    }

    #[test]
    fn replies_are_read_and_nonsense_is_none() {
        let reply = read(&["250-mail.example", "250-SIZE 1000", "250 ok"]).unwrap();
        assert_eq!((reply.code, reply.lines), (250, vec!["mail.example".to_owned(), "SIZE 1000".to_owned(), "ok".to_owned()]));
        assert_eq!(read(&["550 5.1.1 <a@b>: no"]).unwrap().codes(), "550 5.1.1");
        assert_eq!(read(&["550 4.1.1 odd"]).unwrap().enhanced, None);
        assert_eq!(read(&["250"]).unwrap().code, 250);
        for wrong in [&["25"][..], &["2500 x"], &["650 x"], &["HTTP/1.1 200"], &["250-a", "251 b"], &[]] {
            assert_eq!(read(wrong), Err(Nonsense), "{wrong:?}");
        }
        assert_eq!((is_last(b"250-x"), is_last(b"250 x"), is_last(b"250"), is_last(b"x")), (Some(false), Some(true), Some(true), None));
    }

    #[test]
    fn an_unknown_mailbox_is_told_from_other_refusals() {
        for yes in ["550 5.1.1 no", "550 5.2.1 disabled", "556 5.1.10 null MX", "550 No such user here", "553 sorry, User Unknown"] {
            assert!(read(&[yes]).unwrap().is_no_mailbox(), "{yes}");
        }
        for no in
            ["550 5.7.515 not authenticated, user unknown", "552 5.2.2 full", "450 4.1.1 no such user", "550 blocked", "250 5.1.1 odd"]
        {
            assert!(!read(&[no]).unwrap().is_no_mailbox(), "{no}");
        }
    }

    #[test]
    fn the_name_in_the_queue_is_kept() {
        let id = |line: &str| read(&[line]).unwrap().queue_id();
        assert_eq!(id("250 2.0.0 Ok: queued as 4F2A1").as_deref(), Some("4F2A1"));
        assert_eq!(id("250 OK id=1rXabc-00").as_deref(), Some("1rXabc-00"));
        assert_eq!(id("250 fine"), None);
    }
}

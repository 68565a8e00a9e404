//! A message as it goes over the wire: every line ends with CRLF, lines that begin with a dot get one more.
//!
//! In: the bytes of a mail. Out: the bytes before the final `.` CRLF. **Invariant:** a CR is never without its LF nor an LF without its CR, so no
//! receiver, however lax, sees an end of the message in it (`\n.\n`, `\r.\r\n`, …: SMTP smuggling).

/// Ends with CRLF, whatever came in.
pub fn stuff(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + mail.len() / 64 + 2);
    let mut at_start = true;
    let mut bytes = mail.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' | b'\n' => {
                if byte == b'\r' && bytes.peek() == Some(&b'\n') {
                    bytes.next();
                }
                out.extend_from_slice(b"\r\n");
                at_start = true;
            }
            byte => {
                if at_start && byte == b'.' {
                    out.push(b'.');
                }
                out.push(byte);
                at_start = false;
            }
        }
    }
    if !at_start || out.is_empty() {
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::stuff;
    use proptest::prelude::*;

    /// What a receiver makes of it (RFC 5321, 4.5.2).
    fn unstuff(wire: &[u8]) -> Vec<Vec<u8>> {
        let text: Vec<&[u8]> = split(wire);
        text.iter().map(|line| line.strip_prefix(b".").unwrap_or(line).to_vec()).collect()
    }

    fn split(wire: &[u8]) -> Vec<&[u8]> {
        let mut lines = Vec::new();
        let mut from = 0;
        for at in 0..wire.len().saturating_sub(1) {
            if &wire[at..at + 2] == b"\r\n" {
                lines.push(&wire[from..at]);
                from = at + 2;
            }
        }
        assert_eq!(from, wire.len(), "ends with a line ending");
        lines
    }

    #[test]
    fn every_known_way_to_smuggle_an_end_is_closed() {
        for end in ["\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\r\n.\n", "\n.\r\n", "\r\n.\r\n", "\n.\r"] {
            let wire = stuff(format!("a{end}MAIL FROM:<x@y>\r\n").as_bytes());
            assert_eq!(wire, b"a\r\n..\r\nMAIL FROM:<x@y>\r\n", "{end:?}");
        }
        assert_eq!(stuff(b""), b"\r\n");
        assert_eq!(stuff(b"."), b"..\r\n");
    }

    proptest! {
        #[test]
        fn no_line_is_a_lone_dot_and_nothing_is_lost(mail in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a')], 0..40)) {
            let wire = stuff(&mail);
            let lines = split(&wire);
            prop_assert!(lines.iter().all(|line| *line != b"." && !line.contains(&b'\r') && !line.contains(&b'\n')));
            let text = String::from_utf8(mail).unwrap().replace("\r\n", "\n").replace('\r', "\n");
            let expected: Vec<Vec<u8>> = text.strip_suffix('\n').unwrap_or(&text).split('\n').map(|line| line.as_bytes().to_vec()).collect();
            prop_assert_eq!(unstuff(&wire), expected);
        }
    }
}

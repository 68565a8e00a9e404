//! Replies that end it, and that begin it again.
//!
//! In: what a person wrote. Out: whether it says stop, or start, or neither. **Invariant:** who says stop in a usual way is understood, in
//! English and in Thai; a question that only holds such a word is none.

/// These may have a few words behind them: `stop pls`, `unsubscribe me`.
const STOP_FIRST: [&str; 6] = ["stop", "stopall", "unsubscribe", "optout", "opt-out", "opt out"];
/// These say stop only alone: `cancel my order` is about something else.
const STOP_ALONE: [&str; 5] = ["cancel", "end", "quit", "revoke", "remove me"];
const START_ALONE: [&str; 4] = ["start", "unstop", "เริ่ม", "รับข่าวสาร"];
/// `หยุด` is also a day off, so alone.
const THAI_ALONE: [&str; 3] = ["หยุด", "เลิก", "ยกเลิก"];
const THAI_FIRST: [&str; 10] =
    ["หยุดส่ง", "หยุดรับ", "เลิกส่ง", "เลิกรับ", "ยกเลิกรับ", "ยกเลิกการรับ", "ยกเลิกข่าวสาร", "ไม่รับข่าวสาร", "ไม่ต้องส่ง", "อย่าส่ง"];
/// Politeness at the end.
const THAI_POLITE: [&str; 8] = ["ครับ", "คับ", "ค่ะ", "คะ", "นะ", "จ้า", "ด้วย", "ที"];
/// Words of a reply that begins with `stop` and still means it.
const WORDS_MAX: usize = 4;
const THAI_CHARS_MAX: usize = 40;

/// `Some(true)`: stop. `Some(false)`: start again.
pub fn meaning(text: &str) -> Option<bool> {
    let text = text.trim_matches(|letter: char| !letter.is_alphanumeric() && !is_thai_mark(letter)).to_lowercase();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if START_ALONE.contains(&text.as_str()) {
        return Some(false);
    }
    let begins = |word: &str| text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_alphanumeric()));
    let english =
        STOP_ALONE.contains(&text.as_str()) || (STOP_FIRST.iter().any(|word| begins(word)) && text.split(' ').count() <= WORDS_MAX);
    (english || is_thai_stop(&text)).then_some(true)
}

fn is_thai_mark(letter: char) -> bool {
    ('\u{e31}'..='\u{e4e}').contains(&letter)
}

fn is_thai_stop(text: &str) -> bool {
    if text.chars().count() > THAI_CHARS_MAX {
        return false;
    }
    let mut bare = text.trim();
    while let Some(shorter) = THAI_POLITE.iter().find_map(|polite| bare.strip_suffix(polite)) {
        bare = shorter.trim_end();
    }
    THAI_ALONE.contains(&bare) || THAI_FIRST.iter().any(|first| bare.starts_with(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_stop_is_understood() {
        for stop in [
            "STOP",
            "stop",
            " Stop. ",
            "stop pls",
            "Stop!!!",
            "STOP please, thanks",
            "stopall",
            "Unsubscribe me",
            "opt out",
            "OPTOUT",
            "cancel",
            "End",
            "quit",
            "หยุด",
            "หยุดครับ",
            "หยุดนะคะ",
            "หยุดส่ง",
            "หยุดส่งข้อความด้วยค่ะ",
            "ยกเลิก",
            "ยกเลิกค่ะ",
            "เลิกรับข่าวสาร",
            "ไม่ต้องส่งแล้วนะ",
            "อย่าส่งมาอีก",
        ] {
            assert_eq!(meaning(stop), Some(true), "{stop}");
        }
        for other in [
            "",
            "hello",
            "stopwatch",
            "the bus stop",
            "stop by the shop for my order tomorrow",
            "cancel my order",
            "when does it end",
            "หยุดวันไหนบ้าง",
            "วันหยุด",
            "วันนี้หยุดไหมคะ",
            "ยกเลิกออเดอร์",
            "พอดีเลยค่ะ",
            "unsubscribed users are how many today",
        ] {
            assert_eq!(meaning(other), None, "{other}");
        }
        for start in ["START", "unstop", "เริ่ม"] {
            assert_eq!(meaning(start), Some(false), "{start}");
        }
    }
}

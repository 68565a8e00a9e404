//! Lines of a given width, broken between words in languages without blanks, too.
//!
//! In: a text and a width in cells of a terminal. Out: its lines. **Invariant:** no word is broken, and nothing in backticks unless it is
//! wider than a line; put together again with the blanks at their ends the lines are the text. A mark above or below a letter has no width.

use icu_segmenter::{LineSegmenter, options::LineBreakOptions};
use unicode_width::UnicodeWidthStr;

/// Narrower than this nothing is broken: the terminal would look no better.
const NARROWEST: usize = 20;

/// The text in lines of at most so many cells; a single word that is wider stands alone.
pub fn lines(text: &str, width: usize) -> Vec<String> {
    if width < NARROWEST {
        return text.lines().map(str::to_owned).collect();
    }
    text.lines().flat_map(|line| broken(line, width)).collect()
}

/// Where a line may end, in bytes. Never inside of backticks: what stands there is written as it is.
fn ends(line: &str) -> Vec<usize> {
    let segmenter = LineSegmenter::new_lstm(LineBreakOptions::default());
    let ends = segmenter.segment_str(line).skip(1);
    ends.filter(|end| *end == line.len() || line[..*end].matches('`').count().is_multiple_of(2)).collect()
}

fn broken(line: &str, width: usize) -> Vec<String> {
    if line.width() <= width {
        return vec![line.to_owned()];
    }
    let mut out: Vec<String> = Vec::new();
    let (mut start, mut fits) = (0, 0);
    for end in ends(line) {
        if line[start..end].trim_end().width() > width && fits > start {
            out.push(line[start..fits].trim_end().to_owned());
            start = fits;
        }
        fits = end;
    }
    out.push(line[start..].trim_end().to_owned());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_not_broken() {
        let text = "ข้อความนี้ไม่มีใครได้รับเพราะหัวข้อนี้เป็นแบบสมัครรับ เขียน `subscribe to promotions` ในเส้นทางลูกค้าก่อน";
        for width in [24, 30, 44, 60] {
            let lines = lines(text, width);
            assert!(lines.iter().all(|line| line.width() <= width.max("`subscribe to promotions`".len())), "{lines:?}");
            assert!(lines.iter().any(|line| line.contains("`subscribe to promotions`")), "{lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
            for word in ["ข้อความ", "เพราะ", "หัวข้อ", "สมัคร", "ลูกค้า", "เส้นทาง"]
            {
                assert!(lines.iter().any(|line| line.contains(word)), "{word}: {lines:?}");
            }
        }
    }

    #[test]
    fn what_fits_stays_one_line_and_a_narrow_terminal_changes_nothing() {
        assert_eq!(lines("ไม่มีชื่อนี้", 40), ["ไม่มีชื่อนี้"]);
        assert_eq!(lines("ไม่มีชื่อนี้ในโครงการ", 3), ["ไม่มีชื่อนี้ในโครงการ"]);
    }
}

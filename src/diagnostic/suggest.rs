//! "Did you mean": the names nearest to one that is not known.
//!
//! In: what was written and the names that are legal at that place. Out: the best few, or none. A suggestion is never further away than
//! a third of the written length, so nobody is sent somewhere absurd.

/// Most suggestions that one message carries.
pub const SUGGESTIONS_MAX: usize = 3;

/// The legal names nearest to `written`: the same but for case first, then by distance, then by name.
pub fn nearest<'a>(written: &str, legal: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let lower = written.to_lowercase();
    let reach = (written.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &str)> = legal
        .into_iter()
        .filter(|name| *name != written)
        .filter_map(|name| {
            let distance = if name.to_lowercase() == lower { 0 } else { distance(&lower, &name.to_lowercase()) };
            (distance <= reach).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(SUGGESTIONS_MAX).map(|(_, name)| name.to_owned()).collect()
}

/// The one best suggestion, if there is any.
pub fn best<'a>(written: &str, legal: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(written, legal).into_iter().next()
}

/// Edit distance over characters, a swap of neighbours counting once (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(from != to)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == *to {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = last;
        last = row;
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_name_and_a_stranger_finds_none() {
        assert_eq!(nearest("emial", ["email", "sms", "line"]), ["email"]);
        assert_eq!(nearest("Email", ["email", "sms"]), ["email"]);
        assert_eq!(nearest("fax", ["email", "sms"]), Vec::<String>::new());
        assert_eq!(best("ลูกคา", ["ลูกค้า", "สินค้า"]), Some("ลูกค้า".to_owned()));
    }
}

//! What is wrong in the writing of a template with tags, in a marketer's words.
//!
//! In: what the syntax found. Out: findings at their places in the file. **Invariant:** one mistake, one message. Knows no types.

use super::{BracesEmpty, BracesOddly, BracesOpen, place};
use crate::ast::TextLit;
use crate::check::names;
use crate::check::problem::problems;
use crate::diagnostic::{Code, Diagnostics, Fix, suggest};
use crate::source::Place;
use crate::template::syntax::{Wrong, WrongKind};

problems! {
    /// `{% endfi %}`
    UnknownTag { name: String, help: String, fix: Vec<Fix> } = Code::new("E0700", "unknown-tag");
        "there is no tag `{name}`", "not a tag", "{help}";

    /// `{% if x %}` without `{% endif %}`.
    TagNeverClosed { tag: String } = Code::new("E0701", "tag-never-closed");
        "this `{{% {tag} %}}` has no end", "where does it end?", "write `{{% end{tag} %}}` where it ends";

    /// `{% endfor %}` in an `if`.
    TagOutOfPlace { tag: String, help: String, fix: Option<Fix> } = Code::new("E0702", "tag-out-of-place");
        "`{{% {tag} %}}` cannot stand here", "nothing of this kind is open here", "{help}";

    /// `{% for item %}`
    TagOddly { tag: String, example: &'static str } = Code::new("E0703", "tag-oddly-written");
        "this is no complete `{tag}`", "it cannot be read like this", "write for example `{example}`";

    /// `{% if x`
    TagOpen {} = Code::new("E0704", "tag-without-end-sign");
        "this `{{%` has no `%}}`", "a tag begins with `{{%` and ends with `%}}`", "write for example `{{% if customer.first_name %}}`";

    /// Tags in tags in tags.
    TagsTooDeep {} = Code::new("E0709", "tags-too-deep");
        "the tags of this text go too deep", "more than 100 inside each other", "part the text; `render` shows a block in its place";
}

const TAGS: [&str; 22] = [
    "if",
    "elsif",
    "else",
    "unless",
    "case",
    "when",
    "for",
    "break",
    "continue",
    "assign",
    "capture",
    "cycle",
    "increment",
    "decrement",
    "render",
    "comment",
    "raw",
    "echo",
    "liquid",
    "tablerow",
    "ifchanged",
    "endif",
];

/// How a tag is written.
fn example(tag: &str) -> &'static str {
    match tag {
        "assign" => "{% assign total = 3 | times: 2 %}",
        "capture" => "{% capture greeting %}Hello{% endcapture %}",
        "case" => "{% case customer.plan %}{% when 'gold' %}…{% endcase %}",
        "when" => "{% when 'gold', 'silver' %}",
        "cycle" => "{% cycle 'odd', 'even' %}",
        "for" | "tablerow" => "{% for item in items %}{{ item }}{% endfor %}",
        "render" | "include" => "{% render 'footer' %}",
        "increment" | "decrement" => "{% increment count %}",
        "raw" => "{% raw %}…{% endraw %}",
        "#" => "{% # a note %}",
        _ => "{% if customer.first_name %}…{% endif %}",
    }
}

/// Tags of other products and other spellings, and what to write here.
fn foreign(tag: &str) -> Option<(&'static str, Option<&'static str>)> {
    Some(match tag {
        "elseif" | "elif" => ("write `{% elsif … %}`", Some("elsif")),
        "set" | "let" | "var" => ("write `{% assign name = value %}`", Some("assign")),
        "foreach" | "each" => ("write `{% for item in items %}`", Some("for")),
        "switch" => ("write `{% case value %}`", Some("case")),
        "abort_message" => ("a message refuses itself by a line `skip when … \"reason\"` in its declaration", None),
        "connected_content" => {
            ("a message cannot call the web while it is written; let the journey `call` a hook and give the answer to the message", None)
        }
        "content_block" | "content_blocks" | "snippet" | "partial" => ("write `{% render 'footer' %}`", None),
        "block" | "extends" | "macro" | "import" => ("texts do not inherit; write `{% render 'footer' %}` where a block is to stand", None),
        _ => return None,
    })
}

/// Reports what is wrong. Of the mistakes in how tags stand inside each other only the first counts: the others may be its consequence.
pub(super) fn report_all(text: &TextLit, wrongs: &[Wrong], found: &mut Diagnostics) {
    let about_nesting = |wrong: &&Wrong| {
        matches!(
            wrong.kind,
            WrongKind::UnknownTag(_)
                | WrongKind::UnexpectedEnd { .. }
                | WrongKind::Misplaced { .. }
                | WrongKind::NeverClosed(_)
                | WrongKind::TagOpen(_)
                | WrongKind::TooDeep
        )
    };
    let first = wrongs.iter().filter(about_nesting).min_by_key(|wrong| (matches!(wrong.kind, WrongKind::NeverClosed(_)), wrong.at.start));
    for wrong in wrongs.iter().filter(|wrong| !about_nesting(wrong)).chain(first) {
        report(text, wrong, found);
    }
}

/// Whether the end of what is open stands further on.
fn ends_later(text: &TextLit, wrong: &Wrong, open: &str) -> bool {
    let behind = text.text.get(wrong.at.end..).unwrap_or("");
    behind.contains(&format!("end{open}"))
}

/// Reports one mistake.
fn report(text: &TextLit, wrong: &Wrong, found: &mut Diagnostics) {
    let at = place(text, &wrong.at);
    match &wrong.kind {
        WrongKind::OutputOpen(_) => found.push(BracesOpen { place: at, fix: None }),
        WrongKind::TagOpen(_) => found.push(TagOpen { place: at }),
        WrongKind::UnknownTag(name) => unknown(text, wrong, name, at, found),
        WrongKind::UnexpectedEnd { tag, open } | WrongKind::Misplaced { tag, open } => {
            let (help, fix) = match open {
                Some(open) if tag.starts_with("end") && ends_later(text, wrong, open) => (
                    format!("take it out: what is open here is `{{% {open} %}}`, which ends later"),
                    Some(Fix::replace("take it out", at, "")),
                ),
                Some(open) if tag.starts_with("end") => {
                    let end = format!("end{open}");
                    let fix = name_place(text, wrong, tag).map(|at| Fix::replace(format!("change to `{end}`"), at, end.clone()));
                    (format!("what is open here is `{{% {open} %}}`: write `{{% {end} %}}`"), fix)
                }
                Some(open) => (format!("inside of `{{% {open} %}}` it means nothing; take it out, or end the `{open}` before it"), None),
                None => ("take it out, or write before it what it belongs to".to_owned(), Some(Fix::replace("take it out", at, ""))),
            };
            found.push(TagOutOfPlace { place: at, tag: tag.clone(), help, fix });
        }
        WrongKind::NeverClosed(tag) => found.push(TagNeverClosed { place: at, tag: (*tag).to_owned() }),
        WrongKind::Tag { tag, .. } => found.push(TagOddly { place: at, tag: (*tag).to_owned(), example: example(tag) }),
        WrongKind::Skipped(written) => skipped(text, wrong, written, at, found),
        WrongKind::Empty => match tag_around(text, wrong) {
            Some(tag) => found.push(TagOddly { place: at, example: example(&tag), tag }),
            None => found.push(BracesEmpty { place: at, fix: None }),
        },
        WrongKind::TooDeep => found.push(TagsTooDeep { place: at }),
    }
}

/// Where the name of a tag stands.
fn name_place(text: &TextLit, wrong: &Wrong, tag: &str) -> Option<Place> {
    let from = wrong.at.start + text.text.get(wrong.at.clone())?.find(tag)?;
    Some(place(text, &(from..from + tag.len())))
}

fn unknown(text: &TextLit, wrong: &Wrong, name: &str, at: Place, found: &mut Diagnostics) {
    let at = name_place(text, wrong, name).unwrap_or(at);
    let (help, near) = match foreign(name) {
        Some((help, near)) => (help.to_owned(), near.map(str::to_owned).into_iter().collect()),
        None => {
            let near = suggest::nearest(name, TAGS);
            let help = if near.is_empty() {
                "tags are `if`, `unless`, `case`, `for`, `assign`, `capture`, `cycle`, `render`, `comment` and `raw`".to_owned()
            } else {
                names::did_you_mean(&near)
            };
            (help, near)
        }
    };
    let fix = names::changes(&near, at);
    found.push(UnknownTag { place: at, name: name.to_owned(), help, fix });
}

/// The name of the tag in which a place stands; nothing for `{{ … }}`.
fn tag_around(text: &TextLit, wrong: &Wrong) -> Option<String> {
    let before = &text.text[..wrong.at.start];
    let tag = before.rfind("{%")?;
    if before.rfind("{{").is_some_and(|output| output > tag) {
        return None;
    }
    let name = before[tag + 2..].trim_start_matches('-').trim_start();
    Some(name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("if").to_owned())
}

fn skipped(text: &TextLit, wrong: &Wrong, written: &str, at: Place, found: &mut Diagnostics) {
    match tag_around(text, wrong) {
        Some(tag) => found.push(TagOddly { place: at, example: example(&tag), tag }),
        None => found.push(BracesOddly { place: at, text: written.to_owned() }),
    }
}

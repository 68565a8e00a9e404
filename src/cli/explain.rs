//! `onward explain`: what a finding means.

use super::Exit;
use super::output::Output;
use crate::diagnostic::explain;
use std::fmt::Write as _;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  onward explain E0203\n  onward explain unknown-channel\n  onward explain          every code there is\n  onward explain E0203 --locale th   in Thai"
)]
pub(super) struct Arguments {
    /// A code (E0203) or its name (unknown-channel)
    code: Option<String>,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    let Some(code) = &arguments.code else {
        let mut list = String::new();
        for page in explain::pages() {
            let title =
                explain::thai_title(page).filter(|_| output.locale().name() == "th").map_or(String::new(), |title| format!(": {title}"));
            let _ = writeln!(list, "{}  {}{title}", page.code, page.slug);
        }
        output.print(&list);
        return Exit::Fine;
    };
    if let Some(page) = explain::page(code) {
        output.print(&page.text_in(output.locale().name()));
        return Exit::Fine;
    }
    let similar = explain::similar(code);
    let hint = match similar.as_slice() {
        [] => "`onward explain` without a code lists them all".to_owned(),
        near => format!("did you mean {}?", near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")),
    };
    output.fail(Exit::Usage, &format!("there is no finding `{code}`; {hint}"))
}

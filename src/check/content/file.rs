//! `mjml file "mail/x.mjml"`: the text of a file of the project.
//!
//! In: the path as written. Out: the file's text as a literal, so that what is wrong in it is shown at its place in that file.
//! **Invariant:** only files inside the project are read, and the loader has read them before; this knows no disk.

use crate::ast::TextLit;
use crate::check::message::Cx;
use crate::check::names::{changes, did_you_mean, listed};
use crate::check::problem::problems;
use crate::diagnostic::{Code, Fix, suggest};
use crate::source::{Asset, Place, Span, asset_name};

problems! {
    /// `mjml file "mail/wellcome.mjml"`
    FileMissing { path: String, help: String, fix: Vec<Fix> } = Code::new("E0427", "no-such-file");
        "there is no file `{path}` in this project", "looked for beside `onward.toml`, or beside this file where there is none", "{help}";

    /// `mjml file "../secret.mjml"`, a file that is no text or too large.
    FileRefused { path: String, why: String, help: String } = Code::new("E0428", "file-cannot-be-used");
        "`{path}` cannot be used here", "{why}", "{help}";
}

/// Names that a message about a missing file lists.
const LISTED_MAX: usize = 5;

pub(super) fn text(cx: &mut Cx, path: &TextLit) -> Option<TextLit> {
    let written = path.text.as_str();
    let refused =
        |why: &str, help: &str| FileRefused { place: path.place, path: written.to_owned(), why: why.to_owned(), help: help.to_owned() };
    let inside = "put the file into the project's folder and name it from there, for example `\"mail/welcome.mjml\"`";
    let Some(name) = asset_name(written) else {
        cx.found.push(refused("this leads out of the project", inside));
        return None;
    };
    match cx.project.sources.asset(&name) {
        Some(Asset::Read(id)) => {
            let text = cx.project.sources.get(*id).map(|file| file.text.to_string()).unwrap_or_default();
            let place = Place { file: *id, span: Span::new(0, text.len() as u32) };
            return Some(TextLit { text, place, content: place, long: true, map: vec![(0, 0)] });
        }
        Some(Asset::Missing { beside }) => missing(cx, path, beside),
        None => missing(cx, path, &[]),
        Some(Asset::Outside) => cx.found.push(refused("it is a link that leads out of the project", inside)),
        Some(Asset::NotAFile) => cx.found.push(refused("it is a folder, or no ordinary file", "name a file")),
        Some(Asset::TooLarge { bytes, max }) => {
            let why = format!("it has {bytes} bytes, and {max} are the most");
            cx.found.push(refused(&why, "make it smaller; pictures belong on a server, and a mail above 102 KB is cut by mail programs"));
        }
        Some(Asset::NotText { byte }) => {
            let why = format!("it is not UTF-8 text: byte {byte} belongs to no character");
            cx.found.push(refused(&why, "save the file as UTF-8"));
        }
    }
    None
}

fn missing(cx: &mut Cx, path: &TextLit, beside: &[String]) {
    let near = suggest::nearest(&path.text, beside.iter().map(String::as_str));
    let help = match (near.as_slice(), beside) {
        ([], []) => "write the path from the project's folder on, for example `\"mail/welcome.mjml\"`".to_owned(),
        ([], some) => format!("there is {}", listed(&some[..some.len().min(LISTED_MAX)])),
        (near, _) => did_you_mean(near),
    };
    let fix = changes(&near, path.content);
    cx.found.push(FileMissing { place: path.place, path: path.text.clone(), help, fix });
}

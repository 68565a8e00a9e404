//! Formatting keeps the plan, byte for byte of its content.

use onward::format::format_text;
use onward::{Project, check_project};

/// The hash of the plan of one file.
fn hash(text: &str) -> Option<String> {
    check_project(Project::from_texts([("a.journey", text)])).0.plan.map(|plan| plan.hash.to_string())
}

#[test]
fn a_file_that_is_badly_laid_out_keeps_its_plan() {
    let text = include_str!("syntax/whole_project.journey");
    let squeezed: String = text.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    let formatted = format_text(&squeezed).unwrap();
    assert_ne!(formatted.text, squeezed);
    assert_eq!(hash(&formatted.text), hash(&squeezed));
}

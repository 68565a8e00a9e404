//! Editors and clients that other people wrote, against what we made for them. Each is a script in `tests/clients/editors/`; where the editor
//! or its packages cannot be had, the script ends with 3, and this says so and passes.

use std::path::Path;
use std::process::Command;

/// Runs one of the scripts; its folder below `target/editors/` keeps what it has fetched. None where it cannot run here.
fn script(name: &str, needs: &str, arguments: &[&str]) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("sh");
    command.arg(root.join("tests/clients/editors").join(format!("{name}.sh"))).arg(root.join("target/editors").join(name)).args(arguments);
    let Ok(output) = command.output() else {
        eprintln!("SKIPPED: {name}: no shell to run tests/clients/editors/{name}.sh with");
        return None;
    };
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(3) {
        eprintln!("SKIPPED: {name}: {needs}\n{said}");
        return None;
    }
    assert!(output.status.success(), "{name}: {}\n{said}", output.status);
    Some(said)
}

#[test]
fn textmate_gives_each_word_its_scope() {
    if let Some(said) = script("textmate", "npm is needed once, for vscode-tmgrammar-test", &[]) {
        assert!(said.contains("tests/roles.journey run success") && said.contains("declarations.journey run success"), "{said}");
    }
}

#[test]
fn tree_sitter_takes_every_journey() {
    if let Some(said) = script("tree-sitter", "cargo install tree-sitter-cli --version 0.27.1 --locked --no-default-features", &[]) {
        assert!(said.contains("failed parses: 0"), "{said}");
    }
}

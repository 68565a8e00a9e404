//! Editors and clients that other people wrote, against what we made for them. Each is a script; where the editor or its packages cannot be
//! had, the script ends with 3, and this says so and passes.

use std::path::Path;
use std::process::Command;

/// Runs one of the scripts; its folder below `target/editors/` keeps what it has fetched. None where it cannot run here.
fn script(name: &str, needs: &str, arguments: &[&str]) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = match name {
        "vscode" => "editors/vscode/test/run.sh".to_owned(),
        "pytest-lsp" => "tests/clients/lsp/run.sh".to_owned(),
        name => format!("tests/clients/editors/{name}.sh"),
    };
    let mut command = Command::new("sh");
    command.arg(root.join(&file)).arg(root.join("target/editors").join(name)).args(arguments);
    let Ok(output) = command.output() else {
        eprintln!("SKIPPED: {name}: no shell to run {file} with");
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

const ONWARD: &str = env!("CARGO_BIN_EXE_onward");

/// One of the scripts that need `onward lsp`. A build without it says so.
fn with_the_server(name: &str, needs: &str) -> Option<String> {
    if !Command::new(ONWARD).args(["lsp", "--help"]).output().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: {name}: this build has no `onward lsp`");
        return None;
    }
    script(name, needs, &[ONWARD])
}

/// What every editor must have seen: the last line of its script, which ends at the first thing that is not as it must be.
const ALL: &str = "everything was seen";

#[test]
fn neovim_works_with_the_server() {
    if let Some(said) = with_the_server("neovim", "Debian has it: apt-get install neovim") {
        let steps = ["diagnostic: ", "quick fix: change to `stock`", "hover: ", "rename: 3 places", "format: ", "preview: ", ALL];
        assert!(steps.iter().all(|step| said.contains(step)), "{said}");
    }
}

#[test]
fn emacs_works_with_the_server() {
    if let Some(said) = with_the_server("emacs", "Debian has it: apt-get install emacs-nox elpa-eglot") {
        let steps = ["diagnostic: ", "quick fix: change to `stock`", "hover: ", "rename: 3 places", "format: ", ALL];
        assert!(steps.iter().all(|step| said.contains(step)), "{said}");
    }
}

#[test]
fn an_independent_client_finds_the_protocol_kept() {
    if let Some(said) = with_the_server("pytest-lsp", "pip is needed once, for tests/clients/lsp/requirements.txt") {
        assert!(said.contains("11 passed") || said.contains("10 passed, 1 skipped"), "{said}");
    }
}

#[test]
fn a_real_vs_code_shows_it() {
    if std::env::var("ONWARD_VENDOR_TESTS").as_deref() != Ok("1") {
        eprintln!("SKIPPED: VS Code in a browser. To run it: ONWARD_VENDOR_TESTS=1 (needs npm for 300 MB once, and Chromium)");
        return;
    }
    if let Some(said) = with_the_server("vscode", "npm and Chromium are needed (Debian: apt-get install chromium)") {
        let steps = [
            "Packaged: ",
            "highlighting: ",
            "finding: an item of `product` has no `stok`",
            "fix: change to `stock`",
            "completion: ",
            "scenarios: ",
            ALL,
        ];
        assert!(steps.iter().all(|step| said.contains(step)), "{said}");
    }
}

#[test]
fn tree_sitter_takes_every_journey() {
    if let Some(said) = script("tree-sitter", "cargo install tree-sitter-cli --version 0.27.1 --locked --no-default-features", &[]) {
        assert!(said.contains("failed parses: 0"), "{said}");
    }
}

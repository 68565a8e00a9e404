//! The page of security against its list and against the tests that it names; the unit of the service.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/security.md");
const UNIT: &str = include_str!("../../docs/deploy/onward.service");

/// Whether a test of that name is in a module of `tests/it`, or below it.
fn exists(module: &str, name: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut files = vec![root.join(format!("{module}.rs"))];
    files.extend(fs::read_dir(root.join(module)).into_iter().flatten().flatten().map(|entry| entry.path()));
    let wanted = format!("fn {name}(");
    files.iter().any(|file| fs::read_to_string(file).is_ok_and(|text| text.contains(&wanted)))
}

#[test]
fn every_point_is_on_the_page_and_every_test_that_it_names_exists() {
    for number in (1..=29).filter(|number| *number != 25) {
        let rows: Vec<&str> = PAGE.lines().filter(|line| line.starts_with(&format!("| S{number} |"))).collect();
        assert_eq!(rows.len(), 1, "S{number}");
        let cells: Vec<&str> = rows[0].split(" | ").collect();
        assert_eq!(cells.len(), 4, "S{number}: {cells:?}");
        let named: Vec<&str> = cells[2].split('`').skip(1).step_by(2).collect();
        let reason = cells[3].trim_matches(['|', ' ']);
        assert!(!named.is_empty() || !reason.is_empty(), "S{number} has neither a test nor a reason");
        for test in named {
            let (module, name) = test.split_once("::").unwrap_or_else(|| panic!("S{number}: `{test}` is no test"));
            assert!(exists(module, name), "S{number}: there is no test `{test}`");
        }
    }
}

#[test]
fn the_unit_takes_every_right_that_is_not_needed() {
    let keys: Vec<(&str, &str)> = UNIT.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).collect();
    for wanted in [
        ("DynamicUser", "yes"),
        ("ProtectSystem", "strict"),
        ("NoNewPrivileges", "yes"),
        ("SystemCallFilter", "@system-service"),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
        ("IPAddressDeny", "link-local"),
        ("CapabilityBoundingSet", ""),
        ("LimitCORE", "0"),
        ("UMask", "0077"),
    ] {
        assert!(keys.contains(&wanted), "{wanted:?}");
    }
    assert!(keys.iter().any(|(key, value)| *key == "MemoryMax" && !value.is_empty()));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deploy/onward.service");
    match std::process::Command::new("systemd-analyze").arg("verify").arg(&file).output() {
        Ok(said) => {
            let words = String::from_utf8_lossy(&said.stderr).into_owned();
            // That the binary is not installed here says nothing of the unit.
            let wrong: Vec<&str> =
                words.lines().filter(|line| line.contains("onward.service") && !line.contains("not executable")).collect();
            assert!(wrong.is_empty(), "{wrong:?}");
        }
        Err(_) => eprintln!("skipped: systemd-analyze is not here; with systemd installed the unit is verified, too"),
    }
}

#[test]
fn unsafe_code_is_forbidden() {
    let manifest = include_str!("../../Cargo.toml");
    assert!(manifest.contains("unsafe_code = \"forbid\""));
}

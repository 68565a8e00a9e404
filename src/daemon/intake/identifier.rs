//! How somebody may be called.
//!
//! In: what a sender says. Out: an [`Identifier`], or why not. **Invariant:** one word never stands for many people: what broken clients send
//! where they know nobody (`null`, `undefined`, `[object Object]`, …) is refused, or strangers would become one person.

use crate::daemon::arrival::{Identifier, IdentifierKind};
use crate::value::normal;
use serde_json::Value;

/// Bytes of an identifier.
pub const IDENTIFIER_BYTES_MAX: usize = 256;

/// Words that stand for nobody, in lower case: what JavaScript, Python, Go and Ruby print for nothing, and what is written where an id is
/// not known. After the lists that Mixpanel and PostHog publish.
const NOBODY: &[&str] = &[
    "null",
    "undefined",
    "none",
    "nil",
    "<nil>",
    "nan",
    "n/a",
    "na",
    "[object object]",
    "[]",
    "{}",
    "(null)",
    "true",
    "false",
    "0",
    "-1",
    "anon",
    "anonymous",
    "guest",
    "unknown",
    "not_authenticated",
    "id",
    "userid",
    "user_id",
    "email",
    "distinct_id",
    "distinctid",
    "00000000-0000-0000-0000-000000000000",
];

/// An identifier, or why it is none. The text is kept as it is, but for addresses.
pub fn identifier(kind: IdentifierKind, text: &str) -> Result<Identifier, String> {
    let name = match kind {
        IdentifierKind::User => "customer's id",
        IdentifierKind::Anonymous => "anonymous id",
        IdentifierKind::Email => "e-mail address",
    };
    if text.trim().is_empty() {
        return Err(format!("the {name} is empty"));
    }
    if text.len() > IDENTIFIER_BYTES_MAX {
        return Err(format!("the {name} has {} bytes; at most {IDENTIFIER_BYTES_MAX} are taken", text.len()));
    }
    if NOBODY.contains(&text.trim().to_lowercase().as_str()) {
        return Err(format!("`{text}` is no {name}: clients that know nobody send it, and it would make strangers one person"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("the {name} has a control character in it"));
    }
    let value = match kind {
        IdentifierKind::Email => {
            normal::email(text).map_err(|reason| format!("`{text}` is no e-mail address: {reason}"))?.to_lowercase().into()
        }
        _ => text.to_owned(),
    };
    Ok(Identifier { kind, value })
}

/// From JSON: a text or a whole number; nothing there (absent, `null`, an empty text) is `None`.
pub fn from_json(kind: IdentifierKind, value: Option<&Value>) -> Result<Option<Identifier>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => identifier(kind, text).map(Some),
        Some(Value::Number(number)) => {
            let text = number.to_string();
            if text.bytes().all(|byte| byte.is_ascii_digit()) {
                return identifier(kind, &text).map(Some);
            }
            Err(format!("`{text}` is no id: write a text or a whole number"))
        }
        Some(other) => Err(format!("`{}` is no id: write a text", super::json::short(&other.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn nobody_is_not_somebody() {
        let user = |text: &str| identifier(IdentifierKind::User, text);
        for bad in ["", "  ", "null", "NULL", "undefined", "[object Object]", "NaN", "0", " none ", "a\u{7}b", &"x".repeat(257)] {
            assert!(user(bad).is_err(), "{bad:?}");
        }
        for good in ["u1", "nok", "ลูกค้า-7", "u/1", "00", &"x".repeat(256)] {
            assert_eq!(user(good).unwrap().value, good);
        }
        assert!(user("undefined").unwrap_err().contains("strangers"));
    }

    #[test]
    fn addresses_are_in_lower_case_and_json_may_be_a_whole_number() {
        assert_eq!(identifier(IdentifierKind::Email, "Nok@Example.COM").unwrap().value, "nok@example.com");
        assert!(identifier(IdentifierKind::Email, "nok").is_err());
        let id = |value| from_json(IdentifierKind::User, Some(&value));
        assert_eq!(id(json!(42)).unwrap().unwrap().value, "42");
        assert_eq!(id(json!(null)), Ok(None));
        assert_eq!(id(json!("")), Ok(None));
        assert!(id(json!(1.5)).is_err() && id(json!({"a": 1})).is_err() && id(json!(true)).is_err() && id(json!("null")).is_err());
    }
}

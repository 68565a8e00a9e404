//! Secrets: named in the settings, kept elsewhere.
//!
//! In: `{ env = "NAME" }` or `{ file = "path" }`. Out: a [`Secret`]. **Invariant:** a secret never stands in the settings, is never shown
//! (its `Debug` is one word), and its memory is overwritten when it is dropped. Knows no provider.
#![allow(clippy::disallowed_methods, reason = "secrets come from the environment and from files")]

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The longest secret that is read: a service account with its key has 2.4 KB.
pub const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    Env(String),
    /// Relative to the folder of the settings.
    File(PathBuf),
}

/// Why a secret cannot be used. Never says anything of its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("the environment has no `{0}`: set it before the start")]
    NoVariable(String),
    #[error("the secret in {0} is empty")]
    Empty(String),
    #[error("the file `{0}` with a secret cannot be read: {1}")]
    Unreadable(String, String),
    #[error("the file `{0}` with a secret can be read by others than its owner: chmod 600 '{0}'")]
    Open(String),
    #[error("the file `{0}` is longer than 64 KiB: it is no secret")]
    TooLong(String),
    #[error("the secret in {0} is not UTF-8")]
    NotText(String),
}

/// The value itself, without spaces and line ends around it.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn of(text: &str) -> Secret {
        Secret(Zeroizing::new(text.trim().to_owned()))
    }

    /// For the one who has to say it to a provider.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl SecretRef {
    /// `folder`: where the settings are.
    pub fn read(&self, folder: &Path) -> Result<Secret, SecretError> {
        let secret = match self {
            SecretRef::Env(name) => {
                let value = std::env::var_os(name).ok_or_else(|| SecretError::NoVariable(name.clone()))?;
                let value = value.into_string().map_err(|_| SecretError::NotText(self.place()))?;
                Secret::of(&Zeroizing::new(value))
            }
            SecretRef::File(path) => Secret::of(&self.read_file(&folder.join(path))?),
        };
        if secret.reveal().is_empty() { Err(SecretError::Empty(self.place())) } else { Ok(secret) }
    }

    fn read_file(&self, path: &Path) -> Result<Zeroizing<String>, SecretError> {
        let named = path.display().to_string();
        let unreadable = |error: std::io::Error| SecretError::Unreadable(named.clone(), error.to_string());
        let about = std::fs::metadata(path).map_err(unreadable)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            if about.permissions().mode() & 0o077 != 0 {
                return Err(SecretError::Open(named));
            }
        }
        if about.len() > SECRET_BYTES_MAX {
            return Err(SecretError::TooLong(named));
        }
        let bytes = Zeroizing::new(std::fs::read(path).map_err(unreadable)?);
        let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::NotText(self.place()))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    fn place(&self) -> String {
        match self {
            SecretRef::Env(name) => format!("the variable `{name}`"),
            SecretRef::File(path) => format!("the file `{}`", path.display()),
        }
    }
}

const HOW: &str =
    "a secret is not written here: keep it in the environment or in a file, and write `{ env = \"NAME\" }` or `{ file = \"path\" }`";

struct RefVisitor;

impl<'de> Visitor<'de> for RefVisitor {
    type Value = SecretRef;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`{ env = \"NAME\" }` or `{ file = \"path\" }`")
    }

    /// An inline secret. It is not repeated.
    fn visit_str<E: Error>(self, _: &str) -> Result<SecretRef, E> {
        Err(E::custom(HOW))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretRef, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value::<String>()?;
            let one = match key.as_str() {
                "env" => SecretRef::Env(value),
                "file" => SecretRef::File(PathBuf::from(value)),
                _ => return Err(A::Error::custom(HOW)),
            };
            if found.replace(one).is_some() {
                return Err(A::Error::custom("a secret has one place: `env` or `file`"));
            }
        }
        found.ok_or_else(|| A::Error::custom(HOW))
    }
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SecretRef, D::Error> {
        deserializer.deserialize_any(RefVisitor)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Settings {
        token: SecretRef,
    }

    fn parse(text: &str) -> Result<SecretRef, String> {
        toml::from_str::<Settings>(text).map(|settings| settings.token).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_secret_is_referred_to_and_never_written_inline() {
        assert_eq!(parse("token = { env = \"A\" }"), Ok(SecretRef::Env("A".to_owned())));
        assert_eq!(parse("token = { file = \"a/b\" }"), Ok(SecretRef::File(PathBuf::from("a/b"))));
        for wrong in
            ["token = \"canary-1\"", "token = { env = \"A\", file = \"canary-1\" }", "token = { value = \"canary-1\" }", "token = {}"]
        {
            let why = parse(wrong).unwrap_err();
            assert!(why.contains("env") && !why.contains("canary-1"), "{wrong}: {why}");
        }
        assert!(parse("token = 5").is_err());
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_others_can_read_is_no_place_for_a_secret() {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("onward-secret-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("token");
        let reference = SecretRef::File(PathBuf::from("token"));
        assert!(matches!(reference.read(&folder), Err(SecretError::Unreadable(..))));
        std::fs::write(&path, " s3cret-canary\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(reference.read(&folder), Err(SecretError::Open(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
        let secret = reference.read(&folder).unwrap();
        assert_eq!(secret.reveal(), "s3cret-canary");
        assert_eq!(format!("{secret:?}"), "Secret");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "\n").unwrap();
        assert!(matches!(reference.read(&folder), Err(SecretError::Empty(_))));
        std::fs::write(&path, vec![b'a'; SECRET_BYTES_MAX as usize + 1]).unwrap();
        assert!(matches!(reference.read(&folder), Err(SecretError::TooLong(_))));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

//! From an adapter's settings to the adapter.
//!
//! In: settings as they were read, and the [`Ground`] that all adapters stand on. Out: addresses, secrets and clients, or a [`SetupError`]
//! that names the key. **Invariant:** an address that could never be reached is refused here and not at the first message.

use super::http::{Client, Target};
use super::secret::{Secret, SecretError, SecretRef};
use std::path::Path;

/// What every adapter is given.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// Where the settings are: files of secrets are named from here.
    pub folder: &'a Path,
    pub client: &'a Client,
}

/// Why an adapter cannot work with these settings. The key is one of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    #[error("`{key}`: {why}")]
    Secret { key: &'static str, why: SecretError },
    #[error("`{key}` cannot be used: {why}")]
    Value { key: &'static str, why: String },
}

impl SetupError {
    pub fn value(key: &'static str, why: impl Into<String>) -> SetupError {
        SetupError::Value { key, why: why.into() }
    }
}

impl Ground<'_> {
    pub fn secret(&self, key: &'static str, reference: &SecretRef) -> Result<Secret, SetupError> {
        reference.read(self.folder).map_err(|why| SetupError::Secret { key, why })
    }

    pub fn secrets(&self, key: &'static str, references: &[SecretRef]) -> Result<Vec<Secret>, SetupError> {
        references.iter().map(|reference| self.secret(key, reference)).collect()
    }

    /// An address that may be asked.
    pub fn target(&self, key: &'static str, url: &str) -> Result<Target, SetupError> {
        let target = Target::parse(url).map_err(|why| SetupError::value(key, why))?;
        self.client.check(&target).map_err(|why| SetupError::value(key, why))?;
        Ok(target)
    }

    /// The provider's own address, where the settings name no other.
    pub fn api(&self, url: Option<&String>, usual: &str) -> Result<Target, SetupError> {
        self.target("api", url.map_or(usual, String::as_str))
    }
}

/// An account, a project: a part of a path, of letters, digits, `-` and `_`.
pub fn word(key: &'static str, text: &str) -> Result<(), SetupError> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !text.is_empty() && text.len() <= 128 && text.bytes().all(letter) {
        Ok(())
    } else {
        Err(SetupError::value(key, "write letters, digits, `-` and `_`, at most 128 of them"))
    }
}

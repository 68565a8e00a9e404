//! The secret that the company's server signs user ids with.
//!
//! In: a folder. Out: the secret, made when there is none yet. **Invariant:** only the owner can read its file; one that is there is never replaced.
#![allow(clippy::disallowed_methods, reason = "the file of the secret is read and made here only")]

use ring::rand::{SecureRandom, SystemRandom};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// The file's name in the folder of what gives access.
pub const FILE: &str = "web-secret";
/// A file that is longer is none of ours.
const BYTES_MAX: u64 = 1024;

/// Reads or makes it: a line of text, to be copied to the server.
pub fn read_or_make(folder: &Path) -> io::Result<String> {
    let path = folder.join(FILE);
    match File::open(&path) {
        Ok(file) => {
            let mut text = String::new();
            file.take(BYTES_MAX).read_to_string(&mut text)?;
            let secret = text.trim();
            if secret.len() < super::SECRET_MIN {
                let why = format!("`{FILE}` has less than {} characters; delete it, and a new one is made", super::SECRET_MIN);
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
            Ok(secret.to_owned())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path),
        Err(error) => Err(error),
    }
}

fn make(path: &Path) -> io::Result<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("the system gives no random bytes for a secret"))?;
    let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(format!("{secret}\n").as_bytes())?;
    file.sync_all()?;
    Ok(secret)
}

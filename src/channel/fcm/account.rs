//! A service account of Google's: who it is, and the signed words with which it asks for an access token.
//!
//! In: the JSON file. Out: a form with a JWT (RFC 7523), signed by RSA with SHA-256. **Invariant:** the key never leaves this file.

use crate::calendar::Instant;
use crate::channel::http::target::encode_component;
use crate::channel::secret::Secret;
use crate::channel::signing::pem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;
use serde_json::json;
use std::fmt;
use zeroize::Zeroizing;

/// What the token may be used for.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// How long an assertion holds, seconds; Google takes at most an hour.
const SECONDS: i64 = 3600;

pub struct ServiceAccount {
    pub project: String,
    pub email: String,
    pub token_uri: String,
    key: RsaKeyPair,
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceAccount({})", self.project)
    }
}

/// The file has more fields than these.
#[derive(Deserialize)]
struct File {
    project_id: String,
    client_email: String,
    private_key: Zeroizing<String>,
    token_uri: String,
}

impl ServiceAccount {
    pub fn read(secret: &Secret) -> Result<ServiceAccount, String> {
        let file: File = serde_json::from_str(secret.reveal())
            .map_err(|_| "this is no service account: `project_id`, `client_email`, `private_key` and `token_uri` are needed".to_owned())?;
        let key = Zeroizing::new(pem(&file.private_key).ok_or("its `private_key` is no PEM of a PKCS #8 key")?);
        let key = RsaKeyPair::from_pkcs8(&key).map_err(|_| "its `private_key` is no RSA key of at least 2,048 bits")?;
        Ok(ServiceAccount { project: file.project_id, email: file.client_email, token_uri: file.token_uri, key })
    }

    /// The form to be posted to `token_uri`.
    pub fn assertion(&self, now: Instant) -> Result<String, String> {
        let begins = now.0.div_euclid(1000);
        let claims = json!({ "iss": self.email, "scope": SCOPE, "aud": self.token_uri, "iat": begins, "exp": begins + SECONDS });
        let header = json!({ "alg": "RS256", "typ": "JWT" });
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| "the key does not sign".to_owned())?;
        let jwt = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        let grant = encode_component("urn:ietf:params:oauth:grant-type:jwt-bearer");
        Ok(format!("grant_type={grant}&assertion={jwt}"))
    }
}

//! Certificates of SNS: fetched once, kept, and what they have signed.
//!
//! In: an address that was found to be Amazon's. Out: whether a signature is of its key. **Invariant:** few are kept, and one is asked for at a
//! time and not at once again, so that nobody makes this machine ask Amazon all day.

use super::super::disbelief;
use crate::calendar::Instant;
use crate::channel::http::{Client, Question, Target};
use crate::channel::signing::pem;
use crate::channel::{Disbelief, Task};
use hyper::Method;
use rustls::pki_types::CertificateDer;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use webpki::EndEntityCert;
use webpki::ring::RSA_PKCS1_2048_8192_SHA256;

/// Amazon has one per region, and a new one now and then.
pub const CERTIFICATES_MAX: usize = 16;
/// Between two questions.
const PAUSE_MS: i64 = 2000;
/// So long one is kept.
const KEPT_MS: i64 = 24 * 3600 * 1000;

/// Who brings a certificate in PEM.
pub trait FetchCertificate: Send + Sync + Debug {
    fn fetch<'a>(&'a self, url: &'a str) -> Task<'a, Result<Vec<u8>, String>>;
}

/// By the guarded client.
#[derive(Debug, Clone)]
pub struct Guarded(pub Client);

impl FetchCertificate for Guarded {
    fn fetch<'a>(&'a self, url: &'a str) -> Task<'a, Result<Vec<u8>, String>> {
        Box::pin(async move {
            let target = Target::parse(url).map_err(str::to_owned)?;
            let question = Question { target, method: Method::GET, headers: Vec::new(), body: bytes::Bytes::new() };
            match self.0.ask(&question, None).await {
                Ok(answer) if answer.status == 200 => Ok(answer.body),
                Ok(answer) => Err(format!("answered {}", answer.status)),
                Err(failure) => Err(format!("{failure:?}")),
            }
        })
    }
}

#[derive(Debug)]
pub(super) struct Certificates {
    fetch: Arc<dyn FetchCertificate>,
    /// By address, in DER, and since when.
    kept: Mutex<BTreeMap<String, (Vec<u8>, Instant)>>,
    asked: tokio::sync::Mutex<Option<Instant>>,
}

impl Certificates {
    pub(super) fn new(fetch: Arc<dyn FetchCertificate>) -> Certificates {
        Certificates { fetch, kept: Mutex::default(), asked: tokio::sync::Mutex::default() }
    }

    /// Sees to it that the certificate is here; where it cannot be had, verifying says so.
    pub(super) async fn fetch(&self, url: &str, now: Instant) {
        if self.has(url, now) {
            return;
        }
        let mut asked = self.asked.lock().await;
        if self.has(url, now) || asked.is_some_and(|last| now.since_ms(last).abs() < PAUSE_MS) {
            return;
        }
        *asked = Some(now);
        let Ok(text) = self.fetch.fetch(url).await else { return };
        let Some(der) = std::str::from_utf8(&text).ok().and_then(pem) else { return };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= CERTIFICATES_MAX {
            kept.clear();
        }
        kept.insert(url.to_owned(), (der, now));
    }

    fn has(&self, url: &str, now: Instant) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(url).is_some_and(|(_, since)| now.since_ms(*since).abs() < KEPT_MS)
    }

    pub(super) fn verify(&self, url: &str, signed: &[u8], signature: &[u8]) -> Result<(), Disbelief> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((der, _)) = kept.get(url) else { return disbelief("its certificate is not here yet") };
        let der = CertificateDer::from(der.as_slice());
        let Ok(certificate) = EndEntityCert::try_from(&der) else { return disbelief("its certificate cannot be read") };
        match certificate.verify_signature(RSA_PKCS1_2048_8192_SHA256, signed, signature) {
            Ok(()) => Ok(()),
            Err(_) => disbelief("the signature is not of this message"),
        }
    }
}

//! TLS to mail servers: TLS 1.2 and newer, the certificate is checked against the machine's roots and the server's name.
//!
//! In: further roots in PEM. Out: a connector. **Invariant:** there is no way to switch the check off.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// `roots`: certificates in PEM that are trusted besides the machine's, for a server with a certificate of its own.
pub fn connector(roots: Option<&[u8]>) -> Result<TlsConnector, String> {
    let mut store = RootCertStore::empty();
    // What cannot be read of the machine's is not there; a missing root shows when a certificate is refused.
    for certificate in rustls_native_certs::load_native_certs().certs {
        let _ = store.add(certificate);
    }
    if let Some(pem) = roots {
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| format!("the certificates are not in PEM: {error}"))?;
            store.add(certificate).map_err(|error| format!("a certificate cannot be a root: {error}"))?;
            found += 1;
        }
        if found == 0 {
            return Err("there is no certificate in what should be trusted".to_owned());
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

pub fn server_name(host: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(host.to_owned()).map_err(|_| format!("`{host}` is no name that a certificate could be for"))
}

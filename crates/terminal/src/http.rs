//! A client for plain questions over HTTP: with the roots that are named, without proxies and redirects.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::exit::Error;
use crate::files;

/// The client; without roots it asks nobody over HTTPS.
pub fn client(roots: Option<&Path>, patience: Duration) -> Result<Client, Error> {
    let mut trusted = rustls::RootCertStore::empty();
    if let Some(path) = roots {
        let pem = files::bytes(path)?;
        for root in CertificateDer::pem_slice_iter(&pem) {
            let wrong = |error: &dyn std::fmt::Display| Error::config(path, "", error.to_string());
            trusted.add(root.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::failed)?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .timeout(patience)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(Error::failed)
}

/// The bytes that this address answers with; `body` is posted under its type.
pub async fn ask(client: &Client, url: &str, body: Option<(&str, Vec<u8>)>, limit: usize) -> Result<Vec<u8>, Error> {
    let failed = |why: &dyn std::fmt::Display| Error::failed(format_args!("{url}: {why}"));
    let request = match body {
        Some((kind, body)) => client.post(url).header(reqwest::header::CONTENT_TYPE, kind).body(body),
        None => client.get(url),
    };
    let mut answer =
        request.send().await.and_then(reqwest::Response::error_for_status).map_err(|e| failed(&e.without_url()))?;
    let mut bytes = Vec::new();
    while let Some(more) = answer.chunk().await.map_err(|error| failed(&error.without_url()))? {
        bytes.extend_from_slice(&more);
        if bytes.len() > limit {
            return Err(failed(&"the answer is too long"));
        }
    }
    Ok(bytes)
}

//! A consumer's folder: who asks, with which keys, whom it believes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use eds::http_signature::Signer;
use eds::{AttributeCertificate, Certificate, Crl, Revocation, SigningKey, Trust};
use ledger::Vkey;
use reqwest::{Client, Url};
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;

use crate::exit::Error;
use crate::files;

/// `consumer.toml`; keys that only people read are left aside.
#[derive(Deserialize)]
struct Written {
    /// Where the gateway is.
    base_url: String,
    /// The access token.
    token: String,
    /// The Population Register's own login.
    register: Option<Register>,
    /// Root certificate, then authorities below it, PEM.
    ca: Option<PathBuf>,
    /// The certificate that signs NAIS' answers, PEM.
    signer: Option<PathBuf>,
    /// The log's verifier key.
    log: Option<PathBuf>,
}

/// Login of the Population Register.
#[derive(Clone, Deserialize)]
pub struct Register {
    /// `Reg-auth-username`
    pub username: String,
    /// `Reg-auth-password`
    pub password: String,
}

/// Everything a consumer asks and checks with. Does not print.
pub struct Identity {
    /// Where the gateway is.
    pub base: Url,
    /// The value of `Authorization`.
    pub authorization: String,
    /// Signs requests.
    pub signer: Signer,
    /// Speaks mutual TLS with the gateway.
    pub client: Client,
    /// Whom answers' signatures must lead to.
    pub trust: Trust,
    /// The one certificate that may sign answers, when it is known.
    pub pinned: Option<Certificate>,
    /// The log's key.
    pub log: Vkey,
    /// Login of the Population Register.
    pub register: Option<Register>,
    /// For whom and as what the signer signs: `attributes.pem`, where there is one.
    pub attributes: Option<AttributeCertificate>,
}

/// Root certificates and those below them.
struct Authorities {
    folder: PathBuf,
    root: Certificate,
    below: Vec<Certificate>,
}

impl Identity {
    /// Reads the folder. What is wrong names file, key and what was expected.
    pub fn open(dir: &Path, patience: Duration) -> Result<Self, Error> {
        let file = dir.join("consumer.toml");
        let written: Written = files::toml(&file)?;
        let wrong = |key: &str, expected: &str| Err(Error::config(&file, key, expected.to_owned()));
        let base = match Url::parse(&written.base_url) {
            Ok(url) if url.scheme() == "https" && url.has_host() => url,
            _ => return wrong("base_url", "expected https://HOST:PORT"),
        };
        if uuid::Uuid::try_parse(&written.token).is_err() {
            return wrong("token", "expected the GUID of `nais token issue`");
        }
        let authorities = Authorities::read(dir, written.ca.as_deref())?;
        let log = dir.join(written.log.unwrap_or_else(|| "../../pki/log.vkey".into()));
        let vkey = Vkey::parse(&files::text(&log)?).map_err(|error| Error::config(&log, "", error.to_string()))?;
        let signer_file = dir.join(written.signer.as_deref().unwrap_or(Path::new("../../pki/nais-sign.pem")));
        let pinned = (written.signer.is_some() || signer_file.exists())
            .then(|| files::certificate(&signer_file, ""))
            .transpose()?;
        let signer = signer(dir)?;
        let client = client(dir, &authorities, patience)?;
        Ok(Self {
            base,
            authorization: format!("Bearer {}", written.token),
            signer,
            client,
            trust: authorities.trust()?,
            pinned,
            log: vkey,
            register: written.register,
            attributes: attributes(&dir.join("attributes.pem"))?,
        })
    }
}

impl Authorities {
    fn read(dir: &Path, ca: Option<&Path>) -> Result<Self, Error> {
        let path = dir.join(ca.unwrap_or(Path::new("../../pki/root.pem")));
        let mut chain = files::certificates(&path, "")?.into_iter();
        let none = || Error::config(&path, "", "expected a root certificate in PEM".to_owned());
        let root = chain.next().ok_or_else(none)?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let mut below: Vec<Certificate> = chain.collect();
        let issuing = folder.join("issuing.pem");
        if issuing.exists() {
            below.extend(files::certificates(&issuing, "")?.into_iter().filter(|certificate| *certificate != root));
        }
        Ok(Self { folder, root, below })
    }

    /// Trust without a network: what is known to be revoked is refused.
    fn trust(self) -> Result<Trust, Error> {
        let mut lists = Vec::new();
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()).filter(|path| is_list(path)) {
            let read = Crl::all_from_pem(&files::text(&path)?);
            lists.extend(read.map_err(|error| Error::config(&path, "", error.to_string()))?);
        }
        let trust = Trust::new([self.root]).with_intermediates(self.below).with_crls(lists);
        Ok(trust.with_revocation(Revocation::IfKnown))
    }
}

/// `crl.pem`, `issuing.crl`, `issuing.crl.pem`, `crl`.
fn is_list(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let bare = name.strip_suffix(".pem").unwrap_or(name);
    path.is_file() && (bare == "crl" || bare.ends_with(".crl"))
}

fn attributes(path: &Path) -> Result<Option<AttributeCertificate>, Error> {
    if !path.exists() {
        return Ok(None);
    }
    let read = AttributeCertificate::from_pem(&files::text(path)?);
    read.map(Some).map_err(|error| Error::config(path, "", error.to_string()))
}

fn signer(dir: &Path) -> Result<Signer, Error> {
    let key = dir.join("sign.key");
    let signing = SigningKey::from_pkcs8_pem(&files::text(&key)?)
        .map_err(|error| Error::config(&key, "", format!("expected a private key in PKCS#8 PEM: {error}")))?;
    Signer::new(signing, &files::certificate(&dir.join("sign.pem"), "")?)
        .map_err(|error| Error::config(&key, "", format!("expected the key of sign.pem: {error}")))
}

fn client(dir: &Path, authorities: &Authorities, patience: Duration) -> Result<Client, Error> {
    let path = dir.join("tls.pem");
    let mut own = files::certificates(&path, "")?;
    if own.len() == 1 {
        own.extend(authorities.below.iter().cloned());
    }
    let own = own.iter().map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect();
    let key_file = dir.join("tls.key");
    let wrong_key = |error: &dyn std::fmt::Display| {
        Error::config(&key_file, "", format!("expected the private key of tls.pem in PEM: {error}"))
    };
    let key = PrivateKeyDer::from_pem_slice(&files::bytes(&key_file)?).map_err(|error| wrong_key(&error))?;
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from(authorities.root.der().to_vec()))
        .map_err(|error| Error::failed(format_args!("the root certificate cannot be used for TLS: {error}")))?;
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(Error::failed)?
        .with_root_certificates(roots)
        .with_client_auth_cert(own, key)
        .map_err(|error| wrong_key(&error))?;
    Client::builder()
        .tls_backend_preconfigured(tls)
        .timeout(patience)
        .connect_timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(Error::failed)
}

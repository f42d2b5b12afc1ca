//! A signature made to last: a time stamp (CAdES-T), and everything a verifier will need later (CAdES-B-LT).

use std::path::Path;
use std::time::Duration;

use eds::cms::{self, Demand, Evidence, Signature};
use eds::ocsp::{Question, Response};
use eds::{Certificate, Crl, tsp};
use jiff::Timestamp;
use model::Clock;
use reqwest::{Client, Url};

use crate::exit::Error;
use crate::{files, http};

const PATIENCE: Duration = Duration::from_secs(30);
/// The largest answer taken: a list of half a million certificates.
const ANSWER: usize = 32 * 1024 * 1024;
/// Certificates between a signer and a root.
const DEPTH: usize = 8;

/// The message with a time stamp of the authority at this address; with `roots` also with certificates and status up to
/// them.
pub async fn lasting(message: &[u8], authority: &Url, roots: Option<&Path>) -> Result<Vec<u8>, Error> {
    let client = http::client(roots, PATIENCE)?;
    let stamped = stamp(&client, message, authority).await?;
    match roots {
        Some(roots) => keep(&client, &stamped, roots).await,
        None => Ok(stamped),
    }
}

async fn stamp(client: &Client, message: &[u8], authority: &Url) -> Result<Vec<u8>, Error> {
    let signature = only(message)?;
    let algorithm = signature.certificate().verifying_key().algorithm();
    let nonce = u64::from_be_bytes(store::random());
    let request = tsp::Request::new(algorithm, &cms::signature_value(message)?)?.with_nonce(nonce)?;
    let body = Some(("application/timestamp-query", request.to_der()?));
    let answer = http::ask(client, authority.as_str(), body, ANSWER).await?;
    let token = request.answered(&answer).map_err(|error| Error::failed(format_args!("{authority}: {error}")))?;
    Ok(cms::add_time_stamp(message, &token)?)
}

fn only(message: &[u8]) -> Result<Signature, Error> {
    let message = cms::verify(message, None, &Demand::ONE).map_err(|error| match error {
        // What was signed stays beside the message; the structure is all that is needed here.
        eds::Error::Cms(eds::CmsError::ContentMissing) => {
            Error::usage("--timestamp: expected a message with its content: leave --detached out")
        }
        error => Error::failed(error),
    })?;
    message.only().cloned().ok_or_else(|| Error::failed("the message has several signers"))
}

/// Gathers the certificates up to the roots, and for each of them what its issuer says of it.
async fn keep(client: &Client, message: &[u8], roots: &Path) -> Result<Vec<u8>, Error> {
    let roots = Certificate::chain_from_pem(&files::text(roots)?)
        .map_err(|error| Error::config(roots, "", error.to_string()))?;
    let read = cms::verify(message, None, &Demand::ONE)?;
    let signature = only(message)?;
    let stamp = signature.stamp().ok_or_else(|| Error::failed("the message has no time stamp"))?;
    let mut known = read.certificates().to_vec();
    known.extend_from_slice(stamp.certificates());
    known.extend(roots.iter().cloned());
    let mut evidence = Evidence::default();
    for end in [signature.certificate(), stamp.certificate()] {
        let mut current = end.clone();
        for _ in 0..DEPTH {
            if roots.contains(&current) || evidence.certificates.contains(&current) {
                break;
            }
            let issuer = known.iter().find(|one| current.is_issued_by(one)).cloned();
            let issuer =
                issuer.ok_or_else(|| Error::usage("--roots FILE: the signer's or the stamp's root is not in it"))?;
            status(client, &current, &issuer, &mut evidence).await?;
            evidence.certificates.push(current);
            current = issuer;
        }
    }
    evidence.certificates.extend(roots.into_iter().filter(|root| evidence_leads_to(&known, root)));
    Ok(cms::add_evidence(message, &evidence)?)
}

fn evidence_leads_to(known: &[Certificate], root: &Certificate) -> bool {
    known.iter().any(|one| one != root && one.is_issued_by(root))
}

/// An answer about the certificate, or its issuer's list where there is no responder.
async fn status(client: &Client, of: &Certificate, issuer: &Certificate, to: &mut Evidence) -> Result<(), Error> {
    let now = Clock::system().now();
    if let Some(url) = of.responders().first() {
        let question = Question::new(of, issuer);
        let body = Some(("application/ocsp-request", question.to_der()?));
        let answer = http::ask(client, url, body, ANSWER).await?;
        good(&question, &answer, now).map_err(|why| Error::failed(format_args!("{url}: {why}")))?;
        to.responses.push(Response::from_der(&answer)?);
    } else if let Some(url) = of.list_addresses().first() {
        let list = Crl::from_der(&http::ask(client, url, None, ANSWER).await?)?;
        if !list.is_of(issuer) {
            return Err(Error::failed(format_args!("{url}: the list is another authority's")));
        }
        to.lists.push(list);
    } else {
        return Err(Error::failed(format_args!("{}: does not say where its status is told", of.subject())));
    }
    Ok(())
}

fn good(question: &Question, answer: &[u8], now: Timestamp) -> Result<(), String> {
    match question.answered(answer, now).map_err(|error| error.to_string())? {
        eds::ocsp::Status::Good => Ok(()),
        eds::ocsp::Status::Revoked { at } => Err(format!("the certificate was revoked at {at}")),
        eds::ocsp::Status::Unknown => Err("the responder does not know the certificate".to_owned()),
    }
}

//! Asking a witness.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;

use super::state::origin_hash;
use crate::Error;
use crate::note::{Algorithm, Line, MAX_NOTE, Note, Vkey, parse_lines};
use crate::tile::decimal;
use crate::tree::Hash;

/// Longest wait for a witness.
const PATIENCE: Duration = Duration::from_secs(5);

/// A witness as a node reaches it.
#[derive(Clone, Debug)]
pub struct WitnessClient {
    vkey: Vkey,
    url: String,
    http: reqwest::Client,
}

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// The witness's lines, checked.
    Signed(Vec<Line>),
    /// It has signed this size already, or holds another tree of it.
    Conflict(u64),
    /// The tree does not continue the one it signed.
    Inconsistent,
}

impl WitnessClient {
    /// The witness with this key behind this address.
    pub fn new(vkey: Vkey, url: &str, http: reqwest::Client) -> Result<Self, Error> {
        if vkey.algorithm() != Algorithm::Cosignature {
            return Err(Error::format("verifier key", "a witness's key is of type 4"));
        }
        Ok(Self { vkey, url: url.trim_end_matches('/').to_owned(), http })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.vkey.name()
    }

    /// Its key.
    pub fn vkey(&self) -> &Vkey {
        &self.vkey
    }

    /// The last note it signed for this log; `None` when there is none, or when it does not tell.
    pub async fn last(&self, origin: &str) -> Result<Option<String>, Error> {
        let url = format!("{}/{}/checkpoint", self.url, origin_hash(origin));
        let response = self.http.get(url).timeout(PATIENCE).send().await.map_err(|e| self.error(e.without_url()))?;
        match response.status() {
            StatusCode::OK => self.text(response).await.map(Some),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Ok(None),
            status => Err(self.error(format_args!("answered {status}"))),
        }
    }

    /// The last size it signed for, asked with a note of the empty tree.
    pub async fn latest_size(&self, empty: &str) -> Result<u64, Error> {
        match self.submit(0, &[], empty).await? {
            Submitted::Signed(_) => Ok(0),
            Submitted::Conflict(size) => Ok(size),
            Submitted::Inconsistent => Err(self.error("refused the empty tree")),
        }
    }

    /// Shows it a checkpoint that continues the tree of size `old`.
    pub async fn submit(&self, old: u64, proof: &[Hash], note: &str) -> Result<Submitted, Error> {
        let mut body = format!("old {old}\n");
        for hash in proof {
            body.push_str(&STANDARD.encode(hash));
            body.push('\n');
        }
        body.push('\n');
        body.push_str(note);
        let request = self.http.post(format!("{}/add-checkpoint", self.url)).timeout(PATIENCE).body(body);
        let response = request.send().await.map_err(|e| self.error(e.without_url()))?;
        match response.status() {
            StatusCode::OK => self.signed(&self.text(response).await?, note).map(Submitted::Signed),
            StatusCode::CONFLICT => {
                let size = decimal(self.text(response).await?.trim_end());
                size.map(Submitted::Conflict).ok_or_else(|| self.error("told no size"))
            }
            StatusCode::UNPROCESSABLE_ENTITY => Ok(Submitted::Inconsistent),
            StatusCode::NOT_FOUND => Err(self.error("does not know this log: give it the log's key")),
            StatusCode::FORBIDDEN => Err(self.error("does not know the key this log signs with")),
            status => Err(self.error(format_args!("answered {status}"))),
        }
    }

    /// The lines of its key, at least one of which must hold; those of other keys are left out.
    fn signed(&self, lines: &str, note: &str) -> Result<Vec<Line>, Error> {
        let text = Note::parse(note)?.text;
        let answer = Note { text, lines: parse_lines(lines)? };
        answer.verify(&self.vkey)?;
        Ok(answer.lines.into_iter().filter(|line| line.name == self.vkey.name() && line.id == self.vkey.id()).collect())
    }

    async fn text(&self, mut response: reqwest::Response) -> Result<String, Error> {
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|e| self.error(e.without_url()))? {
            body.extend_from_slice(&part);
            if body.len() > MAX_NOTE {
                return Err(self.error("answered too much"));
            }
        }
        String::from_utf8(body).map_err(|_| self.error("answered no UTF-8"))
    }

    fn error(&self, what: impl std::fmt::Display) -> Error {
        Error::Witness { name: self.vkey.name().to_owned(), what: what.to_string() }
    }
}

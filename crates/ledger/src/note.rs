//! Signed notes (`c2sp.org/signed-note`), verifier keys, and the timestamped cosignatures of witnesses
//! (`c2sp.org/tlog-cosignature`, version 1).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eds::{Form, SigningKey, VerifyingKey};

use crate::Error;
use crate::log::SignLine;
use crate::tree::sha256;

/// Most bytes of a note that are read.
pub const MAX_NOTE: usize = 64 * 1024;
/// Most signature lines of a note that are read.
const MAX_LINES: usize = 64;

/// How the signature of a line is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Type 0x01: Ed25519 over the text.
    Ed25519,
    /// Type 0x04: Ed25519 of a witness over a time and the text.
    Cosignature,
    /// Type 0xff, "bign-with-hbelt": the national algorithm (STB 34.101.45) over the text. Who does not know the type
    /// passes the line over, as the specification of signed notes demands.
    Bign,
}

impl Algorithm {
    const ALL: [Self; 3] = [Self::Ed25519, Self::Cosignature, Self::Bign];

    /// What stands before the key in a verifier key and goes into its identifier.
    const fn kind(self) -> &'static [u8] {
        match self {
            Self::Ed25519 => &[1],
            Self::Cosignature => &[4],
            Self::Bign => b"\xffbign-with-hbelt",
        }
    }

    /// What stands before the raw key in its SubjectPublicKeyInfo.
    const fn spki(self) -> &'static [u8] {
        match self {
            Self::Ed25519 | Self::Cosignature => &SPKI,
            Self::Bign => &BIGN_SPKI,
        }
    }

    /// Bytes of the raw key.
    const fn length(self) -> usize {
        match self {
            Self::Ed25519 | Self::Cosignature => 32,
            Self::Bign => 64,
        }
    }
}

/// A verifier key: `name+hash+base64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vkey {
    name: String,
    id: [u8; 4],
    algorithm: Algorithm,
    key: VerifyingKey,
}

/// What stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410 §4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// The same for the 64 bytes of a bign key on bign-curve256v1 (STB 34.101.45 §D).
const BIGN_SPKI: [u8; 31] = [
    0x30, 0x5d, 0x30, 0x18, 0x06, 0x0a, 0x2a, 0x70, 0x00, 0x02, 0x00, 0x22, 0x65, 0x2d, 0x02, 0x01, 0x06, 0x0a, 0x2a,
    0x70, 0x00, 0x02, 0x00, 0x22, 0x65, 0x2d, 0x03, 0x01, 0x03, 0x41, 0x00,
];

impl Vkey {
    /// The verifier key of a public key under a name without spaces and `+`.
    pub fn new(name: &str, algorithm: Algorithm, public: &[u8]) -> Result<Self, Error> {
        if !is_name(name) {
            return Err(Error::format("key name", "one word without `+` was expected"));
        }
        if public.len() != algorithm.length() {
            return Err(Error::format("verifier key", "an Ed25519 key has 32 bytes, a bign key 64"));
        }
        let key = VerifyingKey::from_spki_der(&[algorithm.spki(), public].concat())
            .map_err(|_| Error::format("verifier key", "the bytes are no key of this algorithm"))?;
        let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", algorithm.kind(), public]);
        Ok(Self { name: name.to_owned(), id: [a, b, c, d], algorithm, key })
    }

    /// Reads `name+hash+base64`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |expected| Error::format("verifier key", expected);
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong("`name+hash+key` was expected"));
        };
        let key = STANDARD.decode(key).map_err(|_| wrong("the key must be base64"))?;
        let known = Algorithm::ALL.into_iter().find_map(|one| Some((one, key.strip_prefix(one.kind())?)));
        let (algorithm, public) =
            known.ok_or_else(|| wrong("a key of type 1 (Ed25519), 4 (of a witness) or bign was expected"))?;
        let vkey = Self::new(name, algorithm, public)?;
        if hex::encode(vkey.id) != hash {
            return Err(wrong("the hash does not fit name and key"));
        }
        Ok(vkey)
    }

    /// Its name: a log's origin, or a witness's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The four bytes by which a line names it.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Whose kind of signature it checks.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw bytes of the key: 32 of Ed25519, 64 of bign.
    pub fn public(&self) -> &[u8] {
        self.key.spki_der().get(self.algorithm.spki().len()..).unwrap_or_default()
    }
}

impl fmt::Display for Vkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [self.algorithm.kind(), self.public()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id), STANDARD.encode(key))
    }
}

/// Signs notes under a name.
pub struct NoteKey {
    vkey: Vkey,
    key: SigningKey,
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteKey({})", self.vkey.name)
    }
}

impl NoteKey {
    /// A key of a log or a witness under this name.
    pub fn new(name: &str, algorithm: Algorithm, key: SigningKey) -> Result<Self, Error> {
        let spki = key.verifying_key().spki_der();
        let public = spki.strip_prefix(algorithm.spki()).ok_or_else(|| Error::Key(name.to_owned()))?; // of another suite
        Ok(Self { vkey: Vkey::new(name, algorithm, public)?, key })
    }

    /// The key others check with.
    pub fn vkey(&self) -> &Vkey {
        &self.vkey
    }

    /// The signature line over `text`; `time` in seconds since 1970 counts for cosignatures only.
    pub fn line(&self, text: &str, time: u64) -> Result<String, Error> {
        let mut blob = self.vkey.id.to_vec();
        let message = match self.vkey.algorithm {
            Algorithm::Ed25519 | Algorithm::Bign => text.as_bytes().to_vec(),
            Algorithm::Cosignature => {
                blob.extend_from_slice(&time.to_be_bytes());
                cosigned(text, time)
            }
        };
        let signature = self.key.sign(&message, Form::Fixed).map_err(|_| Error::Key(self.vkey.name.clone()))?;
        blob.extend_from_slice(&signature);
        Ok(format!("\u{2014} {} {}\n", self.vkey.name, STANDARD.encode(blob)))
    }
}

/// A further line of every checkpoint of a log.
impl SignLine for NoteKey {
    fn line(&self, text: &str) -> Result<String, Error> {
        Self::line(self, text, 0)
    }
}

/// What a witness signs.
fn cosigned(text: &str, time: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+' || c.is_control())
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whose it claims to be.
    pub name: String,
    /// Which key and algorithm.
    pub id: [u8; 4],
    /// The rest.
    pub signature: Vec<u8>,
}

impl Line {
    /// Reads one line without its newline.
    fn parse(line: &str) -> Option<Self> {
        let (name, blob) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let blob = STANDARD.decode(blob).ok()?;
        let (id, signature) = blob.split_at_checked(4)?;
        if !is_name(name) || signature.is_empty() {
            return None;
        }
        Some(Self { name: name.to_owned(), id: id.try_into().ok()?, signature: signature.to_vec() })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = [self.id.as_slice(), &self.signature].concat();
        write!(f, "\u{2014} {} {}", self.name, STANDARD.encode(blob))
    }
}

/// Reads signature lines, each ending in a newline: what a witness answers.
pub fn parse_lines(text: &str) -> Result<Vec<Line>, Error> {
    let wrong = |expected| Error::format("note", expected);
    let body = text.strip_suffix('\n').ok_or_else(|| wrong("a signature line ends in a newline"))?;
    let mut lines = Vec::new();
    for line in body.split('\n') {
        if lines.len() == MAX_LINES {
            return Err(wrong("too many signature lines"));
        }
        lines.push(Line::parse(line).ok_or_else(|| wrong("a signature line is `— name base64`"))?);
    }
    Ok(lines)
}

/// A text with the signatures it bears. Nothing is believed before [`Note::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The text with its last newline.
    pub text: String,
    /// The lines, in order.
    pub lines: Vec<Line>,
}

impl Note {
    /// Reads a note.
    pub fn parse(note: &str) -> Result<Self, Error> {
        let wrong = |expected| Error::format("note", expected);
        if note.len() > MAX_NOTE {
            return Err(wrong("too long"));
        }
        if note.bytes().any(|b| b < 0x20 && b != b'\n') {
            return Err(wrong("control characters are not allowed"));
        }
        let at = note.rfind("\n\n").ok_or_else(|| wrong("an empty line before the signatures was expected"))?;
        let (text, lines) = (note.get(..=at), note.get(at + 2..));
        let (Some(text), Some(lines)) = (text, lines) else {
            return Err(wrong("an empty line before the signatures was expected"));
        };
        Ok(Self { text: text.to_owned(), lines: parse_lines(lines)? })
    }

    /// The text is signed by this key; the time of a cosignature.
    pub fn verify(&self, vkey: &Vkey) -> Result<Option<u64>, Error> {
        let mut outcome = Err(Error::NotSigned(vkey.to_string()));
        for line in self.lines.iter().filter(|line| line.id == vkey.id && line.name == vkey.name) {
            outcome = Ok(verify_line(&self.text, line, vkey)?);
        }
        outcome
    }
}

fn verify_line(text: &str, line: &Line, vkey: &Vkey) -> Result<Option<u64>, Error> {
    let wrong = || Error::Signature(vkey.name.clone());
    let (time, message, signature) = match vkey.algorithm {
        Algorithm::Ed25519 | Algorithm::Bign => (None, text.as_bytes().to_vec(), line.signature.as_slice()),
        Algorithm::Cosignature => {
            let (time, signature) = line.signature.split_first_chunk::<8>().ok_or_else(wrong)?;
            let time = u64::from_be_bytes(*time);
            if i64::try_from(time).is_err() {
                return Err(wrong());
            }
            (Some(time), cosigned(text, time), signature)
        }
    };
    vkey.key.verify(&message, signature, Form::Fixed).map_err(|_| wrong())?;
    Ok(time)
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

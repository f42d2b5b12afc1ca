//! The form of a backup: a readable head, then the database in chunks sealed with AES-256-GCM.
//!
//! ```text
//! nais-backup v1⏎
//! {"id":…,"made":…,"origin":…,"size":…,"checkpoint":…}⏎
//! length (4 bytes) ‖ sealed chunk, …
//! ```
//! Each chunk is bound to the head, to its place and to whether it is the last: none can be changed, moved, left out
//! or taken from another backup.

use std::io::{BufRead, BufReader, Read, Write};

use serde::{Deserialize, Serialize};
use store::Vault;

use crate::exit::Error;

const FIRST_LINE: &str = "nais-backup v1\n";
/// Bytes of the database in one chunk.
const CHUNK: usize = 1024 * 1024;
/// A chunk with what sealing adds.
const LARGEST: usize = CHUNK + 64;
/// The longest head read.
const LONGEST_HEAD: u64 = 128 * 1024;

/// What a backup says of itself without its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Unlike any other backup's.
    pub id: String,
    /// When it was made.
    pub made: String,
    /// Which log.
    pub origin: String,
    /// Entries of the ledger that are in it at least.
    pub size: u64,
    /// The log's signed checkpoint of that size.
    pub checkpoint: String,
}

/// Seals everything that `plain` gives; the number of bytes read.
pub fn seal(
    head: &Head,
    vault: &Vault,
    mut plain: impl Read,
    mut out: impl Write,
    mut progress: impl FnMut(u64),
) -> Result<u64, Error> {
    let line = head_line(head)?;
    let digest = eds::sha256(line.as_bytes());
    out.write_all(FIRST_LINE.as_bytes())?;
    out.write_all(line.as_bytes())?;
    let mut total = 0;
    let mut chunk = read_chunk(&mut plain)?;
    for place in 0.. {
        // Whether a chunk is the last is known only when the next is empty.
        let next = read_chunk(&mut plain)?;
        let sealed = vault.seal(&bound(&digest, place, next.is_empty()), &chunk);
        let length = u32::try_from(sealed.len()).map_err(Error::failed)?;
        out.write_all(&length.to_be_bytes())?;
        out.write_all(&sealed)?;
        total += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        progress(total);
        if next.is_empty() {
            break;
        }
        chunk = next;
    }
    out.flush()?;
    Ok(total)
}

/// The head of a backup, and the reader behind it.
pub fn read_head<R: Read>(backup: R) -> Result<(Head, BufReader<R>), Error> {
    let wrong = || Error::usage("this is no backup of `nais backup` (nais-backup v1)");
    let mut reader = BufReader::new(backup);
    let mut line = String::new();
    let limit = u64::try_from(FIRST_LINE.len()).unwrap_or(LONGEST_HEAD);
    reader.by_ref().take(limit).read_line(&mut line).map_err(|_| wrong())?;
    if line != FIRST_LINE {
        return Err(wrong());
    }
    line.clear();
    reader.by_ref().take(LONGEST_HEAD).read_line(&mut line).map_err(|_| wrong())?;
    let head: Head = serde_json::from_str(&line).map_err(|_| wrong())?;
    // The chunks are bound to the head's exact bytes.
    if head_line(&head)? == line { Ok((head, reader)) } else { Err(wrong()) }
}

/// Opens every chunk into `out`. What was written is of use only when this succeeds.
pub fn open(
    head: &Head,
    vault: &Vault,
    mut backup: impl Read,
    mut out: impl Write,
    mut progress: impl FnMut(u64),
) -> Result<(), Error> {
    let broken =
        || Error::failed("the backup cannot be opened: it was changed or cut off, or keys has another backup.key");
    let digest = eds::sha256(head_line(head)?.as_bytes());
    let mut total = 0;
    for place in 0.. {
        let mut length = [0; 4];
        backup.read_exact(&mut length).map_err(|_| broken())?;
        let length = usize::try_from(u32::from_be_bytes(length)).ok().filter(|length| *length <= LARGEST);
        let mut sealed = vec![0; length.ok_or_else(broken)?];
        backup.read_exact(&mut sealed).map_err(|_| broken())?;
        let (plain, last) = match vault.open(&bound(&digest, place, false), &sealed) {
            Ok(plain) => (plain, false),
            Err(_) => (vault.open(&bound(&digest, place, true), &sealed).map_err(|_| broken())?, true),
        };
        out.write_all(&plain)?;
        total += u64::try_from(plain.len()).unwrap_or(u64::MAX);
        progress(total);
        if last {
            break;
        }
    }
    match backup.read(&mut [0]) {
        Ok(0) => Ok(out.flush()?),
        _ => Err(broken()),
    }
}

fn head_line(head: &Head) -> Result<String, Error> {
    serde_json::to_string(head).map(|line| format!("{line}\n")).map_err(Error::failed)
}

/// What a chunk is sealed to.
fn bound(head: &[u8; 32], place: u64, last: bool) -> Vec<u8> {
    let mut bound = b"nais-backup-1".to_vec();
    bound.extend_from_slice(head);
    bound.extend_from_slice(&place.to_be_bytes());
    bound.push(u8::from(last));
    bound
}

fn read_chunk(plain: &mut impl Read) -> Result<Vec<u8>, Error> {
    let mut chunk = Vec::new();
    let limit = u64::try_from(CHUNK).unwrap_or(u64::MAX);
    plain.by_ref().take(limit).read_to_end(&mut chunk)?;
    Ok(chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head { id: "1".into(), made: "m".into(), origin: "o".into(), size: 3, checkpoint: "o\n3\nx\n".into() }
    }

    fn opened(backup: &[u8], vault: &Vault) -> Result<Vec<u8>, Error> {
        let (head, rest) = read_head(backup)?;
        let mut out = Vec::new();
        open(&head, vault, rest, &mut out, |_| {}).map(|()| out)
    }

    #[test]
    fn a_backup_opens_with_its_key_only_and_whole_only() {
        let vault = Vault::new(&[7; 32]).unwrap();
        for size in [0, 1, CHUNK, 2 * CHUNK + 5] {
            let plain: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let mut backup = Vec::new();
            seal(&head(), &vault, plain.as_slice(), &mut backup, |_| {}).unwrap();
            assert_eq!(opened(&backup, &vault).unwrap(), plain);
            assert!(opened(&backup, &Vault::new(&[8; 32]).unwrap()).is_err());
            assert!(opened(&backup[..backup.len() - 1], &vault).is_err(), "cut off");
            assert!(opened(&[backup.as_slice(), b"x"].concat(), &vault).is_err(), "bytes behind");
            for at in (0..backup.len()).step_by(backup.len() / 50 + 1) {
                let mut changed = backup.clone();
                changed[at] ^= 1;
                assert!(opened(&changed, &vault).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn chunks_cannot_be_left_out() {
        let vault = Vault::new(&[7; 32]).unwrap();
        let plain = vec![1; CHUNK + 1];
        let mut backup = Vec::new();
        seal(&head(), &vault, plain.as_slice(), &mut backup, |_| {}).unwrap();
        let start = FIRST_LINE.len() + head_line(&head()).unwrap().len();
        let first = 4 + usize::try_from(u32::from_be_bytes(backup[start..start + 4].try_into().unwrap())).unwrap();
        let without_last = &backup[..start + first];
        assert!(opened(without_last, &vault).is_err());
        let without_first = [&backup[..start], &backup[start + first..]].concat();
        assert!(opened(&without_first, &vault).is_err());
    }
}

//! Cursors: a place in a list, authenticated, good for the caller and the question it was given for.

use model::{Kind, Refusal};
use store::Vault;

/// Two numbers that name a place in a list.
pub(super) type Place = (i64, i64);

const TAG: usize = 16;
const LENGTH: usize = 16 + TAG;

/// The cursor for `place` in the answer to `question` of `asker`.
pub(super) fn write(vault: &Vault, asker: &str, question: &[u8], place: Place) -> String {
    let mut bytes = [place.0.to_be_bytes(), place.1.to_be_bytes()].concat();
    let tag = tag(vault, asker, question, &bytes);
    bytes.extend_from_slice(&tag);
    hex::encode(bytes)
}

/// The place a cursor names; a cursor that was altered or given for something else is refused.
pub(super) fn read(vault: &Vault, asker: &str, question: &[u8], cursor: &str) -> Result<Place, Refusal> {
    let refused = || Refusal::new(Kind::Malformed, "cursor-malformed");
    let bytes: [u8; LENGTH] = hex::decode(cursor).ok().and_then(|b| b.try_into().ok()).ok_or_else(refused)?;
    let (place, given) = bytes.split_at(LENGTH - TAG);
    let expected = tag(vault, asker, question, place);
    // Every byte is looked at: how many fit is not told by the time it takes.
    let differs = given.iter().zip(expected).fold(0, |all, (a, b)| all | (a ^ b));
    let (first, second) =
        place.split_first_chunk().zip(place.last_chunk()).map(|((a, _), b)| (a, b)).ok_or_else(refused)?;
    if differs == 0 { Ok((i64::from_be_bytes(*first), i64::from_be_bytes(*second))) } else { Err(refused()) }
}

fn tag(vault: &Vault, asker: &str, question: &[u8], place: &[u8]) -> [u8; TAG] {
    let length = (asker.len() as u64).to_be_bytes();
    vault.pseudonym("enforcement cursor", &[&length, asker.as_bytes(), place, question].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn only_the_same_question_of_the_same_caller_reads_it(a: i64, b: i64, at in 0..64_usize) {
            let vault = Vault::new(&[3; 32]).unwrap();
            let cursor = write(&vault, "supreme-court", b"q", (a, b));
            prop_assert_eq!(read(&vault, "supreme-court", b"q", &cursor), Ok((a, b)));
            prop_assert!(read(&vault, "supreme-court", b"r", &cursor).is_err());
            prop_assert!(read(&vault, "bank", b"q", &cursor).is_err());
            let mut altered = cursor.into_bytes();
            altered[at] = if altered[at] == b'0' { b'1' } else { b'0' };
            prop_assert!(read(&vault, "supreme-court", b"q", std::str::from_utf8(&altered).unwrap()).is_err());
        }

        #[test]
        fn nothing_else_is_a_cursor(text in ".{0,80}") {
            let vault = Vault::new(&[3; 32]).unwrap();
            prop_assert!(read(&vault, "a", b"", &text).is_err());
        }
    }
}

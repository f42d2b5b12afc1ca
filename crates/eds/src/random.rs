//! Randomness of the operating system, for serial numbers, nonces and salts.

use crate::Error;

/// `N` random bytes.
pub fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// Fills the buffer with random bytes.
pub fn fill(buffer: &mut [u8]) -> Result<(), Error> {
    aws_lc_rs::rand::fill(buffer).map_err(|_| Error::Library)
}

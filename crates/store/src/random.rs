//! Randomness, in one place.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// `N` bytes from the system's generator. Aborts the process when there is none: nothing can go on without.
#[expect(clippy::expect_used, reason = "without randomness no key, nonce or salt may be made")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0u8; N];
    SystemRandom::new().fill(&mut bytes).expect("the system's random generator");
    bytes
}

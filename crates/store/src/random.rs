//! Randomness, in one place.

use std::cell::RefCell;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroize as _;

/// Bytes drawn from the system's generator at once: a draw costs microseconds whatever its length.
const POOL: usize = 4096;

/// A thread's stock of random bytes; each is given out once and wiped.
struct Stock {
    bytes: [u8; POOL],
    used: usize,
}

thread_local! {
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock { bytes: [0; POOL], used: POOL }) };
}

/// `N` bytes from the system's generator. Aborts the process when there is none: nothing can go on without.
pub fn random<const N: usize>() -> [u8; N] {
    let mut out = [0u8; N];
    STOCK.with_borrow_mut(|stock| stock.fill(&mut out));
    out
}

impl Stock {
    fn fill(&mut self, out: &mut [u8]) {
        if out.len() > POOL / 4 {
            return draw(out);
        }
        if POOL - self.used < out.len() {
            draw(&mut self.bytes);
            self.used = 0;
        }
        let end = self.used + out.len();
        if let Some(fresh) = self.bytes.get_mut(self.used..end) {
            out.copy_from_slice(fresh);
            fresh.zeroize();
        }
        self.used = end;
    }
}

#[expect(clippy::expect_used, reason = "without randomness no key, nonce or salt may be made")]
fn draw(out: &mut [u8]) {
    SystemRandom::new().fill(out).expect("the system's random generator");
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nothing_is_given_out_twice() {
        let drawn: HashSet<[u8; 16]> = (0..10_000).map(|_| random::<16>()).collect();
        assert_eq!(drawn.len(), 10_000);
        assert!(!drawn.contains(&[0; 16]));
        assert_ne!(random::<{ POOL }>(), random::<{ POOL }>());
    }
}

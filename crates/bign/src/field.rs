//! The field of the curve: residues modulo `p = 2^256 − 189` (STB 34.101.45, table B.1).
//!
//! Four 64-bit limbs, least first, hold any number below `2^256`, so a residue below 189 has two spellings inside;
//! [`Element::canonical`] is the one spelling outside. As `2^256 ≡ 189`, what overflows is multiplied by 189 and added
//! below. No branch and no index depends on a value.

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroize;

/// `2^256 − p`.
const FOLD: u64 = 189;

/// A residue modulo `p`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Element(pub(crate) [u64; 4]);

/// `low + high · 2^256`, folded into 256 bits.
#[inline(always)]
fn fold(low: [u64; 4], high: [u64; 4]) -> Element {
    let (r0, carry) = high[0].carrying_mul_add(FOLD, low[0], 0);
    let (r1, carry) = high[1].carrying_mul_add(FOLD, low[1], carry);
    let (r2, carry) = high[2].carrying_mul_add(FOLD, low[2], carry);
    let (r3, carry) = high[3].carrying_mul_add(FOLD, low[3], carry);
    // At most 189, so that its product stays small.
    fold_limb([r0, r1, r2, r3], carry)
}

/// `low + high · 2^256` for `high ≤ 2^56`.
#[inline(always)]
fn fold_limb(low: [u64; 4], high: u64) -> Element {
    let (r0, carry) = low[0].overflowing_add(high.wrapping_mul(FOLD));
    let (r1, carry) = low[1].carrying_add(0, carry);
    let (r2, carry) = low[2].carrying_add(0, carry);
    let (r3, carry) = low[3].carrying_add(0, carry);
    // After an overflow the rest is below 2^64 − 189: this addition ends in the first limb.
    Element([r0.wrapping_add(FOLD & (carry as u64).wrapping_neg()), r1, r2, r3])
}

impl Element {
    pub(crate) const ZERO: Self = Self([0; 4]);
    pub(crate) const ONE: Self = Self([1, 0, 0, 0]);

    /// The number in 32 bytes, least first; must be below `p`.
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let element = Self(limbs(bytes));
        (element.canonical() == element.0).then_some(element)
    }

    /// The least number of the residue, least byte first.
    pub(crate) fn to_bytes(self) -> [u8; 32] {
        bytes(self.canonical())
    }

    /// The least number of the residue.
    #[inline]
    pub(crate) fn canonical(self) -> [u64; 4] {
        let [a0, a1, a2, a3] = self.0;
        let (r0, carry) = a0.overflowing_add(FOLD);
        let (r1, carry) = a1.carrying_add(0, carry);
        let (r2, carry) = a2.carrying_add(0, carry);
        let (r3, carry) = a3.carrying_add(0, carry);
        select(Choice::from(u8::from(carry)), [r0, r1, r2, r3], self.0)
    }

    #[inline(always)]
    pub(crate) fn add(&self, other: &Self) -> Self {
        let (a, b) = (&self.0, &other.0);
        let (r0, carry) = a[0].overflowing_add(b[0]);
        let (r1, carry) = a[1].carrying_add(b[1], carry);
        let (r2, carry) = a[2].carrying_add(b[2], carry);
        let (r3, carry) = a[3].carrying_add(b[3], carry);
        fold_limb([r0, r1, r2, r3], carry as u64)
    }

    #[inline(always)]
    pub(crate) fn sub(&self, other: &Self) -> Self {
        let (a, b) = (&self.0, &other.0);
        let (r0, borrow) = a[0].overflowing_sub(b[0]);
        let (r1, borrow) = a[1].borrowing_sub(b[1], borrow);
        let (r2, borrow) = a[2].borrowing_sub(b[2], borrow);
        let (r3, borrow) = a[3].borrowing_sub(b[3], borrow);
        let (r0, borrow) = r0.overflowing_sub(FOLD & (borrow as u64).wrapping_neg());
        let (r1, borrow) = r1.borrowing_sub(0, borrow);
        let (r2, borrow) = r2.borrowing_sub(0, borrow);
        let (r3, borrow) = r3.borrowing_sub(0, borrow);
        // After a second borrow the rest is at least 2^256 − 189: this subtraction ends in the first limb.
        Self([r0.wrapping_sub(FOLD & (borrow as u64).wrapping_neg()), r1, r2, r3])
    }

    #[inline(always)]
    pub(crate) fn neg(&self) -> Self {
        Self::ZERO.sub(self)
    }

    /// The product with a small number.
    #[inline(always)]
    pub(crate) fn times(&self, factor: u32) -> Self {
        let (a, factor) = (&self.0, factor as u64);
        let (r0, carry) = a[0].carrying_mul(factor, 0);
        let (r1, carry) = a[1].carrying_mul(factor, carry);
        let (r2, carry) = a[2].carrying_mul(factor, carry);
        let (r3, carry) = a[3].carrying_mul(factor, carry);
        fold_limb([r0, r1, r2, r3], carry)
    }

    #[inline(always)]
    pub(crate) fn mul(&self, other: &Self) -> Self {
        let (low, high) = wide_mul(&self.0, &other.0);
        fold(low, high)
    }

    #[inline(always)]
    pub(crate) fn square(&self) -> Self {
        let [a0, a1, a2, a3] = self.0;
        // Products of different limbs, each once.
        let (w1, carry) = a0.carrying_mul(a1, 0);
        let (w2, carry) = a0.carrying_mul(a2, carry);
        let (w3, w4) = a0.carrying_mul(a3, carry);
        let (w3, carry) = a1.carrying_mul_add(a2, w3, 0);
        let (w4, w5) = a1.carrying_mul_add(a3, w4, carry);
        let (w5, w6) = a2.carrying_mul(a3, w5);
        // Twice that.
        let w7 = w6 >> 63;
        let w6 = (w6 << 1) | (w5 >> 63);
        let w5 = (w5 << 1) | (w4 >> 63);
        let w4 = (w4 << 1) | (w3 >> 63);
        let w3 = (w3 << 1) | (w2 >> 63);
        let w2 = (w2 << 1) | (w1 >> 63);
        let w1 = w1 << 1;
        // And the squares.
        let (s0, s1) = a0.carrying_mul(a0, 0);
        let (s2, s3) = a1.carrying_mul(a1, 0);
        let (s4, s5) = a2.carrying_mul(a2, 0);
        let (s6, s7) = a3.carrying_mul(a3, 0);
        let (w1, carry) = w1.overflowing_add(s1);
        let (w2, carry) = w2.carrying_add(s2, carry);
        let (w3, carry) = w3.carrying_add(s3, carry);
        let (w4, carry) = w4.carrying_add(s4, carry);
        let (w5, carry) = w5.carrying_add(s5, carry);
        let (w6, carry) = w6.carrying_add(s6, carry);
        let (w7, _) = w7.carrying_add(s7, carry);
        fold([s0, w1, w2, w3], [w4, w5, w6, w7])
    }

    /// Squared so many times.
    fn squared(mut self, times: u32) -> Self {
        for _ in 0..times {
            self = self.square();
        }
        self
    }

    /// The inverse, by Fermat: the power `p − 2 = 2^256 − 191`; zero of zero.
    pub(crate) fn invert(&self) -> Self {
        // x_n is the power 2^n − 1: n ones in a row.
        let x1 = *self;
        let x2 = x1.squared(1).mul(&x1);
        let x3 = x2.squared(1).mul(&x1);
        let x6 = x3.squared(3).mul(&x3);
        let x12 = x6.squared(6).mul(&x6);
        let x24 = x12.squared(12).mul(&x12);
        let x30 = x24.squared(6).mul(&x6);
        let x31 = x30.squared(1).mul(&x1);
        let x62 = x31.squared(31).mul(&x31);
        let x124 = x62.squared(62).mul(&x62);
        let x248 = x124.squared(124).mul(&x124);
        // The last byte is 0x41.
        x248.squared(2).mul(&x1).squared(6).mul(&x1)
    }

    /// The residue is zero; both spellings are.
    #[inline]
    pub(crate) fn is_zero(&self) -> Choice {
        self.canonical().as_slice().ct_eq([0; 4].as_slice())
    }

    /// The same, where the value is no secret.
    #[inline]
    pub(crate) fn is_zero_public(&self) -> bool {
        let [a0, a1, a2, a3] = self.0;
        (a0 | a1 | a2 | a3) == 0 || (a0 == FOLD.wrapping_neg() && (a1 & a2 & a3) == u64::MAX)
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        bool::from(self.sub(other).is_zero())
    }
}

impl ConditionallySelectable for Element {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self(select(choice, b.0, a.0))
    }
}

impl Zeroize for Element {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// The first if the choice is true, else the second.
#[inline(always)]
pub(crate) fn select(choice: Choice, yes: [u64; 4], no: [u64; 4]) -> [u64; 4] {
    let mask = u64::from(choice.unwrap_u8()).wrapping_neg();
    let [y0, y1, y2, y3] = yes;
    let [n0, n1, n2, n3] = no;
    let one = |yes: u64, no: u64| no ^ (mask & (yes ^ no));
    [one(y0, n0), one(y1, n1), one(y2, n2), one(y3, n3)]
}

/// The product of two numbers of four limbs, low and high half.
#[inline(always)]
pub(crate) fn wide_mul(a: &[u64; 4], b: &[u64; 4]) -> ([u64; 4], [u64; 4]) {
    let (w0, carry) = a[0].carrying_mul(b[0], 0);
    let (w1, carry) = a[0].carrying_mul(b[1], carry);
    let (w2, carry) = a[0].carrying_mul(b[2], carry);
    let (w3, w4) = a[0].carrying_mul(b[3], carry);

    let (w1, carry) = a[1].carrying_mul_add(b[0], w1, 0);
    let (w2, carry) = a[1].carrying_mul_add(b[1], w2, carry);
    let (w3, carry) = a[1].carrying_mul_add(b[2], w3, carry);
    let (w4, w5) = a[1].carrying_mul_add(b[3], w4, carry);

    let (w2, carry) = a[2].carrying_mul_add(b[0], w2, 0);
    let (w3, carry) = a[2].carrying_mul_add(b[1], w3, carry);
    let (w4, carry) = a[2].carrying_mul_add(b[2], w4, carry);
    let (w5, w6) = a[2].carrying_mul_add(b[3], w5, carry);

    let (w3, carry) = a[3].carrying_mul_add(b[0], w3, 0);
    let (w4, carry) = a[3].carrying_mul_add(b[1], w4, carry);
    let (w5, carry) = a[3].carrying_mul_add(b[2], w5, carry);
    let (w6, w7) = a[3].carrying_mul_add(b[3], w6, carry);
    ([w0, w1, w2, w3], [w4, w5, w6, w7])
}

/// Limbs of 32 bytes, least first.
pub(crate) fn limbs(bytes: &[u8; 32]) -> [u64; 4] {
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.as_chunks().0) {
        *limb = u64::from_le_bytes(*chunk);
    }
    limbs
}

/// The 32 bytes of four limbs, least first.
pub(crate) fn bytes(limbs: [u64; 4]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, limb) in bytes.as_chunks_mut().0.iter_mut().zip(limbs) {
        *chunk = limb.to_le_bytes();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    fn number(limbs: [u64; 4]) -> BigUint {
        BigUint::from_bytes_le(&bytes(limbs))
    }

    fn prime() -> BigUint {
        (BigUint::from(1_u8) << 256) - FOLD
    }

    /// Any limbs, the extremes often: where carries run through.
    fn elements() -> impl Strategy<Value = Element> {
        let limb = prop_oneof![any::<u64>(), Just(0), Just(u64::MAX), 0..400_u64, (u64::MAX - 400)..=u64::MAX];
        prop::array::uniform4(limb).prop_map(Element)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn arithmetic_is_that_of_slow_numbers(a in elements(), b in elements(), factor in any::<u32>()) {
            let (p, x, y) = (prime(), number(a.0), number(b.0));
            prop_assert_eq!(number(a.add(&b).canonical()), (&x + &y) % &p);
            prop_assert_eq!(number(a.sub(&b).canonical()), (&x + &p + &p - &y) % &p);
            prop_assert_eq!(number(a.neg().canonical()), (&p + &p - &x) % &p);
            prop_assert_eq!(number(a.mul(&b).canonical()), &x * &y % &p);
            prop_assert_eq!(number(a.square().canonical()), &x * &x % &p);
            prop_assert_eq!(number(a.times(factor).canonical()), &x * factor % &p);
            prop_assert_eq!(a == b, &x % &p == &y % &p);
            prop_assert_eq!(bool::from(a.is_zero()), &x % &p == BigUint::ZERO);
            prop_assert_eq!(a.is_zero_public(), &x % &p == BigUint::ZERO);
            prop_assert_eq!(Element::from_bytes(&bytes(a.0)).is_some(), x < p);
            prop_assert_eq!(limbs(&bytes(a.0)), a.0);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn an_inverse_is_one(a in elements()) {
            let expected = if a.is_zero_public() { Element::ZERO } else { Element::ONE };
            prop_assert_eq!(a.mul(&a.invert()), expected);
            let p = prime();
            prop_assert_eq!(number(a.invert().canonical()), number(a.0).modpow(&(&p - 2_u8), &p));
        }
    }

    #[test]
    fn every_spelling_near_the_edges() {
        let near = |low: u64| Element([low, u64::MAX, u64::MAX, u64::MAX]);
        let edges = (0..=FOLD + 1).flat_map(|small| [Element([small, 0, 0, 0]), near(u64::MAX - small)]);
        let edges: Vec<_> = edges.collect();
        let p = prime();
        for a in &edges {
            for b in &edges {
                let (x, y) = (number(a.0), number(b.0));
                assert_eq!(number(a.add(b).canonical()), (&x + &y) % &p);
                assert_eq!(number(a.sub(b).canonical()), (&x + &p + &p - &y) % &p);
                assert_eq!(number(a.mul(b).canonical()), &x * &y % &p);
            }
            assert_eq!(a.mul(a), a.square());
        }
    }
}

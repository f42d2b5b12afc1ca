//! Numbers modulo the order of the group, `q` (STB 34.101.45, table B.1): one-time keys, private keys, hashes.
//!
//! Always reduced. As `2^256 ≡ 2^256 − q`, a number of 126 bits, products are folded twice. Constant time.

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize;

use crate::field::{bytes, limbs, select, wide_mul};

/// The order of the group.
pub(crate) const ORDER: [u64; 4] = [0x7e5a_bf99_263d_6607, 0xd95c_8ed6_0dfb_4dfc, u64::MAX, u64::MAX];
/// `2^256 − q`.
const FOLD: [u64; 2] = [0x81a5_4066_d9c2_99f9, 0x26a3_7129_f204_b203];

/// A number below `q`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scalar([u64; 4]);

/// `number + carry · 2^256`, which must be below `2q`, modulo `q`.
#[inline]
fn reduce_once(number: [u64; 4], carry: bool) -> Scalar {
    let [a0, a1, a2, a3] = number;
    let (r0, over) = a0.overflowing_add(FOLD[0]);
    let (r1, over) = a1.carrying_add(FOLD[1], over);
    let (r2, over) = a2.carrying_add(0, over);
    let (r3, over) = a3.carrying_add(0, over);
    Scalar(select(Choice::from(u8::from(carry | over)), [r0, r1, r2, r3], number))
}

impl Scalar {
    /// The number in 32 bytes, least first, and whether it was below `q`.
    pub(crate) fn read(bytes: &[u8; 32]) -> (Self, Choice) {
        let number = limbs(bytes);
        let reduced = reduce_once(number, false);
        let below = number.as_slice().ct_eq(reduced.0.as_slice());
        (reduced, below)
    }

    /// The number in 32 bytes modulo `q`.
    pub(crate) fn reduce(bytes: &[u8; 32]) -> Self {
        Self::read(bytes).0
    }

    /// `s + 2^128`.
    pub(crate) fn above_half(s: &[u8; 16]) -> Self {
        let number = u128::from_le_bytes(*s);
        let (low, high) = (number & u128::from(u64::MAX), number >> 64);
        Self([low as u64, high as u64, 1, 0])
    }

    /// The bytes, least first.
    pub(crate) fn to_bytes(self) -> [u8; 32] {
        bytes(self.0)
    }

    /// The limbs, least first.
    pub(crate) fn limbs(&self) -> &[u64; 4] {
        &self.0
    }

    pub(crate) fn add(&self, other: &Self) -> Self {
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, other.0);
        let (r0, carry) = a0.overflowing_add(b0);
        let (r1, carry) = a1.carrying_add(b1, carry);
        let (r2, carry) = a2.carrying_add(b2, carry);
        let (r3, carry) = a3.carrying_add(b3, carry);
        reduce_once([r0, r1, r2, r3], carry)
    }

    pub(crate) fn sub(&self, other: &Self) -> Self {
        self.add(&other.neg())
    }

    /// `−self`; zero of zero.
    pub(crate) fn neg(&self) -> Self {
        let ([q0, q1, q2, q3], [a0, a1, a2, a3]) = (ORDER, self.0);
        let (r0, borrow) = q0.overflowing_sub(a0);
        let (r1, borrow) = q1.borrowing_sub(a1, borrow);
        let (r2, borrow) = q2.borrowing_sub(a2, borrow);
        let (r3, _) = q3.borrowing_sub(a3, borrow);
        // `q − 0` is `q`.
        reduce_once([r0, r1, r2, r3], false)
    }

    pub(crate) fn mul(&self, other: &Self) -> Self {
        let ([l0, l1, l2, l3], [h0, h1, h2, h3]) = wide_mul(&self.0, &other.0);
        let [f0, f1] = FOLD;
        // Six limbs: below 2^383.
        let (r0, carry) = h0.carrying_mul_add(f0, l0, 0);
        let (r1, carry) = h1.carrying_mul_add(f0, l1, carry);
        let (r2, carry) = h2.carrying_mul_add(f0, l2, carry);
        let (r3, r4) = h3.carrying_mul_add(f0, l3, carry);
        let (r1, carry) = h0.carrying_mul_add(f1, r1, 0);
        let (r2, carry) = h1.carrying_mul_add(f1, r2, carry);
        let (r3, carry) = h2.carrying_mul_add(f1, r3, carry);
        let (r4, r5) = h3.carrying_mul_add(f1, r4, carry);
        // Four limbs and a bit: below 2^256 + 2^253.
        let (r0, carry) = r4.carrying_mul_add(f0, r0, 0);
        let (r1, carry) = r5.carrying_mul_add(f0, r1, carry);
        let (r2, over) = r2.overflowing_add(carry);
        let (r3, over) = r3.carrying_add(0, over);
        let (r1, carry) = r4.carrying_mul_add(f1, r1, 0);
        let (r2, carry) = r5.carrying_mul_add(f1, r2, carry);
        let (r3, again) = r3.overflowing_add(carry);
        reduce_once([r0, r1, r2, r3], over | again)
    }

    pub(crate) fn is_zero(&self) -> Choice {
        self.0.as_slice().ct_eq([0; 4].as_slice())
    }

    pub(crate) fn is_odd(&self) -> Choice {
        Choice::from((self.0[0] & 1) as u8)
    }

    /// `yes` if the choice is true, else `no`.
    pub(crate) fn select(choice: Choice, yes: &Self, no: &Self) -> Self {
        Self(select(choice, yes.0, no.0))
    }
}

impl Zeroize for Scalar {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    fn number(limbs: [u64; 4]) -> BigUint {
        BigUint::from_bytes_le(&bytes(limbs))
    }

    /// Any limbs, those of the order and the extremes often.
    fn limbs_of_interest() -> impl Strategy<Value = [u64; 4]> {
        let limb = |order: u64| {
            prop_oneof![
                any::<u64>(),
                Just(0),
                Just(u64::MAX),
                Just(order),
                Just(order - 1),
                Just(order.wrapping_add(1))
            ]
        };
        let [q0, q1, q2, q3] = ORDER;
        (limb(q0), limb(q1), limb(q2), limb(q3)).prop_map(|(a, b, c, d)| [a, b, c, d])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn arithmetic_is_that_of_slow_numbers(a in limbs_of_interest(), b in limbs_of_interest()) {
            let (q, x, y) = (number(ORDER), number(a), number(b));
            let (one, below) = Scalar::read(&bytes(a));
            let two = Scalar::reduce(&bytes(b));
            prop_assert_eq!(bool::from(below), x < q);
            prop_assert_eq!(number(one.0), &x % &q);
            prop_assert_eq!(number(one.add(&two).0), (&x + &y) % &q);
            prop_assert_eq!(number(one.sub(&two).0), (&x % &q + &q - &y % &q) % &q);
            prop_assert_eq!(number(one.neg().0), (&q - &x % &q) % &q);
            prop_assert_eq!(number(one.mul(&two).0), &x * &y % &q);
            prop_assert_eq!(bool::from(one.is_zero()), &x % &q == BigUint::ZERO);
            prop_assert_eq!(bool::from(one.is_odd()), (&x % &q).bit(0));
            prop_assert_eq!(Scalar::reduce(&one.to_bytes()).0, one.0);
        }

        #[test]
        fn a_half_is_lifted(half in any::<[u8; 16]>()) {
            let expected = BigUint::from_bytes_le(&half) + (BigUint::from(1_u8) << 128);
            prop_assert_eq!(number(Scalar::above_half(&half).0), expected);
        }
    }
}

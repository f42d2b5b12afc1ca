//! Residues modulo an odd number between 2²⁵⁵ and 2²⁵⁶, in Montgomery's form: the field of the curve, and the scalars.
//!
//! Four 64-bit limbs, least first, always below the modulus. What stands inside is the residue times 2²⁵⁶.

use std::marker::PhantomData;

/// What the residues are of.
pub(crate) trait Modulus: Copy {
    /// The number.
    const M: [u64; 4];
    /// `−M⁻¹` modulo 2⁶⁴.
    const NEGATED_INVERSE: u64;
    /// 2²⁵⁶ modulo the number: one, in its form.
    const RADIX: [u64; 4];
    /// 2⁵¹² modulo the number: brings a residue into its form.
    const SQUARED_RADIX: [u64; 4];

    /// The number and that multiple of the modulus that makes the lowest limb zero, without that limb.
    #[inline(always)]
    fn drop_lowest([t0, t1, t2, t3, t4]: [u64; 5]) -> ([u64; 4], bool) {
        let [m0, m1, m2, m3] = Self::M;
        let factor = t0.wrapping_mul(Self::NEGATED_INVERSE);
        let (_zero, carry) = factor.carrying_mul_add(m0, t0, 0);
        let (t1, carry) = factor.carrying_mul_add(m1, t1, carry);
        let (t2, carry) = factor.carrying_mul_add(m2, t2, carry);
        let (t3, carry) = factor.carrying_mul_add(m3, t3, carry);
        let (t4, over) = t4.overflowing_add(carry);
        ([t1, t2, t3, t4], over)
    }
}

/// `2²⁵⁶ − 2²²⁴ + 2¹⁹² + 2⁹⁶ − 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prime;

impl Modulus for Prime {
    const M: [u64; 4] = [0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_ffff, 0, 0xffff_ffff_0000_0001];
    const NEGATED_INVERSE: u64 = 1;
    const RADIX: [u64; 4] =
        [0x0000_0000_0000_0001, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_fffe];
    const SQUARED_RADIX: [u64; 4] =
        [0x0000_0000_0000_0003, 0xffff_fffb_ffff_ffff, 0xffff_ffff_ffff_fffe, 0x0000_0004_ffff_fffd];

    /// The factor is the lowest limb itself, and of its products only one is not a shift.
    #[inline(always)]
    fn drop_lowest([t0, t1, t2, t3, t4]: [u64; 5]) -> ([u64; 4], bool) {
        let (t1, carry) = t1.overflowing_add(t0 << 32);
        let (t2, carry) = t2.carrying_add(t0 >> 32, carry);
        let (t3, carry) = t0.carrying_mul_add(Self::M[3], t3, u64::from(carry));
        let (t4, over) = t4.overflowing_add(carry);
        ([t1, t2, t3, t4], over)
    }
}

/// The order of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order;

impl Modulus for Order {
    const M: [u64; 4] = [0xf3b9_cac2_fc63_2551, 0xbce6_faad_a717_9e84, 0xffff_ffff_ffff_ffff, 0xffff_ffff_0000_0000];
    const NEGATED_INVERSE: u64 = 0xccd1_c8aa_ee00_bc4f;
    const RADIX: [u64; 4] =
        [0x0c46_353d_039c_daaf, 0x4319_0552_58e8_617b, 0x0000_0000_0000_0000, 0x0000_0000_ffff_ffff];
    const SQUARED_RADIX: [u64; 4] =
        [0x8324_4c95_be79_eea2, 0x4699_799c_49bd_6fa6, 0x2845_b239_2b6b_ec59, 0x66e1_2d94_f3d9_5620];
}

/// The difference modulo 2²⁵⁶, and whether it was below zero.
#[inline(always)]
fn subtract(a: [u64; 4], b: [u64; 4]) -> ([u64; 4], bool) {
    let (r0, borrow) = a[0].overflowing_sub(b[0]);
    let (r1, borrow) = a[1].borrowing_sub(b[1], borrow);
    let (r2, borrow) = a[2].borrowing_sub(b[2], borrow);
    let (r3, borrow) = a[3].borrowing_sub(b[3], borrow);
    ([r0, r1, r2, r3], borrow)
}

/// The sum modulo 2²⁵⁶, and whether it passed that.
#[inline(always)]
fn sum(a: [u64; 4], b: [u64; 4]) -> ([u64; 4], bool) {
    let (r0, carry) = a[0].overflowing_add(b[0]);
    let (r1, carry) = a[1].carrying_add(b[1], carry);
    let (r2, carry) = a[2].carrying_add(b[2], carry);
    let (r3, carry) = a[3].carrying_add(b[3], carry);
    ([r0, r1, r2, r3], carry)
}

/// `number + over · 2²⁵⁶`, which is below twice the modulus, below the modulus.
#[inline(always)]
fn reduced(number: [u64; 4], over: bool, modulus: [u64; 4]) -> [u64; 4] {
    let (less, borrow) = subtract(number, modulus);
    if over || !borrow { less } else { number }
}

#[inline(always)]
fn doubled(residue: [u64; 4], modulus: [u64; 4]) -> [u64; 4] {
    let (twice, over) = sum(residue, residue);
    reduced(twice, over, modulus)
}

/// The number of 32 bytes, most significant first.
pub(crate) fn number(bytes: &[u8; 32]) -> [u64; 4] {
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.as_chunks().0) {
        *limb = u64::from_be_bytes(*chunk);
    }
    limbs
}

/// `sum + factor · number`: its lowest limb, and the others.
#[inline(always)]
fn plus_product([t0, t1, t2, t3]: [u64; 4], factor: u64, [b0, b1, b2, b3]: [u64; 4]) -> (u64, [u64; 4]) {
    let (r0, carry) = factor.carrying_mul_add(b0, t0, 0);
    let (r1, carry) = factor.carrying_mul_add(b1, t1, carry);
    let (r2, carry) = factor.carrying_mul_add(b2, t2, carry);
    let (r3, carry) = factor.carrying_mul_add(b3, t3, carry);
    (r0, [r1, r2, r3, carry])
}

/// A residue in Montgomery's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Residue<M>([u64; 4], PhantomData<M>);

/// A coordinate.
pub(crate) type Element = Residue<Prime>;
/// A number that multiplies points.
pub(crate) type Scalar = Residue<Order>;

impl<M: Modulus> Residue<M> {
    pub(crate) const ZERO: Self = Self::raw([0; 4]);
    pub(crate) const ONE: Self = Self::raw(M::RADIX);

    const fn raw(limbs: [u64; 4]) -> Self {
        Self(limbs, PhantomData)
    }

    /// The residue of a number that is below the modulus; none of another.
    pub(crate) fn of(number: [u64; 4]) -> Option<Self> {
        subtract(number, M::M).1.then(|| Self::raw(number).mul(&Self::raw(M::SQUARED_RADIX)))
    }

    /// The residue of any number below 2²⁵⁶.
    pub(crate) fn of_any(number: [u64; 4]) -> Self {
        Self::raw(reduced(number, false, M::M)).mul(&Self::raw(M::SQUARED_RADIX))
    }

    /// The number, below the modulus.
    pub(crate) fn to_number(self) -> [u64; 4] {
        self.mul(&Self::raw([1, 0, 0, 0])).0
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.0 == [0; 4]
    }

    #[inline(always)]
    pub(crate) fn add(&self, other: &Self) -> Self {
        let (sum, over) = sum(self.0, other.0);
        Self::raw(reduced(sum, over, M::M))
    }

    #[inline(always)]
    pub(crate) fn sub(&self, other: &Self) -> Self {
        let (difference, borrow) = subtract(self.0, other.0);
        Self::raw(if borrow { sum(difference, M::M).0 } else { difference })
    }

    #[inline(always)]
    pub(crate) fn double(&self) -> Self {
        Self::raw(doubled(self.0, M::M))
    }

    #[inline(always)]
    pub(crate) fn mul(&self, other: &Self) -> Self {
        let ([a0, a1, a2, a3], b) = (self.0, other.0);
        let (w0, [w1, w2, w3, w4]) = plus_product([0; 4], a0, b);
        let (w1, [w2, w3, w4, w5]) = plus_product([w1, w2, w3, w4], a1, b);
        let (w2, [w3, w4, w5, w6]) = plus_product([w2, w3, w4, w5], a2, b);
        let (w3, [w4, w5, w6, w7]) = plus_product([w3, w4, w5, w6], a3, b);
        Self::lowered([w0, w1, w2, w3], [w4, w5, w6, w7])
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
        // Twice that, and the squares.
        let twice = |limb: u64, below: u64| (limb << 1) | (below >> 63);
        let (s0, s1) = a0.carrying_mul(a0, 0);
        let (s2, s3) = a1.carrying_mul(a1, 0);
        let (s4, s5) = a2.carrying_mul(a2, 0);
        let (s6, s7) = a3.carrying_mul(a3, 0);
        let (r1, carry) = s1.overflowing_add(w1 << 1);
        let (r2, carry) = s2.carrying_add(twice(w2, w1), carry);
        let (r3, carry) = s3.carrying_add(twice(w3, w2), carry);
        let (r4, carry) = s4.carrying_add(twice(w4, w3), carry);
        let (r5, carry) = s5.carrying_add(twice(w5, w4), carry);
        let (r6, carry) = s6.carrying_add(twice(w6, w5), carry);
        let (r7, _) = s7.carrying_add(w6 >> 63, carry);
        Self::lowered([s0, r1, r2, r3], [r4, r5, r6, r7])
    }

    /// A product of two residues divided by 2²⁵⁶: limb by limb its lowest is made zero and dropped.
    #[inline(always)]
    fn lowered(low: [u64; 4], high: [u64; 4]) -> Self {
        let (mut limbs, mut over) = (low, false);
        for limb in high {
            let [t0, t1, t2, t3] = limbs;
            let (t4, first) = limb.overflowing_add(u64::from(over));
            let second;
            (limbs, second) = M::drop_lowest([t0, t1, t2, t3, t4]);
            over = first | second;
        }
        Self::raw(reduced(limbs, over, M::M))
    }

    /// The inverse, by Fermat: the power of the modulus less two, four bits of the exponent at a time; zero of zero.
    pub(crate) fn invert(&self) -> Self {
        let mut powers = [Self::ONE; 16];
        let mut power = Self::ONE;
        for place in powers.iter_mut().skip(1) {
            power = power.mul(self);
            *place = power;
        }
        let mut inverse = Self::ONE;
        let [low, rest @ ..] = M::M;
        // No modulus here ends in 0 or 1 modulo 2⁶⁴.
        for limb in rest.into_iter().rev().chain([low - 2]) {
            for position in (0..16).rev() {
                inverse = inverse.square().square().square().square();
                let digit = (limb >> (4 * position)) & 15;
                if let Some(power) = powers.get(digit as usize).filter(|_| digit != 0) {
                    inverse = inverse.mul(power);
                }
            }
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    fn big(limbs: [u64; 4]) -> BigUint {
        BigUint::from_bytes_le(&limbs.map(u64::to_le_bytes).concat())
    }

    /// Any limbs, the extremes often: where carries run through.
    fn numbers() -> impl Strategy<Value = [u64; 4]> {
        let limb = prop_oneof![any::<u64>(), Just(0), Just(1), Just(u64::MAX), Just(0xffff_ffff_0000_0001)];
        prop::array::uniform4(limb)
    }

    fn agrees<M: Modulus + std::fmt::Debug + PartialEq>(a: [u64; 4], b: [u64; 4]) -> Result<(), TestCaseError> {
        let (m, x, y) = (big(M::M), big(a), big(b));
        let (one, other) = (Residue::<M>::of_any(a), Residue::<M>::of_any(b));
        prop_assert_eq!(big(one.to_number()), &x % &m);
        prop_assert_eq!(big(one.add(&other).to_number()), (&x + &y) % &m);
        prop_assert_eq!(big(one.sub(&other).to_number()), (&x + &m + &m - &y) % &m);
        prop_assert_eq!(big(one.double().to_number()), (&x + &x) % &m);
        prop_assert_eq!(big(one.mul(&other).to_number()), &x * &y % &m);
        prop_assert_eq!(big(one.square().to_number()), &x * &x % &m);
        prop_assert_eq!(Residue::<M>::of(a).is_some(), x < m);
        prop_assert_eq!(one.is_zero(), &x % &m == BigUint::ZERO);
        let inverse = if one.is_zero() { Residue::<M>::ZERO } else { Residue::<M>::ONE };
        prop_assert_eq!(one.mul(&one.invert()), inverse);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn arithmetic_is_that_of_slow_numbers(a in numbers(), b in numbers()) {
            agrees::<Prime>(a, b)?;
            agrees::<Order>(a, b)?;
        }
    }

    #[test]
    fn numbers_near_the_modulus() {
        let near = |m: [u64; 4], less: u64| subtract(m, [less, 0, 0, 0]).0;
        for less in 0..4 {
            for other in 0..4 {
                agrees::<Prime>(near(Prime::M, less), near(Prime::M, other)).unwrap();
                agrees::<Order>(near(Order::M, less), near(Order::M, other)).unwrap();
            }
        }
        let power = |m: [u64; 4], bits: usize| (BigUint::from(1_u8) << bits) % big(m);
        assert_eq!((big(Prime::RADIX), big(Prime::SQUARED_RADIX)), (power(Prime::M, 256), power(Prime::M, 512)));
        assert_eq!((big(Order::RADIX), big(Order::SQUARED_RADIX)), (power(Order::M, 256), power(Order::M, 512)));
        assert_eq!(Residue::<Prime>::of(Prime::M), None);
        assert_eq!(number(&[1; 32]), [0x0101_0101_0101_0101; 4]);
        assert_eq!(Prime::NEGATED_INVERSE.wrapping_mul(Prime::M[0]), u64::MAX);
        assert_eq!(Order::NEGATED_INVERSE.wrapping_mul(Order::M[0]), u64::MAX);
    }
}

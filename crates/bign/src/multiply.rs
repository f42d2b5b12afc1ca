//! Multiples of points: of the base point by a secret in constant time, and the sum that verification needs.
#![expect(clippy::indexing_slicing, reason = "positions of digits are bounded by the loops, and are no secret")]

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize;

use crate::field::Element;
use crate::point::{Affine, Jacobian, Prepared};
use crate::scalar::Scalar;
use crate::tables::{COMB, KEPT_STEP, KEPT_WINDOW, Kept, ODD_WINDOW, Odd, WINDOW, WINDOW_STEP, WINDOWS};

/// `secret · G`, which must not be zero. Neither branches nor addresses depend on the secret.
///
/// The number is made odd (negated modulo the odd `q` where it is even) and written with the digits ±1, ±3, …, ±15 of
/// base 16. No digit is zero, and each is worth more than all below it together, so adding from the least upwards
/// never meets equal or opposite points. Only the last digit can meet an equal one, where the sum passes `q`.
pub(crate) fn base_multiple(secret: &Scalar) -> Affine {
    let even = !secret.is_odd();
    let mut odd = Scalar::select(even, &secret.neg(), secret);
    let [k0, k1, k2, k3] = *odd.limbs();
    // With every bit standing for ±1 instead of 0 or 1: (odd + 2^256 − 1) / 2.
    let mut signs = [(k0 >> 1) | (k1 << 63), (k1 >> 1) | (k2 << 63), (k2 >> 1) | (k3 << 63), (k3 >> 1) | (1 << 63)];
    let nibble = |position: usize| (signs[position / 16] >> (4 * (position % 16))) & 15;

    let mut sum = Jacobian::from(pick(&COMB[0], nibble(0)));
    for position in 1..63 {
        sum = sum.add_distinct(&pick(&COMB[position], nibble(position)));
    }
    sum = sum.add_finite(&pick(&COMB[63], nibble(63)));
    let (mut point, _) = sum.to_affine();
    point.negate_if(even);
    sum.zeroize();
    odd.zeroize();
    signs.zeroize();
    point
}

/// The entry for the digit `2 · nibble − 15`: all entries are read.
#[inline(always)]
fn pick(row: &[Affine; 8], nibble: u64) -> Affine {
    let negative = Choice::from(((nibble >> 3) ^ 1) as u8);
    // Below eight, the table runs backwards.
    let wanted = (nibble & 7) ^ (7 * u64::from(negative.unwrap_u8()));
    let (mut x, mut y) = ([0; 4], [0; 4]);
    for (index, entry) in (0_u64..).zip(row) {
        let mask = u64::from(index.ct_eq(&wanted).unwrap_u8()).wrapping_neg();
        for (to, from) in x.iter_mut().zip(entry.x.0) {
            *to |= from & mask;
        }
        for (to, from) in y.iter_mut().zip(entry.y.0) {
            *to |= from & mask;
        }
    }
    let mut point = Affine { x: Element(x), y: Element(y) };
    point.negate_if(negative);
    point
}

/// Digits of a number below `2^256`: zero, or odd and of `width` bits with the sign, at least `width` places apart.
type Digits = [i8; 257];

fn digits(number: &Scalar, width: usize) -> Digits {
    let limbs = number.limbs();
    let mut digits = [0; 257];
    let (mut position, mut carry) = (0, 0);
    while position < digits.len() {
        // Bits past the last are zero.
        let low = limbs.get(position / 64).copied().unwrap_or(0) >> (position % 64);
        let high = limbs.get(position / 64 + 1).copied().unwrap_or(0);
        let bits = if position.is_multiple_of(64) { low } else { low | (high << (64 - position % 64)) };
        if bits & 1 == carry {
            position += 1;
            continue;
        }
        let digit = (bits & ((1 << width) - 1)) + carry;
        carry = digit >> (width - 1);
        digits[position] = (digit as i16 - ((carry as i16) << width)) as i8;
        position += width;
    }
    digits
}

/// `g · G + v · Q`, where `v` is below `2^129` and `table` is of `Q`. For public values.
pub(crate) fn sum_once(g: &Scalar, v: &Scalar, table: &Odd) -> Jacobian {
    let (of_base, of_key) = (digits(g, WINDOW), digits(v, ODD_WINDOW));
    let mut sum = Jacobian::INFINITY;
    for position in (0..=129).rev() {
        sum = sum.double();
        sum = plus_prepared(sum, table, of_key[position]);
        if position <= 128 {
            sum = plus(sum, &WINDOWS[4], of_base[128 + position]);
        }
        if position < 128 {
            sum = plus(sum, &WINDOWS[0], of_base[position]);
        }
    }
    sum
}

/// The same with a table that spares three of four doublings.
pub(crate) fn sum_kept(g: &Scalar, v: &Scalar, table: &Kept) -> Jacobian {
    let (of_base, of_key) = (digits(g, WINDOW), digits(v, KEPT_WINDOW));
    let mut sum = Jacobian::INFINITY;
    for position in (0..KEPT_STEP).rev() {
        sum = sum.double();
        for (row, entries) in table.iter().enumerate() {
            sum = plus(sum, entries, of_key[row * KEPT_STEP + position]);
        }
        if position == WINDOW_STEP {
            sum = plus(sum, &WINDOWS[7], of_base[256]);
            continue;
        }
        for (row, entries) in WINDOWS.iter().enumerate() {
            sum = plus(sum, entries, of_base[row * WINDOW_STEP + position]);
        }
    }
    sum
}

#[inline(always)]
fn plus(sum: Jacobian, table: &[Affine], digit: i8) -> Jacobian {
    match digit {
        0 => sum,
        1.. => sum.add_public(&table[usize::from(digit.unsigned_abs() / 2)]),
        _ => sum.add_public(&table[usize::from(digit.unsigned_abs() / 2)].neg()),
    }
}

#[inline(always)]
fn plus_prepared(sum: Jacobian, table: &[Prepared; 8], digit: i8) -> Jacobian {
    match digit {
        0 => sum,
        1.. => sum.add_prepared(&table[usize::from(digit.unsigned_abs() / 2)]),
        _ => sum.add_prepared(&table[usize::from(digit.unsigned_abs() / 2)].neg()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::point::BASE;
    use crate::scalar::ORDER;
    use crate::tables;

    fn small(number: u64) -> Scalar {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        Scalar::reduce(&bytes)
    }

    /// The plainest multiplication.
    fn slow(scalar: &Scalar, point: &Affine) -> Jacobian {
        let mut sum = Jacobian::INFINITY;
        for bit in (0..256).rev() {
            sum = sum.double();
            if scalar.limbs()[bit / 64] >> (bit % 64) & 1 == 1 {
                sum = sum.add_public(point);
            }
        }
        sum
    }

    fn affine(point: Jacobian) -> Affine {
        let (point, finite) = point.to_affine();
        assert!(bool::from(finite));
        point
    }

    /// Multiples at which an addition could meet equal or opposite points.
    fn edges() -> Vec<Scalar> {
        let mut edges: Vec<_> = (1..40).flat_map(|number| [small(number), small(number).neg()]).collect();
        for bit in 0..64 {
            for shift in [0, 1, 2] {
                let mut limbs = [0_u8; 32];
                limbs[bit / 2] = (1 << shift) << (4 * (bit % 2));
                let number = Scalar::reduce(&limbs);
                edges.extend([number, number.neg(), number.add(&small(1)), number.sub(&small(1)).add(&small(2))]);
            }
        }
        // 30 · 16^63 − q: here the last addition of the comb meets its own entry. As 2^256 − q is small: −q is it
        // modulo 2^256, and 30 · 16^63 is 7/8 of 2^256 there.
        let mut carry = 1;
        let mut minus: Vec<u64> = ORDER
            .iter()
            .map(|limb| {
                let (sum, over) = (!limb).overflowing_add(carry);
                carry = u64::from(over);
                sum
            })
            .collect();
        minus[3] += 0xe << 60;
        let mut bytes = [0; 32];
        for (to, limb) in bytes.chunks_mut(8).zip(&minus) {
            to.copy_from_slice(&limb.to_le_bytes());
        }
        let (worst, below) = Scalar::read(&bytes);
        assert!(bool::from(below & worst.is_odd()));
        edges.extend([worst, worst.neg()]);
        edges
    }

    #[test]
    fn edges_of_the_comb() {
        for scalar in edges() {
            assert_eq!(base_multiple(&scalar), affine(slow(&scalar, &BASE)), "{scalar:?}");
        }
    }

    #[test]
    fn the_last_addition_can_meet_its_own_entry() {
        let worst = edges().into_iter().nth_back(1).unwrap();
        let [k0, k1, k2, k3] = *worst.limbs();
        let signs = [(k0 >> 1) | (k1 << 63), (k1 >> 1) | (k2 << 63), (k2 >> 1) | (k3 << 63), (k3 >> 1) | (1 << 63)];
        let nibble = |position: usize| (signs[position / 16] >> (4 * (position % 16))) & 15;
        let mut sum = Jacobian::from(pick(&COMB[0], nibble(0)));
        for position in 1..63 {
            sum = sum.add_distinct(&pick(&COMB[position], nibble(position)));
        }
        assert_eq!(affine(sum), pick(&COMB[63], nibble(63)));
    }

    #[test]
    fn sums_meet_equal_opposite_and_infinite_points() {
        // Keys that are small multiples of the base point: the same points come from both sides.
        let top = Scalar::above_half(&[0; 16]);
        for key in [small(1), small(2), small(3), small(1).neg(), top] {
            let point = base_multiple(&key);
            let (once, kept) = (tables::odd(&point), tables::kept(&point));
            let product = key.mul(&top);
            for g in edges().into_iter().chain([product, product.neg(), product.neg().add(&small(1)), small(0)]) {
                let expected = slow(&g.add(&product), &BASE).to_affine();
                for sum in [sum_once(&g, &top, &once), sum_kept(&g, &top, &kept)] {
                    let found = sum.to_affine();
                    assert_eq!((found.0, bool::from(found.1)), (expected.0, bool::from(expected.1)));
                }
            }
            assert!(sum_once(&product.neg(), &top, &once).z.is_zero_public(), "infinity");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn multiples_are_those_of_the_plainest_way(k in any::<[u8; 32]>()) {
            let k = Scalar::reduce(&k);
            prop_assert_eq!(base_multiple(&k), affine(slow(&k, &BASE)));
        }

        #[test]
        fn sums_are_those_of_the_plainest_way(g in any::<[u8; 32]>(), v in any::<[u8; 16]>(), q in any::<[u8; 32]>()) {
            let (g, v) = (Scalar::reduce(&g), Scalar::above_half(&v));
            let point = base_multiple(&Scalar::reduce(&q));
            let expected = affine(slow(&g, &BASE).add_public(&affine(slow(&v, &point))));
            prop_assert_eq!(affine(sum_once(&g, &v, &tables::odd(&point))), expected);
            prop_assert_eq!(affine(sum_kept(&g, &v, &tables::kept(&point))), expected);
        }

        #[test]
        fn digits_make_the_number(number in any::<[u8; 32]>(), width in 2..=8_usize) {
            let number = Scalar::reduce(&number);
            let digits = digits(&number, width);
            let mut sum = small(0);
            for digit in digits.into_iter().rev() {
                sum = sum.add(&sum);
                let part = small(u64::from(digit.unsigned_abs()));
                sum = if digit < 0 { sum.sub(&part) } else { sum.add(&part) };
                prop_assert!(digit == 0 || digit % 2 != 0);
                prop_assert!(i32::from(digit).abs() < 1 << (width - 1));
            }
            prop_assert_eq!(sum.limbs(), number.limbs());
        }
    }
}

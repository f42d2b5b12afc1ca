//! Multiples of a point, kept: a product with a scalar is then one addition for each of its digits, and no doubling.

use crate::point::{Affine, Point, to_affine_all};

/// For each digit of base 2ʷ its multiples 1 to 2ʷ⁻¹; the negative ones follow from them.
pub(crate) struct Multiples<const W: u32> {
    points: Box<[Affine]>,
}

/// Bits of a scalar, and one for the carry out of the last.
const BITS: usize = 257;

impl<const W: u32> Multiples<W> {
    /// Multiples of one digit.
    const ROW: usize = 1 << (W - 1);
    /// Digits of a scalar.
    const ROWS: usize = BITS.div_ceil(W as usize);
    /// What they take.
    pub(crate) const BYTES: usize = Self::ROW * Self::ROWS * size_of::<Affine>();

    pub(crate) fn of(point: Affine) -> Self {
        let next = |base: &Point| Some((0..W).fold(*base, |base, _| base.double()));
        let bases: Vec<Point> = std::iter::successors(Some(point.into()), next).take(Self::ROWS).collect();
        let mut points = Vec::with_capacity(Self::ROW * Self::ROWS);
        for base in to_affine_all(&bases) {
            let more = |multiple: &Point| Some(multiple.add(&base));
            points.extend(std::iter::successors(Some(Point::from(base)), more).take(Self::ROW));
        }
        Self { points: to_affine_all(&points) }
    }

    /// `sum + scalar · point`.
    #[inline]
    pub(crate) fn add_to(&self, mut sum: Point, scalar: [u64; 4]) -> Point {
        let mut carry = 0;
        for (position, row) in (0..).step_by(W as usize).zip(self.points.chunks_exact(Self::ROW)) {
            let digit = bits(scalar, position, W) + carry;
            // A digit above half of the base is what it lacks to the base, taken away, and one more of the next.
            carry = u64::from(digit > 1 << (W - 1));
            let size = if carry == 0 { digit } else { (1 << W) - digit };
            let Some(multiple) = size.checked_sub(1).and_then(|index| row.get(index as usize)) else {
                continue; // the digit is zero
            };
            sum = if carry == 0 { sum.add(multiple) } else { sum.add(&multiple.neg()) };
        }
        sum
    }
}

/// `width` bits of the number from `position` on; those past its end are zero.
#[inline(always)]
fn bits(number: [u64; 4], position: usize, width: u32) -> u64 {
    let limb = |index: usize| number.get(index).copied().unwrap_or(0);
    let (index, shift) = (position / 64, position % 64);
    let low = limb(index) >> shift;
    let high = if shift == 0 { 0 } else { limb(index + 1) << (64 - shift) };
    (low | high) & ((1 << width) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::GENERATOR;
    use crate::field::{Modulus as _, Order};

    /// The plainest multiplication.
    fn slow(scalar: [u64; 4], point: &Affine) -> Point {
        let mut sum = Point::INFINITY;
        for bit in (0..256).rev() {
            sum = sum.double();
            if scalar[bit / 64] >> (bit % 64) & 1 == 1 {
                sum = sum.add(point);
            }
        }
        sum
    }

    fn agrees<const W: u32>(scalar: [u64; 4]) {
        let point = Affine::parse(&GENERATOR).unwrap();
        let (kept, plain) = (Multiples::<W>::of(point).add_to(Point::INFINITY, scalar), slow(scalar, &point));
        assert_eq!(kept.is_infinite(), plain.is_infinite(), "{scalar:x?}");
        if !kept.is_infinite() {
            assert_eq!(to_affine_all(&[kept]), to_affine_all(&[plain]), "{scalar:x?}");
        }
    }

    #[test]
    fn digits_at_their_edges() {
        let order = Order::M;
        let less = [order[0] - 1, order[1], order[2], order[3]];
        let edges = [[0; 4], [1, 0, 0, 0], [0, 0, 0, 1 << 63], [u64::MAX; 4], order, less];
        let halves = [0x8080_8080_8080_8080, 0x8181_8181_8181_8181, 0x7f7f_7f7f_7f7f_7f7f, 0x2082_0820_8208_2082];
        for scalar in edges.into_iter().chain(halves.map(|limb| [limb; 4])) {
            agrees::<6>(scalar);
            agrees::<8>(scalar);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn multiples_are_those_of_the_plainest_way(scalar in any::<[u64; 4]>()) {
            agrees::<6>(scalar);
            agrees::<8>(scalar);
        }
    }
}

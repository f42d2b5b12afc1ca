//! Points of `y² = x³ − 3x + b` (NIST P-256), affine and with their denominators. All of them are public.

use crate::field::{Element, number};

/// The coefficient `b`, most significant limb last.
const B: [u64; 4] = [0x3bce_3c3e_27d2_604b, 0x651d_06b0_cc53_b0f6, 0xb3eb_bd55_7698_86bc, 0x5ac6_35d8_aa3a_93e7];

/// A point other than the one at infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Affine {
    pub(crate) x: Element,
    pub(crate) y: Element,
}

impl Affine {
    /// The point written as 0x04, `x`, `y`; none when it is written otherwise or not on the curve.
    pub(crate) fn parse(point: &[u8; 65]) -> Option<Self> {
        let [0x04, coordinates @ ..] = point else { return None };
        let ([x, y], []) = coordinates.as_chunks::<32>() else { return None };
        let point = Self { x: Element::of(number(x))?, y: Element::of(number(y))? };
        point.is_on_curve().then_some(point)
    }

    fn is_on_curve(&self) -> bool {
        let three_x = self.x.double().add(&self.x);
        let cubic = self.x.square().mul(&self.x).sub(&three_x).add(&Element::of_any(B));
        self.y.square() == cubic
    }

    #[inline(always)]
    pub(crate) fn neg(&self) -> Self {
        Self { x: self.x, y: Element::ZERO.sub(&self.y) }
    }
}

/// `(x/zz, y/zzz)`, where `zz³ = zzz²`; the point at infinity where they are zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) x: Element,
    y: Element,
    pub(crate) zz: Element,
    zzz: Element,
}

impl From<Affine> for Point {
    fn from(point: Affine) -> Self {
        Self { x: point.x, y: point.y, zz: Element::ONE, zzz: Element::ONE }
    }
}

impl Point {
    pub(crate) const INFINITY: Self = Self { x: Element::ONE, y: Element::ONE, zz: Element::ZERO, zzz: Element::ZERO };

    pub(crate) fn is_infinite(&self) -> bool {
        self.zz.is_zero()
    }

    /// Twice the point; infinity of infinity, for the group has no point of order two.
    pub(crate) fn double(&self) -> Self {
        let u = self.y.double();
        let v = u.square();
        let w = u.mul(&v);
        let s = self.x.mul(&v);
        // 3 (x² − zz²), by the coefficient −3.
        let slope = self.x.sub(&self.zz).mul(&self.x.add(&self.zz));
        let slope = slope.double().add(&slope);
        let x = slope.square().sub(&s.double());
        let y = slope.mul(&s.sub(&x)).sub(&w.mul(&self.y));
        Self { x, y, zz: v.mul(&self.zz), zzz: w.mul(&self.zzz) }
    }

    /// The sum, whatever the points are.
    #[inline(always)]
    pub(crate) fn add(&self, other: &Affine) -> Self {
        if self.is_infinite() {
            return (*other).into();
        }
        let h = other.x.mul(&self.zz).sub(&self.x);
        let r = other.y.mul(&self.zzz).sub(&self.y);
        if h.is_zero() {
            return if r.is_zero() { self.double() } else { Self::INFINITY };
        }
        let hh = h.square();
        let hhh = hh.mul(&h);
        let v = self.x.mul(&hh);
        let x = r.square().sub(&hhh).sub(&v.double());
        let y = r.mul(&v.sub(&x)).sub(&self.y.mul(&hhh));
        Self { x, y, zz: self.zz.mul(&hh), zzz: self.zzz.mul(&hhh) }
    }
}

/// Finite points in affine coordinates, for one inversion in all.
pub(crate) fn to_affine_all(points: &[Point]) -> Box<[Affine]> {
    // The product of the denominators before each point.
    let mut product = Element::ONE;
    let mut before = Vec::with_capacity(points.len());
    for point in points {
        before.push(product);
        product = product.mul(&point.zzz);
    }
    let mut rest = product.invert();
    let mut affine: Vec<Affine> = points
        .iter()
        .zip(before)
        .rev()
        .map(|(point, before)| {
            let inverse = rest.mul(&before);
            rest = rest.mul(&point.zzz);
            let square = inverse.mul(&point.zz).square(); // zz/zzz is the denominator's root
            Affine { x: point.x.mul(&square), y: point.y.mul(&inverse) }
        })
        .collect();
    affine.reverse();
    affine.into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GENERATOR;
    use crate::field::{Modulus as _, Order};

    fn generator() -> Affine {
        Affine::parse(&GENERATOR).unwrap()
    }

    fn same(one: Point, other: Point) -> bool {
        to_affine_all(&[one]) == to_affine_all(&[other])
    }

    #[test]
    fn exceptions_of_the_addition() {
        let (point, base) = (generator(), Point::from(generator()));
        assert!(same(base.add(&point), base.double()));
        assert!(base.add(&point.neg()).is_infinite());
        assert!(same(Point::INFINITY.add(&point), base));
        assert!(Point::INFINITY.double().is_infinite());
    }

    #[test]
    fn the_generator_is_of_the_order() {
        let mut sum = Point::INFINITY;
        for bit in (0..256).rev() {
            sum = sum.double();
            if Order::M[bit / 64] >> (bit % 64) & 1 == 1 {
                sum = sum.add(&generator());
            }
        }
        assert!(sum.is_infinite());
    }

    #[test]
    fn points_off_the_curve_or_written_otherwise_are_none() {
        assert!(Affine::parse(&GENERATOR).is_some());
        for at in 0..65 {
            let mut other = GENERATOR;
            other[at] ^= 1;
            assert_eq!(Affine::parse(&other), None, "byte {at}");
        }
        let mut beyond = [0xff; 65];
        beyond[0] = 4;
        assert_eq!(Affine::parse(&beyond), None);
    }

    #[test]
    fn many_points_at_once_are_the_same_as_one_by_one() {
        let mut point = Point::from(generator());
        let points: Vec<Point> = std::iter::repeat_with(|| {
            point = point.double().add(&generator());
            point
        })
        .take(20)
        .collect();
        let single: Vec<Affine> = points.iter().flat_map(|point| to_affine_all(&[*point]).into_vec()).collect();
        assert_eq!(*to_affine_all(&points), *single);
        assert!(single.iter().all(Affine::is_on_curve));
    }
}

//! Points of `y² = x³ − 3x + b` over the field (STB 34.101.45, table B.1), in affine and Jacobian coordinates.

use subtle::{Choice, ConditionallySelectable};
use zeroize::Zeroize;

use crate::field::Element;

/// The coefficient `b`.
const B: Element =
    Element([0xb22e_7d6b_d69c_03f1, 0x4cf5_5069_978b_9253, 0xd2c1_3aab_e4d8_fbbe, 0x77ce_6c15_15f3_a8ed]);

/// A point other than the one at infinity.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Affine {
    pub(crate) x: Element,
    pub(crate) y: Element,
}

/// The base point `G`, whose abscissa is zero.
pub(crate) const BASE: Affine = Affine {
    x: Element::ZERO,
    y: Element([0x1e29_cf18_0451_6a93, 0x7891_3966_c408_f652, 0x5ce4_c9a3_51d6_835d, 0x6bf7_fc3c_fb16_d69f]),
};

impl Affine {
    pub(crate) fn is_on_curve(&self) -> bool {
        let cubic = self.x.square().sub(&Element([3, 0, 0, 0])).mul(&self.x).add(&B);
        self.y.square() == cubic
    }

    #[inline]
    pub(crate) fn neg(&self) -> Self {
        Self { x: self.x, y: self.y.neg() }
    }

    /// The negative where the choice is true.
    #[inline]
    pub(crate) fn negate_if(&mut self, choice: Choice) {
        self.y.conditional_assign(&self.y.neg(), choice);
    }
}

impl Zeroize for Affine {
    fn zeroize(&mut self) {
        self.x.zeroize();
        self.y.zeroize();
    }
}

/// `(x/z², y/z³)`; the point at infinity where `z` is zero.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Jacobian {
    pub(crate) x: Element,
    pub(crate) y: Element,
    pub(crate) z: Element,
}

impl From<Affine> for Jacobian {
    fn from(point: Affine) -> Self {
        Self { x: point.x, y: point.y, z: Element::ONE }
    }
}

impl Zeroize for Jacobian {
    fn zeroize(&mut self) {
        self.x.zeroize();
        self.y.zeroize();
        self.z.zeroize();
    }
}

impl ConditionallySelectable for Jacobian {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self {
            x: Element::conditional_select(&a.x, &b.x, choice),
            y: Element::conditional_select(&a.y, &b.y, choice),
            z: Element::conditional_select(&a.z, &b.z, choice),
        }
    }
}

/// What an addition has before it is finished: the difference of abscissas tells the exceptions.
struct Chord {
    u1: Element,
    s1: Element,
    h: Element,
    r: Element,
}

impl Chord {
    /// The sum, unless the abscissas are equal; `z` is the product of both denominators.
    #[inline(always)]
    fn finish(&self, z: &Element) -> Jacobian {
        let hh = self.h.square();
        let hhh = hh.mul(&self.h);
        let v = self.u1.mul(&hh);
        let x = self.r.square().sub(&hhh).sub(&v.times(2));
        let y = self.r.mul(&v.sub(&x)).sub(&self.s1.mul(&hhh));
        Jacobian { x, y, z: z.mul(&self.h) }
    }
}

impl Jacobian {
    pub(crate) const INFINITY: Self = Self { x: Element::ONE, y: Element::ONE, z: Element::ZERO };

    /// Twice the point; infinity of infinity, for the group has no point of order two.
    #[inline]
    pub(crate) fn double(&self) -> Self {
        let delta = self.z.square();
        let gamma = self.y.square();
        let beta4 = self.x.mul(&gamma).times(4);
        let alpha = self.x.sub(&delta).mul(&self.x.add(&delta)).times(3);
        let x = alpha.square().sub(&beta4.times(2));
        let y = alpha.mul(&beta4.sub(&x)).sub(&gamma.square().times(8));
        let z = self.y.mul(&self.z).times(2);
        Self { x, y, z }
    }

    #[inline(always)]
    fn chord(&self, other: &Affine) -> Chord {
        let zz = self.z.square();
        let u2 = other.x.mul(&zz);
        let s2 = other.y.mul(&zz.mul(&self.z));
        Chord { u1: self.x, s1: self.y, h: u2.sub(&self.x), r: s2.sub(&self.y) }
    }

    /// The sum of two points neither equal, nor opposite, nor infinite; constant time.
    #[inline]
    pub(crate) fn add_distinct(&self, other: &Affine) -> Self {
        self.chord(other).finish(&self.z)
    }

    /// The sum of two points that may be equal, but neither opposite nor infinite; constant time.
    pub(crate) fn add_finite(&self, other: &Affine) -> Self {
        let chord = self.chord(other);
        Self::conditional_select(&chord.finish(&self.z), &Self::from(*other).double(), chord.h.is_zero())
    }

    /// The sum, whatever the points are. For public points: time tells the exceptions.
    #[inline]
    pub(crate) fn add_public(&self, other: &Affine) -> Self {
        if self.z.is_zero_public() {
            return (*other).into();
        }
        self.finish_public(&self.chord(other), &self.z)
    }

    /// The sum, whatever the points are, where the other is prepared and finite. For public points.
    #[inline]
    pub(crate) fn add_prepared(&self, other: &Prepared) -> Self {
        if self.z.is_zero_public() {
            return other.point;
        }
        let zz = self.z.square();
        let u1 = self.x.mul(&other.zz);
        let s1 = self.y.mul(&other.zzz);
        let u2 = other.point.x.mul(&zz);
        let s2 = other.point.y.mul(&zz.mul(&self.z));
        let chord = Chord { u1, s1, h: u2.sub(&u1), r: s2.sub(&s1) };
        self.finish_public(&chord, &self.z.mul(&other.point.z))
    }

    #[inline(always)]
    fn finish_public(&self, chord: &Chord, z: &Element) -> Self {
        if chord.h.is_zero_public() {
            return if chord.r.is_zero_public() { self.double() } else { Self::INFINITY };
        }
        chord.finish(z)
    }

    /// The point in affine coordinates, and whether it is one: infinity gives zeros.
    pub(crate) fn to_affine(self) -> (Affine, Choice) {
        let inverse = self.z.invert();
        let square = inverse.square();
        let affine = Affine { x: self.x.mul(&square), y: self.y.mul(&square.mul(&inverse)) };
        (affine, !self.z.is_zero())
    }
}

/// A finite point to be added often: the powers of its denominator are kept.
#[derive(Clone, Copy, Default)]
pub(crate) struct Prepared {
    point: Jacobian,
    zz: Element,
    zzz: Element,
}

impl From<Jacobian> for Prepared {
    fn from(point: Jacobian) -> Self {
        let zz = point.z.square();
        Self { point, zz, zzz: zz.mul(&point.z) }
    }
}

impl Prepared {
    pub(crate) fn neg(&self) -> Self {
        Self { point: Jacobian { y: self.point.y.neg(), ..self.point }, ..*self }
    }
}

/// Finite points in affine coordinates, for one inversion in all.
pub(crate) fn to_affine_all<const N: usize>(points: &[Jacobian; N]) -> [Affine; N] {
    // products[i] is that of the denominators before i.
    let mut products = [Element::ONE; N];
    let mut product = Element::ONE;
    for (before, point) in products.iter_mut().zip(points) {
        *before = product;
        product = product.mul(&point.z);
    }
    let mut rest = product.invert();
    let mut affine = [Affine::default(); N];
    for ((to, before), point) in affine.iter_mut().zip(&products).zip(points).rev() {
        let inverse = rest.mul(before);
        rest = rest.mul(&point.z);
        let square = inverse.square();
        *to = Affine { x: point.x.mul(&square), y: point.y.mul(&square.mul(&inverse)) };
    }
    affine
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scalar::{ORDER, Scalar};

    /// The plainest multiplication: double and add, bit by bit, through the exceptions too.
    fn multiple(scalar: &[u64; 4], point: &Affine) -> Jacobian {
        let mut sum = Jacobian::INFINITY;
        for bit in (0..256).rev() {
            sum = sum.double();
            if scalar[bit / 64] >> (bit % 64) & 1 == 1 {
                sum = sum.add_public(point);
            }
        }
        sum
    }

    fn same(one: Jacobian, other: Jacobian) -> bool {
        let ((one, finite), (other, too)) = (one.to_affine(), other.to_affine());
        one == other && bool::from(finite) == bool::from(too)
    }

    fn points() -> impl Strategy<Value = Jacobian> {
        any::<[u8; 32]>().prop_map(|bytes| multiple(Scalar::reduce(&bytes).limbs(), &BASE))
    }

    #[test]
    fn the_base_point_is_on_the_curve_and_of_the_order() {
        assert!(BASE.is_on_curve());
        assert!(multiple(&ORDER, &BASE).z.is_zero_public());
        let mut less = ORDER;
        less[0] -= 1;
        assert!(same(multiple(&less, &BASE), BASE.neg().into()));
    }

    #[test]
    fn exceptions_of_the_addition() {
        let base = Jacobian::from(BASE);
        assert!(same(base.add_public(&BASE), base.double()));
        assert!(same(base.add_finite(&BASE), base.double()));
        assert!(same(base.add_prepared(&base.into()), base.double()));
        assert!(base.add_public(&BASE.neg()).z.is_zero_public());
        assert!(base.add_prepared(&Prepared::from(base).neg()).z.is_zero_public());
        assert!(same(Jacobian::INFINITY.add_public(&BASE), base));
        assert!(same(Jacobian::INFINITY.add_prepared(&base.into()), base));
        assert!(Jacobian::INFINITY.double().z.is_zero_public());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn additions_agree_and_are_a_group(a in points(), b in points(), c in points()) {
            let affine = |point: Jacobian| point.to_affine().0;
            let sum = a.add_public(&affine(b));
            prop_assert!(affine(sum).is_on_curve());
            prop_assert!(same(sum, a.add_distinct(&affine(b))));
            prop_assert!(same(sum, a.add_finite(&affine(b))));
            prop_assert!(same(sum, a.add_prepared(&b.into())));
            prop_assert!(same(sum, b.add_public(&affine(a))));
            prop_assert!(same(sum.add_public(&affine(c)), a.add_public(&affine(b.add_public(&affine(c))))));
            prop_assert!(same(a.double().add_public(&affine(a)), a.add_public(&affine(a.double()))));
            prop_assert_eq!(to_affine_all(&[a, b, sum]), [affine(a), affine(b), affine(sum)]);
        }
    }
}

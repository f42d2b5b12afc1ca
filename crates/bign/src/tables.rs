//! Tables of multiples: of the base point, made once at first use, and of public keys.

use std::sync::LazyLock;

use crate::point::{Affine, BASE, Jacobian, Prepared, to_affine_all};

/// Multiples 1, 3, …, 15 of `16^i · G` for each of the 64 nibbles of a number.
pub(crate) static COMB: LazyLock<Box<[[Affine; 8]; 64]>> = LazyLock::new(|| Box::new(odd_multiples(BASE, 4)));

/// Bits between two rows of [`WINDOWS`].
pub(crate) const WINDOW_STEP: usize = 32;
/// Width of the signed windows that [`WINDOWS`] serves.
pub(crate) const WINDOW: usize = 8;
/// Multiples 1, 3, …, 127 of `2^(32i) · G`.
pub(crate) static WINDOWS: LazyLock<Box<[[Affine; 64]; 8]>> =
    LazyLock::new(|| Box::new(odd_multiples(BASE, WINDOW_STEP)));

/// Width of the signed windows that [`Odd`] serves.
pub(crate) const ODD_WINDOW: usize = 5;
/// Multiples 1, 3, …, 15 of a key that is used once.
pub(crate) type Odd = [Prepared; 8];

/// Bits between two rows of [`Kept`]: four of them make the 130 digits of the number that multiplies a key.
pub(crate) const KEPT_STEP: usize = 33;
/// Width of the signed windows that [`Kept`] serves.
pub(crate) const KEPT_WINDOW: usize = 6;
/// Multiples 1, 3, …, 31 of `2^(33i) · Q`, for a key that is used often.
pub(crate) type Kept = [[Affine; 16]; 4];

/// The table of a key that is used once.
pub(crate) fn odd(point: &Affine) -> Odd {
    let base = Jacobian::from(*point);
    let twice = Prepared::from(base.double());
    let mut table = [Prepared::from(base); 8];
    let mut last = base;
    for entry in table.iter_mut().skip(1) {
        last = last.add_prepared(&twice);
        *entry = last.into();
    }
    table
}

/// The table of a key that is used often.
pub(crate) fn kept(point: &Affine) -> Kept {
    odd_multiples(*point, KEPT_STEP)
}

/// Odd multiples of `2^(step · row) · point`. Public points.
fn odd_multiples<const ODD: usize, const ROWS: usize>(point: Affine, step: usize) -> [[Affine; ODD]; ROWS] {
    let mut table = [[Affine::default(); ODD]; ROWS];
    let mut base = Jacobian::from(point);
    for row in &mut table {
        let twice = Prepared::from(base.double());
        let mut points = [base; ODD];
        let mut last = base;
        for entry in points.iter_mut().skip(1) {
            last = last.add_prepared(&twice);
            *entry = last;
        }
        // The group is of prime order: no multiple below it is infinite.
        *row = to_affine_all(&points);
        for _ in 0..step {
            base = base.double();
        }
    }
    table
}

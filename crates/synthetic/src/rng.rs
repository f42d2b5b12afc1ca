//! The generator's own dice: SplitMix64, the same on every machine for the same seed.

/// A stream of numbers that depends on the seed and the stream's name alone.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream `kind` / `index` of `seed`: records can be made in any order and stay the same.
    pub fn stream(seed: u64, kind: u64, index: u64) -> Self {
        let mut rng = Self(seed ^ kind.rotate_left(48) ^ index.wrapping_mul(0xD1B5_4A32_D192_ED03));
        rng.roll(); // neighbouring indexes start far apart only after one step
        rng
    }

    /// 64 bits (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 0 up to, not including, `bound`; 0 when there is nothing to choose.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.roll()) * u128::from(bound)) >> 64) as u64
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
        low.saturating_add(i64::try_from(self.below(span)).unwrap_or(0))
    }

    /// True `percent` times of a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `items`; the fallback only when there are none.
    pub fn pick<T: Copy>(&mut self, items: &[T], otherwise: T) -> T {
        let at = usize::try_from(self.below(items.len() as u64)).unwrap_or(0);
        items.get(at).copied().unwrap_or(otherwise)
    }

    /// `pattern` with `9` made a digit and `A` a Latin letter; `#` becomes a space, the rest stays.
    pub fn number(&mut self, pattern: &str) -> String {
        let digit = |rng: &mut Self| char::from(b'0' + rng.below(10) as u8);
        let letter = |rng: &mut Self| char::from(b'A' + rng.below(26) as u8);
        pattern
            .chars()
            .map(|c| match c {
                '9' => digit(self),
                'A' => letter(self),
                '#' => ' ',
                other => other,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values_of_the_algorithm() {
        let mut rng = Rng(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| rng.roll()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn choices_stay_inside_their_bounds() {
        let mut rng = Rng::stream(1, 2, 3);
        assert!((0..1000).all(|_| rng.below(7) < 7));
        assert!((0..1000).all(|_| (-3..=4).contains(&rng.between(-3, 4))));
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.pick(&[], 9), 9);
    }
}

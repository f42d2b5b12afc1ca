//! Where travellers of the synthetic data cross the State Border.

use model::classifier::{Checkpoint, checkpoint, checkpoints};

use super::rng::Rng;

/// The airport by which most come.
const MINSK: &str = "BY-AIR-MSQ";

/// A checkpoint for this means of transport; neighbours come by their own border.
pub(super) fn place(rng: &mut Rng, transport: &str, nation: &str) -> Option<&'static Checkpoint> {
    if transport == "air" && rng.chance(88) {
        return checkpoint(MINSK);
    }
    let kind = if transport == "road" && nation == "RUS" { "road-internal" } else { transport };
    let usual = || checkpoints().iter().filter(|place| place.kind == kind);
    let own = || usual().filter(|place| place.neighbour.is_some_and(|country| country.code() == nation));
    let (own_count, count) = (own().count(), usual().count());
    if own_count > 0 { own().nth(any(rng, own_count)) } else { usual().nth(any(rng, count)) }
}

fn any(rng: &mut Rng, count: usize) -> usize {
    usize::try_from(rng.below(count as u64)).unwrap_or(0)
}

/// The form of flight numbers at an airport.
pub(super) fn flight(place: &Checkpoint) -> &'static str {
    if place.code == MINSK { "B2-999" } else { "B2-89" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_cross_where_they_would() {
        let mut rng = Rng::stream(1, 1, 1);
        assert!((0..50).all(|_| place(&mut rng, "road", "POL").unwrap().code.starts_with("BY-PL")));
        assert!((0..50).all(|_| place(&mut rng, "road", "RUS").unwrap().kind == "road-internal"));
        assert!((0..50).all(|_| place(&mut rng, "air", "JPN").unwrap().kind == "air"));
        assert!((0..50).all(|_| place(&mut rng, "rail", "CHN").unwrap().kind == "rail"));
    }
}

//! Synthetic foreigners with their documents and journeys.

use jiff::civil::Date;
use model::classifier::Checkpoint;

use super::names::{Nation, nation};
use super::numbers::{after, birth_day, identification_number};
use super::places::{flight, place};
use super::rng::Rng;
use super::{Seed, stream};

/// One foreigner. Chance alone joins the names and the dates: nobody real is meant.
#[derive(Debug)]
pub(super) struct Traveller {
    /// 0 upwards; makes every number of this person's records unique.
    pub(super) index: u64,
    pub(super) nation: &'static Nation,
    pub(super) female: bool,
    pub(super) surname: (String, String),
    pub(super) given: (String, String),
    pub(super) born: Date,
    pub(super) document: String,
    pub(super) issued: Date,
    pub(super) expires: Date,
    /// Of those who live in Belarus for good.
    pub(super) number: Option<String>,
    pub(super) trips: Vec<Trip>,
}

/// A stay: an entry, and an exit unless it still goes on.
#[derive(Debug)]
pub(super) struct Trip {
    pub(super) entry: Crossing,
    pub(super) exit: Option<Crossing>,
    pub(super) visa: Option<String>,
}

/// One crossing of the State Border.
#[derive(Debug)]
pub(super) struct Crossing {
    pub(super) day: Date,
    /// Minutes after midnight, Minsk time.
    pub(super) minute: u64,
    pub(super) place: &'static Checkpoint,
    /// Number of the vehicle, flight or train.
    pub(super) carrier: Option<String>,
}

/// Journeys of ten neighbours in the sequence: 25 together, so that 20,000 people make 50,000.
const JOURNEYS: [u64; 10] = [1, 3, 2, 4, 2, 1, 3, 2, 4, 3];
/// Days back from the last day of the data in which those still in the country came.
const RECENT: i64 = 25;

impl Seed {
    /// The person of this index.
    pub(super) fn traveller(&self, index: u64) -> Option<Traveller> {
        let mut rng = Rng::stream(self.seed, stream::TRAVELLER, index);
        let nation =
            if index < 2 { super::names::NATIONS.iter().find(|n| n.code == "DEU")? } else { nation(&mut rng)? };
        let female = rng.chance(47);
        let (mut surname, given) = (nation.surname(&mut rng, female), nation.given(&mut rng, female));
        let mut given = (given.first.to_owned(), given.second.to_owned());
        let mut born = birth_day(&mut rng, self.until, 4, 78);
        let mut document = document_number(&mut rng, nation.document, index);
        let mut female = female;
        if let Some((sex, name, birth, number)) = known(index) {
            (female, born, document) = (sex, birth, number.into());
            (surname, given) = (("TESTER".into(), "ТЕСТЕР".into()), (name.0.into(), name.1.into()));
        }
        let issued = after(self.until, -rng.between(3 * 366, 8 * 365)).max(born);
        let number = (index % 20 == 3).then(|| identification_number(born, female, index, index / 20, "BA"));
        let mut person = Traveller {
            index,
            nation,
            female,
            surname,
            given,
            born,
            document,
            issued,
            expires: after(issued, 3652),
            number,
            trips: Vec::new(),
        };
        self.travel(&mut rng, &mut person);
        Some(person)
    }

    /// Journeys in three years, one after the other, none overlapping.
    fn travel(&self, rng: &mut Rng, person: &mut Traveller) {
        let count = usize::try_from(person.index % 10).ok().and_then(|at| JOURNEYS.get(at)).copied().unwrap_or(2);
        let span = 3 * 365 - 2 * RECENT;
        let slot = span / i64::try_from(count).unwrap_or(1);
        // One in twenty has not left yet after the last journey, another one came once more and stays: the number of
        // crossings remains twice that of the journeys.
        let (stays, came_again) = (person.index % 20 == 7, person.index % 20 == 8);
        for n in 0..count {
            let last = n + 1 == count;
            let opens = after(self.until, i64::try_from(n).unwrap_or(0) * slot - 3 * 365);
            let day = after(opens, rng.between(0, slot / 3));
            let length = rng.between(0, 6) * rng.between(0, 9) + rng.between(0, 5);
            if last && stays {
                let day = after(self.until, -rng.between(1, RECENT));
                person.trips.extend(trip(rng, person, n, (day, None)));
            } else {
                let leaves = after(day, length.clamp(0, slot / 2));
                person.trips.extend(trip(rng, person, n, (day, Some(leaves))));
            }
        }
        if came_again {
            let day = after(self.until, -rng.between(1, RECENT));
            person.trips.extend(trip(rng, person, count, (day, None)));
        }
    }
}

fn trip(rng: &mut Rng, person: &Traveller, n: u64, days: (Date, Option<Date>)) -> Option<Trip> {
    let transport = rng.pick(&person.nation.transports, "air");
    let transport = if person.index < 2 { "air" } else { transport };
    let nation = person.nation.code;
    let entry = crossing(rng, transport, nation, days.0, (60, 700))?;
    let exit = match days.1 {
        Some(day) => Some(crossing(rng, transport, nation, day, (720, 1_400))?),
        None => None,
    };
    let visa = (person.nation.visa && rng.chance(85)).then(|| format!("BY{:06}{n}", person.index));
    Some(Trip { entry, exit, visa })
}

/// On one day the entry comes before noon and the exit after it, so that a stay of a day is in order too.
fn crossing(rng: &mut Rng, transport: &str, nation: &str, day: Date, minutes: (i64, i64)) -> Option<Crossing> {
    let place = place(rng, transport, nation)?;
    let carrier = match place.kind {
        "air" => Some(rng.number(flight(place))),
        "rail" => Some(rng.number("999A")),
        "road" | "road-internal" => Some(rng.number("AA9999-9")),
        _ => None,
    };
    Some(Crossing { day, minute: rng.between(minutes.0, minutes.1).unsigned_abs(), place, carrier })
}

/// The pattern filled so that no two people of one pattern share a number: the digits spell the index, stirred.
fn document_number(rng: &mut Rng, pattern: &str, index: u64) -> String {
    let digits = u32::try_from(pattern.matches('9').count()).unwrap_or(9).min(9);
    let modulus = 10_u64.pow(digits);
    // The factor is prime to 10: different indexes below the modulus give different digits.
    let mut left = index.wrapping_mul(7_368_787).wrapping_add(4_190_137) % modulus;
    let mut out = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        if c == '9' {
            out.push(char::from(b'0' + (left % 10) as u8));
            left /= 10;
        } else {
            out.push_str(&rng.number(c.encode_utf8(&mut [0; 4])));
        }
    }
    out
}

type Known = (bool, (&'static str, &'static str), Date, &'static str);

/// The two people whom the documentation's examples name.
fn known(index: u64) -> Option<Known> {
    match index {
        0 => Some((false, ("OTTO", "ОТТО"), Date::constant(1970, 3, 20), "C01X00T47")),
        1 => Some((true, ("ANNA", "АННА"), Date::constant(1985, 6, 15), "C01X00T48")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn document_numbers_differ() {
        let mut rng = Rng::stream(1, 1, 1);
        let made: HashSet<String> = (0..20_000).map(|index| document_number(&mut rng, "K99999", index)).collect();
        assert_eq!(made.len(), 20_000);
    }

    #[test]
    fn people_make_exactly_five_crossings_each_on_average() {
        let seed = Seed::new(7);
        let crossings: usize = (0..200)
            .filter_map(|index| seed.traveller(index))
            .flat_map(|person| person.trips)
            .map(|trip| 1 + usize::from(trip.exit.is_some()))
            .sum();
        assert_eq!(crossings, 1000);
    }

    #[test]
    fn journeys_follow_each_other_and_end_before_the_data_do() {
        let seed = Seed::new(7);
        for person in (0..500).filter_map(|index| seed.traveller(index)) {
            let mut left = Some((Date::MIN, 0));
            for trip in &person.trips {
                let came = (trip.entry.day, trip.entry.minute);
                assert!(left.is_some_and(|left| left < came), "person {}", person.index);
                left = trip.exit.as_ref().map(|exit| (exit.day, exit.minute));
                assert!(left.is_none_or(|left| left > came), "person {}", person.index);
            }
            assert!(left.is_none_or(|(day, _)| day < seed.until), "person {}", person.index);
            assert!(person.born <= person.issued && person.issued < person.trips[0].entry.day);
        }
    }
}

//! Families by chance: marriages, children, divorces, deaths, in the shares in which a country has them.

use jiff::civil::Date;

use crate::golden::golden;
use crate::household::{Act, Household, Individual, Kind, Status};
use crate::names::{BELARUS, Name, Pair};
use crate::numbers::{after, days_between, identification_number};
use crate::rng::Rng;
use crate::stream;

/// Serial numbers below belong to the golden families.
const FIRST_SERIAL: u64 = 99;
/// Families with serials and regions of their own; further ones are born on other days.
const CLASSES: u64 = 7 * 299;
/// Days of birth of a family lie this far apart: then no two families share day, region and serial.
const PHASES: u64 = 32;

/// The golden families, then families by chance, without end; each from the seed and its index alone.
///
/// `until` is the last day that anything happened. Numbers are all different in the first 66,000 families.
pub fn households(seed: u64, until: Date) -> impl Iterator<Item = Household> {
    let first = golden().len() as u64;
    golden().iter().cloned().chain((first..).map(move |index| Maker::new(seed, until, index).make()))
}

/// So many households that they have `people` people, or a few more.
pub fn population(seed: u64, until: Date, people: u64) -> impl Iterator<Item = Household> {
    let mut count = 0;
    households(seed, until).take_while(move |household| {
        let more = count < people;
        count += household.people.len() as u64;
        more
    })
}

struct Maker {
    rng: Rng,
    until: Date,
    household: Household,
    surname: Pair,
    region: u64,
    twins: u64,
}

impl Maker {
    fn new(seed: u64, until: Date, index: u64) -> Self {
        let mut rng = Rng::stream(seed, stream::HOUSEHOLD, index);
        let surname = BELARUS.surname(&mut rng);
        let household = Household { index, ..Household::default() };
        Self { rng, until, household, surname, region: index % 7, twins: 0 }
    }

    fn make(mut self) -> Household {
        // The young are more than the old: two draws, the later one.
        let years = self.rng.between(18, 82).min(self.rng.between(18, 88));
        let born = after(self.until, -(years * 365 + self.rng.between(0, 364)));
        match self.rng.below(100) {
            0..11 => {
                let female = self.rng.chance(50);
                self.adult(born, female, self.surname);
            }
            11..20 => self.mother_alone(born),
            _ => self.couple(born),
        }
        self.household
    }

    /// A mother whose children have no recorded father.
    fn mother_alone(&mut self, born: Date) {
        let mother = self.adult(born, true, self.surname);
        let first = after(born, self.rng.between(19 * 365, 34 * 365));
        let father = BELARUS.given(&mut self.rng, false).patronymic;
        self.children((first, self.until), 1, (father, None, mother));
    }

    /// A marriage, its children, and how it ended, if it did.
    fn couple(&mut self, born: Date) {
        let husband = self.adult(born, false, self.surname);
        let maiden = BELARUS.surname(&mut self.rng);
        let wife_born = after(born, self.rng.between(-2 * 365, 6 * 365));
        let day = after(born.max(wife_born), self.rng.between(18 * 365 + 10, 31 * 365));
        if day > self.until {
            return;
        }
        let wife = self.adult(wife_born, true, maiden);
        self.takes_name(wife, day);
        let marriage = self.act(Kind::Marriage, day, vec![husband, wife], None);
        let count = [0, 1, 1, 1, 1, 2, 2, 2, 2, 3].get(self.rng.below(10) as usize).copied().unwrap_or(1);
        let first = after(day, self.rng.between(280, 4 * 365));
        let divorced = self.rng.chance(30).then(|| after(day, self.rng.between(400, 18 * 365)));
        let divorced = divorced.filter(|day| *day < self.until);
        self.children((first, divorced.unwrap_or(self.until)), count, (self.patronymic(husband), Some(husband), wife));
        match divorced {
            Some(day) => {
                let kind = if self.rng.chance(70) { Kind::CourtDivorce } else { Kind::Divorce };
                let kind = if self.rng.chance(1) { Kind::InvalidMarriage } else { kind };
                self.act(kind, day, vec![husband, wife], Some(marriage));
                self.after_divorce(husband, day);
            }
            None => self.dies((husband, wife), day),
        }
    }

    /// Some of the old are dead.
    fn dies(&mut self, (husband, wife): (usize, usize), married: Date) {
        let youngest = self.household.people.iter().map(|one| one.born).max().unwrap_or(married);
        for (person, share) in [(husband, 26), (wife, 9)] {
            let old =
                self.household.people.get(person).is_some_and(|one| days_between(one.born, self.until) > 60 * 365);
            if old && self.rng.chance(share) {
                let day = after(self.until, -self.rng.between(30, 5_000));
                let day = day.max(after(married.max(youngest), 20)).min(self.until);
                let act = self.act(Kind::Death, day, vec![person], None);
                if let Some(one) = self.household.people.get_mut(person).filter(|_| act > 0) {
                    one.status = Status::Died;
                }
                return;
            }
        }
    }

    /// Some fathers lose their rights, some of them regain them; some marry again.
    fn after_divorce(&mut self, father: usize, divorced: Date) {
        let child = self.household.people.iter().position(|one| days_between(one.born, self.until) < 17 * 365);
        if let Some(child) = child.filter(|child| *child > 1 && self.rng.chance(4)) {
            let day = after(divorced, self.rng.between(200, 900));
            if day < self.until {
                let deprived = self.act(Kind::Deprivation, day, vec![father, child], None);
                let back = after(day, self.rng.between(400, 1_500));
                if back < self.until && self.rng.chance(25) {
                    self.act(Kind::Restoration, back, vec![father, child], Some(deprived));
                }
            }
        }
        let day = after(divorced, self.rng.between(300, 3_000));
        if day < self.until && self.rng.chance(35) {
            let born = self.household.people.get(father).map_or(divorced, |one| one.born);
            let maiden = BELARUS.surname(&mut self.rng);
            let wife_born = after(born, self.rng.between(0, 7 * 365)).min(after(day, -19 * 365));
            let wife = self.adult(wife_born, true, maiden);
            self.takes_name(wife, day);
            self.act(Kind::Marriage, day, vec![father, wife], None);
        }
    }

    fn children(
        &mut self,
        (first, before): (Date, Date),
        count: u64,
        (patronymic, father, mother): (Pair, Option<usize>, usize),
    ) {
        let mut born = self.phased(first);
        for _ in 0..count {
            let mother_old =
                self.household.people.get(mother).is_none_or(|one| days_between(one.born, born) > 44 * 365);
            if after(born, 14) > before || mother_old {
                return;
            }
            let female = self.rng.chance(49);
            for _ in 0..(if self.rng.chance(1) { 2 } else { 1 }) {
                let given = BELARUS.given(&mut self.rng, female);
                let child = self.add(Name::new(self.surname, given, patronymic, female), female, born);
                let parties = [Some(child), father, Some(mother)].into_iter().flatten().collect();
                let registered = after(born, self.rng.between(3, 12));
                self.act(Kind::Birth, registered, parties, None);
                self.twins += 1;
            }
            self.twins = 0;
            let next = after(born, self.rng.between(450, 5 * 365));
            born = self.phased(next);
        }
    }

    fn adult(&mut self, born: Date, female: bool, surname: Pair) -> usize {
        let given = BELARUS.given(&mut self.rng, female);
        let patronymic = BELARUS.given(&mut self.rng, false).patronymic;
        let born = self.phased(born);
        self.add(Name::new(surname, given, patronymic, female), female, born)
    }

    fn add(&mut self, name: Name, female: bool, born: Date) -> usize {
        let serial = FIRST_SERIAL + self.household.index / 7 % 299 * 3 + self.twins;
        let mut born = born;
        let region = self.region;
        let number = |born| identification_number(born, female, region, serial, "PB");
        // Two of a family born on one day years before they met.
        while self.household.people.iter().any(|one| one.number.as_ref() == Some(&number(born))) {
            born = after(born, PHASES as i64);
        }
        let number = Some(number(born));
        let (citizenship, status) = ("BLR".to_owned(), Status::Active);
        self.household.people.push(Individual { number, name, former: Vec::new(), female, born, citizenship, status });
        self.household.people.len() - 1
    }

    /// The day, or one of the month after it, that only this family of its class has.
    fn phased(&self, day: Date) -> Date {
        let phase = (self.household.index / CLASSES % PHASES) as i64;
        let now = days_between(Date::constant(1850, 1, 1), day).rem_euclid(PHASES as i64);
        after(day, (phase - now).rem_euclid(PHASES as i64))
    }

    fn takes_name(&mut self, wife: usize, day: Date) {
        let keeps = self.rng.chance(12);
        let surname = self.surname;
        if let Some(one) = self.household.people.get_mut(wife).filter(|_| !keeps) {
            let new = one.name.renamed(surname, true);
            let old = std::mem::replace(&mut one.name, new);
            one.former.push((old, day));
        }
    }

    fn patronymic(&self, father: usize) -> Pair {
        let name = self.household.people.get(father).map(|one| one.name.ru.get(1).cloned().unwrap_or_default());
        name.and_then(|name| BELARUS.patronymic(&name)).unwrap_or_default()
    }

    fn act(&mut self, kind: Kind, day: Date, parties: Vec<usize>, concerns: Option<usize>) -> usize {
        let court = matches!(kind, Kind::CourtDivorce | Kind::InvalidMarriage | Kind::Deprivation | Kind::Restoration);
        let count = self.rng.between(1, 2_400);
        let (number, certificate) = if court {
            (format!("2-{count}/{}", day.year()), String::new())
        } else {
            let letters = ["АБ", "БР", "ВТ", "ГМ", "ГР", "МН", "МГ"].get(self.region as usize).copied().unwrap_or("АБ");
            let place = self.household.index * 8 + self.household.acts.len() as u64;
            (count.to_string(), format!("I-{letters} {:07}", 1_000_000 + place))
        };
        self.household.acts.push(Act { kind, day, parties, concerns, number, certificate, region: self.region });
        self.household.acts.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use model::identifier::{IdentificationNumber, Sex};

    use super::*;

    const UNTIL: Date = Date::constant(2026, 10, 31);

    #[test]
    fn a_hundred_thousand_people_have_different_numbers_that_hold() {
        let mut numbers = HashSet::new();
        let (mut people, mut last) = (0, 0);
        for household in population(1, UNTIL, 100_000) {
            people += household.people.len();
            last = household.index;
            for person in &household.people {
                let Some(number) = &person.number else { continue };
                assert!(numbers.insert(number.clone()), "{number} twice, household {}", household.index);
                let parsed = IdentificationNumber::parse(number).unwrap();
                let known = parsed.birth_date().and_then(model::BirthDay::date);
                assert!(known.is_none_or(|day| day == person.born), "{number}");
                assert!(parsed.sex().is_none_or(|sex| (sex == Sex::Female) == person.female));
            }
        }
        assert!((100_000..100_010).contains(&people), "{people}");
        assert!(last < CLASSES * PHASES, "{last}: numbers would repeat");
    }

    #[test]
    fn the_same_seed_makes_the_same_families() {
        let some = |seed| households(seed, UNTIL).skip(30).take(200).collect::<Vec<_>>();
        assert_eq!(some(1), some(1));
        assert_ne!(some(1), some(2));
    }

    #[test]
    fn families_are_believable() {
        let mut kinds: HashMap<String, u32> = HashMap::new();
        for household in population(3, UNTIL, 30_000).skip(golden().len()) {
            for act in &household.acts {
                *kinds.entry(format!("{:?}", act.kind)).or_default() += 1;
                assert!(act.day <= UNTIL, "{act:?}");
                let ages = act.parties.iter().map(|at| days_between(household.people[*at].born, act.day) / 365);
                let ages: Vec<i64> = ages.collect();
                match act.kind {
                    Kind::Birth => {
                        assert!(ages[0] == 0 && ages[1..].iter().all(|age| (17..64).contains(age)), "{ages:?}");
                        let [child, parent] = [act.parties[0], act.parties[1]].map(|at| &household.people[at]);
                        if act.parties.len() == 3 {
                            let sons = BELARUS.patronymic(&parent.name.ru[1]).unwrap();
                            let stem = sons.ru.strip_suffix("ИЧ").unwrap();
                            assert!(child.name.ru[2].starts_with(stem), "{parent:?} {child:?}");
                        }
                        assert!(parent.born < child.born);
                    }
                    Kind::Marriage => assert!(ages.iter().all(|age| *age >= 17), "{ages:?} {household:?}"),
                    _ => assert!(ages.iter().all(|age| *age >= 0)),
                }
                let before = act.concerns.map(|at| household.acts[at].day);
                assert!(before.is_none_or(|before| before < act.day));
            }
        }
        let share = |kind: &str| kinds.get(kind).copied().unwrap_or(0);
        assert!(share("Marriage") > 7_000 && share("Birth") > 8_000, "{kinds:?}");
        for kind in ["Divorce", "CourtDivorce", "InvalidMarriage", "Death", "Deprivation", "Restoration"] {
            assert!(share(kind) >= 3, "{kind}: {kinds:?}");
        }
    }
}

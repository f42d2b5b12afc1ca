//! Synthetic enforcement proceedings: debtors, claims, the course of execution.

use jiff::civil::Date;
use model::amount::Amount;
use model::identifier::{IdentificationNumber, Unp};
use synthetic::names::{BELARUS, Name};
use synthetic::person;

use super::numbers::{after, birth_day, days_between, identification_number, unp};
use super::rng::Rng;
use super::{Seed, stream};
use crate::enforcement::{Day, Debtor, Measure, Named, Proceeding, Status};

/// Bodies of the service's list `opi`.
const BODIES: [&str; 24] = [
    "5100101", "5100102", "5100103", "5100104", "5100105", "5100106", "5100107", "5100108", "5100109", "5200101",
    "5200102", "5200103", "5300101", "5300102", "5300103", "5400101", "5400102", "5500101", "5500102", "5600101",
    "5600102", "5600103", "5700101", "5700102",
];
/// Courts of the stand's own numbering.
const COURTS: [&str; 12] =
    ["10101", "10102", "10103", "10104", "10105", "20101", "30101", "40101", "50101", "60101", "60102", "70101"];
/// Claims, their share in a hundred and the span of their amounts in rubles.
const CLAIMS: [(&str, u64, i64, i64); 10] = [
    ("01", 22, 300, 12_000),
    ("02", 12, 100, 25_000),
    ("03", 6, 200, 6_000),
    ("04", 14, 50, 18_000),
    ("05", 16, 20, 2_000),
    ("06", 5, 20, 900),
    ("07", 10, 500, 60_000),
    ("08", 9, 40, 3_000),
    ("09", 3, 100, 40_000),
    ("10", 3, 0, 0),
];
/// First day of the databank (Edict 418).
const OPENED: Date = Date::constant(2021, 1, 4);
/// Since when vehicles may be banned from crossing the border.
const BORDER_BANS: Date = Date::constant(2024, 3, 1);
/// Debtors: some owe more than one claim.
const DEBTORS: u64 = 3_200;
const ORGANISATIONS: [&str; 6] = ["Рассвет", "Берёзка", "Зубрёнок", "Вектор", "Лидер", "Прибой"];

impl Seed {
    /// The proceeding of this index; the first is the one in the documentation's examples.
    pub(super) fn proceeding(&self, index: u64) -> Option<Proceeding> {
        if index == 0 {
            return self.example();
        }
        let mut rng = Rng::stream(self.seed, stream::PROCEEDING, index);
        let span = days_between(OPENED, self.until) - 40;
        let instituted = after(OPENED, rng.between(0, span));
        let debtor = self.debtor(rng.below(DEBTORS))?;
        let claim = claim(&mut rng);
        let statuses = course(&mut rng, instituted, self.until);
        let current = statuses.last()?.status_code.clone();
        let (claim_amount, repaid_amount) = amounts(&mut rng, claim, &current)?;
        let court = rng.chance(70).then(|| rng.pick(&COURTS, "10101").to_owned());
        let year = instituted.year().rem_euclid(100);
        Some(Proceeding {
            proceeding_number: format!("{}/{year:02}/{}-{}", 20_000 + index, rng.between(1, 9), letter(&mut rng)),
            opi_code: rng.pick(&BODIES, "5100101").to_owned(),
            executor_full_name: executor(self.seed, rng.below(160)),
            court_case_number: court.as_ref().map(|_| format!("2-{}/{year:02}", 1_000 + index)),
            court_code: court,
            enforcement_document_number: format!("ИД-{}-{:06}", instituted.year(), 100_000 + index),
            debtor,
            institution_date: Day(instituted),
            claim_code: claim.0.to_owned(),
            currency_code: if claim.0 == "07" && rng.chance(6) { "840" } else { "933" }.to_owned(),
            claim_amount,
            repaid_amount,
            debt_balance: claim_amount.minus(repaid_amount)?,
            measures: measures(&mut rng, instituted, self.until, &current),
            current_status_code: current,
            statuses,
            correction: false,
        })
    }

    /// `domain.md` §8.2.
    fn example(&self) -> Option<Proceeding> {
        let day = |month, day| Day(Date::constant(2025, month, day));
        let status = |code: &str, on| Status { status_code: code.to_owned(), status_date: on, reason_code: None };
        Some(Proceeding {
            proceeding_number: "12345/25/7-М".to_owned(),
            opi_code: "5100101".to_owned(),
            executor_full_name: executor(self.seed, 0),
            court_code: Some("10101".to_owned()),
            court_case_number: Some("2-1000/25".to_owned()),
            enforcement_document_number: "ИД-2025-100000".to_owned(),
            debtor: self.debtor(0)?,
            institution_date: day(2, 3),
            current_status_code: "30".to_owned(),
            claim_code: "01".to_owned(),
            currency_code: "933".to_owned(),
            claim_amount: Amount::from_cents(125_000)?,
            repaid_amount: Amount::from_cents(30_000)?,
            debt_balance: Amount::from_cents(95_000)?,
            statuses: vec![status("10", day(2, 3)), status("20", day(2, 5)), status("30", day(2, 14))],
            measures: vec![Measure {
                measure_code: "02".to_owned(),
                added_date: day(2, 20),
                measure_status_code: "2".to_owned(),
                measure_status_date: day(2, 20),
            }],
            correction: false,
        })
    }

    /// The first debtors are the people of the stand; one in seven is an organisation.
    fn debtor(&self, index: u64) -> Option<Debtor> {
        if index < 40 {
            let person = person(self.seed, index)?;
            let name = Name {
                ru: [person.surname, person.name, person.patronymic],
                be: person.names_be,
                lat: person.names_lat,
            };
            let number = IdentificationNumber::parse(&person.identification_number).ok();
            return Some(Debtor { identification_number: number, unp: None, name: named(&name) });
        }
        let mut rng = Rng::stream(self.seed, stream::DEBTOR, index);
        if index.is_multiple_of(7) {
            let name = format!("ООО «{}-{index}»", rng.pick(&ORGANISATIONS, ""));
            let unp = Unp::parse(&unp(1 + index % 7, 1_000_000 + index * 13)).ok();
            return Some(Debtor {
                identification_number: None,
                unp,
                name: Named { be: Some(name.replace("ООО", "ТАА")), en: None, ru: name },
            });
        }
        let female = rng.chance(38);
        let born = birth_day(&mut rng, self.until, 19, 75);
        let number = identification_number(born, female, index, 200 + index / 7, "PB");
        let name = BELARUS.name(&mut rng, female);
        Some(Debtor { identification_number: IdentificationNumber::parse(&number).ok(), unp: None, name: named(&name) })
    }
}

fn executor(seed: u64, index: u64) -> Named {
    let mut rng = Rng::stream(seed, stream::PERSON, 10_000 + index);
    let female = rng.chance(60);
    named(&BELARUS.name(&mut rng, female))
}

/// A full name as letters write it: only the first letter of each part is a capital.
fn named(name: &Name) -> Named {
    let line =
        |parts: &[String]| parts.iter().map(|part| title(part)).collect::<Vec<_>>().join(" ").trim_end().to_owned();
    Named { ru: line(&name.ru), be: Some(line(&name.be)), en: Some(line(&name.lat)) }
}

fn title(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().chain(letters.flat_map(char::to_lowercase)).collect()
}

fn letter(rng: &mut Rng) -> char {
    rng.pick(&['М', 'Б', 'В', 'Г', 'К'], 'М')
}

type Claim = (&'static str, u64, i64, i64);

fn claim(rng: &mut Rng) -> Claim {
    let mut left = rng.below(100);
    let found = CLAIMS.into_iter().find(|claim| {
        let here = left < claim.1;
        left = left.saturating_sub(claim.1);
        here
    });
    found.unwrap_or(("05", 0, 20, 2_000))
}

/// What is claimed and what was repaid when the proceeding stands so.
fn amounts(rng: &mut Rng, claim: Claim, status: &str) -> Option<(Amount, Amount)> {
    let (_, _, low, high) = claim;
    if high == 0 {
        return Some((Amount::ZERO, Amount::ZERO));
    }
    let claimed = rng.between(low * 100, high * 100);
    let repaid = match status {
        "60" => claimed,
        "10" | "20" => 0,
        "61" | "70" => claimed * rng.between(0, 20) / 100,
        _ => claimed * rng.between(0, 95) / 100,
    };
    Some((Amount::from_cents(claimed)?, Amount::from_cents(repaid)?))
}

/// Statuses from institution on; what would come after `until` has not happened yet.
fn course(rng: &mut Rng, instituted: Date, until: Date) -> Vec<Status> {
    let mut day = instituted;
    let mut statuses = Vec::with_capacity(6);
    let mut add = |day: Date, code: &str, reason: Option<&str>| {
        if day <= until {
            let reason_code = reason.map(str::to_owned);
            statuses.push(Status { status_code: code.to_owned(), status_date: Day(day), reason_code });
        }
    };
    add(day, "10", None);
    day = after(day, rng.between(1, 3));
    add(day, "20", None);
    if rng.chance(18) {
        // Paid of one's own will within the term.
        add(after(day, rng.between(2, 7)), "60", Some("101"));
        return statuses;
    }
    day = after(day, rng.between(7, 10));
    add(day, "30", None);
    for (share, code, reason) in [(12, "40", Some("108")), (10, "50", None)] {
        if rng.chance(share) {
            day = after(day, rng.between(10, 60));
            add(day, code, reason);
            day = after(day, rng.between(20, 120));
            add(day, "30", None);
        }
    }
    if rng.chance(62) {
        day = after(day, rng.between(20, 400));
        let (code, reasons): (&str, &[&str]) = rng.pick(
            &[
                ("60", ["101"].as_slice()),
                ("60", ["101"].as_slice()),
                ("60", ["101"].as_slice()),
                ("61", ["106", "107"].as_slice()),
                ("62", ["111"].as_slice()),
                ("63", ["102", "109"].as_slice()),
                ("70", ["103", "104", "105"].as_slice()),
            ],
            ("60", ["101"].as_slice()),
        );
        add(day, code, Some(rng.pick(reasons, "101")));
    }
    statuses
}

fn measures(rng: &mut Rng, instituted: Date, until: Date, current: &str) -> Vec<Measure> {
    let ended = matches!(current, "60" | "61" | "62" | "63" | "70");
    let mut day = after(instituted, 1);
    let mut measures = Vec::new();
    for (code, share) in [("11", 80), ("01", 35), ("02", 30), ("03", 14), ("09", 12), ("10", 10), ("05", 8), ("08", 4)]
    {
        if day > until || !rng.chance(share) || (code == "10" && day < BORDER_BANS) {
            continue;
        }
        let changed = after(day, rng.between(0, 30)).min(until);
        let state = match (code, ended) {
            ("11", _) => "3",
            (_, true) => rng.pick(&["3", "4"], "3"),
            (_, false) => rng.pick(&["1", "2", "2", "2"], "2"),
        };
        measures.push(Measure {
            measure_code: code.to_owned(),
            added_date: Day(day),
            measure_status_code: state.to_owned(),
            measure_status_date: Day(changed),
        });
        day = after(day, rng.between(1, 25));
    }
    measures
}

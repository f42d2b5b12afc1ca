//! Identity documents of synthetic people, and the offices that issue: codes of the stand's own numbering.

use jiff::civil::Date;
use synthetic::numbers::{after, days_between};
use synthetic::rng::Rng;
use synthetic::{Individual, Status};

use crate::record::{Document, DocumentStatus, Office};

/// The stream of chance that documents draw from.
const STREAM: u64 = 7;
/// Series of passports by region: Minsk city, Brest, Vitebsk, Homyel, Hrodna, Minsk region, Mahilyow.
const SERIES: [&str; 7] = ["MP", "AB", "BM", "HB", "KH", "MC", "KB"];
const PASSPORT: &str = "54100001";
const ID_CARD: &str = "122";
const PERMIT: &str = "54100029";
const PERMIT_OF_STATELESS: &str = "54100015";
/// Since when ID cards are issued.
const CARDS: Date = Date::constant(2021, 9, 1);
/// A passport holds ten years.
const TERM: i64 = 3_652;

/// The office of a region (0 to 6) in a list: 24 bodies of the Ministry, 80 registry offices, 88 courts.
pub(crate) fn office(list: i64, region: u64) -> String {
    format!("{list}{:02}1", region % 7 + 1)
}

/// A person's documents on a day, oldest first. People without number bear none that the Register issued.
pub(crate) fn of(person: &Individual, id: i64, until: Date) -> Vec<Document> {
    let Some(number) = &person.number else { return Vec::new() };
    if person.status == Status::Foreigner {
        return Vec::new();
    }
    let mut rng = Rng::stream(0, STREAM, id.unsigned_abs());
    let region = number.as_bytes().get(7).map_or(0, |letter| u64::from(*letter)) % 7;
    let kind = match number.get(11..13) {
        Some("BA") => PERMIT,
        Some("BI") => PERMIT_OF_STATELESS,
        _ => PASSPORT,
    };
    let age = days_between(person.born, until);
    let days =
        if age > 15 * 365 { rng.between(60, TERM - 60).min(age - 14 * 365) } else { rng.between(1, age.max(2) - 1) };
    let now = after(until, -days);
    let issue = |kind: &str, issued: Date, status| {
        let of_card = kind == ID_CARD;
        Document {
            kind: kind.to_owned(),
            office: Office { list: 24, code: office(24, region) },
            series: if of_card { "BY".to_owned() } else { series(region) },
            number: format!(
                "{:07}",
                if of_card { 4_000_000 + id } else { 1_000_000 + id * 3 + i64::from(issued < now) }
            ),
            issued,
            expires: Some(after(issued, TERM)),
            status,
        }
    };
    let mut documents = Vec::new();
    let before = after(now, -TERM);
    if days_between(person.born, before) > 14 * 365 && after(before, TERM) >= crate::KEPT_SINCE {
        documents.push(issue(kind, before, DocumentStatus::Replaced));
    }
    let status = if person.status == Status::Died { DocumentStatus::Annulled } else { DocumentStatus::Valid };
    documents.push(issue(kind, now, status));
    if kind == PASSPORT && now >= CARDS && status == DocumentStatus::Valid && rng.chance(60) {
        documents.push(issue(ID_CARD, now, status));
    }
    documents
}

fn series(region: u64) -> String {
    usize::try_from(region).ok().and_then(|at| SERIES.get(at)).copied().unwrap_or("MP").to_owned()
}

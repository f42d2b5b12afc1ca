//! What the authorities sent about the synthetic foreigners: records of all fourteen kinds, in the shape of the contract.

use jiff::civil::Date;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::numbers::{after, days_between};
use super::rng::Rng;
use super::shapes::{
    Address, Annulment, CrossingRecord, Doc, EventDocument, IdentityDocument, Migration, Number, Permit, Stay,
    StayChange, Subject, Visa,
};
use super::travellers::{Crossing, Traveller, Trip};
use super::{Record, Seed, stream};
use crate::enforcement::Day;
use crate::foreigners::RecordKind;

/// Sources of records, as `message_source` names them.
pub(super) const BORDER: &str = "GPK";
pub(super) const FOREIGN: &str = "MID";
pub(super) const INTERIOR: &str = "MVD";
pub(super) const TICKETS: &str = "TICKET";

const POSTS: [&str; 6] = [
    "Посольство Республики Беларусь в Турецкой Республике",
    "Посольство Республики Беларусь в Республике Индия",
    "Посольство Республики Беларусь в Социалистической Республике Вьетнам",
    "Посольство Республики Беларусь в Исламской Республике Иран",
    "Генеральное консульство Республики Беларусь в городе Нью-Йорке",
    "Консульский пункт в Национальном аэропорту Минск",
];
const OFFICES: [&str; 7] = [
    "ОГиМ Центрального РУВД г. Минска",
    "ОГиМ Первомайского РУВД г. Минска",
    "ОГиМ Ленинского РОВД г. Бреста",
    "ОГиМ Октябрьского РОВД г. Витебска",
    "ОГиМ Центрального РОВД г. Гомеля",
    "ОГиМ Октябрьского РОВД г. Гродно",
    "ОГиМ Ленинского РОВД г. Могилева",
];
const TOWNS: [(&str, &str); 7] = [
    ("г. Минск", "г. Минск"),
    ("Минская область", "г. Борисов"),
    ("Брестская область", "г. Брест"),
    ("Витебская область", "г. Витебск"),
    ("Гомельская область", "г. Гомель"),
    ("Гродненская область", "г. Гродно"),
    ("Могилевская область", "г. Могилев"),
];
const STREETS: [&str; 8] = [
    "ул. Советская",
    "ул. Садовая",
    "ул. Лесная",
    "пр-т Мира",
    "ул. Молодежная",
    "ул. Школьная",
    "пер. Тихий",
    "ул. Заводская",
];
const EVENTS: [(&str, &str, Date); 3] = [
    ("SLAV-2024", "Международный фестиваль искусств", Date::constant(2024, 7, 10)),
    ("HOCKEY-2025", "Международный турнир по хоккею с шайбой", Date::constant(2025, 4, 5)),
    ("GYM-2026", "Международные соревнования по художественной гимнастике", Date::constant(2026, 5, 15)),
];
const RUSSIAN_OFFICE: &str = "Управление по вопросам миграции УМВД России по Смоленской области";

impl Seed {
    /// All records about the person of this index, each after those it refers to.
    pub(super) fn records_of(&self, index: u64) -> Vec<Record> {
        let Some(person) = self.traveller(index) else {
            return Vec::new();
        };
        let written = to_raw_value(&person.foreigner()).ok().zip(to_raw_value(&person.doc()).ok());
        let Some((foreigner, doc)) = written else {
            return Vec::new();
        };
        let rng = Rng::stream(self.seed, stream::RECORDS, index);
        let mut out =
            Writer { until: self.until, person: &person, foreigner: &foreigner, doc: &doc, rng, out: Vec::new() };
        for (n, trip) in person.trips.iter().enumerate() {
            out.trip(n, trip);
        }
        out.permits();
        out.other();
        out.out
    }
}

struct Writer<'a> {
    until: Date,
    person: &'a Traveller,
    foreigner: &'a RawValue,
    doc: &'a RawValue,
    rng: Rng,
    out: Vec<Record>,
}

impl<'a> Writer<'a> {
    fn subject(&self) -> Subject<'a> {
        Subject { foreigner: self.foreigner, doc: self.doc }
    }

    fn put(&mut self, kind: RecordKind, source: &'static str, day: Date, record: &impl Serialize) {
        // Received at 18:00 in Minsk, but never after the data's last day: the numbers of a day all have arrived by then.
        let at = day.min(self.until).at(15, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
        let received_at = at.map_or(0, |at| at.timestamp().as_microsecond());
        // Records of plain texts always have a JSON form.
        if let Ok(body) = serde_json::to_vec(record) {
            self.out.push(Record { kind, person: self.person.index, source, received_at, body });
        }
    }

    fn trip(&mut self, n: usize, trip: &Trip) {
        let stay = trip.exit.as_ref().map_or(30, |exit| days_between(trip.entry.day, exit.day));
        if let Some(visa) = &trip.visa {
            self.visa(visa, trip.entry.day, stay);
        }
        self.crossing(n, "entry", &trip.entry, trip.visa.as_deref());
        if stay > 10 && self.person.nation.code != "RUS" && self.rng.chance(60) {
            self.stay(n, trip.entry.day, stay);
        }
        if let Some(exit) = &trip.exit {
            self.crossing(n, "exit", exit, trip.visa.as_deref());
            if let Some(visa) = trip.visa.as_deref().filter(|_| self.rng.chance(4)) {
                let day = after(exit.day, 1);
                let number = Number::Visa(visa);
                self.annulment(RecordKind::VisaAnnulments, FOREIGN, number, day, "Министерство иностранных дел");
            }
        }
    }

    fn crossing(&mut self, n: usize, direction: &'static str, crossing: &Crossing, visa: Option<&str>) {
        let number = self.person.index * 16 + n as u64 * 2 + u64::from(direction == "exit");
        let (hour, minute) = (crossing.minute / 60, crossing.minute % 60);
        let kind = crossing.place.kind;
        let transport_kind = match kind {
            "air" | "rail" => kind,
            "road-pedestrian" => "foot",
            _ => "road",
        };
        let carrier = crossing.carrier.as_deref();
        let record = CrossingRecord {
            crossing_id: format!("C-{}-{number:06}", crossing.day.year()),
            foreigner: self.foreigner,
            doc: self.doc,
            direction,
            crossing_time: format!("{}T{hour:02}:{minute:02}:00+03:00", crossing.day),
            checkpoint_code: crossing.place.code,
            state_side: "BY",
            transport_kind,
            vehicle_number: carrier.filter(|_| transport_kind == "road"),
            flight_number: carrier.filter(|_| transport_kind != "road"),
            visa_number: visa,
        };
        self.put(RecordKind::Crossings, BORDER, crossing.day, &record);
    }

    fn visa(&mut self, visa_number: &str, entry: Date, stay: i64) {
        let issue_date = after(entry, -self.rng.between(5, 40));
        let long = self.rng.chance(20);
        let valid_from = after(issue_date, 1);
        let record = Visa {
            visa_number,
            subject: self.subject(),
            visa_type: if long { "D" } else { "C" },
            multiplicity: if long { "MULT" } else { self.rng.pick(&["1", "2"], "1") },
            valid_from: Day(valid_from),
            valid_to: Day(after(entry, stay + if long { 300 } else { 20 })),
            stay_days: (stay + 5).clamp(1, 90),
            issuing_post: self.rng.pick(&POSTS, ""),
            issue_date: Day(issue_date),
            territory: self.rng.pick(&["BY", "BY", "UNION"], "BY"),
        };
        self.put(RecordKind::Visas, FOREIGN, issue_date, &record);
    }

    fn annulment(&mut self, kind: RecordKind, source: &'static str, number: Number<'_>, day: Date, authority: &str) {
        let annul_kind = self.rng.pick(&["annulled", "invalid", "withdrawn"], "annulled");
        let record = Annulment { number, subject: self.subject(), annul_kind, annul_date: Day(day), authority };
        self.put(kind, source, day, &record);
    }

    fn stay(&mut self, n: usize, from: Date, stay: i64) {
        let number = format!("R{}-{:06}{n}", from.year(), self.person.index);
        let to = after(from, stay.min(90));
        let record = Stay {
            registration_number: &number,
            subject: self.subject(),
            from: Day(from),
            to: Day(to),
            address: self.address(),
            authority: self.rng.pick(&OFFICES, ""),
        };
        self.put(RecordKind::StayRegistrations, INTERIOR, after(from, 2), &record);
        if self.rng.chance(6) {
            let extended = self.rng.chance(70);
            let order_date = after(from, 8);
            let record = StayChange {
                registration_number: &number,
                subject: self.subject(),
                change_kind: if extended { "extended" } else { "shortened" },
                new_to: Day(after(to, if extended { 15 } else { -1 })),
                order_number: format!("{}/{n}", 100 + self.rng.below(900)),
                order_date: Day(order_date),
            };
            self.put(RecordKind::StayChanges, INTERIOR, order_date, &record);
        }
    }

    fn address(&mut self) -> Address<'static> {
        let (region, locality) = self.rng.pick(&TOWNS, ("", ""));
        Address {
            region,
            locality,
            street: self.rng.pick(&STREETS, ""),
            house: self.rng.between(1, 120).to_string(),
            flat: self.rng.between(1, 160).to_string(),
        }
    }

    fn permits(&mut self) {
        let index = self.person.index;
        let (kind, annulled, permit_kind, years, prefix) = match index % 20 {
            3 => (RecordKind::ResidencePermits, RecordKind::ResidencePermitAnnulments, "permanent", 10, "VP"),
            13 => (
                RecordKind::TemporaryResidencePermits,
                RecordKind::TemporaryResidencePermitAnnulments,
                "temporary",
                1,
                "RV",
            ),
            _ => return,
        };
        let valid_from = after(self.until, -self.rng.between(120, 3 * 365));
        let number = format!("{prefix}{index:07}");
        let authority = self.rng.pick(&OFFICES, "");
        let record = Permit {
            permit_number: &number,
            subject: self.subject(),
            permit_kind,
            valid_from: Day(valid_from),
            valid_to: Day(after(valid_from, years * 365)),
            address: self.address(),
            authority,
        };
        self.put(kind, INTERIOR, valid_from, &record);
        if self.rng.chance(5) {
            let day = after(valid_from, self.rng.between(30, 110));
            self.annulment(annulled, INTERIOR, Number::Permit(&number), day, authority);
        }
    }

    fn other(&mut self) {
        let index = self.person.index;
        match index % 20 {
            4 => self.travel_document(),
            5 | 15 => self.event(),
            9 => {
                let put = after(self.until, -self.rng.between(100, 900));
                for (action, date) in [("put", put), ("removed", after(put, self.rng.between(10, 90)))] {
                    let record =
                        Migration { subject: self.subject(), action, date: Day(date), authority_ru: RUSSIAN_OFFICE };
                    self.put(RecordKind::MigrationRecords, INTERIOR, date, &record);
                }
            }
            _ => {}
        }
    }

    /// A travel document that the Ministry of Internal Affairs issued to a foreigner, and sometimes annulled.
    fn travel_document(&mut self) {
        let number = format!("TD{:07}", self.person.index);
        let issued = after(self.until, -self.rng.between(200, 1_000));
        let doc = Doc {
            doc_type: "travel_document",
            doc_number: &number,
            issuing_state: "BLR",
            date_of_issue: Day(issued),
            expire_date: Day(after(issued, 730)),
        };
        let Ok(doc) = to_raw_value(&doc) else { return };
        let mut changes = vec![(RecordKind::IdentityDocuments, "issued", issued)];
        if self.rng.chance(12) {
            let status = self.rng.pick(&["annulled", "invalid", "withdrawn"], "annulled");
            changes.push((RecordKind::IdentityDocumentAnnulments, status, after(issued, self.rng.between(20, 190))));
        }
        for (kind, status, status_date) in changes {
            let subject = Subject { foreigner: self.foreigner, doc: &doc };
            let authority = "Министерство внутренних дел Республики Беларусь";
            self.put(
                kind,
                INTERIOR,
                status_date,
                &IdentityDocument { subject, status, status_date: Day(status_date), authority },
            );
        }
    }

    fn event(&mut self) {
        let number = format!("ED{:08}", self.person.index);
        let (event_code, event_name, opens) = self.rng.pick(&EVENTS, ("", "", self.until));
        let record = EventDocument {
            event_document_number: &number,
            subject: self.subject(),
            event_code,
            event_name,
            valid_from: Day(opens),
            valid_to: Day(after(opens, 14)),
            ticket_number: self.rng.number("T-99999999"),
        };
        self.put(RecordKind::EventDocuments, TICKETS, after(opens, -20), &record);
        if self.rng.chance(5) {
            let kind = RecordKind::EventDocumentAnnulments;
            let number = Number::EventDocument(&number);
            self.annulment(kind, TICKETS, number, after(opens, -3), "Билетный оператор");
        }
    }
}

//! The consumers of the stand (contract §2, §10).

use super::numbers::unp;

/// An organisation that asks through the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its name in NAIS and of its folder.
    pub id: &'static str,
    /// English name.
    pub en: &'static str,
    /// Belarusian name.
    pub be: &'static str,
    /// Russian name.
    pub ru: &'static str,
    /// Taxpayer number with a right check digit; of no real organisation.
    pub unp: String,
    /// Its `message_source`.
    pub source_code: &'static str,
    /// Categories it belongs to.
    pub categories: &'static [&'static str],
    /// Codes of the services it may use.
    pub services: &'static [&'static str],
    /// Whether systems may ask for it; else only people on the portal.
    pub system: bool,
    /// Calls a minute.
    pub quota_per_minute: u32,
    /// Calls at once.
    pub burst: u32,
}

/// Enough for measurements; the contract promises 5,000 calls in five minutes, 200 at once.
const LARGE: u32 = 600_000;
const AT_ONCE: u32 = 10_000;

type Row = (&'static str, [&'static str; 3], &'static str, &'static [&'static str], &'static [&'static str]);

const STATE: &[&str] = &["state-body"];
const ISOS: &[&str] = &["3.88.01"];

/// Name in NAIS; English, Belarusian and Russian names; `message_source`; categories; services.
const ROWS: [Row; 9] = [
    (
        "mia",
        ["Ministry of Internal Affairs", "Міністэрства ўнутраных спраў", "Министерство внутренних дел"],
        "MVD",
        STATE,
        ISOS,
    ),
    (
        "mfa",
        ["Ministry of Foreign Affairs", "Міністэрства замежных спраў", "Министерство иностранных дел"],
        "MID",
        STATE,
        ISOS,
    ),
    (
        "border-committee",
        ["State Border Committee", "Дзяржаўны пагранічны камітэт", "Государственный пограничный комитет"],
        "GPK",
        STATE,
        ISOS,
    ),
    (
        "ticket-operator",
        ["Ticket operator", "Білетны аператар", "Билетный оператор"],
        "TICKET",
        &["ticket-operator"],
        ISOS,
    ),
    ("supreme-court", ["Supreme Court", "Вярхоўны Суд", "Верховный Суд"], "VS", &["state-body", "court"], &["3.11.01"]),
    (
        "tax-inspectorate",
        [
            "Inspectorate of the Ministry of Taxes and Duties",
            "Інспекцыя Міністэрства па падатках і зборах",
            "Инспекция Министерства по налогам и сборам",
        ],
        "MNS",
        STATE,
        &["3.38.03"],
    ),
    (
        "notary-chamber",
        ["Belarusian Notary Chamber", "Беларуская натарыяльная палата", "Белорусская нотариальная палата"],
        "NOTARY",
        &["notary"],
        &["3.40.01/1"],
    ),
    ("bank", ["Synthetic Bank", "Сінтэтычны банк", "Синтетический банк"], "BANK", &["bank"], &["3.38.03", "3.40.01/1"]),
    (
        "portal",
        [
            "Unified Portal of Electronic Services",
            "Адзіны партал электронных паслуг",
            "Единый портал электронных услуг",
        ],
        "EPEU",
        &["portal", "person"],
        &["200.12.14.1"],
    ),
];

/// All consumers.
pub fn consumers() -> Vec<Consumer> {
    (9_000_001..).zip(ROWS).map(|(serial, row)| consumer(serial, row)).collect()
}

fn consumer(serial: u64, (id, [en, be, ru], source_code, categories, services): Row) -> Consumer {
    let on_portal_only = id == "bank";
    let (quota_per_minute, burst) = if on_portal_only { (60, 60) } else { (LARGE, AT_ONCE) };
    let unp = unp(1, serial);
    let system = !on_portal_only;
    Consumer { id, en, be, ru, unp, source_code, categories, services, system, quota_per_minute, burst }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use model::identifier::Unp;

    use super::*;

    #[test]
    fn consumers_are_told_apart() {
        let all = consumers();
        assert_eq!(all.len(), 9);
        assert!(all.iter().all(|consumer| Unp::parse(&consumer.unp).is_ok()));
        assert_eq!(all.iter().map(|consumer| &consumer.unp).collect::<HashSet<_>>().len(), 9);
        assert_eq!(all.iter().map(|consumer| consumer.source_code).collect::<HashSet<_>>().len(), 9);
        assert!(all.iter().all(|consumer| (consumer.quota_per_minute == 60) == (consumer.id == "bank")));
    }
}

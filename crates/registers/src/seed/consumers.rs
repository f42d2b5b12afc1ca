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

/// All consumers.
pub fn consumers() -> Vec<Consumer> {
    let consumer = |id, [en, be, ru]: [&'static str; 3], source_code, categories, services, serial: u64| Consumer {
        id,
        en,
        be,
        ru,
        unp: unp(1, 9_000_000 + serial),
        source_code,
        categories,
        services,
        system: id != "bank",
        quota_per_minute: if id == "bank" { 60 } else { LARGE },
        burst: if id == "bank" { 60 } else { AT_ONCE },
    };
    const STATE: &[&str] = &["state-body"];
    const ISOS: &[&str] = &["3.88.01"];
    vec![
        consumer(
            "mia",
            ["Ministry of Internal Affairs", "Міністэрства ўнутраных спраў", "Министерство внутренних дел"],
            "MVD",
            STATE,
            ISOS,
            1,
        ),
        consumer(
            "mfa",
            ["Ministry of Foreign Affairs", "Міністэрства замежных спраў", "Министерство иностранных дел"],
            "MID",
            STATE,
            ISOS,
            2,
        ),
        consumer(
            "border-committee",
            ["State Border Committee", "Дзяржаўны пагранічны камітэт", "Государственный пограничный комитет"],
            "GPK",
            STATE,
            ISOS,
            3,
        ),
        consumer(
            "ticket-operator",
            ["Ticket operator", "Білетны аператар", "Билетный оператор"],
            "TICKET",
            &["ticket-operator"],
            ISOS,
            4,
        ),
        consumer(
            "supreme-court",
            ["Supreme Court", "Вярхоўны Суд", "Верховный Суд"],
            "VS",
            &["state-body", "court"],
            &["3.11.01"],
            5,
        ),
        consumer(
            "tax-inspectorate",
            [
                "Inspectorate of the Ministry of Taxes and Duties",
                "Інспекцыя Міністэрства па падатках і зборах",
                "Инспекция Министерства по налогам и сборам",
            ],
            "MNS",
            STATE,
            &["3.38.03"],
            6,
        ),
        consumer(
            "notary-chamber",
            ["Belarusian Notary Chamber", "Беларуская натарыяльная палата", "Белорусская нотариальная палата"],
            "NOTARY",
            &["notary"],
            &["3.40.01/1"],
            7,
        ),
        consumer(
            "bank",
            ["Synthetic Bank", "Сінтэтычны банк", "Синтетический банк"],
            "BANK",
            &["bank"],
            &["3.38.03", "3.40.01/1"],
            8,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use model::identifier::Unp;

    use super::*;

    #[test]
    fn consumers_are_told_apart() {
        let all = consumers();
        assert_eq!(all.len(), 8);
        assert!(all.iter().all(|consumer| Unp::parse(&consumer.unp).is_ok()));
        assert_eq!(all.iter().map(|consumer| &consumer.unp).collect::<HashSet<_>>().len(), 8);
        assert_eq!(all.iter().map(|consumer| consumer.source_code).collect::<HashSet<_>>().len(), 8);
        assert!(all.iter().all(|consumer| (consumer.quota_per_minute == 60) == (consumer.id == "bank")));
    }
}

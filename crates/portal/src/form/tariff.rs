//! What an application costs: `tariffs.toml` of the service's folder, as dated rows with their legal reason.

use jiff::civil::Date;
use model::terms::Tariff;
use model::{Amount, Error, Lang, Service};
use serde::Deserialize;

/// The folder's file.
const FILE: &str = "tariffs.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// From the first on, in their order.
    tariffs: Vec<Row>,
}

/// What an application costs from a day on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// The first day; it holds until the next row's.
    #[serde(with = "model::calendar::day")]
    from: Date,
    /// In Belarusian roubles.
    pub price: Amount,
    /// The legal reason, in each language.
    en: String,
    be: String,
    ru: String,
}

impl Row {
    /// Why it costs so much, or nothing.
    pub(crate) fn reason(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Be => &self.be,
            Lang::Ru => &self.ru,
        }
    }
}

/// All rows.
#[derive(Debug, Default)]
pub(crate) struct Tariffs(Vec<Row>);

impl Tariffs {
    /// The rows of a service with a form. The last agrees with the passport on whether there is a price.
    pub(super) fn of(service: &Service) -> Result<Self, Error> {
        let wrong = |expected: &str| Err(Error::file(FILE, "tariffs".to_owned(), expected));
        let Some(text) = service.parts.get(FILE) else { return wrong("what an application costs, with the reason") };
        let Written { tariffs } = model::file::toml(FILE, text)?;
        if !tariffs.is_sorted_by(|one, next| one.from < next.from) {
            return wrong("rows in the order of their days");
        }
        let free = matches!(service.passport.tariff, Tariff::Free);
        match tariffs.last() {
            Some(last) if (last.price == Amount::ZERO) == free => Ok(Self(tariffs)),
            _ => wrong("a last row that is free as [tariff] in passport.toml is, or has a price as that has"),
        }
    }

    /// The row of an application sent on this day; none before the first.
    pub(crate) fn at(&self, day: Date) -> Option<&Row> {
        self.0.iter().rev().find(|row| row.from <= day)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_row_holds_until_the_next() {
        let row = |from, price: &str| {
            let (en, be, ru) = ("a".into(), "b".into(), "c".into());
            Row { from, price: Amount::parse(price).unwrap(), en, be, ru }
        };
        let tariffs = Tariffs(vec![row(date(2024, 2, 29), "1.20"), row(date(2025, 1, 1), "0.00")]);
        let price = |day| tariffs.at(day).map(|row| row.price.to_string());
        assert_eq!(price(date(2024, 2, 28)), None);
        assert_eq!(price(date(2024, 12, 31)).as_deref(), Some("1.20"));
        assert_eq!(price(date(2025, 1, 1)).as_deref(), Some("0.00"));
        assert_eq!(tariffs.at(date(2025, 1, 1)).map(|row| row.reason(Lang::Ru)), Some("c"));
    }
}

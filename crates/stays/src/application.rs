//! The application as types that cannot be wrong, read from JSON with every slip told at once.

use jiff::civil::Date;
use model::classifier::Checkpoint;
use model::{BirthDay, Country, DocumentNumber, NameLat, NameRu, Sex};
use serde_json::Value;

use crate::lists::{List, Lists};
use crate::reading::{Reading, Slip};
use crate::rules::Rules;

/// An application.
#[derive(Clone, Debug)]
pub struct Application {
    /// Who stays.
    pub person: Person,
    /// With which document.
    pub document: Document,
    /// Insured how.
    pub insurance: Insurance,
    /// By which right.
    pub permission: Permission,
    /// Since when.
    pub entry: Entry,
    /// Until when and where.
    pub stay: Stay,
}

/// Who stays.
#[derive(Clone, Debug)]
pub struct Person {
    /// Surname as in the machine-readable zone.
    pub surname: NameLat,
    /// Given names.
    pub given: NameLat,
    /// Surname in Russian, when the visa or the card bears it.
    pub surname_ru: Option<NameRu>,
    /// Given names in Russian.
    pub given_ru: Option<NameRu>,
    /// Patronymic in Russian.
    pub patronymic_ru: Option<NameRu>,
    /// Birth date.
    pub birth: BirthDay,
    /// Sex.
    pub sex: Sex,
    /// Citizenship, or `XXA`.
    pub citizenship: Country,
}

/// An identity document.
#[derive(Clone, Debug)]
pub struct Document {
    /// Code of `document-types`.
    pub kind: String,
    /// Number with series.
    pub number: DocumentNumber,
    /// Who issued it.
    pub state: Country,
    /// When.
    pub issued: Date,
    /// Its last day.
    pub expires: Date,
}

/// An insurance policy.
#[derive(Clone, Debug)]
pub struct Insurance {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Sum insured, in euros.
    pub sum: u32,
}

/// By which right somebody stays.
#[derive(Clone, Debug)]
pub enum Permission {
    /// A visa of Belarus.
    Visa(Visa),
    /// None is needed.
    Free {
        /// Code of `visa-free-grounds`.
        ground: String,
    },
}

/// A visa.
#[derive(Clone, Debug)]
pub struct Visa {
    /// Code of `visa-types`.
    pub kind: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Days of stay.
    pub days: u32,
}

/// The entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The day.
    pub date: Date,
    /// Where; none for those who came from Russia.
    pub checkpoint: Option<&'static Checkpoint>,
}

/// The stay.
#[derive(Clone, Debug)]
pub struct Stay {
    /// The last day.
    pub to: Date,
    /// Where.
    pub address: Address,
}

/// An address in Belarus; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Code of `regions`.
    pub region: String,
    /// Code of `minsk-districts`.
    pub city_district: String,
    /// District of the region.
    pub district: String,
    /// Town or village.
    pub locality: String,
    /// Street with its type.
    pub street: String,
    /// House.
    pub house: String,
    /// Building.
    pub building: String,
    /// Flat.
    pub flat: String,
}

/// The region that is the city of Minsk.
pub const MINSK: &str = "minsk";

impl Permission {
    /// The visa-free ground; empty with a visa.
    pub fn ground(&self) -> &str {
        match self {
            Self::Visa(_) => "",
            Self::Free { ground } => ground,
        }
    }
}

impl Address {
    /// The address in an application that was read before.
    pub fn of(application: &Value) -> Self {
        let part = |name: &str| {
            let found = application.pointer(&format!("/stay/address/{name}")).and_then(Value::as_str);
            found.unwrap_or_default().trim().to_owned()
        };
        Self {
            region: part("region"),
            city_district: part("city_district"),
            district: part("district"),
            locality: part("locality"),
            street: part("street"),
            house: part("house"),
            building: part("building"),
            flat: part("flat"),
        }
    }
}

impl Application {
    /// The application, or every slip in it. `today` is the day in Minsk.
    pub fn read(value: &Value, rules: &Rules, lists: &Lists, today: Date) -> Result<Self, Vec<Slip>> {
        let mut from = Reading::new(value, lists, today);
        let person = person(&mut from);
        let document = document(&mut from, rules);
        let insurance = insurance(&mut from);
        let permission = permission(&mut from);
        let entry = entry(&mut from);
        let stay = stay(&mut from, entry.as_ref().map(|entry| entry.date));
        applicant(&mut from);
        born_before(&mut from, person.as_ref(), document.as_ref());
        let read = || {
            Some(Self {
                person: person?,
                document: document?,
                insurance: insurance?,
                permission: permission?,
                entry: entry?,
                stay: stay?,
            })
        };
        from.finish(read())
    }

    /// State and folded number: what makes a document one.
    pub fn document_key(&self) -> String {
        format!("{}:{}", self.document.state.code(), self.document.number.key())
    }
}

fn person(from: &mut Reading<'_>) -> Option<Person> {
    let surname = from.parsed("/foreigner/surname_lat", true, NameLat::parse);
    let given = from.parsed("/foreigner/given_names_lat", true, NameLat::parse);
    let surname_ru = from.parsed("/foreigner/surname_ru", false, NameRu::parse);
    let given_ru = from.parsed("/foreigner/given_names_ru", false, NameRu::parse);
    let patronymic_ru = from.parsed("/foreigner/patronymic_ru", false, NameRu::parse);
    let birth = from.birth("/foreigner/birth_date");
    let sex = from.choice("/foreigner/sex", List::Sexes);
    let citizenship = from.country("/foreigner/citizenship");
    Some(Person {
        surname: surname?,
        given: given?,
        surname_ru,
        given_ru,
        patronymic_ru,
        birth: birth?,
        sex: if sex? == "F" { Sex::Female } else { Sex::Male },
        citizenship: citizenship?,
    })
}

fn document(from: &mut Reading<'_>, rules: &Rules) -> Option<Document> {
    let kind = from.choice("/document/type", List::DocumentTypes);
    let number = from.parsed("/document/number", true, DocumentNumber::parse);
    let state = from.country("/document/issuing_state");
    let issued = from.past("/document/issued_on");
    let expires = from.day("/document/expires_on");
    from.order(issued, expires, "/document/expires_on", "expires-before-issued");
    if let (Some(number), Some(state), Some("passport")) = (&number, state, kind.as_deref()) {
        let as_printed = from.flag("/document/as_printed");
        if !as_printed && !rules.fits_number(state.code(), &number.key()) {
            from.slip("/document/number", "document-number-form");
        }
    }
    Some(Document { kind: kind?, number: number?, state: state?, issued: issued?, expires: expires? })
}

fn insurance(from: &mut Reading<'_>) -> Option<Insurance> {
    let insurer = from.text("/insurance/insurer", 160);
    let policy = from.text("/insurance/policy_number", 40);
    let first = from.day("/insurance/valid_from");
    let last = from.day("/insurance/valid_to");
    from.order(first, last, "/insurance/valid_to", "ends-before-begin");
    let sum = from.number("/insurance/sum", 1, 100_000_000);
    from.copies();
    insurer.and(policy)?;
    Some(Insurance { from: first?, to: last?, sum: sum? })
}

fn permission(from: &mut Reading<'_>) -> Option<Permission> {
    if from.choice("/visa/regime", List::Regimes)? == "visa-free" {
        let ground = from.choice("/visa/ground", List::Grounds)?;
        if ground == "event" {
            from.text("/visa/event_document", 20)?;
        }
        return Some(Permission::Free { ground });
    }
    let number = from.parsed("/visa/number", true, DocumentNumber::parse);
    let kind = from.choice("/visa/type", List::VisaTypes);
    let multiplicity = from.choice("/visa/multiplicity", List::Multiplicities);
    let first = from.day("/visa/valid_from");
    let last = from.day("/visa/valid_to");
    from.order(first, last, "/visa/valid_to", "ends-before-begin");
    let days = from.number("/visa/stay_days", 1, 365);
    number.as_ref().and(multiplicity.as_ref())?;
    Some(Permission::Visa(Visa { kind: kind?, from: first?, to: last?, days: days? }))
}

fn entry(from: &mut Reading<'_>) -> Option<Entry> {
    let route = from.choice("/entry/route", List::Routes);
    let date = from.past("/entry/date");
    let checkpoint = match route.as_deref() {
        Some("from-russia") | None => None,
        Some(_) => Some(from.checkpoint("/entry/checkpoint")?),
    };
    route.map(|_| ())?;
    Some(Entry { date: date?, checkpoint })
}

fn stay(from: &mut Reading<'_>, entry: Option<Date>) -> Option<Stay> {
    let purpose = from.choice("/entry/purpose", List::Purposes);
    let to = from.day("/stay/to");
    from.order(entry, to, "/stay/to", "leaves-before-entry");
    if let Some(last) = to
        && last < from.today
    {
        from.slip("/stay/to", "stay-over");
    }
    let region = from.choice("/stay/address/region", List::Regions);
    let in_minsk = region.as_deref() == Some(MINSK);
    let city_district = if in_minsk { from.choice("/stay/address/city_district", List::MinskDistricts) } else { None };
    let locality = if in_minsk { None } else { from.text("/stay/address/locality", 80) };
    let house = from.text("/stay/address/house", 10);
    let address = Address {
        city_district: city_district.clone().unwrap_or_default(),
        district: from.optional("/stay/address/district", 80),
        locality: locality.clone().unwrap_or_default(),
        street: from.optional("/stay/address/street", 80),
        house: house.clone().unwrap_or_default(),
        building: from.optional("/stay/address/building", 10),
        flat: from.optional("/stay/address/flat", 10),
        region: region?,
    };
    if in_minsk && address.street.is_empty() {
        from.slip("/stay/address/street", "required");
    }
    purpose.and(house).and(if in_minsk { city_district } else { locality })?;
    Some(Stay { to: to?, address })
}

fn applicant(from: &mut Reading<'_>) {
    let kind = from.choice("/applicant/kind", List::Applicants);
    from.email("/applicant/email");
    from.phone("/applicant/phone");
    match kind.as_deref() {
        Some("representative") => {
            from.text("/applicant/full_name", 120);
            from.text("/applicant/authority", 160);
        }
        Some("host") => {
            from.choice("/applicant/host_kind", List::HostKinds);
            from.text("/applicant/full_name", 120);
            from.host_number("/applicant/number");
        }
        _ => {}
    }
}

/// A document cannot be older than the person.
fn born_before(from: &mut Reading<'_>, person: Option<&Person>, document: Option<&Document>) {
    let Some((person, document)) = person.zip(document) else { return };
    if BirthDay::from(document.issued) < person.birth {
        from.slip("/document/issued_on", "issued-before-birth");
    }
}

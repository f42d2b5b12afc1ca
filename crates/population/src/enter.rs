//! Entering households: sealed on the caller's thread, written in one transaction.

use jiff::civil::Date;
use model::Sex;
use serde::Serialize;
use store::{Error, Param, Tx, Vault};
use synthetic::{Household, Individual, Kind, Name, Status};

use crate::around::{act_place, document_place, identity_place, number_key};
use crate::documents;
use crate::record::{Act, ActKind, Identity, Office, Role, Spelled, number_of};
use crate::sql;

/// People and acts that one household may have: their rows are numbered by it.
const BLOCK: usize = 16;

/// Identifier, kind, day, the act it concerns, the sealed rest.
type ActRow = (i64, i64, i64, Option<i64>, Vec<u8>);

/// A household sealed and ready to be written.
#[derive(Debug)]
pub struct Prepared {
    first: i64,
    entered_at: i64,
    people: Vec<(i64, Option<i64>)>,
    identities: Vec<(i64, i64, Vec<u8>)>,
    documents: Vec<(i64, i64, Vec<u8>)>,
    acts: Vec<ActRow>,
    parties: Vec<(i64, i64, i64)>,
}

impl Prepared {
    /// People who will be entered.
    pub fn people(&self) -> usize {
        self.people.len()
    }

    /// The household with everything personal sealed; `now` in microseconds since 1970, `until` the day it is true on.
    pub fn new(vault: &Vault, household: &Household, until: Date, now: i64) -> Result<Self, Error> {
        if household.people.len() > BLOCK || household.acts.len() > BLOCK {
            return Err(Error::broken("a household has more people or acts than its block of numbers"));
        }
        let first = i64::try_from(household.index).map_err(Error::broken)? * (BLOCK as i64);
        let mut prepared = Self {
            first,
            entered_at: now,
            people: Vec::new(),
            identities: Vec::new(),
            documents: Vec::new(),
            acts: Vec::new(),
            parties: Vec::new(),
        };
        for (id, person) in (first..).zip(&household.people) {
            prepared.person(vault, id, person, until)?;
        }
        for (id, act) in (first..).zip(&household.acts) {
            prepared.act(vault, (id, first), act, household)?;
        }
        Ok(prepared)
    }

    fn person(&mut self, vault: &Vault, id: i64, person: &Individual, until: Date) -> Result<(), Error> {
        self.people.push((id, person.number.as_deref().map(|number| number_key(vault, number))));
        let mut since = person.born;
        let borne = person.former.iter().map(|(name, next)| (name, Some(*next))).chain([(&person.name, None)]);
        for (name, next) in borne {
            let day = number_of(since);
            let body = json(&identity(person, name))?;
            self.identities.push((id, day, vault.seal(&identity_place(id, day, self.entered_at), &body)));
            since = next.unwrap_or(since);
        }
        for (place, document) in (0..).zip(documents::of(person, id, until)) {
            self.documents.push((id, place, vault.seal(&document_place(id, place), &json(&document)?)));
        }
        Ok(())
    }

    fn act(
        &mut self,
        vault: &Vault,
        (id, first): (i64, i64),
        act: &synthetic::Act,
        household: &Household,
    ) -> Result<(), Error> {
        let kind = kind(act.kind);
        let row = |at: usize| i64::try_from(at).map(|at| first + at).map_err(Error::broken);
        let (series, certificate) = act.certificate.rsplit_once(' ').unwrap_or(("", ""));
        let list = if kind.by_court() { 88 } else { 80 };
        let body = Act {
            number: act.number.clone(),
            series: series.to_owned(),
            certificate: certificate.to_owned(),
            office: Office { list, code: documents::office(list, act.region) },
        };
        let concerns = act.concerns.map(row).transpose()?;
        self.acts.push((id, kind as i64, number_of(act.day), concerns, vault.seal(&act_place(id), &json(&body)?)));
        for (at, person) in act.parties.iter().enumerate() {
            self.parties.push((row(*person)?, id, role(kind, at) as i64));
        }
        if kind == ActKind::Adoption {
            // From now on it is nobody else's child.
            let births = act.concerns.and_then(|birth| household.acts.get(birth));
            for parent in births.iter().flat_map(|birth| birth.parties.iter().skip(1)) {
                self.parties.push((row(*parent)?, id, Role::FormerParent as i64));
            }
        }
        Ok(())
    }
}

/// Writes a household; false when it is there already.
pub fn enter(tx: &mut Tx<'_>, household: &Prepared) -> Result<bool, Error> {
    if tx.query_opt(&sql::KNOWN, &[household.first.into()], |_| Ok(()))?.is_some() {
        return Ok(false);
    }
    let at: Param<'_> = household.entered_at.into();
    for (id, key) in &household.people {
        tx.execute(&sql::ADD_PERSON, &[(*id).into(), (*key).into(), at])?;
    }
    for (person, since, body) in &household.identities {
        tx.execute(&sql::ADD_IDENTITY, &[(*person).into(), (*since).into(), at, body.into()])?;
    }
    for (person, place, body) in &household.documents {
        tx.execute(&sql::ADD_DOCUMENT, &[(*person).into(), (*place).into(), at, body.into()])?;
    }
    for (id, kind, day, concerns, body) in &household.acts {
        let row = [(*id).into(), (*kind).into(), (*day).into(), (*concerns).into(), at, body.into()];
        tx.execute(&sql::ADD_ACT, &row)?;
    }
    for (person, act, role) in &household.parties {
        tx.execute(&sql::ADD_PARTY, &[(*person).into(), (*act).into(), (*role).into()])?;
    }
    Ok(true)
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(body).map_err(Error::broken)
}

fn identity(person: &Individual, name: &Name) -> Identity {
    let [last_ru, given_ru, father_ru] = name.ru.clone();
    let [last_be, given_be, father_be] = name.be.clone();
    let [last_lat, given_lat] = name.lat.clone();
    let status = match person.status {
        Status::Active => "1",
        Status::Died => "2",
        Status::Foreigner => "4",
    };
    Identity {
        number: person.number.clone(),
        last_name: Spelled { ru: last_ru, be: last_be, lat: last_lat },
        name: Spelled { ru: given_ru, be: given_be, lat: given_lat },
        patronymic: Spelled { ru: father_ru, be: father_be, lat: String::new() },
        sex: if person.female { Sex::Female } else { Sex::Male },
        birth_day: model::BirthDay::from(person.born).to_string(),
        citizenship: person.citizenship.clone(),
        status: status.to_owned(),
    }
}

fn kind(kind: Kind) -> ActKind {
    match kind {
        Kind::Birth => ActKind::Birth,
        Kind::Marriage => ActKind::Marriage,
        Kind::Divorce => ActKind::Divorce,
        Kind::CourtDivorce => ActKind::CourtDivorce,
        Kind::InvalidMarriage => ActKind::InvalidMarriage,
        Kind::Death => ActKind::Death,
        Kind::Adoption => ActKind::Adoption,
        Kind::Deprivation => ActKind::Deprivation,
        Kind::Restoration => ActKind::Restoration,
    }
}

fn role(kind: ActKind, place: usize) -> Role {
    match (kind, place) {
        (ActKind::Birth | ActKind::Adoption, 0) => Role::Child,
        (ActKind::Birth | ActKind::Adoption, _) | (ActKind::Deprivation | ActKind::Restoration, 0) => Role::Parent,
        (ActKind::Deprivation | ActKind::Restoration, _) => Role::Child,
        (ActKind::Death, _) => Role::Deceased,
        (ActKind::Marriage | ActKind::Divorce | ActKind::CourtDivorce | ActKind::InvalidMarriage, _) => Role::Spouse,
    }
}

//! A person with everybody around: read once, then everything is derived in memory.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::IdentificationNumber;
use store::{Error, Tx, Vault};

use crate::record::{Act, ActKind, Document, Identity, Role, day_of};
use crate::sql;

/// A person, the acts about them, and everybody in these acts.
#[derive(Clone, Debug)]
pub struct Around {
    /// Whom it is about.
    pub subject: i64,
    /// Acts, oldest first.
    pub acts: Vec<Made>,
    people: BTreeMap<i64, Somebody>,
    deaths: BTreeMap<i64, Date>,
}

/// An act with whom it is about.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its row.
    pub id: i64,
    /// What it is about.
    pub kind: ActKind,
    /// When it was made.
    pub day: Date,
    /// The act it ends or changes.
    pub concerns: Option<i64>,
    /// The rest.
    pub act: Act,
    /// Whom it is about.
    pub parties: Vec<(i64, Role)>,
}

#[derive(Clone, Debug, Default)]
struct Somebody {
    identities: Vec<(Date, Identity)>,
    documents: Vec<Document>,
}

impl Around {
    /// Reads everything around the person with this number.
    pub(crate) fn read(tx: &mut Tx<'_>, vault: &Vault, number: &IdentificationNumber) -> Result<Option<Self>, Error> {
        let key = number_key(vault, number.as_str());
        let Some(subject) = tx.query_opt(&sql::PERSON, &[key.into()], |row| row.int(0))? else {
            return Ok(None);
        };
        let mut around =
            Self { subject, acts: acts(tx, vault, subject)?, people: BTreeMap::new(), deaths: BTreeMap::new() };
        tx.each(&sql::DEATHS, &[subject.into()], |row| {
            let (person, day) = (row.int(0)?, row.int(1)?);
            around.deaths.extend(day_of(day).map(|day| (person, day)));
            Ok(true)
        })?;
        tx.each(&sql::IDENTITIES, &[subject.into()], |row| {
            let (person, since, entered_at) = (row.int(0)?, row.int(1)?, row.int(2)?);
            let identity = open(vault, &identity_place(person, since, entered_at), row.bytes(3)?)?;
            let since = day_of(since).unwrap_or(Date::MIN);
            around.people.entry(person).or_default().identities.push((since, identity));
            Ok(true)
        })?;
        tx.each(&sql::DOCUMENTS, &[subject.into()], |row| {
            let (person, place) = (row.int(0)?, row.int(1)?);
            let document = open(vault, &document_place(person, place), row.bytes(2)?)?;
            around.people.entry(person).or_default().documents.push(document);
            Ok(true)
        })?;
        // Keyed values meet by chance once in 10¹⁹: the number itself decides.
        let own = around.identity(subject).and_then(|own| own.number.as_deref());
        Ok((own == Some(number.as_str())).then_some(around))
    }

    /// Who somebody is now.
    pub fn identity(&self, person: i64) -> Option<&Identity> {
        self.people.get(&person)?.identities.last().map(|(_, identity)| identity)
    }

    /// Who somebody was on a day.
    pub fn identity_on(&self, person: i64, day: Date) -> Option<&Identity> {
        let identities = &self.people.get(&person)?.identities;
        identities.iter().rev().find(|(since, _)| *since <= day).map(|(_, identity)| identity)
    }

    /// When somebody died, as far as a record of it is known here.
    pub fn died(&self, person: i64) -> Option<Date> {
        self.deaths.get(&person).copied()
    }

    /// Somebody's identity documents, oldest first.
    pub fn documents(&self, person: i64) -> &[Document] {
        self.people.get(&person).map_or(&[], |somebody| &somebody.documents)
    }
}

impl Made {
    /// The first party in this role other than `person`.
    pub(crate) fn other(&self, role: Role, person: i64) -> Option<i64> {
        self.parties.iter().find(|(other, as_role)| *as_role == role && *other != person).map(|(other, _)| *other)
    }

    /// Whether `person` stands in it in this role.
    pub(crate) fn has(&self, role: Role, person: i64) -> bool {
        self.parties.contains(&(person, role))
    }
}

fn acts(tx: &mut Tx<'_>, vault: &Vault, subject: i64) -> Result<Vec<Made>, Error> {
    let mut acts = tx.query(&sql::ACTS, &[subject.into()], |row| {
        let (id, kind, day) = (row.int(0)?, row.int(1)?, row.int(2)?);
        Ok(Made {
            id,
            kind: ActKind::of(kind).ok_or_else(|| Error::broken("population_act.kind"))?,
            day: day_of(day).ok_or_else(|| Error::broken("population_act.day"))?,
            concerns: row.opt_int(3)?,
            act: open(vault, &act_place(id), row.bytes(4)?)?,
            parties: Vec::new(),
        })
    })?;
    tx.each(&sql::PARTIES, &[subject.into()], |row| {
        let (act, person) = (row.int(0)?, row.int(1)?);
        let role = Role::of(row.int(2)?).ok_or_else(|| Error::broken("population_party.role"))?;
        acts.iter_mut().filter(|made| made.id == act).for_each(|made| made.parties.push((person, role)));
        Ok(true)
    })?;
    Ok(acts)
}

fn open<T: serde::de::DeserializeOwned>(vault: &Vault, place: &[u8], sealed: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(&vault.open(place, sealed)?).map_err(Error::broken)
}

/// The keyed value by which a person is found.
pub(crate) fn number_key(vault: &Vault, number: &str) -> i64 {
    vault.blind("population number", number.as_bytes())
}

pub(crate) fn identity_place(person: i64, since: i64, entered_at: i64) -> Vec<u8> {
    place(b"population_identity.body.", &[person, since, entered_at])
}

pub(crate) fn document_place(person: i64, at: i64) -> Vec<u8> {
    place(b"population_document.body.", &[person, at])
}

pub(crate) fn act_place(id: i64) -> Vec<u8> {
    place(b"population_act.body.", &[id])
}

fn place(column: &[u8], key: &[i64]) -> Vec<u8> {
    key.iter().fold(column.to_vec(), |mut out, part| {
        out.extend_from_slice(&part.to_be_bytes());
        out
    })
}

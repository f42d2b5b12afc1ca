//! Ready refusals: what goes wrong with a question under a consent, one request each, with the code it is refused with.
//!
//! Where no honest program makes the fault, the request is signed with keys of `negative/`.

use std::path::Path;

use eds::cms::{Place, Signer, sign_together};
use eds::pki::{Profile, Subject};
use eds::{Algorithm, CachedTrust, Certificate, Purpose, SigningKey};
use gateway::operator::Desk;
use jiff::{SignedDuration, Timestamp};
use model::{Lang, wording};
use registers::seed;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::pki::Pki;
use super::{SEED, cards};
use crate::config::Config;
use crate::exit::Error;
use crate::files::{self, Readers};
use crate::node::{Tools, keys};

/// Who asks; the folder with the wrong login of the Register.
const NOTARY: &str = "consumers/notary-chamber";
const WRONG_LOGIN: &str = "negative/wrong-login";

/// What `refused/index.json` says of one request.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    /// Folder of the consumer that asks.
    consumer: &'static str,
    /// Sent before, and answered.
    first: Option<String>,
    status: u16,
    code: &'static str,
}

/// Keys for what the cards do not do: revoked, expired, and one that signs as it is told.
pub(super) fn create(dir: &Path, pki: &mut Pki) -> Result<(), Error> {
    let question = population::request(Timestamp::UNIX_EPOCH, Uuid::nil(), ("", "", ""));
    let number = question.pointer(NUMBER).and_then(Value::as_str).unwrap_or_default();
    let subject = Subject::new("Синтетический подписант").person("Синтетический", "Подписант");
    let old = SignedDuration::from_hours(24 * 30);
    for (name, expired) in [("signer", false), ("signer-revoked", false), ("signer-expired", true)] {
        let pair = pki.held(
            |mut term| {
                if expired {
                    term.not_after = term.not_before;
                    term.not_before -= old;
                }
                let profile = Profile::new(subject.clone(), [Purpose::Signature], term);
                Profile { identification_number: Some(number.to_owned()), ..profile }
            },
            Algorithm::BignBeltHash,
        )?;
        if name == "signer-revoked" {
            pki.revoke(&pair.certificate)?;
        }
        let file = |ending: &str| dir.join(format!("negative/{name}.{ending}"));
        files::create(&file("pem"), pair.certificate.to_pem().as_bytes(), Readers::All)?;
        files::create(&file("key"), pair.key.to_pkcs8_pem()?.as_bytes(), Readers::Owner)?;
    }
    Ok(())
}

/// Writes the requests, each refused in its own way; `question` is a good one.
pub(super) async fn write(
    dir: &Path,
    tools: &Tools,
    config: &Config,
    question: &Value,
    now: Timestamp,
) -> Result<(), Error> {
    let desk = Desk { db: tools.db.clone(), vault: tools.vault.clone(), now };
    let forge = Forge::new(dir, question, now)?;
    let mut rows = forge.agreements()?;
    rows.extend(forge.signatures()?);
    rows.extend(forge.bodies()?);
    rows.push(forge.unknown()?);
    rows.push(forge.withdrawn(&desk, config).await?);
    let text = serde_json::to_vec_pretty(&rows).map_err(Error::failed)?;
    files::create(&dir.join("requests/refused/index.json"), &text, Readers::All)?;
    wrong_login(dir)
}

/// The notary chamber's folder with another password of the Register.
fn wrong_login(dir: &Path) -> Result<(), Error> {
    super::consumers::like(&dir.join(NOTARY), &dir.join(WRONG_LOGIN), &["tls", "sign"], |told| {
        if let Some(login) = told.get_mut("register").and_then(toml::Value::as_table_mut) {
            login.insert("password".into(), "wrong".into());
        }
    })
}

/// Makes requests that are wrong in one thing.
struct Forge<'a> {
    dir: &'a Path,
    question: &'a Value,
    /// Whom the question is about.
    number: String,
    now: Timestamp,
}

/// A key of `negative/`.
struct Held {
    key: SigningKey,
    certificate: Certificate,
}

impl<'a> Forge<'a> {
    fn new(dir: &'a Path, question: &'a Value, now: Timestamp) -> Result<Self, Error> {
        files::folder(&dir.join("requests/refused"))?;
        let number = question.pointer(NUMBER).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Self { dir, question, number, now })
    }

    /// The question under a consent and a message identifier of its own, changed at one place.
    fn changed(&self, pointer: &str, value: Value) -> Result<Value, Error> {
        let mut body = self.question.clone();
        // What was shown for the question was not shown for this one.
        if let Some(Value::Object(agreement)) = body.pointer_mut("/cover/agreement") {
            agreement.remove("language");
            agreement.remove("text_digest");
        }
        let id = uuid::Builder::from_random_bytes(store::random()).into_uuid().to_string();
        for (pointer, value) in
            [("/cover/message_id", json!(id)), ("/cover/agreement/consent_id", json!(id)), (pointer, value)]
        {
            if let Some(place) = body.pointer_mut(pointer) {
                *place = value;
            } else if let Some((parent, name)) = pointer.rsplit_once('/')
                && let Some(Value::Object(parent)) = body.pointer_mut(parent)
            {
                parent.insert(name.to_owned(), value);
            }
        }
        Ok(body)
    }

    fn good(&self) -> Result<Vec<u8>, Error> {
        bytes(&self.changed("/cover/transaction_number", json!("2026-0002"))?)
    }

    /// Signed with the card of the person with this number.
    fn card(&self, number: &str, content: &[u8]) -> Result<Vec<u8>, Error> {
        let signed = cards::signed(self.dir, number, content, self.now)?;
        signed.ok_or_else(|| Error::failed("the person of a ready refusal has no card"))
    }

    fn held(&self, name: &str) -> Result<Held, Error> {
        let file = |ending: &str| self.dir.join(format!("negative/{name}.{ending}"));
        let key = keys::signing_key(&file("key"), "")?;
        Ok(Held { key, certificate: files::certificate(&file("pem"), "")? })
    }

    fn by(&self, names: &[&str], content: &[u8], at: Option<Timestamp>) -> Result<Vec<u8>, Error> {
        let held = names.iter().map(|name| self.held(name)).collect::<Result<Vec<_>, _>>()?;
        let signers: Vec<_> =
            held.iter().map(|one| Signer { key: &one.key, certificate: &one.certificate, chain: &[] }).collect();
        Ok(sign_together(content, Place::Attached, &signers, at)?)
    }

    /// Keeps a request.
    fn keep(&self, name: &'static str, body: &[u8], cms: &[u8], status: u16, code: &'static str) -> Result<Row, Error> {
        self.put(name, body, cms)?;
        Ok(Row { name, consumer: NOTARY, first: None, status, code })
    }

    fn put(&self, name: &str, body: &[u8], cms: &[u8]) -> Result<(), Error> {
        let file = |ending: &str| self.dir.join(format!("requests/refused/{name}.{ending}"));
        files::create(&file("json"), body, Readers::All)?;
        files::create(&file("p7s"), cms, Readers::All)
    }

    /// What the person agreed to does not cover the question.
    fn agreements(&self) -> Result<Vec<Row>, Error> {
        let people = seed::people(SEED);
        let other = people.iter().find(|one| one.identification_number != self.number && !one.card.is_empty());
        let other = other.map(|one| one.identification_number.clone()).unwrap_or_default();
        let day = |count: i64| json!((self.now + SignedDuration::from_hours(24 * count)).to_string());
        let mut rows = Vec::new();
        for (name, pointer, value, code) in [
            ("another-number", NUMBER, json!(other), "consent-wrong-person"),
            ("another-operator", "/cover/agreement/operator_unp", json!("190000018"), "consent-wrong-operator"),
            ("data-not-consented", "/cover/agreement/rights", json!([1, 4]), "consent-not-covering"),
            ("not-yet-valid", "/cover/agreement/issue_date", day(10), "consent-not-yet-valid"),
        ] {
            let body = bytes(&self.changed(pointer, value)?)?;
            rows.push(self.keep(name, &body, &self.card(&self.number, &body)?, 403, code)?);
        }
        let mut otherwise = self.changed("/cover/transaction_number", json!("2026-0004"))?;
        wording::record(&mut otherwise, Lang::Be, eds::sha256("Згодны.".as_bytes()));
        let body = bytes(&otherwise)?;
        rows.push(self.keep("worded-otherwise", &body, &self.card(&self.number, &body)?, 403, "consent-wording")?);
        let mut expired = self.changed("/cover/agreement/expiry_date", day(-1))?;
        if let Some(issued) = expired.pointer_mut("/cover/agreement/issue_date") {
            *issued = day(-2);
        }
        let body = bytes(&expired)?;
        rows.push(self.keep("expired", &body, &self.card(&self.number, &body)?, 403, "consent-expired")?);
        let body = self.good()?;
        rows.push(self.keep("another-person", &body, &self.card(&other, &body)?, 403, "consent-wrong-person")?);
        Ok(rows)
    }

    /// The signature is not one that lets data out.
    fn signatures(&self) -> Result<Vec<Row>, Error> {
        let (body, at) = (self.good()?, Some(self.now));
        let cms = self.card(&self.number, &body)?;
        let mut altered = cms.clone();
        let place = altered.windows(8).position(|part| part == b"NOTARIAT");
        if let Some(byte) = place.and_then(|place| altered.get_mut(place)) {
            *byte ^= 1;
        }
        let trailing = [cms.as_slice(), b"\n"].concat();
        Ok(vec![
            self.keep("altered-by-one-byte", &body, &altered, 403, "cms-altered")?,
            self.keep("trailing-bytes", &body, &trailing, 400, "cms-leftovers")?,
            self.keep("two-signers", &body, &self.by(&["signer", "signer-revoked"], &body, at)?, 400, "cms-signers")?,
            self.keep("no-signing-time", &body, &self.by(&["signer"], &body, None)?, 400, "cms-no-signing-time")?,
            self.keep(
                "revoked-certificate",
                &body,
                &self.by(&["signer-revoked"], &body, at)?,
                403,
                "consent-certificate-revoked",
            )?,
            self.keep(
                "expired-certificate",
                &body,
                &self.by(&["signer-expired"], &body, at)?,
                403,
                "consent-certificate-expired",
            )?,
        ])
    }

    /// The message is another than was signed, or cannot be answered.
    fn bodies(&self) -> Result<Vec<Row>, Error> {
        let body = self.good()?;
        let cms = self.card(&self.number, &body)?;
        let spaced = [body.as_slice(), b" "].concat();
        let mut cp1251 = self.good()?;
        if let Some(place) = cp1251.windows(8).position(|part| part == b"NOTARIAT") {
            // "НОТАРИАТ" as programs of the last century write it.
            cp1251.splice(place..place + 8, *b"\xcd\xce\xd2\xc0\xd0\xc8\xc0\xd2");
        }
        let cp1251_signed = self.card(&self.number, &cp1251)?;
        // The last digit of an identification number is a check digit.
        let mistyped = match self.number.strip_suffix('9') {
            Some(head) => format!("{head}8"),
            None => format!("{}9", self.number.get(..self.number.len().saturating_sub(1)).unwrap_or_default()),
        };
        let mistyped = bytes(&self.changed(NUMBER, json!(mistyped))?)?;
        let mistyped_signed = self.card(&self.number, &mistyped)?;
        let replayed = self.good()?;
        let replayed_signed = self.card(&self.number, &replayed)?;
        let mut once = self.changed("/cover/agreement/uses", json!(1))?;
        let used = bytes(&once)?;
        self.put("used-up-first", &used, &self.card(&self.number, &used)?)?;
        if let Some(id) = once.pointer_mut("/cover/message_id") {
            *id = json!(uuid::Builder::from_random_bytes(store::random()).into_uuid().to_string());
        }
        let used = bytes(&once)?;
        let again = |row: Row, first: &str| Row { first: Some(first.to_owned()), ..row };
        let login = self.good()?;
        let login_signed = self.card(&self.number, &login)?;
        let login = self.keep("wrong-register-login", &login, &login_signed, 401, "register-login")?;
        Ok(vec![
            self.keep("body-altered-after-signing", &spaced, &cms, 403, "consent-other-request")?,
            self.keep("cp1251", &cp1251, &cp1251_signed, 400, "body-not-utf8")?,
            self.keep("mistyped-number", &mistyped, &mistyped_signed, 400, "schema")?,
            again(
                self.keep("replayed-message", &replayed, &replayed_signed, 409, "replayed-message")?,
                "replayed-message",
            ),
            again(
                self.keep("used-up", &used, &self.card(&self.number, &used)?, 403, "consent-used-up")?,
                "used-up-first",
            ),
            Row { consumer: WRONG_LOGIN, ..login },
        ])
    }

    /// The Register does not know the person: an answer, with its error list.
    fn unknown(&self) -> Result<Row, Error> {
        let stranger = seed::people(SEED).into_iter().find(|one| !one.in_register && !one.card.is_empty());
        let number = stranger.map(|one| one.identification_number).unwrap_or_default();
        let body = bytes(&self.changed(NUMBER, json!(number))?)?;
        self.keep("unknown-person", &body, &self.card(&number, &body)?, 200, "05")
    }

    /// The person has taken the consent back.
    async fn withdrawn(&self, desk: &Desk, config: &Config) -> Result<Row, Error> {
        let message = self.changed("/cover/transaction_number", json!("2026-0003"))?;
        let id = message.pointer("/cover/agreement/consent_id").and_then(Value::as_str);
        let id =
            id.and_then(|id| Uuid::try_parse(id).ok()).ok_or_else(|| Error::failed("the consent has no identifier"))?;
        let wish = json!({ "consent_id": id, "withdraw": true, "time": self.now.to_string() });
        let wish = self.card(&self.number, &bytes(&wish)?)?;
        let trust = CachedTrust::new(keys::trust(config)?);
        gateway::consent::withdraw(desk, &trust, &wish).await?;
        let body = bytes(&message)?;
        self.keep("withdrawn", &body, &self.card(&self.number, &body)?, 403, "consent-withdrawn")
    }
}

/// Where the number asked about stands.
const NUMBER: &str = "/request/person_request/0/identif_number";

fn bytes(value: &Value) -> Result<Vec<u8>, Error> {
    serde_json::to_vec_pretty(value).map_err(Error::failed)
}

//! The ready question about a family: as the notary chamber puts it, and as its clerk does, with the text that the person
//! was shown and their consent.

use std::path::Path;

use jiff::Timestamp;
use model::agreement::Envelope;
use model::{Lang, wording};
use registers::seed::{self, Request};
use serde_json::Value;
use uuid::Uuid;

use super::{SEED, cards, clerk};
use crate::exit::Error;
use crate::files::{self, Readers};
use crate::node::Node;

/// The service that is asked under a person's consent.
pub(super) const CONSENTED: &str = "3.40.01/1";
/// The first ready question, of which the refusals are made.
pub(super) const FIRST: &str = "common-register";
/// Who asks, themselves or by their clerk.
pub(super) const CHAMBER: &str = "notary-chamber";
/// The ready questions: with `nais call`, by the clerk, and one to be signed with the card and sent by hand.
const NAMES: [(&str, &str); 3] =
    [(FIRST, CHAMBER), ("common-register-by-clerk", clerk::CLERK), ("common-register-by-hand", CHAMBER)];
/// In which the person reads.
const LANG: Lang = Lang::Ru;

/// The questions; what the person was shown is written beside them.
pub(super) fn requests(
    dir: &Path,
    node: &Node,
    now: Timestamp,
    fresh: impl Fn() -> Uuid,
) -> Result<Vec<Request>, Error> {
    let chamber = seed::consumers().into_iter().find(|one| one.id == CHAMBER);
    let chamber = chamber.ok_or_else(|| Error::failed("the stand has no notaries"))?;
    let mut requests = Vec::new();
    for (name, consumer) in NAMES {
        let mut body = population::request(now, fresh(), (chamber.ru, &chamber.unp, chamber.source_code));
        let text = shown(node, &body)?;
        wording::record(&mut body, LANG, eds::sha256(text.as_bytes()));
        files::create(&dir.join(format!("requests/{name}.txt")), text.as_bytes(), Readers::All)?;
        requests.push(Request {
            name: name.into(),
            consumer,
            service: CONSENTED,
            context: "mvd-34001/v1",
            verb: "POST",
            path: "common/register".into(),
            body: Some(body),
        });
    }
    Ok(requests)
}

/// What the person of the question is shown.
fn shown(node: &Node, body: &Value) -> Result<String, Error> {
    let failed = || Error::failed("the ready question has no person or no wording");
    let service = node.tools.services.iter().find(|service| service.passport.code.as_str() == CONSENTED);
    let wording = service.and_then(|service| service.wording.as_ref()).ok_or_else(failed)?;
    let envelope = Envelope::read(body).map_err(|_| failed())?;
    let (Some(agreement), Some(number)) = (&envelope.agreement, envelope.subject()) else { return Err(failed()) };
    let people = seed::people(SEED);
    let person = people.iter().find(|one| one.identification_number == number.as_str()).ok_or_else(failed)?;
    Ok(wording.text(LANG, agreement, number, &cards::full_name(person)))
}

/// The consent of the person whom the request is about, over its very bytes.
pub(super) fn consent(dir: &Path, request: &Request, now: Timestamp) -> Result<(), Error> {
    let folder = dir.join("requests");
    let body = files::bytes(&folder.join(format!("{}.json", request.name)))?;
    let asked = request.body.as_ref().and_then(|body| body.pointer("/request/person_request/0/identif_number"));
    let number = asked.and_then(Value::as_str).unwrap_or_default();
    match cards::signed(dir, number, &body, now)? {
        Some(message) => files::create(&folder.join(format!("{}.p7s", request.name)), &message, Readers::All),
        None => Err(Error::failed("the person of the ready request has no card")),
    }
}

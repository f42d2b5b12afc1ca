//! Step 4: the person consents, where the service needs it.

use axum::http::HeaderMap;
use eds::Certificate;
use model::agreement::Envelope;
use model::consent::{Given, Question, permits};
use model::wording::Wording;
use model::{Kind, Refusal};

use super::authenticated::{Case, Refused};
use super::header::{CMS, single};
use super::permitted::Permitted;
use crate::Gateway;
use crate::consent::{self, Presented};

/// A request that may be put to the provider, with the consent under which it is.
pub(crate) struct Consented {
    pub permitted: Permitted,
    /// None where the law itself is the ground, or a written consent stays with the consumer.
    pub consent: Option<Presented>,
}

impl Consented {
    /// Everything about the consent that can be known before the provider is asked. Withdrawal and uses are looked at
    /// here so that nothing is read in vain; the transaction that records the disclosure decides.
    pub(crate) async fn check(
        gateway: &Gateway,
        mut permitted: Permitted,
        headers: &HeaderMap,
    ) -> Result<Self, Refused> {
        if !permitted.ground.consent.is_sent() {
            return Ok(Self { permitted, consent: None });
        }
        let wording = permitted.route.service.wording.as_ref();
        let presented = match present(gateway, &mut permitted.case, &permitted.json, wording, headers) {
            Ok(presented) => presented,
            Err(refusal) => return Err(Box::new((permitted.case, refusal))),
        };
        let asked = presented.clone();
        match gateway.db.read(move |tx| consent::standing(tx, &asked)).await {
            Ok(()) => Ok(Self { permitted, consent: Some(presented) }),
            Err(error) => Err(Box::new((permitted.case, error.refusal()))),
        }
    }
}

/// The consent of the header `cms`, which covers the question.
fn present(
    gateway: &Gateway,
    case: &mut Case,
    json: &serde_json::Value,
    wording: Option<&Wording>,
    headers: &HeaderMap,
) -> Result<Presented, Refusal> {
    let cms = consent::decode(single(headers, &CMS)?)?;
    let digest = eds::sha256(&cms);
    case.consent = Some(digest);
    let now = case.call.at;
    let claim = consent::prove(&cms, &case.body, &gateway.trust, now)?;
    let envelope = Envelope::read(json).map_err(|faults| Refusal::new(Kind::Malformed, "schema").faults(faults))?;
    let given = permits(&Question {
        envelope: &envelope,
        consumer: &case.caller.consumer.unp,
        signer: claim.certificate.identification_number(),
        signed_at: claim.signed_at,
        now,
    })?;
    let agreement = model::consent::canonical(given.agreement).map_err(|_| Refusal::new(Kind::Internal, "internal"))?;
    Ok(Presented {
        id: given.agreement.consent_id,
        subject: consent::subject(&gateway.vault, given.subject),
        consumer: case.caller.asker.id.clone(),
        agreement: eds::sha256(&agreement),
        from: given.agreement.issue_date,
        to: given.agreement.expiry_date,
        uses: given.agreement.uses,
        message: envelope.message_uuid,
        at: now,
        worded_otherwise: wording.is_some_and(|wording| is_worded_otherwise(wording, &given, &claim.certificate)),
        cms,
    })
}

/// The agreement says which text the person was shown, in which language, and that is not the service's wording of it.
///
/// Only the first use is judged by it: a wording that changes later takes no consent away.
fn is_worded_otherwise(wording: &Wording, given: &Given<'_>, signer: &Certificate) -> bool {
    let (Some(lang), Some(shown)) = (given.agreement.language, given.agreement.text_digest) else { return false };
    let text = wording.text(lang, given.agreement, given.subject, &signer.full_name());
    eds::sha256(text.as_bytes()) != shown
}

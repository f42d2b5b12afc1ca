//! Signing in with an EDS: the certificate's number leads to the account; whose certificate is not good stays outside.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eds::cms::{self, Place, Signer};
use eds::pki::{Authority, Profile, Subject, Term};
use eds::{Algorithm, Certificate, Purpose, SigningKey, Trust};
use jiff::{SignedDuration, Timestamp};
use model::{IdentificationNumber, Lang};

use crate::browser::{Browser, hidden, param, to};
use crate::house::{House, PASSWORD, everywhere};
use crate::system::{PORTAL, code, field, redeem, request, verified};

const NUMBER: &str = "3010190A001PB9";
const PAGE: &str = "/en/sign-in/card";

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

fn term(start: Timestamp, from: i64, to: i64) -> Term {
    Term { not_before: start + days(from), not_after: start + days(to) }
}

pub(crate) fn authority(name: &str, start: Timestamp) -> Authority {
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    Authority::root(&Subject::new(name), key, term(start, -100, 3000)).unwrap()
}

/// Trust in it, with what it has revoked.
pub(crate) fn trust(authority: &mut Authority, start: Timestamp) -> Trust {
    let crl = authority.crl(start + days(-1), start + days(300)).unwrap();
    Trust::new([authority.certificate().clone()]).with_crls([crl])
}

/// A key with its certificate.
struct Holder {
    key: SigningKey,
    certificate: Certificate,
}

fn issued(authority: &mut Authority, number: Option<&str>, purpose: Purpose, term: Term) -> Holder {
    let key = SigningKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let mut profile = Profile::new(Subject::new("Person"), [purpose], term);
    profile.identification_number = number.map(str::to_owned);
    let certificate = authority.issue(&profile, key.verifying_key()).unwrap();
    Holder { key, certificate }
}

fn holder(house: &House, number: Option<&str>, purpose: Purpose, (from, to): (i64, i64)) -> Holder {
    issued(&mut house.authority.lock().unwrap(), number, purpose, term(house.now(), from, to))
}

fn signed(by: &Holder, text: &str, place: Place, at: Timestamp) -> String {
    let signer = Signer { key: &by.key, certificate: &by.certificate, chain: &[] };
    BASE64_STANDARD.encode(cms::sign(text.as_bytes(), place, &signer, at).unwrap())
}

/// What the page gives to sign: the text, and what goes back with it.
async fn given(browser: &Browser<'_>, path: &str) -> (String, String) {
    let page = browser.get(path).await.text();
    let (_, rest) = page.split_once("data:application/json;base64,").unwrap();
    let text = BASE64_STANDARD.decode(rest.split('"').next().unwrap()).unwrap();
    (String::from_utf8(text).unwrap(), hidden(&page, "sealed"))
}

/// The status, and what the page says is wrong.
async fn refused(house: &House, by: &Holder) -> String {
    let browser = house.browser();
    let (text, sealed) = given(&browser, PAGE).await;
    let signature = signed(by, &text, Place::Attached, house.now());
    let answer = browser.post(PAGE, &[("sealed", &sealed), ("signature", &signature)]).await;
    assert_eq!(answer.status, 422);
    assert!(!browser.is_signed_in().await);
    let page = answer.text();
    page.split_once("id=\"signature-error\"").unwrap().1.split("</p>").next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_leads_to_the_account_of_its_number() {
    everywhere(async |house: House| {
        let issue = identity::operator::Issue {
            number: IdentificationNumber::parse(NUMBER).unwrap(),
            surname: "Kavalenka".into(),
            given_name: "Anna".into(),
            patronymic: "Piatrouna".into(),
            residence: None,
            email: None,
            lang: Lang::En,
            password: PASSWORD.into(),
        };
        house.identity.issue_identifier(issue).await.unwrap();
        let card = holder(&house, Some(NUMBER), Purpose::Signature, (-1, 9));
        let browser = house.browser();
        let sign_in = to(&browser.get(&request("portal", PORTAL, &[("acr_values", "high")])).await);
        let flow = param(&sign_in, "flow").unwrap();
        for place in [Place::Attached, Place::Detached] {
            let (text, sealed) = given(&browser, &format!("{PAGE}?flow={flow}")).await;
            assert!(
                text.starts_with("{\"challenge\":") || text.contains("\"sign-in\":\"https://id.example.by\""),
                "{text}"
            );
            let signature = signed(&card, &text, place, house.now());
            let fields = [("sealed", sealed.as_str()), ("signature", signature.as_str()), ("flow", flow.as_str())];
            assert!(to(&browser.post(PAGE, &fields).await).starts_with("/oidc/resume?flow="));
            // Once.
            assert_eq!(house.browser().post(PAGE, &fields).await.status, 422);
        }
        let resume = format!("/oidc/resume?flow={flow}&lang=en");
        let code = code(&to(&browser.get(&resume).await), PORTAL);
        let tokens = redeem(&house, &code).await;
        let (_, claims) = verified(&house, &field(&tokens, "id_token")).await;
        assert_eq!((&claims["acr"], &claims["amr"][0]), (&"high".into(), &"sc".into()));
        let page = browser.get("/en/identity/sessions").await.text();
        assert!(page.contains("Anna Piatrouna Kavalenka"), "{page}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_number_has_no_account_gets_one() {
    everywhere(async |house: House| {
        let card = holder(&house, Some(NUMBER), Purpose::Signature, (-1, 9));
        for _ in 0..2 {
            let browser = house.browser();
            let (text, sealed) = given(&browser, PAGE).await;
            let signature = signed(&card, &text, Place::Attached, house.now());
            let fields = [("sealed", sealed.as_str()), ("signature", signature.as_str())];
            assert_eq!(to(&browser.post(PAGE, &fields).await), "/en/account");
            assert!(browser.is_signed_in().await);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_are_not_good_stay_outside() {
    everywhere(async |house: House| {
        let of = |term| holder(&house, Some(NUMBER), Purpose::Signature, term);
        assert!(refused(&house, &of((-9, -1))).await.contains("term of the certificate is over"));
        assert!(refused(&house, &of((1, 9))).await.contains("term of the certificate is over"));
        let foreign =
            issued(&mut authority("Other", house.now()), Some(NUMBER), Purpose::Signature, term(house.now(), -1, 9));
        assert!(refused(&house, &foreign).await.contains("not from an issuer that is trusted"));
        let tls = holder(&house, Some(NUMBER), Purpose::TlsClient, (-1, 9));
        assert!(refused(&house, &tls).await.contains("not for signatures"));
        let nobody = holder(&house, None, Purpose::Signature, (-1, 9));
        assert!(refused(&house, &nobody).await.contains("does not name a person"));
        let lost = of((-1, 9));
        {
            let mut authority = house.authority.lock().unwrap();
            authority.revoke(&lost.certificate.serial_hex(), house.now()).unwrap();
            let trust = trust(&mut authority, house.now());
            house.trust.replace(trust);
        }
        assert!(refused(&house, &lost).await.contains("has been revoked"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_this_text_signed_now_counts() {
    everywhere(async |house: House| {
        let card = holder(&house, Some(NUMBER), Purpose::Signature, (-1, 9));
        let browser = house.browser();
        let post = async |sealed: &str, signature: &str| {
            let answer = browser.post(PAGE, &[("sealed", sealed), ("signature", signature)]).await;
            assert_eq!(answer.status, 422);
            assert!(!browser.is_signed_in().await);
            answer.text()
        };
        let (text, sealed) = given(&browser, PAGE).await;
        let (other, _) = given(&browser, PAGE).await;
        let now = house.now();
        for (signature, says) in [
            (signed(&card, &other, Place::Attached, now), "Another text was signed"),
            (signed(&card, &other, Place::Detached, now), "Another text was signed"),
            (signed(&card, &text, Place::Attached, now - SignedDuration::from_mins(11)), "Another text was signed"),
            (String::new(), "cannot be read"),
            ("*".to_owned(), "cannot be read"),
            (BASE64_STANDARD.encode("not CMS"), "cannot be read"),
            ("A".repeat(60_000), "cannot be read"),
        ] {
            assert!(post(&sealed, &signature).await.contains(says), "{says}");
        }
        let good = signed(&card, &text, Place::Attached, now);
        for sealed in ["", "x", &hidden(&browser.get("/en/sign-in").await.text(), "sealed")] {
            assert!(post(sealed, &good).await.contains("Another text was signed"));
        }
        house.pass(SignedDuration::from_mins(11));
        assert!(post(&sealed, &good).await.contains("Another text was signed"));
    })
    .await;
}

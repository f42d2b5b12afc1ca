//! What the Population Register asks besides: a login of its own, and an EDS by somebody in a certain role.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eds::pki::{Profile, Subject};
use eds::{Algorithm, AttributeCertificate, Powers, Purpose, SigningKey};
use gateway::operator;

use crate::ask::Question;
use crate::house::{ALL_DELTA, House, everywhere};
use crate::party::{Identity, Party, days, term};

fn employee(house: &House, party: &Party, title: Option<&str>) -> Identity {
    let key = SigningKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let mut profile = Profile::new(Subject::new("Employee"), [Purpose::Signature], term(-1, 9));
    profile.unp = Some(party.unp.clone());
    profile.job_title = title.map(str::to_owned);
    let certificate = house.pki.issue(&profile, &key);
    Identity { key, certificate }
}

#[tokio::test]
async fn the_owners_login_is_the_treatys() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_DELTA]).await;
        let notary = employee(&house, &party, Some("notary"));
        let ask = Question::post(&party, "/delta/v1/common/register", "{}").signed_by(&notary);
        let with = |name: &str, word: &str| ask.clone().with("Reg-auth-username", name).with("Reg-auth-password", word);
        let wrong = "register-login";
        ask.ask(&house).await.refused(&house, 401, wrong).await;
        with("one", "").ask(&house).await.refused(&house, 401, wrong).await;
        let first = operator::login(&house.desk(), "T-one-0", "one").await.unwrap();
        house.gateway.renew().await.unwrap();
        with("one", &first.password).ask(&house).await.answered(&house, 200).await;
        for (name, word) in [("two", first.password.as_str()), ("one", "secret"), ("", "")] {
            with(name, word).ask(&house).await.refused(&house, 401, wrong).await;
        }
        let second = operator::login(&house.desk(), "T-one-0", "one").await.unwrap();
        house.gateway.renew().await.unwrap();
        with("one", &first.password).ask(&house).await.refused(&house, 401, wrong).await;
        with("one", &second.password).ask(&house).await.answered(&house, 200).await;
        assert!(operator::login(&house.desk(), "T-none", "one").await.is_err());
    })
    .await;
}

#[tokio::test]
async fn the_signers_role_is_one_that_is_allowed() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_DELTA]).await;
        let login = operator::login(&house.desk(), "T-one-0", "one").await.unwrap();
        house.gateway.renew().await.unwrap();
        let ask = Question::post(&party, "/delta/v1/common/register", "{}")
            .with("reg-auth-username", "one")
            .with("reg-auth-password", &login.password);
        ask.ask(&house).await.refused(&house, 403, "eds-missing").await;
        for title in [None, Some("driver")] {
            let signed = ask.clone().signed_by(&employee(&house, &party, title));
            signed.ask(&house).await.refused(&house, 403, "eds-wrong-role").await;
        }
        for title in ["notary", "Notary", "clerk"] {
            let signed = ask.clone().signed_by(&employee(&house, &party, Some(title)));
            signed.ask(&house).await.answered(&house, 200).await;
        }
    })
    .await;
}

/// Decree 81/2019: powers may be confirmed by an attribute certificate beside the certificate of a natural person.
#[tokio::test]
async fn powers_may_be_attested() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_DELTA]).await;
        let other = house.party("two", 1, &[ALL_DELTA]).await;
        let login = operator::login(&house.desk(), "T-one-0", "one").await.unwrap();
        house.gateway.renew().await.unwrap();
        let mut authority = house.pki.attribute_authority();
        house.trust.replace(house.pki.trust_with(&mut authority));
        let clerk = house.pki.signing("Clerk", None, Algorithm::BignBeltHash, term(-1, 90));
        let ask = Question::post(&party, "/delta/v1/common/register", "{}")
            .with("reg-auth-username", "one")
            .with("reg-auth-password", &login.password)
            .signed_by(&clerk);
        let mut attest = |unp: &str, title: &str, holder: &Identity, term| {
            let powers = Powers { unp: unp.to_owned(), job_title: title.to_owned(), term };
            authority.attest(&powers, &holder.certificate).unwrap()
        };
        let with =
            |one: &AttributeCertificate| ask.clone().with("attribute-certificate", &BASE64_STANDARD.encode(one.der()));
        ask.clone().ask(&house).await.refused(&house, 403, "eds-wrong-unp").await;
        let good = attest(&party.unp, "clerk", &clerk, term(-1, 30));
        with(&good).ask(&house).await.answered(&house, 200).await;
        let driver = attest(&party.unp, "driver", &clerk, term(-1, 30));
        with(&driver).ask(&house).await.refused(&house, 403, "eds-wrong-role").await;
        let elsewhere = attest(&other.unp, "clerk", &clerk, term(-1, 30));
        with(&elsewhere).ask(&house).await.refused(&house, 403, "eds-wrong-unp").await;
        let somebody = attest(&party.unp, "clerk", &party.sign, term(-1, 30));
        with(&somebody).ask(&house).await.refused(&house, 401, "attributes-wrong-holder").await;
        let over = attest(&party.unp, "clerk", &clerk, term(-9, -1));
        with(&over).ask(&house).await.refused(&house, 401, "attributes-expired").await;
        let early = attest(&party.unp, "clerk", &clerk, term(1, 9));
        with(&early).ask(&house).await.refused(&house, 401, "attributes-not-yet-valid").await;
        for bad in ["", "*", "AAAA"] {
            let told = ask.clone().with("attribute-certificate", bad).ask(&house).await;
            told.refused(&house, 400, "attributes-unreadable").await;
        }
        with(&good)
            .with("attribute-certificate", "AAAA")
            .ask(&house)
            .await
            .refused(&house, 400, "header-duplicate")
            .await;
        // Without anybody's signature it proves nothing.
        let alone = with(&good).without("sign").without("certificate");
        alone.ask(&house).await.refused(&house, 401, "attributes-wrong-holder").await;
        // Who is a notary by their own certificate is what is attested of them, when that is sent.
        let notary = employee(&house, &party, Some("notary"));
        let porter = attest(&party.unp, "porter", &notary, term(-1, 30));
        let told = ask.clone().without("sign").without("certificate").signed_by(&notary);
        let told = told.with("attribute-certificate", &BASE64_STANDARD.encode(porter.der()));
        told.ask(&house).await.refused(&house, 403, "eds-wrong-role").await;
        assert_eq!(house.fake.asked(), 1);
    })
    .await;
}

#[tokio::test]
async fn attested_powers_end_with_trust_in_them() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_DELTA]).await;
        let login = operator::login(&house.desk(), "T-one-0", "one").await.unwrap();
        let mut authority = house.pki.attribute_authority();
        house.trust.replace(house.pki.trust_with(&mut authority));
        let clerk = house.pki.signing("Clerk", None, Algorithm::EcdsaP256Sha256, term(-1, 90));
        house.gateway.renew().await.unwrap();
        let powers = Powers { unp: party.unp.clone(), job_title: "clerk".to_owned(), term: term(-1, 30) };
        let good = authority.attest(&powers, &clerk.certificate).unwrap();
        let ask = Question::post(&party, "/delta/v1/common/register", "{}")
            .with("reg-auth-username", "one")
            .with("reg-auth-password", &login.password)
            .signed_by(&clerk)
            .with("attribute-certificate", &BASE64_STANDARD.encode(good.der()));
        ask.clone().ask(&house).await.answered(&house, 200).await;
        house.trust.replace(house.pki.trust());
        ask.clone().ask(&house).await.refused(&house, 401, "attributes-untrusted").await;
        authority.revoke(&good.serial_hex(), house.now() - days(1)).unwrap();
        house.trust.replace(house.pki.trust_with(&mut authority));
        ask.clone().ask(&house).await.refused(&house, 401, "attributes-revoked").await;
        let unlisted = house.pki.trust().with_attribute_authorities([authority.certificate().clone()]);
        house.trust.replace(unlisted);
        ask.ask(&house).await.refused(&house, 401, "attributes-status-unknown").await;
        assert_eq!(house.fake.asked(), 1);
    })
    .await;
}

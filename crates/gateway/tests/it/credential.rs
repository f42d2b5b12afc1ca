//! What the Population Register asks besides: a login of its own, and an EDS by somebody in a certain role.

use eds::pki::{Profile, Subject};
use eds::{Algorithm, Purpose, SigningKey};
use gateway::operator;

use crate::ask::Question;
use crate::house::{ALL_DELTA, House, everywhere};
use crate::party::{Identity, Party, term};

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

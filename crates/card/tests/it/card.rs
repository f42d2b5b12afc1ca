//! The card in software: what its PINs open, how tries run out, what its file gives away.

use card::{Attempt, Blank, Card, CardError, Error, Identity, Pair, Pin, Pins, authentication_message};
use eds::cms::{self, Demand, Place};
use eds::pki::Profile;
use eds::{Algorithm, Form, Purpose};
use secrecy::SecretString;

use crate::house::{House, noon};

/// Few, for tests open cards by the dozen.
const ROUNDS: u32 = 1_000;

fn blank(house: &mut House, algorithm: Algorithm) -> Blank {
    let mut pair = |purpose| {
        let profile = Profile {
            identification_number: Some("3010190A001PB9".into()),
            ..house.profile("Янка Купала", purpose)
        };
        let (certificate, key) = house.issue(&profile, algorithm);
        Pair { key, certificate, chain: vec![house.issuing.certificate().clone()] }
    };
    Blank {
        holder: "Янка Купала".into(),
        identity: Identity {
            identification_number: "3010190A001PB9".into(),
            surname: "Купала".into(),
            name: "Янка".into(),
            patronymic: "Дамінікавіч".into(),
        },
        authentication: pair(Purpose::TlsClient),
        signature: pair(Purpose::Signature),
    }
}

fn pins() -> Pins {
    Pins { one: "1111".into(), two: "222222".into(), puk: "3333333333".into() }
}

fn made(algorithm: Algorithm) -> (Card, Blank, House) {
    let mut house = House::new(algorithm);
    let blank = blank(&mut house, algorithm);
    (Card::make(&blank, &pins(), ROUNDS).unwrap(), blank, house)
}

fn tries(card: &Card) -> (u8, u8, u8) {
    let left = card.status().tries_left;
    (left.pin1, left.pin2, left.puk)
}

fn begun(card: &mut Card, pin: Pin) -> Attempt {
    card.begin(pin).unwrap()
}

/// Tries PIN 2 with these digits.
fn sign(card: &mut Card, digits: &str) -> Result<Vec<u8>, Error> {
    let attempt = card.begin(Pin::Two)?;
    card.sign(attempt, &digits.into(), b"content", Place::Attached, noon())
}

#[test]
fn each_pin_opens_its_own() {
    for algorithm in Algorithm::ALL {
        let (card, blank, mut house) = made(algorithm);
        let mut card: Card = serde_json::from_str(&serde_json::to_string(&card).unwrap()).unwrap();
        let attempt = begun(&mut card, Pin::One);
        assert_eq!(card.read(attempt, &"1111".into()).unwrap(), blank.identity);

        let message = sign(&mut card, "222222").unwrap();
        let read = cms::verify(&message, None, &Demand::CADES).unwrap();
        let signature = read.only().unwrap();
        assert_eq!((read.content(), signature.signed_at()), (&b"content"[..], Some(noon())));
        assert_eq!(signature.certificate().identification_number(), Some("3010190A001PB9"));
        signature.judge(&house.trust(), noon()).unwrap();

        let attempt = begun(&mut card, Pin::One);
        let answer = card.authenticate(attempt, &"1111".into(), &[7; 32]).unwrap();
        let key = answer.certificate.verifying_key();
        assert_eq!(key.verify(&authentication_message(&[7; 32]), &answer.signature, Form::Der), Ok(()));
        assert_eq!(key.verify(&[7; 32], &answer.signature, Form::Der), Err(eds::Error::Invalid));
        house.trust().check(&answer.certificate, Purpose::TlsClient, noon()).unwrap();
        assert!(house.trust().check(&answer.certificate, Purpose::Signature, noon()).is_err());
        assert_eq!(tries(&card), (3, 3, 10));
        for challenge in [&[7; 15][..], &[7; 1025]] {
            let attempt = begun(&mut card, Pin::One);
            assert!(card.authenticate(attempt, &"1111".into(), challenge).is_err());
        }
        let attempt = begun(&mut card, Pin::One);
        assert_eq!(
            card.sign(attempt, &"1111".into(), b"", Place::Detached, noon()).err(),
            Some(CardError::OtherPin.into()),
            "PIN 1 signs nothing"
        );
    }
}

#[test]
fn three_wrong_pins_block_and_the_puk_lifts_it() {
    let (mut card, ..) = made(Algorithm::Ed25519);
    for left in [2, 1] {
        assert_eq!(sign(&mut card, "999999").err(), Some(CardError::WrongPin { left }.into()));
    }
    assert!(sign(&mut card, "222222").is_ok(), "right at the last try");
    assert_eq!(tries(&card), (3, 3, 10));
    for left in [2, 1, 0] {
        assert_eq!(sign(&mut card, "1111").err(), Some(CardError::WrongPin { left }.into()));
    }
    assert_eq!(sign(&mut card, "222222").err(), Some(CardError::Blocked.into()), "the right one too");
    assert_eq!(tries(&card), (3, 0, 10));
    let attempt = begun(&mut card, Pin::One);
    assert!(card.read(attempt, &"1111".into()).is_ok(), "the other PIN is not touched");

    let lift = |card: &mut Card, puk: &str, new: &str| {
        let attempt = card.begin(Pin::Puk)?;
        card.unblock(attempt, &puk.into(), Pin::Two, &new.into())
    };
    assert_eq!(lift(&mut card, "0000000000", "4444").err(), Some(CardError::WrongPin { left: 9 }.into()));
    assert_eq!(lift(&mut card, "3333333333", "44").err(), Some(CardError::PinForm.into()));
    assert_eq!(tries(&card), (3, 0, 10), "still blocked");
    lift(&mut card, "3333333333", "4444").unwrap();
    assert!(sign(&mut card, "4444").is_ok());
    assert_eq!(sign(&mut card, "222222").err(), Some(CardError::WrongPin { left: 2 }.into()));
    for left in (0..10).rev() {
        assert_eq!(lift(&mut card, "0000000000", "4444").err(), Some(CardError::WrongPin { left }.into()));
    }
    assert_eq!(lift(&mut card, "3333333333", "4444").err(), Some(CardError::Dead.into()));
}

#[test]
fn a_try_is_counted_before_the_pin_is_looked_at() {
    let (mut card, ..) = made(Algorithm::Ed25519);
    for left in [2, 1, 0] {
        let attempt = begun(&mut card, Pin::One);
        assert_eq!(tries(&card).0, left, "counted without a PIN");
        drop(attempt); // the plug was pulled
    }
    assert_eq!(card.begin(Pin::One).err(), Some(CardError::Blocked));
}

#[test]
fn pins_give_way_to_others() {
    let (mut card, ..) = made(Algorithm::Ed25519);
    let change = |card: &mut Card, pin, old: &str, new: &str| {
        let attempt = card.begin(pin)?;
        card.change(attempt, &old.into(), &new.into())
    };
    assert_eq!(change(&mut card, Pin::Two, "1111", "5555").err(), Some(CardError::WrongPin { left: 2 }.into()));
    for bad in ["", "123", "1234567890123", "12a4", "١٢٣٤"] {
        assert_eq!(change(&mut card, Pin::Two, "222222", bad).err(), Some(CardError::PinForm.into()), "{bad}");
    }
    change(&mut card, Pin::Two, "222222", "5555").unwrap();
    assert!(sign(&mut card, "5555").is_ok() && sign(&mut card, "222222").is_err());
    change(&mut card, Pin::Puk, "3333333333", "77777777").unwrap();
    let attempt = begun(&mut card, Pin::Puk);
    card.unblock(attempt, &"77777777".into(), Pin::One, &"8888".into()).unwrap();
    let attempt = begun(&mut card, Pin::One);
    assert!(card.read(attempt, &"8888".into()).is_ok());
}

#[test]
fn the_file_gives_nothing_away_and_is_checked() {
    let (card, blank, _) = made(Algorithm::EcdsaP256Sha256);
    let file = serde_json::to_value(&card).unwrap();
    let text = file.to_string();
    for secret in ["1111", "222222", "3333333333", "3010190A001PB9", "Дамінікавіч"] {
        let hidden = hex::encode(secret);
        assert!(!text.contains(&hidden) && (secret.len() < 5 || !text.contains(&format!("\"{secret}\""))), "{secret}");
    }
    for pair in [&blank.authentication, &blank.signature] {
        let key = hex::encode(&pair.key.to_pkcs8_der().unwrap()[30..60]);
        assert!(!text.contains(&key));
    }
    let with = |key: &str, value: serde_json::Value| {
        let mut file = file.clone();
        *file.pointer_mut(key).unwrap() = value;
        serde_json::from_value::<Card>(file).map_err(|error| error.to_string())
    };
    for (key, value, told) in [
        ("/version", 2.into(), "another version"),
        ("/rounds", 10.into(), "rounds"),
        ("/rounds", u32::MAX.into(), "rounds"),
        ("/pin1/tries_left", 4.into(), "more tries"),
        ("/pin2/salt", "00".into(), "salt"),
        ("/puk/sealed", "x".into(), "hex"),
    ] {
        assert!(with(key, value).unwrap_err().contains(told), "{key}");
    }
    // Parts exchanged within a card or between cards open nothing.
    let mut mixed = with("/pin1/sealed", file["puk"]["sealed"].clone()).unwrap();
    let attempt = begun(&mut mixed, Pin::One);
    assert!(mixed.read(attempt, &"1111".into()).is_err());
    let (other, ..) = made(Algorithm::EcdsaP256Sha256);
    let other = serde_json::to_value(&other).unwrap();
    let mut mixed = with("/signature", other["signature"].clone()).unwrap();
    assert_eq!(sign(&mut mixed, "222222").err(), Some(CardError::Unreadable("the seal is broken").into()));
    let mut cut = with("/authentication", "00".into()).unwrap();
    let attempt = begun(&mut cut, Pin::One);
    assert!(cut.read(attempt, &"1111".into()).is_err());
}

#[test]
fn a_card_is_made_of_what_fits() {
    let mut house = House::new(Algorithm::Ed25519);
    let good = blank(&mut house, Algorithm::Ed25519);
    assert!(Card::make(&good, &pins(), 0).is_err());
    let crossed = Pair { key: good.signature.key.clone(), ..good.authentication.clone() };
    assert!(Card::make(&Blank { authentication: crossed, ..good.clone() }, &pins(), ROUNDS).is_err());
    let short: SecretString = "3333".into();
    let fault = Card::make(&good, &Pins { puk: short, ..pins() }, ROUNDS).err();
    assert_eq!(fault, Some(CardError::PinForm.into()));
}

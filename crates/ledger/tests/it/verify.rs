//! Receipts checked offline, and what is said of those that do not hold.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ledger::{Error, Evidence, LogReader, Receipt, Report, verify_receipt};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{self, add, engines, now, open};

async fn sample() -> (LogReader, String, Evidence, tempfile::TempDir) {
    let (config, folder) = engines().remove(0);
    let reader = open(&config).await;
    let receipts = add(reader.db(), 0, 9, 9).await;
    let private = json!({"record": support::record(4), "salt": hex::encode(support::salt(4))});
    let evidence = Evidence::read(private.to_string().as_bytes()).unwrap();
    (reader, receipts[4].clone(), evidence, folder)
}

fn verify(reader: &LogReader, receipt: &str, evidence: &Evidence) -> Result<Report, Error> {
    verify_receipt(receipt.as_bytes(), evidence, reader.log().vkey(), &[], now() + jiff::SignedDuration::from_secs(1))
}

#[tokio::test]
async fn a_receipt_says_who_what_and_when() {
    let (reader, receipt, evidence, _folder) = sample().await;
    for form in [receipt.clone(), STANDARD.encode(&receipt)] {
        let report = verify(&reader, &form, &evidence).unwrap();
        assert_eq!((report.index, report.tree_size, report.origin.as_str()), (4, 9, support::ORIGIN));
        assert_eq!((report.kind.as_str(), report.consumer.as_str()), ("exchange", "border-committee"));
        assert_eq!(report.time, "2026-07-01T12:00:00.123460Z");
        assert!(!report.from_the_future && report.witnesses.is_empty() && report.unchecked.is_empty());
    }
    let early = verify_receipt(receipt.as_bytes(), &evidence, reader.log().vkey(), &[], now());
    assert!(early.unwrap().from_the_future);
}

#[tokio::test]
async fn the_salt_may_come_in_the_receipt() {
    let (reader, receipt, mut evidence, _folder) = sample().await;
    evidence.salt = None;
    assert!(matches!(verify(&reader, &receipt, &evidence), Err(Error::Format { what: "record", .. })));
    let with = Receipt::parse(&receipt).unwrap().with_extra(&support::salt(4)).to_string();
    verify(&reader, &with, &evidence).unwrap();
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let (reader, receipt, evidence, _folder) = sample().await;
    let changed = |from: &str, to: &str| {
        assert!(receipt.contains(from), "{from}");
        receipt.replacen(from, to, 1)
    };
    assert!(matches!(verify(&reader, "nonsense", &evidence), Err(Error::Format { what: "receipt", .. })));
    assert!(matches!(verify(&reader, &changed("\n9\n", "\n8\n"), &evidence), Err(Error::Signature(_))));
    assert!(matches!(verify(&reader, &changed("index 4", "index 5"), &evidence), Err(Error::Commitment)));
    assert!(matches!(verify(&reader, &changed("index 4", "index 9"), &evidence), Err(Error::OutOfTree { .. })));
    assert!(matches!(verify(&reader, &changed("index 4", "index 8"), &evidence), Err(Error::ProofLength)));
    let other = ledger::NoteKey::new(support::ORIGIN, ledger::Algorithm::Ed25519, support::key(2)).unwrap();
    let by_other = verify_receipt(receipt.as_bytes(), &evidence, other.vkey(), &[], now());
    assert!(matches!(by_other, Err(Error::NotSigned(_))));
    let mut record = evidence.clone();
    record.record["decision"] = json!("refused");
    assert!(matches!(verify(&reader, &receipt, &record), Err(Error::Commitment)));
    let mut salt = evidence.clone();
    salt.salt = Some(support::salt(5));
    assert!(matches!(verify(&reader, &receipt, &salt), Err(Error::Commitment)));
    assert!(Evidence::read(br#"{"record":{},"record":{},"salt":""}"#).is_err());
    assert!(Evidence::read(br#"{"record":{},"salt":"00"}"#).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn no_changed_byte_goes_unnoticed(mask in 1u8..=255) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (reader, receipt, evidence, _folder) = sample().await;
            for at in 0..receipt.len() {
                let mut changed = receipt.clone().into_bytes();
                changed[at] ^= mask;
                let verdict = verify_receipt(&changed, &evidence, reader.log().vkey(), &[], now());
                assert!(verdict.is_err(), "byte {at} ^ {mask}");
            }
        });
    }
}

//! The changes feed: complete and in order, whoever writes meanwhile.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::super::changes::Since;
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_goes_on_where_it_was_left() {
    let house = house();
    house.fill(7).await;
    let first = house.ask(Lang::En, "proceedings/changes?limit=5", Value::Null).await.unwrap();
    assert_eq!(first["changes"].as_array().unwrap().len(), 5);
    let next = |cursor: &Value| format!("proceedings/changes?since={}", cursor.as_str().unwrap());
    let second = house.ask(Lang::En, &next(&first["cursor"]), Value::Null).await.unwrap();
    assert_eq!(second["changes"].as_array().unwrap().len(), 2);
    let third = house.ask(Lang::En, &next(&second["cursor"]), Value::Null).await.unwrap();
    assert_eq!(third["changes"], json!([]));
    let mut changed = example();
    changed.executor_full_name.ru = "Новик Анна Петровна".into();
    assert_eq!(house.enter(&changed).await, Outcome::Changed);
    let fourth = house.ask(Lang::En, &next(&third["cursor"]), Value::Null).await.unwrap();
    assert_eq!(fourth["changes"][0]["proceeding_number"], "12345/25/7-М");
    // By time: an uncoded plus sign arrives as a space.
    for since in ["2026-11-02", "2026-11-02T13:00:00 03:00", "2026-11-02T10:00:00Z"] {
        let told = house.ask(Lang::En, &format!("proceedings/changes?since={since}"), Value::Null).await.unwrap();
        assert_eq!(told["changes"].as_array().unwrap().len(), 8, "{since}");
    }
    let later = house.ask(Lang::En, "proceedings/changes?since=2026-11-03", Value::Null).await.unwrap();
    assert_eq!(later["changes"], json!([]));
    let limit = house.ask(Lang::En, "proceedings/changes?limit=0", Value::Null).await.unwrap_err();
    assert_eq!(limit.code, "parameter-malformed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Writers in any order and size, clocks that go back, a reader in between: every version comes once, in order.
    #[test]
    fn no_change_is_skipped_or_told_twice(steps in prop::collection::vec((1..6_usize, -5..5_i64, 1..4_i64), 1..12)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        runtime.block_on(async {
            let house = house();
            let vault = house.register.vault.clone();
            let (mut seen, mut at, mut entered, mut writers) = (Vec::new(), 0, 0, Vec::new());
            for (size, shift, page) in steps {
                let batch: Vec<Prepared> = (0..size).map(|n| {
                    let mut proceeding = example();
                    proceeding.proceeding_number = format!("{}/25", entered + n);
                    house.prepared(proceeding)
                }).collect();
                entered += size;
                let mut register = house.register.clone();
                register.clock = Clock::fixed(now()).shifted(SignedDuration::from_secs(shift));
                writers.push(tokio::spawn(async move { register.enter(batch).await.unwrap() }));
                at = read_on(&house, &vault, at, page, &mut seen).await;
            }
            for writer in writers {
                writer.await.unwrap();
            }
            loop {
                let before = at;
                at = read_on(&house, &vault, at, 3, &mut seen).await;
                if at == before { break; }
            }
            let mut told = seen.clone();
            told.sort_unstable();
            told.dedup();
            assert_eq!((told.len(), seen.len()), (entered, entered));
        });
    }
}

async fn read_on(house: &House, vault: &Vault, after: i64, page: i64, seen: &mut Vec<String>) -> i64 {
    let vault = vault.clone();
    let (changes, last) =
        house.register.db.read(move |tx| changes::read(tx, &vault, Since::Version(after), page)).await.unwrap();
    let told: Value = serde_json::to_value(&changes).unwrap();
    seen.extend(told.as_array().unwrap().iter().map(|one| one["proceeding_number"].as_str().unwrap().to_owned()));
    last
}

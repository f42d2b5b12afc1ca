//! Values in and out: the same on both engines, or refused on both.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use store::dialect::{drop_month, month_partition};
use store::{Db, Error, Migration, Param, Statement};

use crate::engines::{Place, on_both_engines};

on_both_engines!(
    values_come_back_as_they_went_in,
    parameters_go_by_their_number,
    a_wrong_number_of_parameters_is_told,
    a_value_of_another_kind_is_told,
    what_engines_call_numbers_is_read_as_one,
    text_is_ordered_by_its_bytes,
    returned_rows_are_counted,
    months_are_partitions_where_the_engine_has_them,
);

const SCHEMA: &[Migration] = &[Migration {
    owner: "rows",
    number: 1,
    sql:
        "CREATE TABLE kind (id {int} NOT NULL PRIMARY KEY, number {int}, word {text}, raw {bytes}, doc {json}) {strict};
          CREATE TABLE spell (word {text} NOT NULL PRIMARY KEY) {rowless};
          CREATE TABLE visit (month {int} NOT NULL, id {int} NOT NULL, PRIMARY KEY (month, id)) {by_month};",
}];

store::statements! {
    KEEP = "INSERT INTO kind (doc, raw, word, number, id) VALUES ($5, $4, $3, $2, $1)";
    KEPT = "SELECT id, number, word, raw, doc FROM kind WHERE id = $1";
    TWICE = "SELECT COUNT(*) FROM kind WHERE number = $2 AND id >= $1 AND number = $2";
    NUMBERS = "SELECT EXISTS (SELECT 1 FROM kind), COUNT(*), 1, MAX(number), CAST(SUM(number) AS BIGINT) FROM kind";
    SPELL = "INSERT INTO spell (word) VALUES ($1) ON CONFLICT DO NOTHING";
    SPELL_BACK = "INSERT INTO spell (word) VALUES ($1), ($2) RETURNING word";
    SPELT = "SELECT word FROM spell ORDER BY word";
    SPELT_AFTER = "SELECT word FROM spell WHERE word > $1 ORDER BY word LIMIT $2";
    VISIT = "INSERT INTO visit (month, id) VALUES ($1, $2)";
    VISITS = "SELECT COUNT(*) FROM visit WHERE month = $1";
}

fn open(place: &Place) -> Db {
    Db::open_plain(&place.config, SCHEMA).unwrap()
}

type Kept = (i64, Option<i64>, Option<String>, Option<Vec<u8>>);

fn round(tx: &mut store::Tx<'_>, row: &Kept) -> Result<Option<Kept>, Error> {
    let (id, number, word, raw) = row;
    let (word, raw) = (word.as_deref(), raw.as_deref());
    tx.execute(&KEEP, &[(*id).into(), (*number).into(), word.into(), raw.into(), Param::Null])?;
    tx.query_opt(&KEPT, &[(*id).into()], |row| {
        Ok((row.int(0)?, row.opt_int(1)?, row.opt_text(2)?.map(str::to_owned), row.opt_bytes(3)?.map(<[u8]>::to_vec)))
    })
}

async fn values_come_back_as_they_went_in(place: &Place) {
    let db = open(place);
    for row in [
        (i64::MIN, Some(i64::MAX), Some(String::new()), Some(Vec::new())),
        (i64::MAX, Some(0), Some("Ўўі’ Ёё \u{1F6C2} \u{301}".into()), Some(vec![0, 255, 0])),
        (0, None, None, None),
    ] {
        let sent = row.clone();
        assert_eq!(db.write(move |tx| round(tx, &sent)).await.unwrap(), Some(row));
    }
    let rows = proptest::collection::vec(
        (any::<Option<i64>>(), proptest::option::of("[^\u{0}]{0,40}"), any::<Option<Vec<u8>>>()),
        1..5,
    );
    let mut runner = proptest::test_runner::TestRunner::default();
    for id in 1..=40 {
        let rows = rows.new_tree(&mut runner).unwrap().current();
        for (at, (number, word, raw)) in (0_i64..).zip(rows) {
            let row = (id * 100 + at, number, word, raw);
            let sent = row.clone();
            assert_eq!(db.write(move |tx| round(tx, &sent)).await.unwrap(), Some(row));
        }
    }
}

async fn parameters_go_by_their_number(place: &Place) {
    let db = open(place);
    let row = (5, Some(77), Some("word".to_owned()), Some(vec![1]));
    let sent = row.clone();
    assert_eq!(db.write(move |tx| round(tx, &sent)).await.unwrap(), Some(row));
    let count =
        |id: i64, number: i64| db.read(move |tx| tx.query_opt(&TWICE, &[id.into(), number.into()], |row| row.int(0)));
    assert_eq!(count(5, 77).await.unwrap(), Some(1));
    assert_eq!(count(77, 5).await.unwrap(), Some(0));
}

async fn a_wrong_number_of_parameters_is_told(place: &Place) {
    let db = open(place);
    for params in [&[][..], &[Param::Int(1), Param::Int(2)][..]] {
        let params = params.to_vec();
        let told = db.read(move |tx| tx.query_opt(&KEPT, &params, |row| row.int(0))).await.unwrap_err();
        assert!(told.to_string().contains("KEPT: expected 1 parameters but got"), "{told}");
    }
}

async fn a_value_of_another_kind_is_told(place: &Place) {
    let db = open(place);
    for (at, wrong) in [(1, Param::Text("twelve")), (2, Param::Bytes(b"12")), (3, Param::Text("12"))] {
        let outcome = db
            .write(move |tx| {
                let mut params = [Param::Int(1), Param::Null, Param::Null, Param::Null, Param::Null];
                params[at] = wrong;
                tx.execute(&KEEP, &params)
            })
            .await;
        assert!(matches!(outcome, Err(Error::Broken(_))), "column {at}: {outcome:?}");
    }
    db.write(|tx| round(tx, &(1, None, Some("12".into()), None))).await.unwrap();
    let told = db
        .read(|tx| {
            tx.query_opt(&KEPT, &[1.into()], |row| {
                assert!(matches!(row.int(1), Err(Error::Broken(_))), "NULL is no number");
                assert!(matches!(row.int(2), Err(Error::Broken(_))), "text is no number");
                assert!(matches!(row.bytes(2), Err(Error::Broken(_))), "text is no bytes");
                assert!(matches!(row.text(0), Err(Error::Broken(_))), "a number is no text");
                assert!(matches!(row.array::<16>(3), Err(Error::Broken(_))), "NULL is no identifier");
                assert!(matches!(row.int(9), Err(Error::Broken(_))), "no such column");
                Ok(())
            })
        })
        .await
        .unwrap();
    assert_eq!(told, Some(()));
}

async fn what_engines_call_numbers_is_read_as_one(place: &Place) {
    let db = open(place);
    db.write(|tx| round(tx, &(1, Some(41), None, None)).and(round(tx, &(2, Some(1), None, None)))).await.unwrap();
    let read = db
        .read(|tx| {
            tx.query_opt(&NUMBERS, &[], |row| Ok((row.flag(0)?, row.int(1)?, row.int(2)?, row.int(3)?, row.int(4)?)))
        })
        .await
        .unwrap();
    assert_eq!(read, Some((true, 2, 1, 41, 42)));
}

async fn text_is_ordered_by_its_bytes(place: &Place) {
    let db = open(place);
    let mut words = ["б", "B", "a", "ё", "Я", "A", "z", "і", "Ў", "_", "я", "e\u{301}", "é", "10", "9"];
    db.write(move |tx| words.iter().try_for_each(|&word| tx.execute(&SPELL, &[word.into()]).map(|_| ())))
        .await
        .unwrap();
    words.sort_unstable();
    let read = |tx: &mut store::Tx<'_>| tx.query(&SPELT, &[], |row| Ok(row.text(0)?.to_owned()));
    assert_eq!(db.read(read).await.unwrap(), words);
    let after =
        db.read(|tx| tx.query(&SPELT_AFTER, &["Z".into(), 3.into()], |row| Ok(row.text(0)?.to_owned()))).await.unwrap();
    assert_eq!(after, ["_", "a", "e\u{301}"]);
}

async fn returned_rows_are_counted(place: &Place) {
    let db = open(place);
    let counts = db
        .write(|tx| {
            Ok((
                tx.execute(&SPELL_BACK, &["a".into(), "b".into()])?,
                tx.execute(&SPELL, &["b".into()])?,
                tx.execute(&SPELL, &["c".into()])?,
                tx.query_opt(&SPELL_BACK, &["d".into(), "e".into()], |row| Ok(row.text(0)?.to_owned()))?,
            ))
        })
        .await
        .unwrap();
    assert_eq!(counts, (2, 0, 1, Some("d".into())));
    let all = db.read(|tx| tx.query(&SPELT, &[], |row| Ok(row.text(0)?.to_owned()))).await.unwrap();
    assert_eq!(all, ["a", "b", "c", "d", "e"], "a row not looked at is kept all the same");
}

async fn months_are_partitions_where_the_engine_has_them(place: &Place) {
    let db = open(place);
    let visit = |month: i64, id: i64| db.write(move |tx| tx.execute(&VISIT, &[month.into(), id.into()]));
    assert_eq!(visit(600, 1).await.is_err(), place.is_postgres(), "a month needs its partition");
    for month in [600, 601, -3, 3] {
        db.write(move |tx| {
            month_partition(tx, "visit", month)?;
            month_partition(tx, "visit", month)
        })
        .await
        .unwrap();
        visit(month, 2).await.unwrap();
    }
    let visits = |month: i64| db.read(move |tx| tx.query_opt(&VISITS, &[month.into()], |row| row.int(0)));
    let before = visits(600).await.unwrap();
    let dropped = db.write(|tx| drop_month(tx, "visit", 600)).await.unwrap();
    assert_eq!(dropped, place.is_postgres());
    assert_eq!(visits(600).await.unwrap(), if dropped { Some(0) } else { before });
    assert_eq!(visits(601).await.unwrap(), Some(1));
    assert_eq!(visits(-3).await.unwrap(), Some(1));
    let again = db.write(|tx| drop_month(tx, "visit", 600)).await.unwrap();
    assert_eq!(again, place.is_postgres());
}

#[test]
fn a_parameter_does_not_print_its_value() {
    assert_eq!(format!("{:?}", Param::Text("IVANOVA")), "Param(…)");
    let statement = Statement::new("A", "SELECT 1");
    assert!(format!("{statement:?}").contains("SELECT 1"));
}

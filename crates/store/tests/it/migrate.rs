//! Schema steps: once, in order, all or nothing, one node at a time.

use std::sync::{Arc, Barrier};

use store::{Db, Error, Migration, migrate};

use crate::engines::{Place, on_both_engines};

on_both_engines!(
    twice_changes_nothing,
    an_edited_step_is_refused,
    several_at_once_apply_each_step_once,
    a_failing_step_leaves_nothing,
    a_gap_is_refused_before_anything_is_changed,
    every_statement_prepares,
);

const STEPS: &[Migration] = &[
    Migration { owner: "one", number: 1, sql: "CREATE TABLE first (id {int} NOT NULL PRIMARY KEY) {rowless};" },
    Migration {
        owner: "two",
        number: 1,
        sql: "CREATE TABLE second (id {bytes} NOT NULL PRIMARY KEY, word {text}, doc {json}) {strict};",
    },
    Migration {
        owner: "one",
        number: 2,
        sql: "ALTER TABLE first ADD COLUMN word {text}; CREATE INDEX first_word ON first (word);",
    },
];

async fn twice_changes_nothing(place: &Place) {
    assert_eq!(migrate(&place.config, &STEPS[..2]).unwrap(), 2);
    assert_eq!(migrate(&place.config, STEPS).unwrap(), 1);
    assert_eq!(migrate(&place.config, STEPS).unwrap(), 0);
}

async fn an_edited_step_is_refused(place: &Place) {
    migrate(&place.config, STEPS).unwrap();
    let mut edited = STEPS.to_vec();
    edited[1].sql = "CREATE TABLE second (id {bytes} NOT NULL PRIMARY KEY) {strict};";
    let error = migrate(&place.config, &edited).unwrap_err();
    assert!(error.to_string().contains("step two 1 differs"), "{error}");
}

async fn several_at_once_apply_each_step_once(place: &Place) {
    let together = Arc::new(Barrier::new(6));
    let nodes: Vec<_> = (0..6)
        .map(|_| {
            let (config, together) = (place.config.clone(), Arc::clone(&together));
            std::thread::spawn(move || {
                together.wait();
                migrate(&config, STEPS)
            })
        })
        .collect();
    let applied: usize = nodes.into_iter().map(|node| node.join().unwrap().unwrap()).sum();
    assert_eq!(applied, STEPS.len());
}

async fn a_failing_step_leaves_nothing(place: &Place) {
    let mut steps = STEPS.to_vec();
    steps[2].sql = "ALTER TABLE first ADD COLUMN word {text}; CREATE INDEX wrong ON absent (word);";
    let error = migrate(&place.config, &steps).unwrap_err();
    assert!(error.to_string().contains("one 2"), "{error}");
    assert_eq!(migrate(&place.config, STEPS).unwrap(), 3);
}

async fn a_gap_is_refused_before_anything_is_changed(place: &Place) {
    let gap = [STEPS[0], STEPS[1], Migration { number: 3, ..STEPS[2] }];
    assert!(matches!(migrate(&place.config, &gap), Err(Error::Broken(_))));
    let again = [STEPS[0], STEPS[0]];
    assert!(matches!(migrate(&place.config, &again), Err(Error::Broken(_))));
    assert_eq!(migrate(&place.config, STEPS).unwrap(), 3);
}

async fn every_statement_prepares(place: &Place) {
    let db = Db::open_plain(&place.config, store::SCHEMA).unwrap();
    db.read(|tx| store::STATEMENTS.iter().try_for_each(|statement| tx.prepare(statement))).await.unwrap();
    let wrong = store::Statement::new("WRONG", "SELECT absent FROM job");
    let error = db.read(move |tx| tx.prepare(&wrong)).await.unwrap_err();
    assert!(error.to_string().contains("WRONG") && error.to_string().contains("absent"), "{error}");
}

//! Parts of a transaction: what fails undoes itself, its job or its batch, and never anything else.

use store::Error;

use crate::engines::{Held, Place, add, ids, insert, on_both_engines};

on_both_engines!(
    a_failed_part_is_undone_and_the_job_goes_on,
    parts_within_parts,
    an_empty_part_is_free_of_trouble,
    a_swallowed_failure_fails_its_job_alone,
    a_swallowed_failure_fails_its_part_alone,
    a_failed_job_undoes_nothing_of_its_neighbours,
    a_panic_deep_inside_is_contained,
    an_unavailable_of_the_jobs_own_harms_no_neighbour,
    a_refusal_while_reading_rows_harms_nothing,
);

fn refused() -> Error {
    store_refusal("not-today")
}

fn store_refusal(code: &'static str) -> Error {
    Error::Refused(model::Refusal::new(model::Kind::Forbidden, code))
}

async fn a_failed_part_is_undone_and_the_job_goes_on(place: &Place) {
    let db = place.db();
    db.write(|tx| {
        insert(tx, 1)?;
        let again = tx.nested(|tx| {
            insert(tx, 2)?;
            insert(tx, 1)
        });
        assert!(matches!(again, Err(Error::Duplicate("ADD"))), "{again:?}");
        insert(tx, 3)
    })
    .await
    .unwrap();
    assert_eq!(ids(&db).await, [1, 3]);
}

async fn parts_within_parts(place: &Place) {
    let db = place.db();
    db.write(|tx| {
        tx.nested(|tx| {
            insert(tx, 1)?;
            tx.nested(|tx| {
                insert(tx, 2)?;
                let _ = tx.nested(|tx| {
                    insert(tx, 3)?;
                    tx.nested(|tx| {
                        insert(tx, 4)?;
                        tx.nested(|tx| insert(tx, 5))?;
                        let sixth = tx.nested(|tx| insert(tx, 6).and(Err::<(), _>(refused())));
                        assert!(matches!(sixth, Err(Error::Refused(_))));
                        insert(tx, 7)
                    })?;
                    Err::<(), _>(refused())
                });
                let deep = tx.nested(|tx| tx.nested(|tx| tx.nested(|tx| tx.nested(|tx| insert(tx, 1)))));
                assert!(matches!(deep, Err(Error::Duplicate(_))), "{deep:?}");
                insert(tx, 8)
            })
        })
    })
    .await
    .unwrap();
    assert_eq!(ids(&db).await, [1, 2, 8]);
}

async fn an_empty_part_is_free_of_trouble(place: &Place) {
    let db = place.db();
    db.write(|tx| {
        tx.nested(|tx| tx.nested(|_| Ok(())))?;
        insert(tx, 1)?;
        tx.nested(|_| Ok(()))?;
        let _ = tx.nested(|_| Err::<(), _>(refused()));
        insert(tx, 2)
    })
    .await
    .unwrap();
    db.write(|_| Ok(())).await.unwrap();
    assert_eq!(ids(&db).await, [1, 2]);
}

async fn a_swallowed_failure_fails_its_job_alone(place: &Place) {
    let db = place.db();
    add(&db, 1).await.unwrap();
    let held = Held::writer(&db).await;
    let before = tokio::spawn({
        let db = db.clone();
        async move { add(&db, 2).await }
    });
    let swallowing = tokio::spawn({
        let db = db.clone();
        async move {
            db.write(|tx| {
                insert(tx, 3)?;
                let _ = insert(tx, 1);
                let refused = insert(tx, 4);
                assert!(matches!(refused, Err(Error::Broken(_))), "{refused:?}");
                Ok(())
            })
            .await
        }
    });
    let after = tokio::spawn({
        let db = db.clone();
        async move { add(&db, 5).await }
    });
    held.release(&db, 3).await;
    before.await.unwrap().unwrap();
    after.await.unwrap().unwrap();
    let told = swallowing.await.unwrap().unwrap_err();
    assert!(told.to_string().contains("ADD failed and the job went on"), "{told}");
    assert_eq!(ids(&db).await, [1, 2, 5]);
}

async fn a_swallowed_failure_fails_its_part_alone(place: &Place) {
    let db = place.db();
    db.write(|tx| {
        insert(tx, 1)?;
        let part = tx.nested(|tx| {
            let _ = insert(tx, 1);
            Ok(())
        });
        assert!(matches!(part, Err(Error::Broken(_))), "{part:?}");
        insert(tx, 2)
    })
    .await
    .unwrap();
    assert_eq!(ids(&db).await, [1, 2]);
}

async fn a_failed_job_undoes_nothing_of_its_neighbours(place: &Place) {
    let db = place.db();
    let held = Held::writer(&db).await;
    let jobs: Vec<_> = (0..30)
        .map(|id| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write(move |tx| {
                    insert(tx, id)?;
                    match id % 3 {
                        0 => Ok(id),
                        1 => insert(tx, id).map(|()| id),
                        _ => Err(refused()),
                    }
                })
                .await
            })
        })
        .collect();
    held.release(&db, 30).await;
    let mut kept = Vec::new();
    for (id, job) in (0..).zip(jobs) {
        match (id % 3, job.await.unwrap()) {
            (0, Ok(told)) => kept.push(told),
            (1, Err(Error::Duplicate("ADD"))) => {}
            (2, Err(Error::Refused(refusal))) => assert_eq!(refusal.code, "not-today"),
            (_, other) => panic!("{id}: {other:?}"),
        }
    }
    assert_eq!(ids(&db).await, kept);
}

async fn a_panic_deep_inside_is_contained(place: &Place) {
    let db = place.db();
    let held = Held::writer(&db).await;
    let panicking = tokio::spawn({
        let db = db.clone();
        async move {
            db.write(|tx| {
                insert(tx, 1)?;
                tx.nested(|tx| {
                    insert(tx, 2)?;
                    tx.nested(|tx| {
                        insert(tx, 3)?;
                        panic!("meant to be seen in the test's output")
                    })
                })?;
                Ok(())
            })
            .await
        }
    });
    let after = tokio::spawn({
        let db = db.clone();
        async move { add(&db, 4).await }
    });
    held.release(&db, 2).await;
    assert!(matches!(panicking.await.unwrap(), Err(Error::Broken(_))));
    after.await.unwrap().unwrap();
    assert_eq!(ids(&db).await, [4]);
    add(&db, 5).await.unwrap();
}

async fn an_unavailable_of_the_jobs_own_harms_no_neighbour(place: &Place) {
    let db = place.db();
    let held = Held::writer(&db).await;
    let own = tokio::spawn({
        let db = db.clone();
        async move {
            db.write(|tx| {
                insert(tx, 1)?;
                Err::<(), _>(Error::Unavailable("another system, not this one".into()))
            })
            .await
        }
    });
    let after = tokio::spawn({
        let db = db.clone();
        async move { add(&db, 2).await }
    });
    held.release(&db, 2).await;
    assert!(matches!(own.await.unwrap(), Err(Error::Unavailable(_))));
    after.await.unwrap().unwrap();
    assert_eq!(ids(&db).await, [2]);
}

async fn a_refusal_while_reading_rows_harms_nothing(place: &Place) {
    let db = place.db();
    db.write(|tx| {
        (0..5).try_for_each(|id| insert(tx, id))?;
        let stopped =
            tx.each(&crate::engines::IDS, &[], |row| if row.int(0)? == 2 { Err(refused()) } else { Ok(true) });
        assert!(matches!(stopped, Err(Error::Refused(_))));
        insert(tx, 5)
    })
    .await
    .unwrap();
    assert_eq!(ids(&db).await, [0, 1, 2, 3, 4, 5]);
}

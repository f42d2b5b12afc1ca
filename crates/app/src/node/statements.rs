//! Every statement of the program is good SQL on both engines, over the schema that migration makes.

use store::{Db, DbConfig, Statement};

fn statements() -> Vec<&'static Statement> {
    let mut all: Vec<&'static Statement> = Vec::new();
    all.extend(store::STATEMENTS);
    all.extend(ledger::STATEMENTS);
    all.extend(gateway::statements());
    all.extend(registers::enforcement::STATEMENTS);
    all.extend(registers::foreigners::STATEMENTS);
    all.extend(population::STATEMENTS);
    all.extend(stays::STATEMENTS);
    all.extend(mail::statements());
    all.extend(identity::statements());
    all.extend(portal::statements());
    all
}

async fn prepare(config: &DbConfig) {
    let db = Db::open_plain(config, &super::schema()).unwrap();
    let wrong: Vec<String> = db
        .read(|tx| {
            let mut wrong = Vec::new();
            for statement in statements() {
                if let Err(error) = tx.nested(|tx| tx.prepare(statement)) {
                    wrong.push(format!("{}: {error}", statement.name));
                }
            }
            Ok(wrong)
        })
        .await
        .unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn every_statement_is_good_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    prepare(&DbConfig::new(format!("sqlite:{}", folder.path().join("a.db").display()))).await;
    assert!(statements().len() > 80);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test script says where its PostgreSQL is")]
async fn every_statement_is_good_on_postgresql() {
    let Ok(url) = std::env::var("NAIS_TEST_POSTGRES") else {
        eprintln!("skipped: NAIS_TEST_POSTGRES names no server; ./test starts one");
        return;
    };
    let name = format!("statements_{}", std::process::id());
    let (server, _) = url.rsplit_once('/').unwrap();
    let admin = Db::open_plain(&DbConfig::new(url.clone()), &[]).unwrap();
    drop(admin);
    let made =
        std::process::Command::new("psql").args([&url, "-qc", &format!("CREATE DATABASE {name}")]).status().unwrap();
    assert!(made.success());
    prepare(&DbConfig::new(format!("{server}/{name}"))).await;
}

//! The link to PostgreSQL under TLS: the right authority, another one, another name.

use store::{Db, DbConfig, Error, NoSeal};

use crate::engines::Place;

store::statements! {
    UNDER_TLS = "SELECT CASE WHEN ssl THEN 1 ELSE 0 END FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
}

/// What the server says of the link, or why there is none.
async fn linked(config: &DbConfig) -> Result<Option<i64>, Error> {
    let db = Db::attach(config, Box::new(NoSeal))?;
    db.read(|tx| tx.query_opt(&UNDER_TLS, &[], |row| row.int(0))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_proves_its_name() {
    let Some(place) = Place::postgres().await else { return };
    let Some(authority) = std::env::var_os("NAIS_TEST_POSTGRES_CA") else {
        println!("skipped: NAIS_TEST_POSTGRES_CA is not set; scripts/postgres sets it");
        return;
    };
    let plain = &place.config;
    assert_eq!(linked(plain).await.unwrap(), Some(0));

    let secure = DbConfig { authorities: Some(std::fs::read(authority).unwrap()), ..plain.clone() };
    assert_eq!(linked(&secure).await.unwrap(), Some(1));

    let renamed = DbConfig { url: secure.url.replace("127.0.0.1", "localhost"), ..secure.clone() };
    assert!(linked(&renamed).await.is_err(), "the certificate names 127.0.0.1 only");

    let stranger = include_bytes!("stranger.pem").to_vec();
    assert!(linked(&DbConfig { authorities: Some(stranger), ..plain.clone() }).await.is_err());

    let blind = DbConfig { url: format!("{}?sslmode=require", plain.url), ..plain.clone() };
    let refused = linked(&blind).await.unwrap_err().to_string();
    assert!(refused.contains("database.ca"), "{refused}");
}

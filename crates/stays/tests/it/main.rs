//! The system of registration as a provider, on both engines, with an ISOS that can be away.

/// Repeats every named test on both engines, each in a place of its own.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::bench::Engine::Sqlite).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                match crate::bench::server() {
                    Some(_) => super::$name(crate::bench::Engine::Postgres).await,
                    None => println!("skipped on PostgreSQL: NAIS_TEST_POSTGRES is not set; scripts/postgres sets it"),
                }
            })*
        }
    };
}

#[cfg(test)]
mod bench;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod submissions;
#[cfg(test)]
mod texts;

//! The store on both engines: every test runs on SQLite, and on PostgreSQL where NAIS_TEST_POSTGRES names a server.
//!
//! `cfg(test)` on each module tells clippy that helpers too may unwrap.

#[cfg(test)]
mod blobs;
#[cfg(test)]
mod engines;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod migrate;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod reads;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod seal;
#[cfg(test)]
mod threads;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod unknown;
#[cfg(test)]
mod writes;

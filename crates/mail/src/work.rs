//! Sending what waits: one message at a time a node, each tried until a server takes it or a day is over.

use std::time::Duration;

use jiff::Timestamp;
use store::jobs;
use uuid::Uuid;

use crate::Error;
use crate::outbox::{ENDED, FORGET, Outbox, QUEUE, State, TRIED, WAITING, moment};
use crate::smtp::{Outcome, Sender};

/// How long a node may take with one message before another node takes it.
const LEASE_MICROS: i64 = 300 * 1_000_000;
/// The first pause between tries; each is twice the last.
const FIRST_PAUSE: i64 = 15 * 1_000_000;
/// The longest pause.
const LONGEST_PAUSE: i64 = 3600 * 1_000_000;
/// After this a message is of no use to anybody: links in it have expired.
const GIVE_UP_MICROS: i64 = 24 * 3600 * 1_000_000;
/// How long rows of messages that were sent or failed stay, without content.
const REMEMBER_MICROS: i64 = 30 * 24 * 3600 * 1_000_000;
/// How long kept messages stay.
const KEEP_MICROS: i64 = 7 * 24 * 3600 * 1_000_000;
/// How often old rows are looked for.
const TIDY: Duration = Duration::from_secs(3600);
/// The pause when nothing waits.
const IDLE: Duration = Duration::from_secs(1);

impl Outbox {
    /// Sends what waits, until the process ends.
    pub async fn work(self) {
        let mut tidied: Option<std::time::Instant> = None;
        loop {
            if tidied.is_none_or(|at| at.elapsed() >= TIDY) {
                tidied = Some(std::time::Instant::now());
                if let Err(error) = self.tidy().await {
                    tracing::warn!(%error, "old messages could not be removed");
                }
            }
            match self.step().await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(IDLE).await,
                Err(error) => {
                    tracing::warn!(%error, "messages that wait cannot be read");
                    tokio::time::sleep(IDLE).await;
                }
            }
        }
    }

    /// Sends the message that is due longest; false when none is.
    ///
    /// # Errors
    /// Those of the database; the message is tried again when its lease ends.
    pub async fn step(&self) -> Result<bool, Error> {
        let Some(sender) = &self.0.sender else {
            return Ok(false);
        };
        let now = self.0.clock.micros();
        let Some(job) = self.0.db.write(move |tx| jobs::claim(tx, QUEUE, now, LEASE_MICROS)).await? else {
            return Ok(false);
        };
        self.carry_out(sender, &job).await?;
        Ok(true)
    }

    async fn carry_out(&self, sender: &Sender, job: &jobs::Claimed) -> Result<(), Error> {
        let (id, key, attempts) = (Uuid::from_bytes(job.id), job.id, job.attempts);
        let found = self.0.db.read(move |tx| {
            tx.query_opt(&WAITING, &[(&key).into()], |row| {
                Ok((row.int(0)?, row.text(1)?.to_owned(), row.bytes(2)?.to_vec()))
            })
        });
        let Some((at, kind, sealed)) = found.await? else {
            return Ok(self.0.db.write(move |tx| jobs::done(tx, &key)).await?);
        };
        let at = moment(at)?;
        let outcome =
            match self.open_content(id, &sealed).map_err(Error::from).and_then(|c| c.wire(id, at, &self.0.from)) {
                Ok(message) => sender.send(message).await,
                Err(error) => Outcome::Refused(error.to_string()),
            };
        match &outcome {
            Outcome::Taken => tracing::info!(mail = %id, kind, attempts, "a message was sent"),
            Outcome::Later(why) => tracing::warn!(mail = %id, kind, attempts, why, "a message could not be sent yet"),
            Outcome::Refused(why) => tracing::error!(mail = %id, kind, attempts, why, "a message was refused"),
        }
        self.note(key, at, attempts, &outcome).await
    }

    /// What came of the try is on disk afterwards. What the server took must not be sent again because the disk was
    /// slow to hear of it: noting it is tried until the lease is nearly over.
    async fn note(&self, key: [u8; 16], at: Timestamp, attempts: i64, outcome: &Outcome) -> Result<(), Error> {
        let now = self.0.clock.micros();
        let expired = now - at.as_microsecond() >= GIVE_UP_MICROS;
        let end = match outcome {
            Outcome::Taken => Some(State::Sent),
            Outcome::Refused(_) => Some(State::Failed),
            Outcome::Later(_) if expired => Some(State::Failed),
            Outcome::Later(_) => None,
        };
        let mut pause = Duration::from_millis(100);
        loop {
            let noted = self.0.db.write(move |tx| match end {
                Some(state) => {
                    tx.execute(&ENDED, &[(&key).into(), state.as_str().into(), now.into(), attempts.into()])?;
                    jobs::done(tx, &key)
                }
                None => {
                    tx.execute(&TRIED, &[(&key).into(), attempts.into()])?;
                    jobs::put_off(tx, &key, now + pause_after(attempts))
                }
            });
            match noted.await {
                Ok(()) => return Ok(()),
                Err(error) if end.is_none() || pause > Duration::from_secs(60) => return Err(error.into()),
                Err(error) => tracing::warn!(%error, "that a message was sent could not be noted yet"),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    /// Rows that nobody asks for any more are gone afterwards.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn tidy(&self) -> Result<(), Error> {
        let now = self.0.clock.micros();
        let terms = [(State::Sent, REMEMBER_MICROS), (State::Failed, REMEMBER_MICROS), (State::Kept, KEEP_MICROS)];
        let tidied = self.0.db.write(move |tx| {
            for (state, term) in terms {
                tx.execute(&FORGET, &[state.as_str().into(), (now - term).into()])?;
            }
            Ok(())
        });
        Ok(tidied.await?)
    }
}

fn pause_after(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_have_an_end() {
        let seconds: Vec<i64> = (1..=10).map(|n| pause_after(n) / 1_000_000).collect();
        assert_eq!(seconds, [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(pause_after(i64::MAX), LONGEST_PAUSE);
    }
}

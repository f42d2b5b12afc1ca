//! Table 1 of the Unified Technical Requirements of NAIS (2020), and the verdict over what was measured.

use std::time::Duration;

use serde_json::{Value, json};

/// Replies are told apart by size: below 10 KB, below 100 KB, below 1 MB.
pub const REPLIES: [&str; 3] = ["<10 KB", "10-100 KB", "100 KB-1 MB"];
const KB: usize = 1024;

/// One row: requests of up to so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Bytes of a request.
    pub bytes: usize,
    /// As people write it.
    pub name: &'static str,
    /// Requests in [`Row::per`] at which no error arises.
    pub requests: u32,
    /// The unit of time.
    pub per: Duration,
    /// By the reply's size: the longest time of a single request, and of one out of the row's rate.
    pub limits: [(Duration, Duration); 3],
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const SECOND: Duration = millis(1_000);
const MINUTE: Duration = millis(60_000);

/// The table. Requests above 10 MB and replies above 1 MB have limits of their own in each case.
pub const ETT: [Row; 4] = [
    Row {
        bytes: 10 * KB,
        name: "10 KB",
        requests: 100,
        per: SECOND,
        limits: [(millis(500), millis(2_000)), (millis(1_000), millis(3_000)), (millis(8_000), millis(10_000))],
    },
    Row {
        bytes: 100 * KB,
        name: "100 KB",
        requests: 500,
        per: MINUTE,
        limits: [(millis(1_000), millis(3_000)), (millis(3_000), millis(6_000)), (millis(10_000), millis(12_000))],
    },
    Row {
        bytes: KB * KB,
        name: "1 MB",
        requests: 50,
        per: MINUTE,
        limits: [(millis(8_000), millis(10_000)), (millis(12_000), millis(30_000)), (millis(30_000), millis(30_000))],
    },
    Row { bytes: 10 * KB * KB, name: "10 MB", requests: 5, per: MINUTE, limits: [(millis(60_000), millis(60_000)); 3] },
];

/// One request and what came of it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Sent alone; otherwise at the row's rate.
    pub single: bool,
    /// From the moment it was due until the whole answer was there.
    pub took: Duration,
    /// The reply's bytes, or what went wrong.
    pub reply: Result<usize, String>,
}

/// What was measured for a row.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Which row.
    pub row: Row,
    /// Requests sent.
    pub sent: usize,
    /// Requests with an error, and the first of them.
    pub errors: (usize, Option<String>),
    /// By the reply's size: slowest single request and slowest at the rate, where there were any.
    pub slowest: [(Option<Duration>, Option<Duration>); 3],
    /// Replies above 1 MB, for which the table says nothing.
    pub beyond: usize,
    /// Why the row fails; empty when it is met.
    pub faults: Vec<String>,
}

/// The row's verdict over its samples.
pub fn judge(row: Row, samples: &[Sample]) -> Verdict {
    let mut verdict = Verdict {
        row,
        sent: samples.len(),
        errors: (0, None),
        slowest: [(None, None); 3],
        beyond: 0,
        faults: Vec::new(),
    };
    for sample in samples {
        match &sample.reply {
            Err(what) => {
                verdict.errors.0 += 1;
                verdict.errors.1.get_or_insert_with(|| what.clone());
            }
            Ok(bytes) => match class(*bytes).and_then(|class| verdict.slowest.get_mut(class)) {
                Some((single, many)) => {
                    let slowest = if sample.single { single } else { many };
                    *slowest = (*slowest).max(Some(sample.took));
                }
                None => verdict.beyond += 1,
            },
        }
    }
    if let (count @ 1.., Some(first)) = &verdict.errors {
        verdict.faults.push(format!("{count} of {} requests failed, the first: {first}", verdict.sent));
    }
    for ((reply, (single, many)), (single_limit, many_limit)) in REPLIES.iter().zip(verdict.slowest).zip(row.limits) {
        for (what, slowest, limit) in
            [("a single request", single, single_limit), ("one at the rate", many, many_limit)]
        {
            if let Some(took) = slowest.filter(|took| *took > limit) {
                let (took, limit) = (took.as_secs_f64(), limit.as_secs_f64());
                verdict.faults.push(format!("{what} with a reply of {reply} took {took:.2} s, allowed {limit} s"));
            }
        }
    }
    verdict
}

fn class(bytes: usize) -> Option<usize> {
    [10 * KB, 100 * KB, KB * KB].iter().position(|limit| bytes < *limit)
}

impl Verdict {
    /// The row is met.
    pub fn is_met(&self) -> bool {
        self.faults.is_empty() && self.sent > 0
    }

    /// For a program.
    pub fn json(&self) -> Value {
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        let replies = REPLIES.iter().zip(self.slowest).zip(self.row.limits);
        let slowest: Vec<Value> = replies
            .map(|((reply, (single, many)), (single_limit, many_limit))| {
                json!({
                    "reply": reply,
                    "single_s": seconds(single),
                    "single_limit_s": single_limit.as_secs_f64(),
                    "at_rate_s": seconds(many),
                    "at_rate_limit_s": many_limit.as_secs_f64(),
                })
            })
            .collect();
        json!({
            "request": self.row.name,
            "rate": { "requests": self.row.requests, "per_s": self.row.per.as_secs() },
            "sent": self.sent,
            "errors": self.errors.0,
            "slowest": slowest,
            "beyond_table": self.beyond,
            "met": self.is_met(),
            "faults": self.faults,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(single: bool, took: u64, bytes: usize) -> Sample {
        Sample { single, took: millis(took), reply: Ok(bytes) }
    }

    fn faults(samples: &[Sample]) -> usize {
        judge(ETT[0], samples).faults.len()
    }

    #[test]
    fn limits_depend_on_the_reply_and_on_the_rate() {
        assert_eq!(faults(&[sample(true, 500, 100), sample(false, 2_000, 100)]), 0);
        assert_eq!(faults(&[sample(true, 501, 100)]), 1);
        assert_eq!(faults(&[sample(false, 2_001, 100)]), 1);
        assert_eq!(faults(&[sample(true, 1_000, 10 * KB), sample(false, 10_000, 100 * KB)]), 0);
        assert_eq!(faults(&[sample(true, 9_000, 100 * KB), sample(false, 3_001, 10 * KB)]), 2);
    }

    #[test]
    fn one_error_fails_the_row_and_silence_too() {
        let failed = Sample { single: false, took: millis(1), reply: Err("503".to_owned()) };
        let verdict = judge(ETT[1], &[sample(true, 1, 1), failed]);
        assert!(!verdict.is_met() && verdict.faults[0].contains("503"));
        assert!(!judge(ETT[1], &[]).is_met());
    }

    #[test]
    fn larger_replies_are_outside_the_table() {
        let verdict = judge(ETT[0], &[sample(true, 90_000, KB * KB)]);
        assert_eq!((verdict.beyond, verdict.is_met()), (1, true));
    }
}

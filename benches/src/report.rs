//! What one run says: a JSON line, so that the script can take medians and ratios.

use std::time::Duration;

use crate::load::Tally;

/// Figures of one run.
pub(crate) struct Report {
    pub name: String,
    pub took: Duration,
    pub tally: Tally,
    /// CPU seconds of the server's processes.
    pub cpu: f64,
    /// Resident bytes of the server's processes at the end.
    pub resident: u64,
}

impl Report {
    /// One line of JSON.
    pub(crate) fn line(self) -> String {
        let Tally { mut done, mut refused, statuses, retry_after, unsent } = self.tally;
        done.sort_unstable();
        refused.sort_unstable();
        let answered = done.len().max(1) as f64;
        serde_json::json!({
            "name": self.name,
            "requests": done.len() + refused.len(),
            "failed": refused.len(),
            "unsent": unsent,
            "statuses": statuses,
            "retry_after": retry_after,
            "per_second": (done.len() as f64 / self.took.as_secs_f64()).round(),
            "cpu_us": (self.cpu * 1e6 / answered * 10.0).round() / 10.0,
            "per_core": if self.cpu > 0.0 { (done.len() as f64 / self.cpu).round() } else { 0.0 },
            "p50_ms": at(&done, 0.5),
            "p99_ms": at(&done, 0.99),
            "refused_p50_ms": at(&refused, 0.5),
            "refused_p99_ms": at(&refused, 0.99),
            "rss_mb": self.resident / 1_048_576,
        })
        .to_string()
    }
}

/// Milliseconds below which this share of the sorted times lies.
fn at(times: &[Duration], share: f64) -> f64 {
    let index = ((times.len() as f64 - 1.0) * share).max(0.0) as usize;
    times.get(index).map_or(0.0, |time| (time.as_secs_f64() * 1e6).round() / 1000.0)
}

/// CPU seconds and resident bytes of a process and its children, from `/proc`.
pub(crate) fn usage(root: u32) -> (f64, u64) {
    let mut cpu = 0.0;
    let mut resident = 0;
    for pid in family(root) {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
            continue;
        };
        let Some((_, rest)) = stat.rsplit_once(')') else {
            continue;
        };
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        cpu += (number(11) + number(12)) as f64 / 100.0; // USER_HZ is 100 on Linux
        resident += number(21) * 4096;
    }
    (cpu, resident)
}

fn family(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return found;
    };
    let parents: Vec<(u32, u32)> = processes
        .filter_map(|entry| {
            let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (_, rest) = stat.rsplit_once(')')?;
            Some((pid, rest.split_whitespace().nth(1)?.parse().ok()?))
        })
        .collect();
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    found
}

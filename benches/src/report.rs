//! What one run says: a JSON line, so that the script can take medians and ratios.

use std::time::Duration;

/// Figures of one run.
pub(crate) struct Report {
    pub name: String,
    pub requests: usize,
    pub failed: usize,
    pub took: Duration,
    pub latencies: Vec<Duration>,
    /// CPU seconds of the server's processes.
    pub cpu: f64,
    /// Resident bytes of the server's processes at the end.
    pub resident: u64,
}

impl Report {
    /// One line of JSON.
    pub(crate) fn line(mut self) -> String {
        self.latencies.sort_unstable();
        let at = |share: f64| {
            let index = ((self.latencies.len() as f64 - 1.0) * share).max(0.0) as usize;
            self.latencies.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        let done = (self.requests - self.failed).max(1) as f64;
        serde_json::json!({
            "name": self.name,
            "requests": self.requests,
            "failed": self.failed,
            "per_second": (done / self.took.as_secs_f64()).round(),
            "cpu_us": (self.cpu * 1e6 / done * 10.0).round() / 10.0,
            "per_core": if self.cpu > 0.0 { (done / self.cpu).round() } else { 0.0 },
            "p50_ms": (at(0.5) * 1000.0).round() / 1000.0,
            "p99_ms": (at(0.99) * 1000.0).round() / 1000.0,
            "rss_mb": self.resident / 1_048_576,
        })
        .to_string()
    }
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

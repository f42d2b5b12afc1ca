//! Numbers of the process, as far as the system tells them: memory, processor time, open files.

use std::fmt::Write as _;
use std::fs;

/// Processor time in `/proc/self/stat` is in these parts of a second, on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Adds the numbers under the names that Prometheus' own clients use.
pub(super) fn render(text: &mut String) {
    let mut show = |name: &str, kind: &str, help: &str, value: Option<f64>| {
        if let Some(value) = value {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        }
    };
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let files = fs::read_dir("/proc/self/fd").map(|entries| entries.count() as f64).ok();
    show("process_cpu_seconds_total", "counter", "Processor time used", cpu_seconds(&stat));
    show("process_open_fds", "gauge", "Open file descriptors", files);
    show("process_resident_memory_bytes", "gauge", "Resident memory", kilobytes(&status, "VmRSS:"));
    show("process_threads", "gauge", "Threads", field(&status, "Threads:"));
}

fn kilobytes(status: &str, name: &str) -> Option<f64> {
    field(status, name).map(|kilobytes| kilobytes * 1024.0)
}

fn field(status: &str, name: &str) -> Option<f64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// Fields 14 and 15; the second one, a file name in parentheses, may contain anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_parentheses_do_not_shift_the_fields() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(kilobytes("Name:\tx\nVmRSS:\t  12 kB\n", "VmRSS:"), Some(12288.0));
    }
}

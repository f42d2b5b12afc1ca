//! Numbers for Prometheus: counters, gauges and histograms in families of labels, read and changed without locks.

mod family;
mod process;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use family::{Family, Series};

/// Upper bounds, in microseconds, for the time a request takes: from half a millisecond to half a minute.
pub const LATENCY: &[u64] = &[
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 30_000_000,
];

/// The registry. Clones are the same. A name registered again gives the same numbers.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<BTreeMap<&'static str, Entry>>>);

struct Entry {
    help: &'static str,
    kind: Collected,
}

enum Collected {
    Counters(Counters),
    Gauges(Gauges),
    Histograms(Histograms),
    Asked(Vec<(String, Box<dyn Fn() -> f64 + Send + Sync>)>),
}

/// Counts up.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

/// Goes up and down.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

/// A gauge one higher until this is dropped.
#[derive(Debug)]
pub struct Raised(Gauge);

/// How often durations fell below each of its bounds.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<Buckets>);

#[derive(Debug)]
struct Buckets {
    bounds: &'static [u64],
    counts: Vec<AtomicU64>,
    sum: AtomicU64,
}

/// Counters told apart by labels.
pub type Counters = Family<Counter>;
/// Gauges told apart by labels.
pub type Gauges = Family<Gauge>;
/// Histograms told apart by labels.
pub type Histograms = Family<Histogram>;

impl Counter {
    /// One more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Gauge {
    /// Is now so much.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Changes by so much.
    pub fn add(&self, change: i64) {
        self.0.fetch_add(change, Ordering::Relaxed);
    }

    /// One higher until the answer is dropped.
    pub fn raise(&self) -> Raised {
        self.add(1);
        Raised(self.clone())
    }

    /// How much it is.
    pub fn value(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}

impl Histogram {
    fn new(bounds: &'static [u64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Buckets { bounds, counts, sum: AtomicU64::new(0) }))
    }

    /// One more that took so long.
    pub fn observe(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = self.0.bounds.partition_point(|bound| *bound < micros);
        if let Some(count) = self.0.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.0.sum.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Metrics {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// One counter without labels.
    pub fn counter(&self, name: &'static str, help: &'static str) -> Counter {
        self.counters(name, help, &[]).with(&[])
    }

    /// Counters with these labels.
    pub fn counters(&self, name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Counters {
        let fresh = Family::new(labels, Counter::default);
        let entry = self.register(
            name,
            help,
            || Collected::Counters(fresh.clone()),
            |kind| match kind {
                Collected::Counters(family) => Some(family.clone()),
                _ => None,
            },
        );
        entry.unwrap_or(fresh)
    }

    /// One gauge without labels.
    pub fn gauge(&self, name: &'static str, help: &'static str) -> Gauge {
        self.gauges(name, help, &[]).with(&[])
    }

    /// Gauges with these labels.
    pub fn gauges(&self, name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Gauges {
        let fresh = Family::new(labels, Gauge::default);
        let entry = self.register(
            name,
            help,
            || Collected::Gauges(fresh.clone()),
            |kind| match kind {
                Collected::Gauges(family) => Some(family.clone()),
                _ => None,
            },
        );
        entry.unwrap_or(fresh)
    }

    /// A gauge that is asked when somebody looks.
    pub fn gauge_from(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[(&str, &str)],
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        let labels = family::labelled(labels.iter().copied());
        let mut read: Option<Box<dyn Fn() -> f64 + Send + Sync>> = Some(Box::new(read));
        self.register(
            name,
            help,
            || Collected::Asked(Vec::new()),
            |kind| match kind {
                Collected::Asked(asked) => {
                    asked.retain(|(known, _)| *known != labels);
                    asked.extend(read.take().map(|read| (labels.clone(), read)));
                    Some(())
                }
                _ => None,
            },
        );
    }

    /// One histogram without labels; bounds in microseconds.
    pub fn histogram(&self, name: &'static str, help: &'static str, bounds: &'static [u64]) -> Histogram {
        self.histograms(name, help, &[], bounds).with(&[])
    }

    /// Histograms with these labels; bounds in microseconds.
    pub fn histograms(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        bounds: &'static [u64],
    ) -> Histograms {
        let fresh = Family::new(labels, move || Histogram::new(bounds));
        let entry = self.register(
            name,
            help,
            || Collected::Histograms(fresh.clone()),
            |kind| match kind {
                Collected::Histograms(family) => Some(family.clone()),
                _ => None,
            },
        );
        entry.unwrap_or(fresh)
    }

    /// All numbers in Prometheus' text form, version 0.0.4, those of the process at the end.
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(8192);
        for (name, entry) in &*self.lock() {
            entry.render(name, &mut text);
        }
        process::render(&mut text);
        text
    }

    /// What `pick` finds under the name, which `make` fills if nothing is there yet. A name used for two kinds of
    /// numbers is a slip of ours: the second then shows nowhere, and the log says so.
    fn register<T>(
        &self,
        name: &'static str,
        help: &'static str,
        make: impl FnOnce() -> Collected,
        mut pick: impl FnMut(&mut Collected) -> Option<T>,
    ) -> Option<T> {
        let mut entries = self.lock();
        let entry = entries.entry(name).or_insert_with(|| Entry { help, kind: make() });
        let picked = pick(&mut entry.kind);
        if picked.is_none() {
            tracing::error!(name, "a metric of another kind has this name");
        }
        picked
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn render(&self, name: &str, text: &mut String) {
        let kind = match &self.kind {
            Collected::Counters(_) => "counter",
            Collected::Gauges(_) | Collected::Asked(_) => "gauge",
            Collected::Histograms(_) => "histogram",
        };
        // Writing to a String cannot fail: here and below.
        let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {kind}", self.help);
        match &self.kind {
            Collected::Counters(family) => {
                family.each(|series| render_one(text, name, series, &series.value.value()));
            }
            Collected::Gauges(family) => family.each(|series| render_one(text, name, series, &series.value.value())),
            Collected::Histograms(family) => family.each(|series| render_buckets(text, name, series)),
            Collected::Asked(asked) => {
                for (labels, read) in asked {
                    let _ = writeln!(text, "{name}{} {}", family::braced(labels), read());
                }
            }
        }
    }
}

fn render_one<T>(text: &mut String, name: &str, series: &Series<T>, value: &dyn std::fmt::Display) {
    let _ = writeln!(text, "{name}{} {value}", family::braced(&series.labels));
}

fn render_buckets(text: &mut String, name: &str, series: &Series<Histogram>) {
    let buckets = &series.value.0;
    let comma = if series.labels.is_empty() { "" } else { "," };
    let mut total = 0;
    let bounds = buckets.bounds.iter().map(|bound| seconds(*bound).to_string()).chain(["+Inf".to_owned()]);
    for (count, bound) in buckets.counts.iter().zip(bounds) {
        total += count.load(Ordering::Relaxed);
        let _ = writeln!(text, "{name}_bucket{{{}{comma}le=\"{bound}\"}} {total}", series.labels);
    }
    let labels = family::braced(&series.labels);
    let sum = seconds(buckets.sum.load(Ordering::Relaxed));
    let _ = writeln!(text, "{name}_sum{labels} {sum}\n{name}_count{labels} {total}");
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let metrics = Metrics::new();
        let calls = metrics.counters("calls_total", "Calls", &["service", "status"]);
        calls.with(&["3.88.01", "200"]).add(2);
        calls.with(&["a\"b\\c\nd", "400"]).increment();
        metrics.gauge("queue", "Queue").set(-3);
        metrics.gauge_from("state", "State", &[("provider", "mvd")], || 0.5);
        let time = metrics.histogram("time_seconds", "Time", &[1_000, 10_000]);
        for micros in [1_000, 1_001, 20_000] {
            time.observe(Duration::from_micros(micros));
        }
        let text = metrics.render();
        insta::assert_snapshot!(text.split("# HELP process").next().unwrap());
        assert!(text.contains("\nprocess_resident_memory_bytes "));
    }

    #[test]
    fn a_name_registered_again_is_the_same_number() {
        let metrics = Metrics::new();
        metrics.counter("x_total", "X").increment();
        metrics.counter("x_total", "X").increment();
        assert_eq!(metrics.counter("x_total", "X").value(), 2);
        metrics.gauge("x_total", "another kind").set(7);
        assert!(metrics.render().contains("x_total 2"));
    }

    #[test]
    fn a_raised_gauge_comes_down() {
        let gauge = Gauge::default();
        let raised = gauge.raise();
        assert_eq!(gauge.value(), 1);
        drop(raised);
        assert_eq!(gauge.value(), 0);
    }
}

//! Numbers of one name told apart by labels: found without a lock, added by replacing a small map.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;

use arc_swap::ArcSwap;

/// Most sets of labels under one name; what comes later is counted together as `other`. Labels that callers could
/// choose would else fill the memory.
const MOST: usize = 2000;

/// Numbers of one name told apart by labels. Clones are the same.
#[derive(Debug)]
pub struct Family<T>(Arc<Inner<T>>);

struct Inner<T> {
    names: &'static [&'static str],
    make: Box<dyn Fn() -> T + Send + Sync>,
    hasher: RandomState,
    series: ArcSwap<HashMap<u64, Arc<Series<T>>>>,
}

/// One number with its labels.
#[derive(Debug)]
pub(crate) struct Series<T> {
    values: Vec<Box<str>>,
    /// As they stand in the text: `a="b",c="d"`.
    pub(crate) labels: String,
    pub(crate) value: T,
}

impl<T> Clone for Family<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> std::fmt::Debug for Inner<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Family").field(&self.names).finish()
    }
}

impl<T: Clone> Family<T> {
    pub(crate) fn new(names: &'static [&'static str], make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner { names, make: Box::new(make), hasher: RandomState::new(), series: ArcSwap::default() }))
    }

    /// The number with these label values, in the order of the names. Keep it where the labels never change.
    pub fn with(&self, values: &[&str]) -> T {
        self.find(values).unwrap_or_else(|| self.insert(values))
    }

    pub(crate) fn each(&self, mut show: impl FnMut(&Series<T>)) {
        let series = self.0.series.load();
        let mut sorted: Vec<_> = series.values().collect();
        sorted.sort_by(|one, other| one.labels.cmp(&other.labels));
        sorted.into_iter().for_each(|series| show(series));
    }

    fn find(&self, values: &[&str]) -> Option<T> {
        let series = self.0.series.load();
        let mut slot = self.slot(values);
        loop {
            let found = series.get(&slot)?;
            if found.has(values) {
                return Some(found.value.clone());
            }
            slot = slot.wrapping_add(1);
        }
    }

    fn insert(&self, values: &[&str]) -> T {
        let names = self.0.names;
        let make = |values: &[&str]| {
            Arc::new(Series {
                values: values.iter().map(|value| Box::from(*value)).collect(),
                labels: labelled(names.iter().copied().zip(values.iter().copied())),
                value: (self.0.make)(),
            })
        };
        let other = vec!["other"; names.len()];
        let fresh = make(values);
        let rest = make(&other);
        self.0.series.rcu(|series| {
            let full = series.len() >= MOST;
            let (values, fresh) = if full { (&*other, &rest) } else { (values, &fresh) };
            let mut slot = self.slot(values);
            let mut series = HashMap::clone(series);
            while series.get(&slot).is_some_and(|taken| !taken.has(values)) {
                slot = slot.wrapping_add(1);
            }
            series.entry(slot).or_insert_with(|| fresh.clone());
            series
        });
        self.find(values).or_else(|| self.find(&other)).unwrap_or_else(|| fresh.value.clone())
    }

    fn slot(&self, values: &[&str]) -> u64 {
        let mut hasher = self.0.hasher.build_hasher();
        for value in values {
            hasher.write(value.as_bytes());
            hasher.write_u8(0xff);
        }
        hasher.finish()
    }
}

impl<T> Series<T> {
    fn has(&self, values: &[&str]) -> bool {
        self.values.len() == values.len() && self.values.iter().zip(values).all(|(one, other)| **one == **other)
    }
}

/// `a="b",c="d"`, escaped.
pub(crate) fn labelled<'a>(labels: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in labels {
        let comma = if text.is_empty() { "" } else { "," };
        let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}{name}=\"{value}\"");
    }
    text
}

/// The labels in braces, or nothing.
pub(crate) fn braced(labels: &str) -> String {
    if labels.is_empty() { String::new() } else { format!("{{{labels}}}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Counter;

    #[test]
    fn labels_that_nobody_bounded_are_bounded() {
        let family = Family::new(&["code"], Counter::default);
        for code in 0..MOST + 50 {
            family.with(&[&code.to_string()]).increment();
        }
        let mut shown = 0;
        family.each(|_| shown += 1);
        assert_eq!(shown, MOST + 1);
        assert_eq!(family.with(&["other"]).value(), 50);
    }

    #[test]
    fn threads_that_meet_a_label_first_share_it() {
        let family = Family::new(&["code"], Counter::default);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..500).for_each(|code| family.with(&[&code.to_string()]).increment()));
            }
        });
        let mut total = 0;
        family.each(|series| total += series.value.value());
        assert_eq!(total, 2000);
    }
}

//! How alike two names are, and why: the score that ranks candidates and the reason that is shown with it.

use crate::fold::{Scheme, base, fold, transliterate};
use crate::phonetic::phonetic_key;

/// A score with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Likeness {
    /// 0 (nothing in common) to 1000 (the same).
    pub score: u16,
    /// Stable, for programs: `exact`, `transliteration`, `sound`, `order`, `typo`, `part`, `weak`.
    pub reason: &'static str,
}

/// How alike two names in any of our scripts are: 0 to 1000.
pub fn similarity(a: &str, b: &str) -> u16 {
    likeness(a, b).score
}

/// How alike two names are, and why. Symmetric; two empty names have nothing in common.
pub fn likeness(a: &str, b: &str) -> Likeness {
    let (left, right) = (fold(a), fold(b));
    if left.is_empty() || right.is_empty() {
        return Likeness { score: 0, reason: "weak" };
    }
    if left == right {
        return Likeness { score: 1000, reason: "exact" };
    }
    let (lefts, rights) = (spellings(a), spellings(b));
    if lefts.iter().any(|left| rights.contains(left)) {
        return Likeness { score: 980, reason: "transliteration" };
    }
    let nearest =
        lefts.iter().flat_map(|left| rights.iter().map(move |right| closeness(left, right))).max().unwrap_or(0);
    if phonetic_key(a) == phonetic_key(b) {
        // The same sound is worth more than the same number of letters; the letters still rank within it.
        return Likeness { score: nearest / 10 + 860, reason: "sound" };
    }
    let edits =
        lefts.iter().flat_map(|left| rights.iter().map(move |right| distance(left, right))).min().unwrap_or(usize::MAX);
    let shortest = lefts.iter().chain(&rights).map(|name| name.chars().count()).min().unwrap_or(0);
    if reordered(&left, &right) {
        return Likeness { score: 940, reason: "order" };
    }
    if edits == 1 && shortest >= 4 || edits == 2 && shortest >= 8 {
        return Likeness { score: nearest.clamp(800, 900), reason: "typo" };
    }
    if part_of(&left, &right) || part_of(&right, &left) {
        return Likeness { score: nearest.clamp(750, 850), reason: "part" };
    }
    Likeness { score: nearest.min(790), reason: "weak" }
}

/// The Latin spellings of a name, without marks and spaces.
fn spellings(name: &str) -> Vec<String> {
    let mut out: Vec<String> = [Scheme::Icao, Scheme::Passport, Scheme::National]
        .into_iter()
        .map(|scheme| bare(&transliterate(name, scheme)))
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

fn bare(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match base(c) {
            Some(letters) => out.push_str(letters),
            None if c.is_alphanumeric() => out.push(c),
            None => {}
        }
    }
    out
}

fn words(name: &str) -> Vec<&str> {
    let mut words: Vec<&str> = name.split(' ').collect();
    words.sort_unstable();
    words
}

fn reordered(a: &str, b: &str) -> bool {
    words(a) == words(b)
}

/// Whether all words of `a` are among those of `b`, as when a second given name is left out.
fn part_of(a: &str, b: &str) -> bool {
    let b = words(b);
    a.chars().count() >= 3 && words(a).iter().all(|word| b.contains(word))
}

/// The better of edit distance and Jaro–Winkler, 0 to 1000.
fn closeness(a: &str, b: &str) -> u16 {
    let longest = a.chars().count().max(b.chars().count()).max(1);
    let kept = longest.saturating_sub(distance(a, b)).saturating_mul(1000) / longest;
    let jaro = (jaro_winkler(a, b) * 1000.0) as u16;
    u16::try_from(kept).unwrap_or(0).max(jaro).min(1000)
}

/// Edits (a letter more, less, other, two swapped) from one to the other: optimal string alignment.
fn distance(a: &str, b: &str) -> usize {
    let right: Vec<char> = b.chars().collect();
    let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
    let mut earlier: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    let mut last = None;
    for (row, left) in (1_usize..).zip(a.chars()) {
        let mut here = Vec::with_capacity(above.len());
        here.push(row);
        for (column, c) in (1_usize..).zip(&right) {
            let cost = usize::from(left != *c);
            let mut best = (at(&above, column) + 1).min(at(&here, column - 1) + 1).min(at(&above, column - 1) + cost);
            let swapped = column >= 2 && last == Some(*c) && right.get(column - 2) == Some(&left);
            if swapped {
                best = best.min(at(&earlier, column - 2) + 1);
            }
            here.push(best);
        }
        earlier = std::mem::replace(&mut above, here);
        last = Some(left);
    }
    at(&above, right.len())
}

fn jaro_winkler(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let window = (a.len().max(b.len()) / 2).saturating_sub(1);
    let mut used = vec![false; b.len()];
    let mut matched = Vec::new();
    for (index, c) in a.iter().enumerate() {
        let from = index.saturating_sub(window);
        let near = b.iter().zip(used.iter_mut()).skip(from).take(index.saturating_add(window + 1).saturating_sub(from));
        if let Some((_, taken)) = near.into_iter().find(|(other, taken)| *other == c && !**taken) {
            *taken = true;
            matched.push(*c);
        }
    }
    if matched.is_empty() {
        return 0.0;
    }
    let others = b.iter().zip(&used).filter(|(_, used)| **used).map(|(c, _)| *c);
    let transposed = matched.iter().zip(others).filter(|(left, right)| **left != *right).count();
    let m = matched.len() as f64;
    let jaro = (m / a.len() as f64 + m / b.len() as f64 + (m - transposed as f64 / 2.0) / m) / 3.0;
    let prefix = a.iter().zip(&b).take(4).take_while(|(left, right)| left == right).count();
    jaro + prefix as f64 * 0.1 * (1.0 - jaro)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reasons_are_told() {
        for (a, b, reason, least) in [
            ("KOVALEV", "Kovalev", "exact", 1000),
            ("Ковалёв", "КОВАЛЕВ", "exact", 1000),
            ("Сяргей", "SIARHEI", "transliteration", 980),
            ("Лукашэвіч", "Lukaševič", "transliteration", 980),
            ("Ковалёв", "KAVALIOU", "sound", 860),
            ("Александр", "ALIAKSANDR", "sound", 900),
            ("ANNA MARIA", "MARIA ANNA", "order", 940),
            ("PETROVSKY", "PERTOVSKY", "typo", 800),
            ("MARIA", "MARIA LUISA", "part", 750),
            ("IVANOV", "SCHMIDT", "weak", 0),
            ("", "", "weak", 0),
        ] {
            let found = likeness(a, b);
            assert_eq!(found.reason, reason, "{a} {b} {found:?}");
            assert!(found.score >= least, "{a} {b} {found:?}");
        }
        assert!(similarity("IVANOV", "SCHMIDT") < 500);
    }

    #[test]
    fn edits_are_counted() {
        for (a, b, edits) in [("", "", 0), ("AB", "BA", 1), ("KITTEN", "SITTING", 3), ("A", "", 1), ("", "ABC", 3)] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
        // The published examples of Winkler.
        assert!((jaro_winkler("MARTHA", "MARHTA") - 0.9611).abs() < 0.0001);
        assert!((jaro_winkler("DIXON", "DICKSONX") - 0.8133).abs() < 0.0001);
        assert!((jaro_winkler("DWAYNE", "DUANE") - 0.84).abs() < 0.0001);
    }

    proptest! {
        #[test]
        fn likeness_is_symmetric_and_bounded(a in "[A-ZА-ЯІЎЁ' -]{0,20}", b in "[A-ZА-ЯІЎЁ' -]{0,20}") {
            let (ab, ba) = (likeness(&a, &b), likeness(&b, &a));
            prop_assert_eq!(ab.reason, ba.reason);
            prop_assert!(ab.score.abs_diff(ba.score) <= 60);
            prop_assert!(ab.score <= 1000);
        }

        #[test]
        fn a_name_is_like_itself(a in "[A-ZА-ЯІЎЁ]{1,20}") {
            prop_assert_eq!(similarity(&a, &a), 1000);
        }
    }
}

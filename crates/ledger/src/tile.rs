//! Where a tile or an entry bundle is: its path in `c2sp.org/tlog-tiles`, and its coordinates.

use std::fmt;

/// What a path of the read interface names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// Hashes of this level.
    Hashes(u8),
    /// The entries themselves.
    Entries,
}

/// A tile or an entry bundle, whole or partial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TilePath {
    /// Hashes or entries.
    pub content: Content,
    /// Number within the level.
    pub number: u64,
    /// How many there are: 256 in a full tile, 1 to 255 in a partial one.
    pub width: u16,
}

impl TilePath {
    /// A full tile of hashes.
    pub fn hashes(level: u8, number: u64) -> Self {
        Self { content: Content::Hashes(level), number, width: 256 }
    }

    /// A full bundle of entries.
    pub fn entries(number: u64) -> Self {
        Self { content: Content::Entries, number, width: 256 }
    }

    /// Reads what follows `tile/`, such as `0/x001/234.p/17`. `None` for every other spelling.
    pub fn parse(path: &str) -> Option<Self> {
        let (content, rest) = path.split_once('/')?;
        let content = match content {
            "entries" => Content::Entries,
            level => Content::Hashes(decimal(level).filter(|level| *level < 64)?.try_into().ok()?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, decimal(width).filter(|width| (1..256).contains(width))?),
            None => (rest, 256),
        };
        Some(Self { content, number: parse_number(number)?, width: u16::try_from(width).ok()? })
    }

    /// True unless it is partial.
    pub fn is_full(&self) -> bool {
        self.width == 256
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content {
            Content::Hashes(level) => write!(f, "{level}/")?,
            Content::Entries => f.write_str("entries/")?,
        }
        let mut groups = vec![self.number % 1000];
        let mut rest = self.number / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for group in groups.iter().skip(1).rev() {
            write!(f, "x{group:03}/")?;
        }
        write!(f, "{:03}", groups.first().copied().unwrap_or(0))?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// A number in decimal without leading zeroes.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// `x001/x234/067` as 1,234,067; only the one spelling without superfluous groups.
fn parse_number(text: &str) -> Option<u64> {
    let mut groups = text.split('/').rev();
    let last = groups.next()?;
    let mut upper: Vec<&str> = groups.collect();
    upper.reverse();
    if upper.first() == Some(&"x000") {
        return None;
    }
    let mut number = 0u64;
    for group in upper {
        number = number.checked_mul(1000)?.checked_add(three(group.strip_prefix('x')?)?)?;
    }
    number.checked_mul(1000)?.checked_add(three(last)?)
}

fn three(digits: &str) -> Option<u64> {
    (digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = TilePath::hashes(1, 1_234_067);
        assert_eq!(path.to_string(), "1/x001/x234/067");
        let partial = TilePath { width: 17, ..TilePath::entries(0) };
        assert_eq!(partial.to_string(), "entries/000.p/17");
        assert_eq!(TilePath::parse("entries/000.p/17"), Some(partial));
    }

    #[test]
    fn other_spellings_are_refused() {
        for path in [
            "",
            "0",
            "0/",
            "00/000",
            "64/000",
            "-1/000",
            "0/0",
            "0/1000",
            "0/x000/001",
            "0/001/002",
            "0/x1/002",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/007",
            "0/000.p/",
            "0/000.p/1/2",
            "0/x001",
            "0/+01",
            "data/000",
            "0/x999/x999/x999/x999/x999/x999/x999/999",
            "0/000/",
            "0/..",
            "entries/../000",
        ] {
            assert_eq!(TilePath::parse(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn every_path_is_read_again(level in 0u8..64, entries: bool, number in 0..u64::MAX / 2, width in 1u16..=256) {
            let content = if entries { Content::Entries } else { Content::Hashes(level) };
            let path = TilePath { content, number, width };
            prop_assert_eq!(TilePath::parse(&path.to_string()), Some(path));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9x/.p]{0,24}") {
            if let Some(path) = TilePath::parse(&text) {
                prop_assert_eq!(path.to_string(), text);
            }
        }
    }
}

//! The rule for passwords: 15 characters and more are free, 8 to 14 are of several kinds; nothing that everybody tries.

use std::collections::HashSet;
use std::sync::LazyLock;

/// From here on the choice of characters is free.
const FREE: usize = 15;
/// Fewest characters.
const SHORTEST: usize = 8;
/// Most characters.
const LONGEST: usize = 128;
/// Words of names and addresses shorter than this are in many words.
const TELLING: usize = 4;

/// Words that everybody tries, one a line, in lower case; Latin and Cyrillic.
static BLOCKED: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    include_str!("blocked.txt")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
});

/// The same keys of a keyboard in its Latin and its Russian layout; Belarusian differs in three.
const LATIN: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
const RUSSIAN: &str = "йцукенгшщзхъфывапролджэячсмитьбюё";
const BELARUSIAN: &str = "йцукенгшўзх'фывапролджэячсмітьбюё";

/// Why a password is not good enough; the end of its text's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weakness {
    /// Fewer than 8 characters.
    Short,
    /// More than 128.
    Long,
    /// 8 to 14 characters that are not of several kinds.
    Plain,
    /// Everybody tries it.
    Common,
    /// It contains the holder's name or address.
    Personal,
}

impl Weakness {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Long => "long",
            Self::Plain => "plain",
            Self::Common => "common",
            Self::Personal => "personal",
        }
    }
}

/// The first reason why `password` cannot be taken by a person of these names and addresses.
pub(crate) fn check(password: &str, words: &[String]) -> Result<(), Weakness> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(Weakness::Short);
    }
    if length > LONGEST {
        return Err(Weakness::Long);
    }
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    let other = |c: char| !c.is_alphabetic() && !c.is_whitespace();
    if length < FREE && !(has(|c| c.is_ascii_uppercase()) && has(|c| c.is_ascii_lowercase()) && has(other)) {
        return Err(Weakness::Plain);
    }
    let folded = password.to_lowercase();
    let personal = |word: &String| {
        let word = word.trim().to_lowercase();
        word.chars().count() >= TELLING && folded.contains(&word)
    };
    if words.iter().any(personal) {
        return Err(Weakness::Personal);
    }
    if variants(&folded).iter().any(|variant| is_common(variant)) { Err(Weakness::Common) } else { Ok(()) }
}

/// The password as the other keyboard layouts would have typed it.
fn variants(folded: &str) -> Vec<String> {
    let typed = |from: &str, to: &str| -> String {
        let key = |c: char| from.chars().zip(to.chars()).find(|(key, _)| *key == c).map_or(c, |(_, other)| other);
        folded.chars().map(key).collect()
    };
    vec![
        folded.to_owned(),
        // Digits at the end are a year or a number more often than letters.
        plain_letters(folded.trim_end_matches(|c: char| !c.is_alphabetic())),
        typed(LATIN, RUSSIAN),
        typed(LATIN, BELARUSIAN),
        typed(RUSSIAN, LATIN),
        typed(BELARUSIAN, LATIN),
    ]
}

/// Signs that stand for letters, read as those.
fn plain_letters(folded: &str) -> String {
    let read = |c: char| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    folded.chars().map(read).collect()
}

/// Blocked words alone, several times, or dressed with digits and signs; one character many times; a run of keys.
fn is_common(folded: &str) -> bool {
    let core = folded.trim_matches(|c: char| !c.is_alphabetic());
    let core = if core.chars().count() >= 3 { core } else { folded };
    let blocked = |word: &str| BLOCKED.contains(word);
    let mut kinds: Vec<char> = folded.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    blocked(folded)
        || blocked(core)
        || repeats(core).is_some_and(blocked)
        || made_of_blocked(core)
        || kinds.len() <= 3
        || is_run(folded)
}

/// The unit of which `text` is a whole number of copies, at least two.
fn repeats(text: &str) -> Option<&str> {
    (3..=text.len() / 2)
        .filter(|length| text.len().is_multiple_of(*length))
        .filter_map(|length| text.get(..length))
        .find(|unit| text.len() == unit.len() * text.matches(unit).count())
}

/// Two blocked words one after the other, digits and signs between them aside.
fn made_of_blocked(text: &str) -> bool {
    text.char_indices().skip(1).any(|(at, _)| {
        let (first, second) = text.split_at(at);
        let trim = |part: &str| part.trim_matches(|c: char| !c.is_alphabetic()).to_owned();
        BLOCKED.contains(trim(first).as_str()) && BLOCKED.contains(trim(second).as_str())
    })
}

/// Neighbours of the alphabet, of the digits or of a row of keys, forwards or backwards, from end to end.
fn is_run(text: &str) -> bool {
    let rows = [
        "abcdefghijklmnopqrstuvwxyz",
        "01234567890",
        "qwertyuiop[]",
        "asdfghjkl;'",
        "zxcvbnm,./",
        "йцукенгшщзхъ",
        "фывапролджэ",
    ];
    rows.iter().any(|row| {
        let round = row.repeat(text.len() / row.len() + 2);
        let back: String = round.chars().rev().collect();
        round.contains(text) || back.contains(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_ones_are_free_and_shorter_ones_of_several_kinds() {
        let words = ["anna.kavalenka".to_owned(), "Каваленка".to_owned(), "Ян".to_owned()];
        let judged = |password: &str| check(password, &words).err();
        for good in
            ["vasilki u poli rastuc", "васількі растуць у полі", "Rabinavy-sad7", "Zhyta-2wq", "Ян іграе на цымбалах"]
        {
            assert_eq!(judged(good), None, "{good}");
        }
        for (weak, why) in [
            ("Ab1-xyz", Weakness::Short),
            (&"аб".repeat(65), Weakness::Long),
            ("zubrpushcha", Weakness::Plain),
            ("Zubrpushcha", Weakness::Plain),
            ("ЗубрПушча-77", Weakness::Plain),
            ("Password1!", Weakness::Common),
            ("P@ssw0rd2026", Weakness::Common),
            ("Qwerty123456!", Weakness::Common),
            ("passwordpassword", Weakness::Common),
            ("qwertyuiop[]asdf", Weakness::Common),
            ("Gfhjkm123!", Weakness::Common),
            ("парольпарольпароль", Weakness::Common),
            ("Belarus2026!", Weakness::Common),
            ("minskminskminsk", Weakness::Common),
            ("йцукенгшщзхъйцу", Weakness::Common),
            ("aaaaaaaaaaaaaaaa", Weakness::Common),
            ("123456789012345678", Weakness::Common),
            ("password-qwerty-2026", Weakness::Common),
            ("xx-Anna.Kavalenka-7", Weakness::Personal),
            ("мая Каваленка 1975", Weakness::Personal),
        ] {
            assert_eq!(judged(weak), Some(why), "{weak}");
        }
    }

    #[test]
    fn the_list_is_in_lower_case_and_long_enough() {
        assert!(BLOCKED.len() >= 300, "{}", BLOCKED.len());
        assert!(BLOCKED.iter().all(|word| word.to_lowercase() == **word));
    }
}

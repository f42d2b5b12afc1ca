//! Named SQL texts; each lives in the crate that owns the table.

/// A named SQL text, the same for both engines, with parameters `$1`, `$2`, …
#[derive(Debug)]
pub struct Statement {
    /// Its constant's name, for errors and measurements.
    pub name: &'static str,
    /// The text.
    pub sql: &'static str,
    /// Its parameters first appear in the order of their numbers, so that SQLite, which numbers by first appearance,
    /// gives each the number it bears.
    pub(crate) in_order: bool,
}

impl Statement {
    /// A statement of this text.
    pub const fn new(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, in_order: in_order(sql.as_bytes()) }
    }
}

/// Whether `$n` appears for the first time only after `$1` to `$n-1` have.
const fn in_order(sql: &[u8]) -> bool {
    let mut rest = sql;
    let mut highest = 0;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'$' {
            continue;
        }
        let mut number = 0;
        while let [digit @ b'0'..=b'9', tail @ ..] = rest {
            number = number * 10 + (*digit - b'0') as u32;
            rest = tail;
        }
        if number > highest + 1 {
            return false;
        }
        if number > highest {
            highest = number;
        }
    }
    true
}

/// Declares statements as constants and lists them all in `STATEMENTS`.
///
/// ```
/// store::statements! {
///     /// One person by number.
///     PERSON_BY_NUMBER = "SELECT body FROM person WHERE number = $1";
/// }
/// assert_eq!(STATEMENTS.len(), 1);
/// ```
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub const $name: $crate::Statement = $crate::Statement::new(stringify!($name), $sql);)*
        /// All statements of this module.
        pub const STATEMENTS: &[&$crate::Statement] = &[$(&$name),*];
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_parameters_is_seen() {
        for (sql, expected) in [
            ("SELECT 1", true),
            ("a = $1 AND b = $2 AND c = $1", true),
            ("a = $2 AND b = $1", false),
            ("$1 $2 $3 $4 $5 $6 $7 $8 $9 $10 $11", true),
            ("$1 $3", false),
        ] {
            assert_eq!(Statement::new("X", sql).in_order, expected, "{sql}");
        }
    }
}

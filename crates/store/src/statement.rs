//! Named SQL texts; each lives in the crate that owns the table.

/// A named SQL text, the same for both engines, with parameters `$1`, `$2`, …
#[derive(Debug)]
pub struct Statement {
    /// Its constant's name, for errors and measurements.
    pub name: &'static str,
    /// The text.
    pub sql: &'static str,
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
        $($(#[$doc])* pub const $name: $crate::Statement = $crate::Statement { name: stringify!($name), sql: $sql };)*
        /// All statements of this module.
        pub const STATEMENTS: &[&$crate::Statement] = &[$(&$name),*];
    };
}

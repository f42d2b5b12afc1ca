//! Why pages cannot be loaded.

use model::{Kind, Lang};

/// Why the pages cannot be shown to anybody. The message names what to change, for whoever writes pages.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A text file is no TOML, or holds something that is not a text.
    #[error("texts in {}: {reason}", lang.code())]
    Texts {
        /// The language of the file.
        lang: Lang,
        /// What is wrong with it.
        reason: String,
    },
    /// A text is missing in one language.
    #[error("text `{key}` is missing in {}", lang.code())]
    Missing {
        /// Its key.
        key: String,
        /// Where it is missing.
        lang: Lang,
    },
    /// A text is given twice.
    #[error("text `{key}` is given twice in {}", lang.code())]
    Twice {
        /// Its key.
        key: String,
        /// The language.
        lang: Lang,
    },
    /// A text has other placeholders than in English.
    #[error("text `{key}` in {} has the placeholders {found}, in English {expected}", lang.code())]
    Placeholders {
        /// Its key.
        key: String,
        /// The language.
        lang: Lang,
        /// What it has.
        found: String,
        /// What English has.
        expected: String,
    },
    /// A plural lacks a form that its language has.
    #[error("text `{key}` in {} lacks the plural form `{form}`", lang.code())]
    Form {
        /// Its key.
        key: String,
        /// The language.
        lang: Lang,
        /// The form.
        form: &'static str,
    },
    /// Two crates have a template of the same name.
    #[error("template `{0}` is given twice")]
    TemplateTwice(&'static str),
    /// A template names a text or an asset that does not exist.
    #[error("template `{template}` names {what} `{name}`, which does not exist")]
    Unknown {
        /// The template.
        template: &'static str,
        /// `text` or `asset`.
        what: &'static str,
        /// What it names.
        name: String,
    },
    /// A template does not parse.
    #[error("template: {0}")]
    Template(#[from] minijinja::Error),
}

impl Error {
    /// Who is at fault: always whoever wrote the pages.
    pub fn kind(&self) -> Kind {
        Kind::Internal
    }
}

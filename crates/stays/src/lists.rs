//! Code lists of the service: what may be chosen in the form.

use jiff::civil::Date;
use model::classifier::Classifier;
use model::{Error, Lang};

macro_rules! lists {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A list, by its file's name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum List {
            $($(#[$doc])* $variant,)*
        }

        impl List {
            /// All lists.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The file's name without ending.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("../../../services/200.12.14.1/classifiers/", $name, ".toml")),)*
                }
            }
        }
    };
}

lists! {
    /// Who applies.
    Applicants = "applicants",
    /// Identity documents.
    DocumentTypes = "document-types",
    /// Who takes the guest in.
    HostKinds = "host-kinds",
    /// Districts of the city of Minsk.
    MinskDistricts = "minsk-districts",
    /// Purposes of entry.
    Purposes = "purposes",
    /// Regions and the city of Minsk.
    Regions = "regions",
    /// With a visa or without.
    Regimes = "regimes",
    /// How the person came.
    Routes = "routes",
    /// Sex.
    Sexes = "sexes",
    /// Grounds of stay without a visa.
    Grounds = "visa-free-grounds",
    /// How often a visa lets in.
    Multiplicities = "visa-multiplicity",
    /// Types of visas.
    VisaTypes = "visa-types",
}

/// The lists with their names in three languages.
#[derive(Clone, Debug)]
pub struct Lists(Vec<Classifier>);

impl Lists {
    /// The lists of the service's folder.
    pub fn built_in() -> Result<Self, Error> {
        let read = |list: &List| Classifier::parse(&format!("classifiers/{}.toml", list.name()), list.text());
        List::ALL.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the code may be chosen on this day.
    pub fn has(&self, list: List, code: &str, day: Date) -> bool {
        self.find(list.name()).is_some_and(|known| known.item_at(code, day).is_some())
    }

    /// The name of a code; the code itself when there is none.
    pub fn name(&self, list: &str, code: &str, lang: Lang, day: Date) -> String {
        let item = self.find(list).and_then(|known| known.item_at(code, day));
        item.map_or(code, |item| item.name(lang)).to_owned()
    }

    fn find(&self, name: &str) -> Option<&Classifier> {
        self.0.iter().find(|list| list.kind == name)
    }
}

//! How a person wants pages to look: kept in a cookie for a year, applied as classes of the page.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, header};
use axum::routing::post;
use axum::{Router, middleware};
use minijinja::{Value, context};
use model::Lang;

use super::{Form, Pages, View, guard, respond, set_cookie, view};

pub(super) const COOKIE: &str = "nais_view";
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A choice that has a name in forms, cookies and classes.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name {
            #[default]
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// All choices, the usual one first.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in forms and classes.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            fn parse(code: &str) -> Self {
                Self::ALL.iter().copied().find(|choice| choice.code() == code).unwrap_or_default()
            }
        }
    };
}

choice! {
    /// How large letters are.
    Size {
        /// As the design has it.
        Normal = "normal",
        /// A quarter larger.
        Larger = "larger",
        /// Half as large again.
        Largest = "largest",
    }
}
choice! {
    /// How far letters, words and lines are apart.
    Spacing {
        /// As the design has it.
        Normal = "normal",
        /// As WCAG 2.2, 1.4.12 has it.
        Wide = "wide",
    }
}
choice! {
    /// Of what colours the page is.
    Colours {
        /// As the design has it.
        Normal = "normal",
        /// Black on white, no shades.
        BlackOnWhite = "black-on-white",
        /// White on black.
        WhiteOnBlack = "white-on-black",
        /// Yellow on black.
        YellowOnBlack = "yellow-on-black",
    }
}

/// How a person wants pages to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// How large letters are.
    pub size: Size,
    /// How far they are apart.
    pub spacing: Spacing,
    /// Of what colours the page is.
    pub colours: Colours,
}

impl Settings {
    /// What the cookie says; what it does not say is as usual.
    pub(super) fn parse(cookie: &str) -> Self {
        let mut parts = cookie.split('.');
        let mut next = || parts.next().unwrap_or("");
        Self { size: Size::parse(next()), spacing: Spacing::parse(next()), colours: Colours::parse(next()) }
    }

    fn cookie(self) -> String {
        format!("{}.{}.{}", self.size.code(), self.spacing.code(), self.colours.code())
    }

    /// The classes of the page's root element, each after a space.
    fn classes(self) -> String {
        let chosen = [("size", self.size.code()), ("spacing", self.spacing.code()), ("colours", self.colours.code())];
        let chosen = chosen.into_iter().filter(|(_, code)| *code != "normal");
        chosen.map(|(what, code)| format!(" nais-{what}-{code}")).collect()
    }

    pub(super) fn values(self) -> Value {
        context! {
            size => self.size.code(),
            spacing => self.spacing.code(),
            colours => self.colours.code(),
            classes => self.classes(),
        }
    }
}

/// `POST /{lang}/view`: keeps the choice and goes back to where it was made.
pub(super) fn router(pages: &Pages) -> Router {
    let choose = || post(choose);
    let router =
        Lang::ALL.iter().fold(Router::new(), |router, lang| router.route(&view::url(*lang, "/view"), choose()));
    router.layer(middleware::from_fn_with_state(pages.clone(), guard::same_origin)).with_state(())
}

async fn choose(State(()): State<()>, view: View, form: Form) -> Response<Body> {
    let chosen = Settings {
        size: Size::parse(form.get("size")),
        spacing: Spacing::parse(form.get("spacing")),
        colours: Colours::parse(form.get("colours")),
    };
    let back = view.url("/");
    let mut response = respond::see_other(respond::local(form.get("back")).unwrap_or(&back));
    let kept: HeaderValue = set_cookie(COOKIE, &chosen.cookie(), Some(YEAR), false, "/");
    response.headers_mut().insert(header::SET_COOKIE, kept);
    response
}

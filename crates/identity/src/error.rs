//! What can go wrong with the identity provider.

use axum::body::Body;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Response, StatusCode};
use model::{Kind, Refusal};
use web::pages::{Pages, View};

/// Why the identity provider could not be set up, or an operator's order could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is wrong; the message names it.
    #[error("identity.{0}")]
    Config(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A message.
    #[error(transparent)]
    Mail(#[from] mail::Error),
    /// A key could not be made or read.
    #[error("a signing key could not be made or read")]
    Key,
    /// The password is not good enough.
    #[error("the password does not follow the rule: {0}")]
    Password(&'static str),
    /// Too many passwords are being hashed.
    #[error("too much work is waiting; try again")]
    Busy,
    /// There is an account with this identification number or address already.
    #[error("an account with this identification number or e-mail address exists already")]
    Exists,
}

impl Error {
    /// Who is at fault.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Password(_) => Kind::Malformed,
            Self::Exists => Kind::Conflict,
            Self::Busy => Kind::Unavailable,
            _ => Kind::Internal,
        }
    }
}

/// Why a page could not be shown as asked.
#[derive(Debug)]
pub(crate) enum Fail {
    /// Something of ours.
    Ours(Error),
    /// What was asked for is over: a link, a step.
    Gone,
    /// There is nothing here.
    Missing,
}

pub(crate) type Page = Result<Response<Body>, Fail>;

impl<E: Into<Error>> From<E> for Fail {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

impl Fail {
    /// The error page; what went wrong is logged here and nowhere else.
    pub(crate) fn page(self, pages: &Pages, view: &View) -> Response<Body> {
        let (status, name, wait) = match self {
            Self::Gone => (StatusCode::GONE, "gone", None),
            Self::Missing => (StatusCode::NOT_FOUND, "not-found", None),
            Self::Ours(Error::Busy) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", Some(2_u32)),
            Self::Ours(Error::Store(error)) => match error.refusal() {
                Refusal { kind: Kind::Unavailable, retry_after, .. } => {
                    (StatusCode::SERVICE_UNAVAILABLE, "unavailable", retry_after)
                }
                refusal => {
                    tracing::error!(request_id = %view.request_id, code = refusal.code, "identity: storage");
                    (StatusCode::INTERNAL_SERVER_ERROR, "failed", None)
                }
            },
            Self::Ours(error) => {
                tracing::error!(request_id = %view.request_id, %error, "identity");
                (StatusCode::INTERNAL_SERVER_ERROR, "failed", None)
            }
        };
        let mut response = pages.error(view, status, name);
        if let Some(seconds) = wait {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

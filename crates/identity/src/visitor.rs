//! Whoever asks for a page: the browser's cookies, its network address shortened, its name.

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response};
use web::Peer;
use web::pages::{cookie, set_cookie};

use crate::account::{self, Account};
use crate::secret::hash;
use crate::session::{self, Session};
use crate::{Error, Identity};

/// Cookie of the session.
const SESSION: &str = "nais_id";
/// Cookie of the browser that signs up or asks for a new password.
const BROWSER: &str = "nais_id_mail";
/// Cookie of the step between password and second factor.
const STEP: &str = "nais_id_step";

/// Which cookie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cookie {
    Session,
    Browser,
    Step,
}

impl Cookie {
    const fn name(self) -> &'static str {
        match self {
            Self::Session => SESSION,
            Self::Browser => BROWSER,
            Self::Step => STEP,
        }
    }

    const fn age(self) -> Option<Duration> {
        match self {
            Self::Session | Self::Step => None,
            Self::Browser => Some(Duration::from_secs(24 * 3600)),
        }
    }
}

/// Who asks.
pub(crate) struct Visitor {
    headers: HeaderMap,
    /// The network, not the computer: what is written down.
    pub(crate) address: String,
    /// What tries are counted by: one IPv4 address, or one IPv6 network.
    pub(crate) origin: String,
    /// Browser and system by name.
    pub(crate) agent: String,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let ip = parts.extensions.get::<Peer>().map(|peer| peer.addr.ip().to_canonical());
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self {
            address: ip.map(|ip| network(ip, 24, 48)).unwrap_or_default(),
            origin: ip.map(|ip| network(ip, 32, 64)).unwrap_or_default(),
            agent: named(agent),
            headers: parts.headers.clone(),
        })
    }
}

impl Visitor {
    /// The digest of a cookie, if there is one.
    pub(crate) fn cookie(&self, core: &Identity, which: Cookie) -> Option<[u8; 32]> {
        cookie(&self.headers, &full_name(core, which)).filter(|value| !value.is_empty()).map(hash)
    }

    /// The session and its account, if this browser is signed in.
    pub(crate) async fn session(&self, core: &Identity) -> Result<Option<(Session, Account)>, Error> {
        let Some(hash) = self.cookie(core, Cookie::Session) else {
            return Ok(None);
        };
        let (now, vault) = (core.clock.micros(), core.vault.clone());
        let found = core.db.read(move |tx| {
            let Some(session) = session::find(tx, &hash, now)? else {
                return Ok(None);
            };
            let account = account::by_id(tx, &vault, session.account)?;
            Ok(account.map(|account| (session, account)))
        });
        let found = found.await?;
        if found.as_ref().is_some_and(|(session, _)| session.is_stale(now)) {
            core.db.write(move |tx| session::seen(tx, &hash, now)).await?;
        }
        Ok(found)
    }
}

/// With `Secure` a cookie is bound to this host by its name.
fn full_name(core: &Identity, which: Cookie) -> String {
    if core.config.secure_cookies { format!("__Host-{}", which.name()) } else { which.name().to_owned() }
}

/// The browser keeps the cookie from now on.
pub(crate) fn set<B>(core: &Identity, response: &mut Response<B>, which: Cookie, value: &str) {
    let field = set_cookie(&full_name(core, which), value, which.age(), core.config.secure_cookies, "/");
    response.headers_mut().append(SET_COOKIE, field);
}

/// The browser forgets the cookie.
pub(crate) fn clear<B>(core: &Identity, response: &mut Response<B>, which: Cookie) {
    let field = set_cookie(&full_name(core, which), "", Some(Duration::ZERO), core.config.secure_cookies, "/");
    response.headers_mut().append(SET_COOKIE, field);
}

/// The network of an address: so many leading bits.
fn network(ip: IpAddr, v4: u32, v6: u32) -> String {
    match ip {
        IpAddr::V4(ip) => {
            let kept = ip.to_bits() & u32::MAX.checked_shl(32 - v4).unwrap_or(0);
            format!("{}/{v4}", std::net::Ipv4Addr::from_bits(kept))
        }
        IpAddr::V6(ip) => {
            let kept = ip.to_bits() & u128::MAX.checked_shl(128 - v6).unwrap_or(0);
            format!("{}/{v6}", std::net::Ipv6Addr::from_bits(kept))
        }
    }
}

/// Browser and system by the names their makers give them; empty when neither is known.
fn named(agent: &str) -> String {
    let first =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let browser = first(&[
        ("YaBrowser", "Yandex Browser"),
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = first(&[
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Macintosh", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    [browser, system].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shortened() {
        let short = |text: &str| network(text.parse().unwrap(), 24, 48);
        assert_eq!(short("192.0.2.77"), "192.0.2.0/24");
        assert_eq!(short("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
        assert_eq!(network("192.0.2.77".parse().unwrap(), 32, 64), "192.0.2.77/32");
    }

    #[test]
    fn browsers_are_named_by_the_most_telling_mark() {
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(named(edge), "Edge, Windows");
        assert_eq!(named("Mozilla/5.0 (iPhone; CPU) AppleWebKit Version/18 Mobile Safari/604"), "Safari, iPhone");
        assert_eq!(named("<script>"), "");
    }
}

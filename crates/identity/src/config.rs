//! Settings of the identity provider and its clients.

use std::collections::HashSet;

use jsonwebtoken::jwk::JwkSet;
use model::Title;
use reqwest::Url;
use serde::Deserialize;

use crate::{Error, secret};

/// Settings of the identity provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where people reach it, without a slash at the end: links in messages and the issuer `{base_url}/oidc` come from
    /// here, never from a request's `Host`.
    pub base_url: String,
    /// Who may ask for sign-in.
    #[serde(default)]
    pub clients: Vec<Client>,
    /// The stand: `/stand/mail` shows the messages when they are kept.
    #[serde(default)]
    pub stand: bool,
    /// Cookies are `Secure` and bear `__Host-`; off only where there is no TLS.
    #[serde(default = "yes")]
    pub secure_cookies: bool,
    /// What a password costs to check.
    #[serde(default)]
    pub hashing: Hashing,
    /// The relying party's identifier of passkeys: the host of `base_url`, which is the default, or a domain that it
    /// belongs to. Passkeys hold for this name: whoever changes it makes them all useless.
    #[serde(default)]
    pub rp_id: Option<String>,
}

fn yes() -> bool {
    true
}

/// Cost of argon2id; one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hashing {
    /// KiB of memory.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2 }
    }
}

/// A system that signs people in here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// What people read on the consent page.
    pub name: Title,
    /// Where codes may be sent; compared character by character.
    pub redirect_uris: Vec<String>,
    /// Where people may be sent after signing out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it hears that a person signed out (OpenID Connect Back-Channel Logout).
    #[serde(default)]
    pub backchannel_logout_uri: Option<String>,
    /// How it proves who it is.
    pub auth: ClientAuth,
    /// Part of NAIS: people are not asked whether it may know them.
    #[serde(default)]
    pub first_party: bool,
}

/// How a client proves who it is at the token endpoint.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuth {
    /// Not at all: a public client, which PKCE protects.
    None,
    /// `client_secret_basic`; this is [`ClientAuth::digest`] of the secret.
    Secret(String),
    /// `private_key_jwt`; its public keys.
    Keys(JwkSet),
}

impl ClientAuth {
    /// What the configuration holds of a client's secret (at least 128 random bits): base64url of its SHA-256.
    pub fn digest(secret: &str) -> String {
        secret::base64url(&secret::hash(secret))
    }
}

impl Config {
    /// The issuer of tokens.
    pub fn issuer(&self) -> String {
        format!("{}/oidc", self.base_url)
    }

    /// The relying party's identifier of passkeys.
    pub(crate) fn rp_id(&self) -> &str {
        let host = || {
            let rest = self.base_url.split_once("://").map_or(self.base_url.as_str(), |(_, rest)| rest);
            // A port comes last; an address in brackets has colons of its own.
            rest.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(rest, |(host, _)| host)
        };
        self.rp_id.as_deref().unwrap_or_else(host)
    }

    /// The first thing that is wrong, if any.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::Config(what));
        let base = web_address(&self.base_url);
        if !base.as_ref().is_some_and(|url| url.path() == "/" && url.query().is_none() && !self.base_url.ends_with('/'))
        {
            return wrong(
                "base_url: expected https://HOST without a path or slash (http on this computer only)".into(),
            );
        }
        let host = base.as_ref().and_then(Url::host_str).unwrap_or_default();
        if !belongs(host, self.rp_id()) {
            return wrong(format!("rp_id: expected `{host}`, or a domain of at least two labels that it belongs to"));
        }
        let mut seen = HashSet::new();
        for client in &self.clients {
            let id = &client.id;
            if id.is_empty() || id.len() > 60 || !id.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c)) {
                return wrong(format!("clients: `{id}`: letters, digits, `-`, `_` and `.`, at most 60"));
            }
            if !seen.insert(id) {
                return wrong(format!("clients: `{id}` stands twice"));
            }
            if client.redirect_uris.is_empty() {
                return wrong(format!("clients.{id}: redirect_uris is empty"));
            }
            let uris = client.redirect_uris.iter().chain(&client.post_logout_redirect_uris);
            if let Some(uri) = uris.chain(&client.backchannel_logout_uri).find(|uri| web_address(uri).is_none()) {
                return wrong(format!(
                    "clients.{id}: `{uri}`: expected https (http on this computer only), no fragment"
                ));
            }
            match &client.auth {
                ClientAuth::Secret(digest) if secret::from_base64url(digest).is_none_or(|bytes| bytes.len() != 32) => {
                    return wrong(format!("clients.{id}: auth.secret: expected base64url of a SHA-256"));
                }
                ClientAuth::Keys(keys) if keys.keys.is_empty() => {
                    return wrong(format!("clients.{id}: auth.keys has no key"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Client {
    /// Whether codes may be sent there: the very same characters (RFC 9700 §2.1).
    pub(crate) fn redirects_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|known| known == uri)
    }
}

/// The host is this domain, or below it; nobody registers below a domain of one label.
fn belongs(host: &str, domain: &str) -> bool {
    let below = host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')) && domain.contains('.');
    !domain.is_empty() && (host == domain || below)
}

/// An absolute https URL without fragment and user; http is for this computer only.
fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let tame = url.fragment().is_none() && url.username().is_empty() && url.password().is_none() && url.has_host();
    let secure = url.scheme() == "https" || (url.scheme() == "http" && local);
    (secure && tame && !text.contains(|c: char| c.is_control() || c.is_whitespace())).then_some(url)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "base_url = 'https://nais.example.by'
        [[clients]]
        id = 'portal'
        name = { en = 'Portal', be = 'Партал', ru = 'Портал' }
        redirect_uris = ['https://nais.example.by/signed-in']
        auth = 'none'
        first_party = true";

    fn read(text: &str) -> Result<Config, String> {
        let config: Config = toml::from_str(text).map_err(|error| error.to_string())?;
        config.check().map(|()| config).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let config = read(TEXT).unwrap();
        assert_eq!(config.issuer(), "https://nais.example.by/oidc");
        assert!(config.secure_cookies && config.clients[0].first_party);
        for (from, to) in [
            ("https://nais.example.by'", "https://nais.example.by/'"),
            ("https://nais.example.by'", "http://nais.example.by'"),
            ("https://nais.example.by/signed-in", "https://nais.example.by/signed-in#x"),
            ("https://nais.example.by/signed-in", "/signed-in"),
            ("https://nais.example.by/signed-in", "https://a:b@nais.example.by/"),
            ("'portal'", "'por tal'"),
            ("auth = 'none'", "auth = { secret = 'short' }"),
            ("auth = 'none'", "auth = { keys = { keys = [] } }"),
            ("first_party", "first"),
            ("[[clients]]", "rp_id = 'other.by'\n[[clients]]"),
            ("[[clients]]", "rp_id = 'by'\n[[clients]]"),
            ("[[clients]]", "rp_id = 'ple.by'\n[[clients]]"),
            ("[[clients]]", "rp_id = ''\n[[clients]]"),
        ] {
            assert!(read(&TEXT.replace(from, to)).is_err(), "{to}");
        }
        assert_eq!(config.rp_id(), "nais.example.by");
        let wider = read(&TEXT.replacen("[[clients]]", "rp_id = 'example.by'\n[[clients]]", 1)).unwrap();
        assert_eq!(wider.rp_id(), "example.by");
        let port = read(&TEXT.replacen("https://nais.example.by'", "http://localhost:8080'", 1)).unwrap();
        assert_eq!(port.rp_id(), "localhost");
        let secret = ClientAuth::digest("secret");
        assert!(read(&TEXT.replace("auth = 'none'", &format!("auth = {{ secret = '{secret}' }}"))).is_ok());
    }

    proptest! {
        #[test]
        fn only_the_very_same_address_is_redirected_to(tail in "\\PC{1,12}|[/?#&.@:\\\\%a-z0-9]{1,8}", cut in 1_usize..10) {
            let client = read(TEXT).unwrap().clients.remove(0);
            let known = client.redirect_uris[0].clone();
            prop_assert!(client.redirects_to(&known));
            let appended = format!("{known}{tail}");
            let cut = &known[..known.len() - cut];
            let upper = known.to_uppercase();
            prop_assert!(!client.redirects_to(&appended) && !client.redirects_to(cut) && !client.redirects_to(&upper));
        }
    }
}

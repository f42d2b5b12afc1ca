//! A service's passport: `passport.toml`, read strictly; everything that law or the owner can change about a service.
//!
//! ```toml
//! code = "3.88.01"
//! context = "mvd-38801/v1"            # absent: portal only
//! category = "state-border"           # of the portal's catalogue
//! owner = "mvd"
//! provider = "embedded:foreigners"    # or a table [upstream] url, timeout_ms, attempts
//! modes = ["system"]                  # weak strong strong-id-card system system-state-bodies intermediary
//! recipients = ["interior", "ticket-operator"]
//! ground = "Decree 107 of 12.03.2025"
//! consent = "none"                    # none written electronic self
//! eds = "optional"                    # none optional required
//! roles = []                          # roles a person who asks must have
//! login = false                       # the owner wants a login of its own: Reg-auth-username, Reg-auth-password
//!
//! [term]
//! kind = "real-time"                  # real-time working-days calendar-days
//! days = 0                            # with the latter two
//!
//! [tariff]
//! kind = "paid"                       # free paid
//! price = "1.20"                      # of one request, with kind = "paid"
//! currency = "BYN"
//! exemptions = [{ category = "state-body", act = "Tax Code art. 85(7-1)" }]
//!
//! [[methods]]
//! path = "crossings/submit"
//! verb = "POST"                       # POST by default
//! schema = "crossings"                # methods/crossings.schema.json; absent: no body
//! query = ["mode"]                    # names of query parameters that are known
//! effect = true                       # changes something; false by default
//! idempotent = true                   # may be repeated towards the provider; false by default
//! max_body = 10485760                 # bytes; 65536 by default
//! fields = ["*"]                      # members of the answer that may be granted; all by default
//! content_types = ["application/json"]
//! ```

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::fields::Fields;
pub use crate::service::Service;
pub use crate::terms::{
    Category, ConsentClass, EdsRule, Exemption, Mode, ProviderKind, ServiceCode, Tariff, Term, Upstream, Verb,
};

/// One method of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// Below the context: `crossings/submit`.
    pub path: String,
    /// By which it is asked.
    #[serde(default)]
    pub verb: Verb,
    /// Name of its file in `methods/`, without `.schema.json`.
    pub schema: Option<String>,
    /// Names of the query parameters it knows.
    #[serde(default)]
    pub query: Vec<String>,
    /// Whether it changes something.
    #[serde(default)]
    pub effect: bool,
    /// Whether it may be repeated towards the provider.
    #[serde(default)]
    pub idempotent: bool,
    /// Bytes a request may have.
    #[serde(default = "default_max_body")]
    pub max_body: usize,
    /// Members of the answer that may be granted.
    #[serde(default = "all_fields")]
    pub fields: Vec<String>,
    /// Media types of the request.
    #[serde(default = "json_only")]
    pub content_types: Vec<String>,
}

impl Method {
    /// The members that may be granted, as a tree.
    pub fn permitted(&self) -> Fields {
        Fields::new(&self.fields)
    }
}

/// A service's passport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passport {
    /// Its code.
    pub code: ServiceCode,
    /// `mvd-38801/v1`; none for services of the portal only.
    pub context: Option<String>,
    /// Under which it is listed in the portal's catalogue.
    pub category: Option<String>,
    /// Owner of the information.
    pub owner: String,
    /// Who answers.
    pub provider: ProviderKind,
    /// How it may be asked.
    pub modes: Vec<Mode>,
    /// Who may ask.
    pub recipients: Vec<Category>,
    /// The legal act that lets data be furnished.
    pub ground: String,
    /// Whose consent is needed.
    pub consent: ConsentClass,
    /// Whether the request must bear an EDS.
    pub eds: EdsRule,
    /// Roles a person who asks must have; none: any.
    pub roles: Vec<String>,
    /// Whether a request bears the treaty's login with the owner.
    pub login: bool,
    /// In what time an answer comes.
    pub term: Term,
    /// What it costs.
    pub tariff: Tariff,
    /// Its methods.
    pub methods: Vec<Method>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    code: ServiceCode,
    context: Option<String>,
    category: Option<String>,
    owner: String,
    provider: Option<String>,
    upstream: Option<Upstream>,
    modes: Vec<Mode>,
    recipients: Vec<Category>,
    ground: String,
    consent: ConsentClass,
    eds: EdsRule,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    login: bool,
    term: Term,
    tariff: Tariff,
    #[serde(default)]
    methods: Vec<Method>,
}

fn default_max_body() -> usize {
    65_536
}

fn all_fields() -> Vec<String> {
    vec!["*".to_owned()]
}

fn json_only() -> Vec<String> {
    vec!["application/json".to_owned()]
}

impl Passport {
    /// The passport of `passport.toml`; an error names the key and what was expected.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let written: Written = crate::file::toml("passport.toml", text)?;
        let provider = written.provider()?;
        let passport = Self {
            code: written.code,
            context: written.context,
            category: written.category,
            owner: written.owner,
            provider,
            modes: written.modes,
            recipients: written.recipients,
            ground: written.ground,
            consent: written.consent,
            eds: written.eds,
            roles: written.roles,
            login: written.login,
            term: written.term,
            tariff: written.tariff,
            methods: written.methods,
        };
        passport.check()?;
        Ok(passport)
    }

    /// The method at this path and verb.
    pub fn method(&self, verb: Verb, path: &str) -> Option<&Method> {
        self.methods.iter().find(|method| method.verb == verb && method.path == path)
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |key: &str, expected: &str| Err(Error::file("passport.toml", key, expected));
        let segment =
            |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let version = |s: &str| s.strip_prefix('v').is_some_and(|n| n.parse::<u16>().is_ok());
        if let Some(context) = &self.context
            && !context.split_once('/').is_some_and(|(name, v)| segment(name) && version(v))
        {
            return wrong("context", "a name and a version, such as mvd-38801/v1");
        }
        if self.modes.is_empty() {
            return wrong("modes", "at least one access mode");
        }
        if self.ground.trim().is_empty() {
            return wrong("ground", "the legal act");
        }
        if self.context.is_none() && self.modes.iter().any(|mode| mode.is_system()) {
            return wrong("context", "a context, because modes name a system mode");
        }
        for (index, method) in self.methods.iter().enumerate() {
            let key = |name: &str| format!("methods.{index}.{name}");
            if !method.path.split('/').all(segment) {
                return wrong(&key("path"), "lower-case words with slashes, such as crossings/submit");
            }
            if self.methods.iter().take(index).any(|other| other.path == method.path && other.verb == method.verb) {
                return wrong(&key("path"), "each path and verb once only");
            }
            if method.schema.as_deref().is_some_and(|name| !segment(name)) {
                return wrong(&key("schema"), "the name of a file in methods/ without .schema.json");
            }
            if method.verb == Verb::Get && method.effect {
                return wrong(&key("effect"), "false: GET changes nothing");
            }
            // What a system outside has done no refusal of ours undoes, and a consent is decided on last.
            if method.effect && self.consent.is_sent() && matches!(self.provider, ProviderKind::Upstream(_)) {
                return wrong(&key("effect"), "false: under a person's consent an outside system only furnishes data");
            }
            if !(1..=10_485_760).contains(&method.max_body) {
                return wrong(&key("max_body"), "1 to 10485760 bytes");
            }
            if method.content_types.is_empty() {
                return wrong(&key("content_types"), "at least one media type");
            }
        }
        Ok(())
    }
}

impl Written {
    fn provider(&self) -> Result<ProviderKind, Error> {
        let wrong = |key: &str, expected: &str| Err(Error::file("passport.toml", key, expected));
        match (&self.provider, &self.upstream) {
            (Some(name), None) => match name.strip_prefix("embedded:") {
                Some(name) if !name.is_empty() => Ok(ProviderKind::Embedded(name.to_owned())),
                _ => wrong("provider", "embedded:NAME, or the table [upstream] instead"),
            },
            (None, Some(upstream)) => {
                if !upstream.url.starts_with("https://") && !upstream.url.starts_with("http://127.0.0.1") {
                    return wrong("upstream.url", "an address that begins with https://");
                }
                if !(1..=60_000).contains(&upstream.timeout_ms) {
                    return wrong("upstream.timeout_ms", "1 to 60000 milliseconds");
                }
                if !(1..=5).contains(&upstream.attempts) {
                    return wrong("upstream.attempts", "1 to 5");
                }
                Ok(ProviderKind::Upstream(upstream.clone()))
            }
            _ => wrong("provider", "either provider = \"embedded:NAME\" or the table [upstream]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"
code = "3.88.01"
context = "mvd-38801/v1"
owner = "mvd"
provider = "embedded:foreigners"
modes = ["system"]
recipients = ["interior", "ticket-operator"]
ground = "Decree 107 of 12.03.2025"
consent = "none"
eds = "optional"
[term]
kind = "real-time"
[tariff]
kind = "paid"
price = "1.20"
exemptions = [{ category = "state-body", act = "Tax Code art. 85(7-1)" }]
[[methods]]
path = "crossings/submit"
schema = "crossings"
effect = true
"#;

    fn wrong(from: &str, to: &str) -> String {
        assert!(SAMPLE.contains(from), "{from}");
        Passport::parse(&SAMPLE.replace(from, to)).unwrap_err().to_string()
    }

    #[test]
    fn a_passport_is_read() {
        let passport = Passport::parse(SAMPLE).unwrap();
        let method = passport.method(Verb::Post, "crossings/submit").unwrap();
        assert_eq!((method.max_body, method.permitted().is_all()), (65_536, true));
        assert_eq!(passport.method(Verb::Get, "crossings/submit"), None);
        assert_eq!(passport.provider, ProviderKind::Embedded("foreigners".to_owned()));
        assert!(matches!(passport.tariff, Tariff::Paid { price: Some(price), .. } if price.cents() == 120));
    }

    #[test]
    fn an_upstream_replaces_the_register() {
        let text = SAMPLE
            .replace("provider = \"embedded:foreigners\"\n", "")
            .replace("[term]", "[upstream]\nurl = \"https://owner.example/api\"\n[term]");
        let ProviderKind::Upstream(upstream) = Passport::parse(&text).unwrap().provider else { panic!("upstream") };
        assert_eq!((upstream.timeout_ms, upstream.attempts), (5_000, 3));
        let consented = text.replace("consent = \"none\"", "consent = \"electronic\"");
        assert!(Passport::parse(&consented).unwrap_err().to_string().contains("methods.0.effect"));
        let plain = text.replace("https://owner", "http://owner");
        assert!(Passport::parse(&plain).unwrap_err().to_string().contains("upstream.url"));
    }

    #[test]
    fn slips_are_named_by_key() {
        assert!(wrong("owner =", "onwer =").contains("onwer (line 4): unknown field"));
        assert!(wrong("[\"system\"]", "[\"systm\"]").contains("modes (line 6)"));
        assert!(wrong("[\"system\"]", "[]").contains("modes: at least one"));
        assert!(wrong("mvd-38801/v1", "mvd-38801").contains("context: a name and a version"));
        assert!(wrong("context = \"mvd-38801/v1\"\n", "").contains("context: a context"));
        assert!(wrong("embedded:foreigners", "foreigners").contains("provider: embedded:NAME"));
        assert!(wrong("crossings/submit", "Crossings/submit").contains("methods.0.path"));
        assert!(wrong("effect = true", "effect = true\nverb = \"GET\"").contains("methods.0.effect"));
        assert!(wrong("effect = true", "max_body = 0").contains("methods.0.max_body"));
        assert!(wrong("3.88.01", "3-88-01").contains("code (line 2)"));
        assert!(wrong("price = \"1.20\"", "price = \"1.2\"").contains("amount"));
    }

    #[test]
    fn codes_are_written_in_paths_with_a_hyphen() {
        let code = ServiceCode::parse("3.40.01-1").unwrap();
        assert_eq!((code.as_str(), code.path().as_str()), ("3.40.01/1", "3.40.01-1"));
        assert!(ServiceCode::parse("200.12.14.1").is_ok());
        for bad in ["3", "3.", "a.b", "3.88.01/", "../etc", "3.88.01/1/2"] {
            assert!(ServiceCode::parse(bad).is_err(), "{bad}");
        }
    }
}

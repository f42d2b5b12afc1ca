//! The stand's consumers: their folders, and what the operator grants them.

use std::path::{Path, PathBuf};

use eds::{Algorithm, Purpose};
use gateway::operator::{self, Desk, Term};
use jiff::SignedDuration;
use model::access::{Consumer, State, Subscription, Treaty};
use model::{Category, Mode, Title, Unp};
use registers::seed;

use super::pki::{Pki, consumer};
use crate::config::Config;
use crate::exit::Error;
use crate::files::{self, Readers};
use crate::node::Tools;

/// Certificates of every consumer, and those that are refused.
pub(crate) fn create(dir: &Path, pki: &mut Pki) -> Result<(), Error> {
    for one in seed::consumers() {
        let folder = folder(dir, one.id);
        files::folder(&folder)?;
        for (name, purpose) in [("tls", Purpose::TlsClient), ("sign", Purpose::Signature)] {
            let fill = |term| {
                let mut profile = consumer(one.ru, &one.unp, &[purpose], term);
                profile.job_title = (one.id == "notary-chamber").then(|| "notary".to_owned());
                profile
            };
            let pair = pki.pair(fill, Algorithm::EcdsaP256Sha256)?;
            let text = if name == "tls" { pair.chain } else { pair.certificate.to_pem() };
            files::create(&folder.join(format!("{name}.pem")), text.as_bytes(), Readers::All)?;
            files::create(&folder.join(format!("{name}.key")), pair.key.as_bytes(), Readers::Owner)?;
        }
    }
    let border = seed::consumers().into_iter().find(|one| one.id == "border-committee");
    let (name, unp) = border.map_or(("NAIS stand", String::new()), |one| (one.ru, one.unp));
    let purposes = [Purpose::TlsClient, Purpose::Signature];
    let pair = pki.pair(|term| consumer(name, &unp, &purposes, term), Algorithm::EcdsaP256Sha256)?;
    pki.revoke(&pair.certificate)?;
    files::create(&dir.join("negative/revoked.pem"), pair.chain.as_bytes(), Readers::All)?;
    files::create(&dir.join("negative/revoked.key"), pair.key.as_bytes(), Readers::Owner)
}

fn folder(dir: &Path, id: &str) -> PathBuf {
    dir.join("consumers").join(id)
}

/// Registers everybody, concludes their treaties, issues their tokens, and writes each `consumer.toml`.
pub(crate) async fn admit(dir: &Path, tools: &Tools, config: &Config) -> Result<(), Error> {
    let desk = Desk { db: tools.db.clone(), vault: tools.vault.clone(), now: tools.clock.now() };
    for (number, one) in (1..).zip(seed::consumers()) {
        let known = registered(&one)?;
        operator::register(&desk, &known).await?;
        let (may, login) = if one.system { treaties(&desk, tools, &one, number).await? } else { (Vec::new(), None) };
        let folder = folder(dir, one.id);
        let tls = files::certificate(&folder.join("tls.pem"), "")?;
        let sign = files::certificate(&folder.join("sign.pem"), "")?;
        operator::enrol(&desk, one.id, &sign).await?;
        let day = SignedDuration::from_hours(24);
        let term = Term { from: desk.now - day, to: desk.now + day * 3650 };
        let issued = operator::issue(&desk, one.id, &tls, term, one.quota_per_minute).await?;
        let text = description(&one, &config.gateway.listen, &issued.token, &may, login.as_ref());
        files::create(&folder.join("consumer.toml"), text.as_bytes(), Readers::Owner)?;
        if one.id == "border-committee" {
            let term = Term { from: desk.now - day * 2, to: desk.now - day };
            let expired = operator::issue(&desk, one.id, &tls, term, one.quota_per_minute).await?;
            files::create(&dir.join("negative/expired.token"), expired.token.as_bytes(), Readers::Owner)?;
        }
    }
    super::clerk::admit(dir, &desk).await
}

/// A consumer's folder beside another: these pairs of its files, and its `consumer.toml` with a change.
pub(super) fn like(from: &Path, to: &Path, pairs: &[&str], change: impl FnOnce(&mut toml::Table)) -> Result<(), Error> {
    files::folder(to)?;
    for name in pairs {
        for (ending, readers) in [("pem", Readers::All), ("key", Readers::Owner)] {
            let file = format!("{name}.{ending}");
            files::create(&to.join(&file), &files::bytes(&from.join(&file))?, readers)?;
        }
    }
    let mut told: toml::Table = files::toml(&from.join("consumer.toml"))?;
    change(&mut told);
    let text = toml::to_string_pretty(&told).map_err(Error::failed)?;
    files::create(&to.join("consumer.toml"), text.as_bytes(), Readers::Owner)
}

fn registered(one: &seed::Consumer) -> Result<Consumer, Error> {
    let categories: Result<Vec<Category>, _> = one.categories.iter().map(|name| Category::parse(name)).collect();
    Ok(Consumer {
        id: one.id.to_owned(),
        title: Title { en: one.en.to_owned(), be: one.be.to_owned(), ru: one.ru.to_owned() },
        unp: Unp::parse(&one.unp)?,
        source_code: one.source_code.to_owned(),
        categories: categories?,
    })
}

/// One treaty with each owner whose services this program offers; the codes of those services, and the login that an
/// owner wants.
async fn treaties(
    desk: &Desk,
    tools: &Tools,
    one: &seed::Consumer,
    number: u32,
) -> Result<(Vec<String>, Option<operator::Login>), Error> {
    let (mut may, mut login) = (Vec::new(), None);
    for service in &tools.services {
        let passport = &service.passport;
        if !one.services.contains(&passport.code.as_str()) {
            continue;
        }
        let treaty = Treaty {
            number: format!("NAIS-2026-{number:04}-{}", passport.owner),
            consumer: one.id.to_owned(),
            owner: passport.owner.clone(),
            valid_from: jiff::civil::date(2026, 1, 1),
            valid_to: None,
            identity_to: None,
            state: State::Active,
        };
        operator::conclude(desk, &treaty).await?;
        let subscription = Subscription {
            service: passport.code.clone(),
            methods: vec!["*".into()],
            mode: mode(one, &passport.modes),
            fields: vec!["*".into()],
            quota_per_minute: one.quota_per_minute,
            roles: Vec::new(),
        };
        operator::subscribe(desk, &treaty.number, &subscription).await?;
        if passport.login {
            login = Some(operator::login(desk, &treaty.number, one.id).await?);
        }
        may.push(passport.code.to_string());
    }
    Ok((may, login))
}

/// The portal asks for the people who sign in there; everybody else asks as a system.
fn mode(one: &seed::Consumer, open: &[Mode]) -> Mode {
    let for_people = one.categories.contains(&Category::PORTAL);
    open.iter().copied().find(|mode| mode.is_system() != for_people).unwrap_or(Mode::System)
}

fn description(
    one: &seed::Consumer,
    gateway: &str,
    token: &str,
    may: &[String],
    login: Option<&operator::Login>,
) -> String {
    format!(
        "# {}: a synthetic consumer of the stand.\nbase_url = \"https://{gateway}\"\ntoken = \"{token}\"\nunp = \"{}\"\n\
         source_code = \"{}\"\nservices = {may:?}\nquota_per_minute = {}\n{}",
        one.en,
        one.unp,
        one.source_code,
        one.quota_per_minute,
        login.map_or_else(String::new, |login| format!(
            "\n[register]\nusername = \"{}\"\npassword = \"{}\"\n",
            login.username, login.password
        )),
    )
}

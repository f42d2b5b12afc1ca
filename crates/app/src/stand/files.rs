//! The stand's folder: keys, configuration, services, people.

use std::path::Path;

use eds::{Algorithm, Purpose, SigningKey};
use include_dir::{Dir, include_dir};
use ledger::NoteKey;
use model::Clock;
use registers::seed;

use super::pki::{Pki, consumer};
use super::{Args, SEED, cards, clerk, consumers, refusals};
use crate::exit::Error;
use crate::files::{self, Readers};

/// The services of the seed, carried by the program.
static SERVICES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../services");

/// The log's name in every checkpoint of a stand.
const ORIGIN: &str = "stand.nais.example/log";
/// The witness's.
const WITNESS: &str = "stand.nais.example/witness";

/// Makes everything that a node needs before it can open its database.
pub(crate) fn create(dir: &Path, args: &Args) -> Result<(), Error> {
    for sub in ["keys", "pki", "consumers", "negative", "requests", "witness", "data", "services", "cards"] {
        files::folder(&dir.join(sub))?;
    }
    let secret = hex::encode(store::random::<32>());
    files::create(&dir.join("keys/portal.secret"), secret.as_bytes(), Readers::Owner)?;
    let text = config(args, &identity::ClientAuth::digest(&secret));
    files::create(&dir.join("nais.toml"), text.as_bytes(), Readers::All)?;
    keys(dir)?;
    let mut pki = Pki::new(Clock::system().now(), &args.portal)?;
    gateway_pairs(dir, &mut pki)?;
    consumers::create(dir, &mut pki)?;
    clerk::create(dir, &mut pki)?;
    cards::create(dir, &mut pki)?;
    refusals::create(dir, &mut pki)?;
    pki.write(dir)?;
    services(&SERVICES, &dir.join("services"))?;
    let people = serde_json::to_vec_pretty(&seed::people(SEED)).map_err(Error::failed)?;
    files::create(&dir.join("people.json"), &people, Readers::All)
}

/// Writes the configuration anew when the addresses changed; what else stands in the file is kept.
pub(crate) fn listen(dir: &Path, args: &Args) -> Result<(), Error> {
    let file = dir.join("nais.toml");
    let before: toml::Table = files::toml(&file)?;
    let mut table = before.clone();
    for (section, addr) in [("portal", &args.portal), ("gateway", &args.gateway), ("operations", &args.operations)] {
        if let Some(section) = table.get_mut(section).and_then(toml::Value::as_table_mut) {
            section.insert("listen".into(), toml::Value::String(addr.to_owned()));
        }
    }
    if table == before {
        return Ok(()); // the file keeps its comments
    }
    let mut text = toml::to_string_pretty(&table).map_err(Error::failed)?;
    // Where people are sent follows the listener.
    let was = before.get("portal").and_then(|portal| portal.get("listen")).and_then(toml::Value::as_str);
    if let Some(was) = was {
        text = text.replace(&format!("http://{was}"), &format!("http://{}", args.portal));
    }
    files::replace(&file, text.as_bytes())
}

fn keys(dir: &Path) -> Result<(), Error> {
    let master = hex::encode(store::random::<32>());
    files::create(&dir.join("keys/master.key"), master.as_bytes(), Readers::Owner)?;
    let log = SigningKey::generate(Algorithm::Ed25519)?;
    files::create(&dir.join("keys/log.key"), log.to_pkcs8_pem()?.as_bytes(), Readers::Owner)?;
    let vkey = NoteKey::new(ORIGIN, ledger::Algorithm::Ed25519, log)?.vkey().to_string();
    files::create(&dir.join("pki/log.vkey"), format!("{vkey}\n").as_bytes(), Readers::All)?;
    let national = SigningKey::generate(Algorithm::BignBeltHash)?;
    files::create(&dir.join("keys/log-bign.key"), national.to_pkcs8_pem()?.as_bytes(), Readers::Owner)?;
    let vkey = NoteKey::new(ORIGIN, ledger::Algorithm::Bign, national)?.vkey().to_string();
    files::create(&dir.join("pki/log-bign.vkey"), format!("{vkey}\n").as_bytes(), Readers::All)?;
    let witness = SigningKey::generate(Algorithm::Ed25519)?;
    files::create(&dir.join("witness/witness.key"), witness.to_pkcs8_pem()?.as_bytes(), Readers::Owner)?;
    let vkey = NoteKey::new(WITNESS, ledger::Algorithm::Cosignature, witness)?.vkey().to_string();
    files::create(&dir.join("witness/witness.vkey"), format!("{vkey}\n").as_bytes(), Readers::All)
}

fn gateway_pairs(dir: &Path, pki: &mut Pki) -> Result<(), Error> {
    let tls = pki.pair(
        |term| {
            let mut profile =
                consumer("NAIS stand gateway", "190000018", &[Purpose::TlsServer, Purpose::TlsClient], term);
            profile.dns_names = vec!["localhost".into()];
            profile.ip_addresses = vec![[127, 0, 0, 1].into(), std::net::Ipv6Addr::LOCALHOST.into()];
            profile
        },
        Algorithm::EcdsaP256Sha256,
    )?;
    files::create(&dir.join("pki/gateway.pem"), tls.chain.as_bytes(), Readers::All)?;
    files::create(&dir.join("keys/gateway.key"), tls.key.as_bytes(), Readers::Owner)?;
    let sign = pki.pair(
        |term| consumer("NAIS stand EDS", "190000018", &[Purpose::Signature], term),
        Algorithm::EcdsaP256Sha256,
    )?;
    files::create(&dir.join("pki/nais-sign.pem"), sign.certificate.to_pem().as_bytes(), Readers::All)?;
    files::create(&dir.join("keys/nais-sign.key"), sign.key.as_bytes(), Readers::Owner)
}

fn services(from: &Dir<'_>, to: &Path) -> Result<(), Error> {
    for folder in from.dirs() {
        files::folder(&to.join(folder.path()))?;
        services(folder, to)?;
    }
    for file in from.files() {
        files::create(&to.join(file.path()), file.contents(), Readers::All)?;
    }
    Ok(())
}

fn config(Args { database, portal, gateway, operations, .. }: &Args, digest: &str) -> String {
    format!(
        r#"# What this stand runs with. `nais serve --config {{this file}}` does the same.
services = "services"

[database]
url = "{database}"

[blobs]
folder = "data/blobs"

[keys]
master = "keys/master.key"
log = "keys/log.key"
log_bign = "keys/log-bign.key"
sign = "keys/nais-sign.key"
sign_certificate = "pki/nais-sign.pem"

[trust]
roots = "pki/root.pem"
intermediates = "pki/issuing.pem"
attribute_authorities = "pki/attributes.pem"
crls = ["pki/crl.pem"]

[authority]
folder = "pki"

[gateway]
listen = "{gateway}"
certificate = "pki/gateway.pem"
key = "keys/gateway.key"

[portal]
listen = "{portal}"

[portal.site]
base_url = "http://{portal}"
issuer = "http://{portal}/oidc"
client_id = "portal"
client_secret = "keys/portal.secret"
consumer = "consumers/portal"
stand = true

[identity]
base_url = "http://{portal}"
stand = true
secure_cookies = false

[[identity.clients]]
id = "portal"
name = {{ en = "Unified Portal", be = "Адзіны партал", ru = "Единый портал" }}
redirect_uris = ["http://{portal}/callback"]
post_logout_redirect_uris = ["http://{portal}/"]
backchannel_logout_uri = "http://{portal}/backchannel-logout"
auth = {{ secret = "{digest}" }}
first_party = true

[stays]
consumer = "consumers/mia"

[mail]
from = "portal@stand.nais.example"

[operations]
listen = "{operations}"

[ledger]
origin = "{ORIGIN}"

[witness]
folder = "witness"
name = "{WITNESS}"

[log]
filter = "warn"
"#
    )
}

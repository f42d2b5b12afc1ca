//! Back-channel logout: clients that want to know are told that a session is over, until they have heard.

use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Tx, jobs};
use uuid::Uuid;

use super::{grant, keys};
use crate::identity::Inner;
use crate::{Error, Identity, secret};

/// Name of the durable queue.
const QUEUE: &str = "identity.logout";
const SECOND: i64 = 1_000_000;
/// How long a node may take before another tries.
const LEASE: i64 = 60 * SECOND;
/// Tries before a client is given up: about a day.
const ATTEMPTS: i64 = 12;
/// How long a logout token holds, in seconds (OpenID Connect Back-Channel Logout §2.4: two minutes at most).
const TERM: i64 = 120;
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What is told to whom; sealed while it waits.
#[derive(Serialize, Deserialize)]
struct News {
    client: String,
    sub: Uuid,
    sid: Uuid,
}

fn aad(id: &[u8; 16]) -> Vec<u8> {
    [b"job.identity.logout.".as_slice(), id].concat()
}

/// The clients of this session will be told, if and only if the transaction commits.
pub(crate) fn tell(tx: &mut Tx<'_>, core: &Inner, sub: Uuid, session: &[u8; 16], now: i64) -> Result<(), store::Error> {
    for client in grant::clients(tx, session)? {
        if core.clients.get(&client).is_some_and(|client| client.backchannel_logout_uri.is_some()) {
            let id = store::random::<16>();
            let news = News { client, sub, sid: Uuid::from_bytes(*session) };
            let plain = serde_json::to_vec(&news).map_err(store::Error::broken)?;
            jobs::enqueue(tx, &id, QUEUE, now, &core.vault.seal(&aad(&id), &plain))?;
        }
    }
    Ok(())
}

/// Tells whoever waits, until the process ends.
pub(crate) async fn work(core: Identity) {
    loop {
        if let Err(error) = round(&core).await {
            tracing::warn!(%error, "clients cannot be told of sign-outs");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Tells whoever is due, once each; how many heard it.
pub(crate) async fn round(core: &Identity) -> Result<usize, Error> {
    let mut heard = 0;
    loop {
        let now = core.clock.micros();
        let Some(job) = core.db.write(move |tx| jobs::claim(tx, QUEUE, now, LEASE)).await? else {
            return Ok(heard);
        };
        let news: News =
            serde_json::from_slice(&core.vault.open(&aad(&job.id), &job.body)?).map_err(store::Error::broken)?;
        let told = send(core, &news).await?;
        heard += usize::from(told);
        let over = told || job.attempts >= ATTEMPTS;
        if over && !told {
            tracing::error!(
                client = news.client,
                "a client never heard of a sign-out; its own sessions end by themselves"
            );
        }
        let due = now + ((5 * SECOND) << job.attempts.clamp(1, 12));
        let (id, done) = (job.id, over);
        core.db.write(move |tx| if done { jobs::done(tx, &id) } else { jobs::put_off(tx, &id, due) }).await?;
    }
}

/// True when the client heard it, or is none any more.
async fn send(core: &Identity, news: &News) -> Result<bool, Error> {
    let Some(uri) = core.clients.get(&news.client).and_then(|client| client.backchannel_logout_uri.clone()) else {
        return Ok(true);
    };
    let now = core.clock.now().as_second();
    let claims = json!({
        "iss": core.config.issuer(),
        "aud": news.client,
        "sub": news.sub,
        "sid": news.sid,
        "iat": now,
        "exp": now + TERM,
        "jti": secret::base64url(&store::random::<16>()),
        "events": { EVENT: {} },
    });
    let token = keys::sign(core, "logout+jwt", &claims).await?;
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &token).finish();
    let request = core.http.post(uri).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
    Ok(match request.send().await {
        Ok(response) if response.status().is_success() => true,
        Ok(response) => {
            tracing::warn!(
                client = news.client,
                status = response.status().as_u16(),
                "a client did not take a sign-out"
            );
            false
        }
        Err(error) => {
            tracing::warn!(
                client = news.client,
                timeout = error.is_timeout(),
                "a client could not be told of a sign-out"
            );
            false
        }
    })
}

//! Handing messages to a server.

use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;

use crate::Error;
use crate::config::{Encryption, Smtp};

/// How long one command may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server took it.
    Taken,
    /// Not now; worth another try. What the server or the network said, without addresses.
    Later(String),
    /// Never: the server refuses this message.
    Refused(String),
}

/// A client of one server.
pub(crate) struct Sender {
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Sender {
    pub(crate) fn new(smtp: &Smtp) -> Result<Self, Error> {
        let wrong = |error: lettre::transport::smtp::Error| Error::Smtp(error.to_string());
        let mut parameters = TlsParameters::builder(smtp.host.clone());
        if let Some(path) = &smtp.ca_file {
            let pem =
                std::fs::read(path).map_err(|error| Error::File { path: path.clone(), reason: error.to_string() })?;
            parameters = parameters.add_root_certificate(Certificate::from_pem(&pem).map_err(wrong)?);
        }
        let parameters = parameters.build_rustls().map_err(wrong)?;
        let tls = match smtp.encryption {
            Encryption::Starttls => Tls::Required(parameters),
            Encryption::Implicit => Tls::Wrapper(parameters),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(smtp.host.clone())
            .port(smtp.port.unwrap_or(smtp.encryption.port()))
            .tls(tls)
            .timeout(Some(PATIENCE));
        if let Some((user, password)) = smtp.credentials()? {
            builder = builder.credentials(Credentials::new(user, password.expose_secret().to_owned()));
        }
        Ok(Self { transport: builder.build() })
    }

    pub(crate) async fn send(&self, message: Message) -> Outcome {
        match self.transport.send(message).await {
            Ok(_) => Outcome::Taken,
            // A server's own words may repeat the address: only its status leaves this place.
            Err(error) => match error.status() {
                Some(code) if error.is_permanent() && !concerns_us(code) => Outcome::Refused(code.to_string()),
                Some(code) => Outcome::Later(code.to_string()),
                None if error.is_tls() => Outcome::Later("TLS failed".to_owned()),
                None if error.is_timeout() => Outcome::Later("time-out".to_owned()),
                None => Outcome::Later("no connection, or an answer that is no SMTP".to_owned()),
            },
        }
    }
}

/// Codes of sign-in and of the dialogue itself: our settings are wrong, the message is not.
fn concerns_us(code: lettre::transport::smtp::response::Code) -> bool {
    let code = u16::from(code);
    (500..=504).contains(&code) || (530..=538).contains(&code)
}

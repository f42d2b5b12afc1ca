//! A browser: cookies, forms, the header fields that browsers send.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::Router;
use axum::http::HeaderName;
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE, USER_AGENT};
use web::client::{Answer, Client};
use web::{Edge, Peer};

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

pub(crate) struct Browser<'h> {
    pub(crate) client: &'h Client<Edge<Router>>,
    pub(crate) cookies: RefCell<BTreeMap<String, String>>,
    pub(crate) address: SocketAddr,
}

pub(crate) fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub(crate) fn to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header(LOCATION).to_owned()
}

/// A parameter of an address.
pub(crate) fn param(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// The value of a hidden field in a page.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name} in {page}"));
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

impl<'h> Browser<'h> {
    pub(crate) fn new(client: &'h Client<Edge<Router>>) -> Self {
        Self { client, cookies: RefCell::default(), address: "192.0.2.77:5555".parse().unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let call = self.client.get(path);
        self.keep(
            call.header(COOKIE, &self.jar())
                .header(USER_AGENT, AGENT)
                .extension(Peer::plain(self.address))
                .send()
                .await,
        )
    }

    pub(crate) async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let call = self.client.post(path).header(SITE, "same-origin").header(COOKIE, &self.jar());
        let call = call.header(USER_AGENT, AGENT).extension(Peer::plain(self.address)).body(FORM, encoded(pairs));
        self.keep(call.send().await)
    }

    fn jar(&self) -> String {
        let cookies = self.cookies.borrow();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&self, answer: Answer) -> Answer {
        for field in answer.headers.get_all(SET_COOKIE) {
            let field = field.to_str().unwrap();
            assert!(field.contains("; HttpOnly; SameSite=Lax; Secure") && field.starts_with("__Host-"), "{field}");
            let (name, value) = field.split(';').next().unwrap().split_once('=').unwrap();
            if field.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Signs in from a page of its own and ends at the private office.
    pub(crate) async fn sign_in(&self, login: &str, password: &str) {
        let answer = self.post("/en/sign-in", &[("login", login), ("password", password)]).await;
        assert_eq!(to(&answer), "/en/account");
    }

    /// Asks for the message of sign-up as Anna.
    pub(crate) async fn register(&self, email: &str, flow: &str) -> Answer {
        let fields = [("email", email), ("surname", "Kavalenka"), ("given_name", "Anna"), ("flow", flow)];
        self.post("/en/register", &fields).await
    }

    pub(crate) async fn is_signed_in(&self) -> bool {
        self.get("/en/identity/sessions").await.status == 200
    }
}

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

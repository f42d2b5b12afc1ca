//! Pages for everybody: checking a receipt, developers, the state of the services, help.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use ledger::{Evidence, Report, verify_receipt};
use minijinja::{Value, context};
use model::Lang;
use web::Limits;
use web::body::Allowance;
use web::edge::REQUEST_TIMEOUT;
use web::pages::{Form, View};

use crate::Portal;

/// `GET /verify`
pub(crate) async fn verify(State(portal): State<Portal>, view: View) -> Response<Body> {
    portal.parts.pages.show(&view, "portal/verify.html", context! { evidence => "", report => (), fault => () })
}

/// What is pasted: the file of the private office, which holds receipt, record and salt.
fn check(portal: &Portal, view: &View, text: &str) -> Result<Report, &'static str> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|_| "not-json")?;
    let receipt = value.get("receipt").and_then(serde_json::Value::as_str).ok_or("no-receipt")?;
    let evidence = Evidence::read(text.as_bytes()).map_err(|_| "no-record")?;
    verify_receipt(receipt.as_bytes(), &evidence, &portal.parts.log, &[], view.at).map_err(|error| {
        tracing::info!(%error, "a receipt does not hold");
        "does-not-hold"
    })
}

/// `POST /verify`: nothing of what is pasted is kept.
pub(crate) async fn verified(State(portal): State<Portal>, view: View, form: Form) -> Response<Body> {
    let text = form.get("evidence");
    let checked = if text.is_empty() { Err("missing") } else { check(&portal, &view, text) };
    let (status, report, fault) = match checked {
        Ok(report) => (StatusCode::OK, Some(shown(&portal, &view, &report)), None),
        Err(key) => {
            (StatusCode::UNPROCESSABLE_ENTITY, None, Some(portal.text(view.lang, &format!("verify.{key}"), &[])))
        }
    };
    let errors: Vec<Value> = fault.iter().map(|text| context! { text => text.clone(), href => "#evidence" }).collect();
    portal.parts.pages.show_as(
        status,
        &view,
        "portal/verify.html",
        context! { evidence => text, report, errors, fault },
    )
}

fn shown(portal: &Portal, view: &View, report: &Report) -> Value {
    let code = report.service.clone().unwrap_or_default();
    let service = portal.parts.services.iter().find(|service| service.passport.code.as_str() == code);
    context! {
        origin => report.origin.clone(),
        index => report.index,
        tree_size => report.tree_size,
        time => report.time.clone(),
        consumer => report.consumer.clone(),
        service => service.map(|service| service.text(view.lang, "title")),
        code,
        decision => report.decision.clone(),
        request_id => report.request_id.clone(),
        witnesses => report.witnesses.iter().map(|seen| seen.witness.clone()).collect::<Vec<_>>(),
    }
}

/// `GET /developers`
pub(crate) async fn developers(State(portal): State<Portal>, view: View) -> Response<Body> {
    let services: Vec<Value> = portal
        .parts
        .services
        .iter()
        .filter_map(|service| {
            let passport = &service.passport;
            let methods: Vec<Value> = passport
                .methods
                .iter()
                .map(|method| {
                    let title = service.text(view.lang, &format!("methods.{}.title", method.path));
                    let largest = kilobytes(method.max_body);
                    context! { verb => method.verb.as_str(), path => method.path.clone(), title, largest }
                })
                .collect();
            Some(context! {
                code => passport.code.as_str(),
                path => passport.code.path(),
                context => passport.context.as_deref()?,
                title => service.text(view.lang, "title"),
                methods,
            })
        })
        .collect();
    let texts = portal.parts.problems.texts();
    let mut codes: Vec<&str> = texts.keys().filter_map(|key| key.strip_suffix(".detail")).collect();
    codes.sort_unstable();
    let codes: Vec<Value> = codes
        .into_iter()
        .map(|code| context! { code, title => texts.line(view.lang, &format!("{code}.title"), &[]) })
        .collect();
    let values = context! { services, codes, limits => limits(&portal, view.lang) };
    portal.parts.pages.show(&view, "portal/developers.html", values)
}

fn kilobytes(bytes: usize) -> String {
    (bytes / 1024).to_string()
}

fn seconds(allowance: Allowance) -> String {
    allowance.within.as_secs().to_string()
}

/// What callers have to keep within, in words.
fn limits(portal: &Portal, lang: Lang) -> Vec<Value> {
    let (gateway, listener) = (portal.parts.gateway.limits(), Limits::default());
    let rows = [
        ("head", vec![kilobytes(listener.head_bytes), listener.head_fields.to_string()]),
        (
            "form",
            vec![
                kilobytes(Allowance::QUESTION.bytes),
                (Allowance::UPLOAD.bytes / 1024 / 1024).to_string(),
                seconds(Allowance::UPLOAD),
            ],
        ),
        (
            "body-time",
            vec![seconds(Allowance::QUESTION), kilobytes(Allowance::QUESTION.bytes), seconds(Allowance::PACKAGE)],
        ),
        ("request-time", vec![REQUEST_TIMEOUT.as_secs().to_string()]),
        ("idle", vec![listener.idle_timeout.as_secs().to_string()]),
        ("connections", vec![listener.connections_per_address.to_string(), listener.streams.to_string()]),
        ("signature", vec![gateway.signature_seconds.to_string()]),
        ("consent", vec![kilobytes(gateway.consent_bytes)]),
        ("kept", vec![gateway.kept_hours.to_string()]),
        ("queue", vec![gateway.queue_hours.to_string(), gateway.queue_tries.to_string()]),
        ("calls", vec![gateway.calls_page.to_string()]),
        ("quota", Vec::new()),
    ];
    let row = |(name, numbers): (&str, Vec<String>)| {
        let args: Vec<(&str, &str)> =
            ["one", "two", "three"].into_iter().zip(numbers.iter().map(String::as_str)).collect();
        let value = portal.text(lang, &format!("developers.limits.{name}-is"), &args);
        context! { name => portal.text(lang, &format!("developers.limits.{name}"), &[]), value }
    };
    rows.into_iter().map(row).collect()
}

/// `GET /developers/{code}/openapi.json`
pub(crate) async fn openapi(State(portal): State<Portal>, view: View, Path(code): Path<String>) -> Response<Body> {
    let Some(service) = portal.service(&code).filter(|service| service.passport.context.is_some()) else {
        return portal.not_found(&view);
    };
    let description = gateway::openapi::describe(service, view.lang, &portal.parts.config.gateway_url);
    let mut response = Response::new(Body::from(description.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// `GET /status`
pub(crate) async fn status(State(portal): State<Portal>, view: View) -> Response<Body> {
    let catalogue = portal.parts.gateway.catalogue();
    let mut services = Vec::new();
    for service in &portal.parts.services {
        let code = service.passport.code.as_str();
        let known = catalogue.providers().find(|(known, _)| *known == code);
        let pulse = portal.parts.gateway.pulse(code);
        let failing = pulse.is_some_and(|pulse| pulse.failed * 2 > pulse.count);
        let state = match known {
            Some((_, provider)) if !provider.ready() || failing => "away",
            Some(_) if pulse.is_some_and(|pulse| pulse.failed > 0) => "troubled",
            Some(_) => "works",
            None => "elsewhere",
        };
        let millis = |time: std::time::Duration| format!("{:.1}", time.as_secs_f64() * 1000.0);
        services.push(context! {
            code,
            path => service.passport.code.path(),
            title => service.text(view.lang, "title"),
            state,
            state_title => portal.text(view.lang, &format!("status.{state}"), &[]),
            count => pulse.map(|pulse| pulse.count),
            failed => pulse.map(|pulse| pulse.failed),
            median => pulse.map(|pulse| millis(pulse.median)),
            p99 => pulse.map(|pulse| millis(pulse.p99)),
        });
    }
    portal.parts.pages.show(&view, "portal/status.html", context! { services, at => view.at.to_string() })
}

/// A page that is not there.
pub(crate) async fn nothing(State(portal): State<Portal>, view: View) -> Response<Body> {
    portal.not_found(&view)
}

/// `GET /accessibility`
pub(crate) async fn accessibility(State(portal): State<Portal>, view: View) -> Response<Body> {
    portal.parts.pages.show(&view, "portal/accessibility.html", context! {})
}

/// `GET /help`
pub(crate) async fn help(State(portal): State<Portal>, view: View) -> Response<Body> {
    portal.parts.pages.show(&view, "portal/help.html", context! { stand => portal.parts.config.stand })
}

//! Starting, stopping, failing.

use std::time::{Duration, Instant};

use axum::Router;
use axum::http::header::{ACCEPT_LANGUAGE, ALLOW};
use axum::routing::get;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::watch;
use web::client::Client;
use web::shed::{Shed, ShedLimits};
use web::{Edge, Limits, ListenerConfig, Metrics, Peer};

use crate::stand::{app, limits, one, rest, setup, start, start_gated};

#[tokio::test]
async fn requests_at_work_are_answered_before_the_end() {
    let stand = start(limits(), None).await;
    let mut busy = stand.connect().await;
    let mut idle = stand.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    one(&mut idle).await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    stand.stop.send(true).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    assert!(rest(&mut busy).await.ends_with("slow"));
    let begun = Instant::now();
    stand.listening.finished().await;
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert!(tokio::net::TcpStream::connect(stand.addr).await.is_err());
}

#[tokio::test]
async fn requests_that_hang_are_cut_off_in_time() {
    let stand = start(Limits { drain_timeout: Duration::from_millis(300), ..limits() }, None).await;
    let mut stream = stand.connect().await;
    stream.write_all(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    stand.stop.send(true).unwrap();
    let begun = Instant::now();
    stand.listening.finished().await;
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_request_that_hangs_is_answered_for() {
    let stand = start(limits(), None).await;
    let mut stream = stand.connect().await;
    stream.write_all(b"GET /never HTTP/1.1\r\nHost: a\r\nAccept-Language: be\r\n\r\n").await.unwrap();
    let answer = one(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 504") && answer.contains("request-timeout"), "{answer}");
    assert!(answer.contains("content-language: be") && answer.contains("retry-after: 5"), "{answer}");
}

#[tokio::test]
async fn a_port_in_use_names_the_option() {
    let stand = start(limits(), None).await;
    let (_stop, stopped) = watch::channel(false);
    let addr = stand.addr.to_string();
    let config = ListenerConfig { addr: addr.clone(), option: "gateway.listen", tls: None, limits: limits() };
    let error = web::serve(config, Edge::new(app(), setup(&Metrics::new())), stopped).await.unwrap_err();
    assert!(matches!(error, web::Error::PortInUse { .. }));
    let told = error.to_string();
    assert!(told.contains(&addr) && told.contains("`gateway.listen`"), "{told}");
}

#[tokio::test]
async fn an_address_that_is_none_names_the_option() {
    for addr in ["localhost", "nais.example:80", "127.0.0.1:99999"] {
        let (_stop, stopped) = watch::channel(false);
        let config = ListenerConfig { addr: addr.to_owned(), option: "portal.listen", tls: None, limits: limits() };
        let error = web::serve(config, Edge::new(app(), setup(&Metrics::new())), stopped).await.unwrap_err();
        assert!(error.to_string().starts_with("`portal.listen`"), "{error}");
    }
}

#[tokio::test]
async fn localhost_is_both_loopbacks() {
    let (_stop, stopped) = watch::channel(false);
    let config = ListenerConfig { addr: "localhost:0".to_owned(), option: "x", tls: None, limits: limits() };
    let listening = web::serve(config, Edge::new(app(), setup(&Metrics::new())), stopped).await.unwrap();
    let [first, others @ ..] = listening.addresses() else { panic!("no address") };
    assert_eq!(first.ip().to_string(), "127.0.0.1");
    assert!(others.iter().all(|other| other.ip().to_string() == "::1" && other.port() == first.port()));
    assert_eq!(others.len(), usize::from(std::net::TcpListener::bind("[::1]:0").is_ok()));
}

#[tokio::test]
async fn panics_are_problems_and_counted() {
    let stand = start(limits(), None).await;
    let mut stream = stand.connect().await;
    for round in 1..=2 {
        stream.write_all(b"GET /panic HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let answer = one(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 500") && !answer.contains("planted"), "{answer}");
        assert!(stand.metrics.render().contains(&format!("nais_panics_total {round}")));
    }
}

#[tokio::test]
async fn the_same_number_is_in_the_answer_and_the_problem() {
    let metrics = Metrics::new();
    let edge = Edge::new(app(), setup(&metrics));
    let peer = Peer::plain(([127, 0, 0, 1], 1).into());
    let request = axum::http::Request::get("/never?surname=x").body(axum::body::Body::empty()).unwrap();
    let response = edge.call(request, peer).await;
    let id = response.headers()["nais-request-id"].to_str().unwrap().to_owned();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["request_id"], id);
    assert_eq!(problem["instance"], "/never");
    let number = "nais_requests_total{listener=\"test\",service=\"-\",status=\"504\"} 1";
    assert!(metrics.render().contains(number), "{}", metrics.render());
}

#[tokio::test]
async fn above_capacity_the_answer_is_immediate() {
    let metrics = Metrics::new();
    let shed = Shed::new(ShedLimits { at_once: 1, waiting: 0, wait: Duration::from_secs(60) });
    let edge = Edge::new(app(), web::edge::Setup { shed: Some(shed), ..setup(&metrics) });
    let ask = |path: &'static str| {
        let edge = edge.clone();
        let request = axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
        async move { edge.call(request, Peer::plain(([127, 0, 0, 1], 1).into())).await }
    };
    let first = tokio::spawn(ask("/slow"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    let second = ask("/").await;
    assert!(begun.elapsed() < Duration::from_millis(300));
    assert_eq!(second.status(), 503);
    assert_eq!(second.headers()["retry-after"], "1");
    assert_eq!(first.await.unwrap().status(), 200);
    assert_eq!(ask("/").await.status(), 200);
}

#[tokio::test]
async fn who_does_not_wait_after_a_refusal_is_read_later() {
    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let shed = Shed::new(ShedLimits { at_once: 1, waiting: 0, wait: Duration::ZERO });
    let stand = start_gated(Limits::default(), None, Some(shed)).await;
    let (mut busy, mut eager) = (stand.connect().await, stand.connect().await);
    busy.write_all(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    while !stand.metrics.render().contains("nais_requests_in_flight{listener=\"test\"} 1") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for waited in [Duration::ZERO, Duration::from_millis(900)] {
        let begun = Instant::now();
        eager.write_all(GET).await.unwrap();
        assert!(one(&mut eager).await.starts_with("HTTP/1.1 503"));
        assert!(begun.elapsed() >= waited, "{:?}", begun.elapsed());
    }
    drop(busy);
    while !stand.metrics.render().contains("nais_requests_in_flight{listener=\"test\"} 0") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    eager.write_all(GET).await.unwrap();
    assert!(one(&mut eager).await.ends_with("hello"), "held back, not left");
}

#[tokio::test]
async fn a_router_is_called_in_process() {
    let client = Client::new(Router::new().route("/a", get(async || "b")));
    assert_eq!(client.get("/a").send().await.text(), "b");
    assert_eq!(client.post("/a").send().await.status, 405);
    let client = Client::new(Edge::new(app(), setup(&Metrics::new())));
    assert!(client.get("/who").send().await.text().starts_with("nobody"));
    let other = client.post("/who").header(ACCEPT_LANGUAGE, "ru").send().await;
    assert_eq!((other.status.as_u16(), other.header(ALLOW)), (405, "GET, HEAD"));
    assert_eq!(other.json()["code"], "verb-not-allowed");
    assert!(other.json()["detail"].as_str().unwrap().contains("GET, HEAD"));
    let none = client.get("/no/such?surname=x").send().await;
    assert_eq!((none.status.as_u16(), none.json()["instance"].as_str()), (404, Some("/no/such")));
}

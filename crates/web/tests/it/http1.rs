//! HTTP/1: what is refused, how, and what is not.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use web::Limits;

use crate::stand::{limits, one, rest, start};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const LAST: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// Refused with this status and code, as a problem document, and the connection ended.
async fn refused(bytes: &str, status: &str, code: &str) {
    let stand = start(limits(), None).await;
    let answer = stand.exchange(bytes).await;
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{bytes:?}: {answer}");
    assert!(answer.contains("Content-Type: application/problem+json\r\n"), "{answer}");
    assert!(answer.contains("Connection: close\r\n"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["code"], code);
    assert_eq!(problem["status"].to_string(), status);
    assert!(stand.metrics.render().contains(&format!("nais_refusals_total{{listener=\"test\",code=\"{code}\"}} 1")));
}

#[tokio::test]
async fn ambiguous_heads_are_refused() {
    refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400", "http-host").await;
    refused("GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", "400", "http-host").await;
    refused("GET / HTTP/1.1\nHost: a\n\n", "400", "http-malformed").await;
    refused("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "400", "http-malformed").await;
    refused("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "400", "http-malformed").await;
    refused("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", "400", "http-malformed").await;
    refused("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", "400", "http-malformed").await;
    refused("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "400", "http-target").await;
    refused("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "400", "http-target").await;
    refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400", "http-malformed").await;
}

#[tokio::test]
async fn ambiguous_lengths_are_refused() {
    let both = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    refused(both, "400", "http-length").await;
    let two = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello";
    refused(two, "400", "http-length").await;
    refused("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "400", "http-length").await;
}

#[tokio::test]
async fn large_heads_are_refused() {
    let large = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(200 * 1024));
    refused(&large, "431", "head-too-large").await;
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(101));
    refused(&many, "431", "head-too-large").await;
    let stand = start(limits(), None).await;
    let allowed = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: {}\r\n\r\n", "a".repeat(15 * 1024));
    assert!(stand.exchange(allowed).await.ends_with("hello"));
}

#[tokio::test]
async fn what_came_before_a_refusal_is_answered() {
    let stand = start(limits(), None).await;
    let answer =
        stand.exchange("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").await;
    let (first, second) = answer.split_once("HTTP/1.1 400").expect(&answer);
    assert!(first.starts_with("HTTP/1.1 200") && first.ends_with("slow"), "{answer}");
    assert!(second.contains("http-host"), "{answer}");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let stand = start(limits(), None).await;
    let posts = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\
                 POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nde\r\r\n1;x=y\r\nf\r\n0\r\nX: y\r\n\r\n";
    let answer = stand.exchange(format!("{GET}{posts}{LAST}")).await;
    let bodies: Vec<&str> =
        answer.split("HTTP/1.1 200").skip(1).map(|one| one.split_once("\r\n\r\n").unwrap().1).collect();
    assert_eq!(bodies, ["hello", "abc", "de\rf", "hello"]);
}

#[tokio::test]
async fn a_head_may_come_in_pieces() {
    let stand = start(Limits { head_timeout: Duration::from_secs(5), ..limits() }, None).await;
    let mut stream = stand.connect().await;
    stream.set_nodelay(true).unwrap();
    let text = format!("{GET}POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc");
    for byte in text.as_bytes() {
        stream.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let answer = rest(&mut stream).await;
    assert!(answer.contains("hello") && answer.ends_with("abc"), "{answer}");
}

#[tokio::test]
async fn malformed_chunks_are_the_bodys_fault() {
    let stand = start(limits(), None).await;
    for chunks in ["zz\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n", "fffffffffffffffff\r\n"] {
        let answer = stand
            .exchange(format!("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"))
            .await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("body-broken"), "{chunks:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
}

#[tokio::test]
async fn ten_gigabytes_are_refused_before_they_come() {
    let stand = start(limits(), None).await;
    let begun = Instant::now();
    let answer = stand.exchange("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000000\r\n\r\nbegin").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn slow_heads_are_ended() {
    let stand = start(limits(), None).await;
    let mut stream = stand.connect().await;
    let begun = Instant::now();
    let writing = async {
        for byte in b"GET / HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" {
            tokio::time::sleep(Duration::from_millis(60)).await;
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    };
    // The server ends it long before the peer has finished.
    let _ = tokio::time::timeout(Duration::from_millis(1500), writing).await;
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn silent_connections_are_ended() {
    let stand = start(limits(), None).await;
    let begun = Instant::now();
    assert_eq!(rest(&mut stand.connect().await).await, "");
    assert!(begun.elapsed() > Duration::from_millis(300) && begun.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn an_idle_connection_may_wait_longer_than_a_head() {
    let stand = start(limits(), None).await;
    let mut stream = stand.connect().await;
    for _ in 0..2 {
        stream.write_all(GET.as_bytes()).await.unwrap();
        assert!(one(&mut stream).await.ends_with("hello"));
        tokio::time::sleep(Duration::from_millis(900)).await;
    }
}

#[tokio::test]
async fn slow_bodies_are_ended() {
    let stand = start(limits(), None).await;
    let mut stream = stand.connect().await;
    stream.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n").await.unwrap();
    let begun = Instant::now();
    let answer = one(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("body-timeout"), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_left() {
    let stand = start(limits(), None).await;
    let mut stream = stand.connect().await;
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if stand.metrics.render().contains("nais_connections{listener=\"test\"} 0") {
            return;
        }
    }
    panic!("the connection is still there");
}

#[tokio::test]
async fn connections_from_one_address_are_counted() {
    let stand = start(Limits { connections_per_loopback: 2, ..limits() }, None).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = stand.connect().await;
        stream.write_all(GET.as_bytes()).await.unwrap();
        assert!(one(&mut stream).await.ends_with("hello"));
        held.push(stream);
    }
    let mut third = stand.connect().await;
    // Closed with or without a reset: nothing was read.
    let _ = third.write_all(GET.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut third, &mut answer).await;
    assert!(answer.is_empty());
    assert!(stand.metrics.render().contains("nais_connections_refused_total{listener=\"test\"} 1"));
}

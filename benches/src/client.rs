//! The leanest HTTP/1.1 client: what it costs must not hide what the server costs.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::Failure;

/// One kept-alive connection.
pub(crate) struct Connection {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

/// What came back.
pub(crate) struct Answer {
    pub status: u16,
    /// It says when to come again.
    pub retry_after: bool,
    pub body: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: &str, config: &Arc<ClientConfig>) -> Result<Self, Failure> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let name = ServerName::try_from(host.to_owned())?;
        let stream = TlsConnector::from(config.clone()).connect(name, socket).await?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends the bytes of a whole request and reads the whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Answer, Failure> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        let head = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
        };
        let text = String::from_utf8_lossy(self.buffer.get(..head).unwrap_or_default()).into_owned();
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or("no status")?;
        let lower = text.to_ascii_lowercase();
        let retry_after = lower.contains("\r\nretry-after:");
        let body = if lower.contains("transfer-encoding: chunked") {
            self.chunked(head).await?
        } else {
            let length = length(&text);
            while self.buffer.len() < head + length {
                if self.stream.read_buf(&mut self.buffer).await? == 0 {
                    return Err("the server closed the connection in a body".into());
                }
            }
            self.buffer.get(head..head + length).unwrap_or_default().to_vec()
        };
        Ok(Answer { status, retry_after, body })
    }

    async fn chunked(&mut self, head: usize) -> Result<Vec<u8>, Failure> {
        while !self.buffer.ends_with(b"0\r\n\r\n") {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection in a chunk".into());
            }
        }
        Ok(self.buffer.get(head..).unwrap_or_default().to_vec())
    }
}

fn length(head: &str) -> usize {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

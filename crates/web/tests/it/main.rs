//! The listener as the network sees it: raw bytes in, raw bytes out.

mod http1;
mod http2;
mod operate;
mod stand;
mod tls;

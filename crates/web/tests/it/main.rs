//! The listener as the network sees it: raw bytes in, raw bytes out.

#[cfg(test)]
mod http1;
#[cfg(test)]
mod http2;
#[cfg(test)]
mod operate;
#[cfg(test)]
mod stand;
#[cfg(test)]
mod tls;

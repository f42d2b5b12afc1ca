//! Sockets to listen on.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::error::Error;

/// Connections the system keeps ready while we are busy.
const BACKLOG: i32 = 1024;

/// Listens on `addr`, an IP address or `localhost` and a port; `localhost` is both 127.0.0.1 and ::1.
pub(crate) fn bind(addr: &str, option: &'static str) -> Result<Vec<TcpListener>, Error> {
    let wrong = || Error::Address { option, found: addr.to_owned() };
    if let Some(port) = addr.strip_prefix("localhost:") {
        let port = port.parse().map_err(|_| wrong())?;
        return bind_localhost(port, option);
    }
    let addr: SocketAddr = addr.parse().map_err(|_| wrong())?;
    Ok(vec![listen(addr, option)?])
}

/// Many computers have no IPv6: its loopback is left out there, but never when another program has its port.
fn bind_localhost(port: u16, option: &'static str) -> Result<Vec<TcpListener>, Error> {
    let four = listen(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port), option)?;
    let port = four.local_addr().map_or(port, |addr| addr.port());
    match listen(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port), option) {
        Ok(six) => Ok(vec![four, six]),
        Err(taken @ Error::PortInUse { .. }) => Err(taken),
        Err(_) => Ok(vec![four]),
    }
}

fn listen(addr: SocketAddr, option: &'static str) -> Result<TcpListener, Error> {
    open(addr).map_err(|reason| match reason.kind() {
        ErrorKind::AddrInUse => Error::PortInUse { addr, option },
        _ => Error::Listen { addr, option, reason },
    })
}

fn open(addr: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the last run's connections; two programs still cannot share the port.
    socket.set_reuse_address(true)?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

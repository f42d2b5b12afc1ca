//! Time stamps (RFC 3161, RFC 5816; STB 34.101.82): asking for one, giving one, believing one.

mod authority;
mod form;
mod request;
mod token;

pub use authority::Authority;
pub use request::Request;
pub use token::Token;

//! What the commands of the program share: how they end, files and lines they write, questions over HTTP,
//! stamps on signatures, and a test authority kept as files.
#![forbid(unsafe_code)]

pub mod authority;
pub mod exit;
pub mod files;
pub mod http;
pub mod print;
pub mod stamp;

//! Registration of foreigners who stay temporarily: rules as dated rows, decisions, registrations.
#![forbid(unsafe_code)]

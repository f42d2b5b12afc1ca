//! The Unified Portal: catalogue, forms, applications and the private office.
#![forbid(unsafe_code)]

//! The whole algorithm against the standard's tables, two other implementations, and whoever alters a byte.

#[cfg(test)]
mod edges;
#[cfg(test)]
mod golden;
#[cfg(all(test, feature = "oracle"))]
#[path = "../oracle/mod.rs"]
mod oracle;
#[cfg(all(test, feature = "oracle"))]
mod reference;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod standard;

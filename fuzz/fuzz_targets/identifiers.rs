//! libFuzzer's way into [`nais_fuzz::identifiers`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nais_fuzz::identifiers::check(data));

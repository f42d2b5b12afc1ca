//! libFuzzer's way into [`nais_fuzz::detached`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nais_fuzz::detached::check(data));

//! libFuzzer's way into [`nais_fuzz::json`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nais_fuzz::json::check(data));

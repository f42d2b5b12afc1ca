//! libFuzzer's way into [`nais_fuzz::http_signature`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nais_fuzz::http_signature::check(data));

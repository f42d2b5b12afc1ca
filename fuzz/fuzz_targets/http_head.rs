//! libFuzzer's way into [`nais_fuzz::http_head`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nais_fuzz::http_head::check(data));

//! libFuzzer's way into [`nais_fuzz::certificate`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nais_fuzz::certificate::check(data));

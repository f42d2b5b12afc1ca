//! libFuzzer's way into [`nais_fuzz::ledger`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nais_fuzz::ledger::check(data));

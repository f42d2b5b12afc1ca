//! Writes the kept certificates anew, and the inputs made of them: `cargo run --example keep` in `fuzz/`, then commit.

use std::path::Path;

fn main() {
    nais_fuzz::keys::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").as_path());
}

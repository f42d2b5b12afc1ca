//! The kept inputs through every check, without libFuzzer; and the making of those that keys are needed for.

use std::fs;
use std::path::{Path, PathBuf};

fn seeds(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target)
}

fn kept(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = seeds(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn every_kept_input_passes() {
    for (target, check) in nais_fuzz::TARGETS {
        let inputs = kept(target);
        assert!(inputs.len() >= 3, "{target} has {} seeds", inputs.len());
        for (path, bytes) in inputs {
            println!("{}", path.display());
            check(&bytes);
            // Its neighbours too: cut, one bit turned, a byte more.
            for at in 0..bytes.len().min(600) {
                check(&bytes[..at]);
                let mut turned = bytes.clone();
                turned[at] ^= 1 << (at % 8);
                check(&turned);
            }
            check(&[bytes, vec![b'\n']].concat());
        }
    }
}

#[test]
fn every_target_has_its_binary_and_its_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = |path: PathBuf| -> Vec<String> {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<String> =
            entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let mut targets: Vec<String> = nais_fuzz::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    targets.sort();
    assert_eq!(names(folder.join("fuzz_targets")), targets);
    assert_eq!(names(folder.join("seeds")), targets);
}

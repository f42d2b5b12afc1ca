//! Style, script and font of the pages, made by `assets/build.mjs` from packages that are fetched, never committed.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs};

const SOURCES: [&str; 8] = [
    "package.json",
    "package-lock.json",
    "build.mjs",
    "_theme.scss",
    "head.scss",
    "styles.scss",
    "app.js",
    "favicon.svg",
];

fn main() -> ExitCode {
    match make() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            for line in reason.lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn make() -> Result<(), String> {
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let folder = Path::new(&out).join("assets");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    println!("cargo::rerun-if-changed=build.rs");
    for name in SOURCES {
        println!("cargo::rerun-if-changed=assets/{name}");
        let from = Path::new("assets").join(name);
        fs::copy(&from, folder.join(name)).map_err(|error| format!("{}: {error}", from.display()))?;
    }
    install(&folder)?;
    run(Command::new("node").arg("build.mjs").arg(&out).current_dir(&folder))
}

/// The packages of the lock file are there. They are fetched only when it has changed.
fn install(folder: &Path) -> Result<(), String> {
    let wanted = fs::read(folder.join("package-lock.json")).map_err(|error| error.to_string())?;
    let installed = folder.join("node_modules/.installed");
    if fs::read(&installed).is_ok_and(|lock| lock == wanted) {
        return Ok(());
    }
    run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder))?;
    fs::write(installed, wanted).map_err(|error| error.to_string())
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.output().map_err(|error| {
        format!("the pages need `{name}`, which cannot be run ({error}); on Debian: apt-get install nodejs npm")
    })?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("`{name}` failed ({}): {}", done.status, String::from_utf8_lossy(&done.stderr).trim()))
}

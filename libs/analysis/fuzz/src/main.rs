//! The fuzzer: libFuzzer with one target, which `PLIMSOLL_FUZZ_TARGET` names. See `infra/fuzz`.
//!
//! With `PLIMSOLL_FUZZ_SEEDS`, a folder, it does not fuzz: it writes each target's seeds to a folder of the target's name there, and ends.
#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use targets::Target;

#[path = "../../tests/analysis/common.rs"]
mod common;
#[path = "../../tests/analysis/declared.rs"]
mod declared;
#[path = "../../tests/analysis/interpreted.rs"]
mod interpreted;
mod seeds;
mod targets;

static TARGET: OnceLock<Target> = OnceLock::new();

/// Writes every seed. Fails where the disk does: whoever asked for them sees no folder.
fn write_seeds(folder: &Path) -> std::io::Result<()> {
    for target in targets::all() {
        let folder = folder.join(&target.name);
        std::fs::create_dir_all(&folder)?;
        for (number, seed) in seeds::of(&target).iter().enumerate() {
            std::fs::write(folder.join(format!("{number:03}")), seed)?;
        }
    }
    Ok(())
}

fuzz_target!(
    init: {
        if let Some(folder) = std::env::var_os("PLIMSOLL_FUZZ_SEEDS") {
            let written = write_seeds(Path::new(&folder));
            if let Err(error) = &written {
                eprintln!("{error}");
            }
            std::process::exit(i32::from(written.is_err()));
        }
        let name = std::env::var("PLIMSOLL_FUZZ_TARGET").unwrap_or_default();
        match targets::all().into_iter().find(|target| target.name == name) {
            Some(target) => drop(TARGET.set(target)),
            None => {
                eprintln!("PLIMSOLL_FUZZ_TARGET: no target '{name}'");
                std::process::exit(2);
            }
        }
    },
    |bytes: &[u8]| {
        if let Some(target) = TARGET.get() {
            target.run(bytes);
        }
    }
);

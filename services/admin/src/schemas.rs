//! `message-schemas`: what `api-schema/messages` is made of.

use std::path::Path;

use anyhow::Context as _;
use plimsoll_broker::contracts::schemas;

/// Writes every message's schema to `folder`, a file each; files of messages that are gone are removed.
pub fn write(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for old in std::fs::read_dir(folder)? {
        std::fs::remove_file(old?.path())?;
    }
    for (name, schema) in schemas() {
        let file = folder.join(format!("{name}.json"));
        let text = serde_json::to_string_pretty(&schema)?;
        std::fs::write(&file, text + "\n").with_context(|| file.display().to_string())?;
    }
    Ok(())
}

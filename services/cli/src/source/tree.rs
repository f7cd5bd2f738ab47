//! A folder, or a lock file.

use std::path::PathBuf;

use plimsoll_analysis::{Engine, TreeError};
use plimsoll_model::Inventory;

use crate::exit::Failure;

/// The folder or file that the user means, if it is not an image: `dir:FOLDER`, or a file that goes by a lock file's name.
pub async fn inventory(text: &str, engine: &Engine) -> Result<Option<(PathBuf, Inventory)>, Failure> {
    let (path, is_asked) = match text.strip_prefix("dir:") {
        Some(path) => (PathBuf::from(path), true),
        None => (PathBuf::from(text), false),
    };
    if !is_asked && !path.is_file() {
        return Ok(None);
    }
    let (read, engine) = (path.clone(), engine.clone());
    // A lock file is known by its name, also where the user is in its folder.
    let analysed = tokio::task::spawn_blocking(move || Ok(engine.tree(&read)?.inventory())).await;
    match analysed.map_err(Failure::undone)? {
        Ok(inventory) => Ok(Some((path, inventory))),
        Err(TreeError::Unrecognised { .. }) if !is_asked => Ok(None),
        Err(error) => Err(Failure::undone(error)),
    }
}

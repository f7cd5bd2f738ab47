//! `plimsoll inventory`: what an image or folder holds, without judging it.

mod table;

use std::io::IsTerminal as _;

use plimsoll_analysis::{Engine, Limits};
use plimsoll_interchange::cyclonedx::{Bom, Edition, Subject};
use plimsoll_model::Inventory;
use serde::Serialize;

use crate::arguments::{InventoryArguments, InventoryFormat};
use crate::exit::{Failure, Outcome};
use crate::progress::Progress;
use crate::report::{ScannedImage, json};
use crate::source::{self, ReadSource};
use crate::{clock, edition, output};

/// The document of `--format json`; fields may be added, none goes or changes its meaning.
#[derive(Serialize)]
struct Document<'a> {
    image: &'a ScannedImage,
    #[serde(flatten)]
    inventory: &'a Inventory,
}

/// Reads and tells.
pub async fn run(arguments: InventoryArguments) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    // What is wrong with it is not asked.
    let engine = Engine::of_analysers(Limits::default(), plimsoll_analysis::packages()).with_clock(clock::stopwatch());
    let reading = source::read(&arguments.source, &arguments.image, &engine, &progress);
    let read = tokio::time::timeout(arguments.timeout, reading).await;
    progress.finish();
    let ReadSource { image, config, inventory } = read.map_err(|_| Failure::TimedOut(arguments.timeout))??;
    if let Some(config) = config.filter(|config| !matches!(config.os.as_str(), "" | "linux")) {
        progress.note(format!("images of {} are not supported: what is listed is not all that it holds", config.os));
    }
    let text = match arguments.format {
        InventoryFormat::Table => {
            let width = std::io::stdout().is_terminal().then(|| comfy_table::Table::new().width()).flatten();
            table::table(&image, &inventory, width)
        }
        InventoryFormat::Json => json(&Document { image: &image, inventory: &inventory }).map_err(Failure::undone)?,
        InventoryFormat::Cyclonedx => json(&bom(&image, &inventory)).map_err(Failure::undone)?,
    };
    output::print(&text)?;
    Ok(Outcome::Done)
}

fn bom(image: &ScannedImage, inventory: &Inventory) -> Bom {
    let timestamp = edition::time();
    let subject = Subject { name: &image.name, digest: image.digest.as_deref(), platform: image.platform.as_deref() };
    let edition =
        Edition { serial_number: edition::id(image, timestamp), timestamp, tool_version: env!("CARGO_PKG_VERSION") };
    Bom::of(inventory, &subject, &edition)
}

//! Rows in columns, without lines around them.

use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};

/// A table of these columns; cells fold where the terminal is narrower.
pub fn table(heading: &[&str], width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).enforce_styling();
    match width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table.set_header(heading.iter().map(|word| Cell::new(word).add_attribute(Attribute::Bold)));
    table
}

/// Its lines. The columns are two spaces apart.
pub fn lines(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

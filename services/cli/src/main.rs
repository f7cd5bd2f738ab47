//! `plimsoll`: scan an image, online or offline.

fn main() {}

//! The most that a bundle may hold, checked before anything of it is read into memory or onto the disk.

/// Bytes of the header: some hundred feeds are far below it.
pub const HEADER: u64 = 1 << 20;
/// Bytes of the signature; minisign's have some 300.
pub const SIGNATURE: u64 = 4 << 10;
/// Bytes of the database as it lies in the bundle; the whole mirror has 100 MiB at most.
pub const PACKED: u64 = 1 << 30;
/// Bytes of the database.
pub const UNPACKED: u64 = 4 << 30;
/// Bytes of a whole bundle: its three files, and what a tar archive needs around them.
pub const BUNDLE: u64 = PACKED + HEADER + SIGNATURE + (64 << 10);
/// The window that unpacking may ask memory for, as a power of two: 128 MiB, zstd's own usual limit.
pub const WINDOW_LOG: u32 = 27;

//! Bills of materials, written and read.
//!
//! Out: an [`Inventory`](plimsoll_model::Inventory) as a CycloneDX 1.6 document ([`cyclonedx::Bom`]).
//! In: the bytes of a CycloneDX or SPDX document as JSON, of any tool and possibly hostile; the packages that it lists ([`sbom::read`]).
//! Pure: the clock and the serial number come in as arguments.

pub mod cyclonedx;
pub mod sbom;

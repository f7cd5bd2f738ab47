//! Bills of materials, written and read.
//!
//! Out: an [`Inventory`](plimsoll_model::Inventory) as a CycloneDX 1.6 document ([`cyclonedx::Bom`]).
//! In: the bytes of a CycloneDX, SPDX or Syft document, of any tool and possibly hostile; the packages that it lists ([`sbom::read`]).
//! Beside them [`xml`], which whoever reads hostile XML walks.
//! Pure: the clock and the serial number come in as arguments.

pub mod cyclonedx;
pub mod sbom;
pub mod xml;

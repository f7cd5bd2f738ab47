//! The domain's words, shared by every crate: pure data, its parsing and its formatting.
//!
//! Nothing here reads a clock, a file, a socket or a database, and nothing here depends on another Plimsoll crate.

pub mod advisory;
pub mod coverage;
pub mod digest;
mod distribution;
pub mod ecosystem;
pub mod file_fact;
pub mod finding;
pub mod id;
pub mod image_config;
pub mod inventory;
pub mod observation;
pub mod package;
pub mod purl;
pub mod severity;
mod support_period;
pub mod suse;

pub use advisory::{Advisory, Affected, AffectedState, Event, Range, VulnerabilityId};
pub use coverage::{
    Coverage, CoverageEvidence, Gap, GapReason, JudgedPackages, LeftAside, Limit, LimitReason, OsSupport,
};
pub use digest::{DiffId, Digest, DigestError};
pub use ecosystem::Ecosystem;
pub use file_fact::{FileFact, FileFactKind, LeftoverCache, SensitivePath};
pub use finding::{Finding, Introduction, is_malware};
pub use id::{AccountId, ApiKeyId, ImageId, OrgId, RepositoryId};
pub use image_config::ExecutionConfig;
pub use inventory::{
    BuildStep, InstalledPackage, Inventory, Layer, LayerBytes, OsRelease, PackageSource, Problem, ProblemCode,
};
pub use observation::{Observation, ObservationKind, Place};
pub use package::{Package, PackageKey, PackageType, SourcePackage, Vendor, module_stream};
pub use purl::PurlError;
pub use severity::{CvssVector, Severity};
pub use support_period::SupportPeriod;

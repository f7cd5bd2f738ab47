//! What is wrong in an image without any advisory saying so: malware, secrets, misconfiguration.

use serde::{Deserialize, Serialize};

use crate::Severity;

/// The kinds of [`Observation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObservationKind {
    /// A rule or a known hash says that a file is malicious.
    Malware,
    /// Something that lets its reader in somewhere.
    Secret,
    /// A check of the image's configuration, history or files fails.
    Misconfiguration,
    /// The operating system's vendor no longer mends it.
    EndOfLife,
}

impl ObservationKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Malware, Self::Secret, Self::Misconfiguration, Self::EndOfLife];

    /// The word as stored and shown: `malware`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malware => "malware",
            Self::Secret => "secret",
            Self::Misconfiguration => "misconfiguration",
            Self::EndOfLife => "end_of_life",
        }
    }

    /// The kind that [`ObservationKind::as_str`] names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Where in an image something was observed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "in", rename_all = "snake_case")]
pub enum Place {
    /// In a file. Its layer stands in [`Observation::layer`].
    File {
        /// Without a leading slash, escaped; within an archive, `archive!/path/in/it`, as deep as it lies.
        path: String,
        /// The line, from 1, where the file has lines.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
        /// Bytes from the beginning of the file (of the innermost, within an archive).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offset: Option<u64>,
    },
    /// In an environment variable of the image's config.
    Environment {
        /// The variable's name.
        name: String,
    },
    /// In a label of the image's config.
    Label {
        /// The label's name.
        name: String,
    },
    /// In a step of the build history: its command or a build argument.
    History {
        /// Its position among all history entries, from 0, empty layers included.
        step: u32,
    },
    /// In another field of the image's config.
    Config {
        /// As the OCI image specification calls it: `config.User`.
        field: String,
    },
    /// In the image as a whole.
    Image,
}

impl Place {
    /// A file as a whole.
    pub fn file(path: impl Into<String>) -> Self {
        Self::File { path: path.into(), line: None, offset: None }
    }
}

/// Something in an image that is wrong without any advisory saying so.
///
/// Nothing in it says a secret: `evidence` is redacted where it was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Observation {
    /// Which kind.
    pub kind: ObservationKind,
    /// The rule's or check's short name, unique within its kind and never changed: `aws-access-key`, `root-user`.
    pub rule: String,
    /// What others call it: `CIS-DI-4.1`, `DS002`, `DL3002`; a YARA rule's set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// What it is, in a few words.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// The malware's family, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Where.
    pub place: Place,
    /// The layer that brought it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// The layer that deletes or replaces the file again. What the image runs does not see it then; whoever pulls the image still has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_in: Option<u32>,
    /// What was seen, redacted, fit to be shown.
    pub evidence: String,
    /// What to do about it.
    pub advice: String,
}

//! Severities and CVSS vectors.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How severe, in CVSS v3's qualitative words. Ordered: `Unknown` lowest, `Critical` highest.
///
/// Distributions' own words map to it: Debian `unimportant` and Ubuntu `negligible` to [`Severity::Negligible`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// No source rates it.
    #[default]
    Unknown,
    /// Rated as of no practical importance (CVSS 0.0).
    Negligible,
    /// CVSS 0.1 to 3.9.
    Low,
    /// CVSS 4.0 to 6.9.
    Medium,
    /// CVSS 7.0 to 8.9.
    High,
    /// CVSS 9.0 to 10.0.
    Critical,
}

impl Severity {
    /// All, most severe first.
    pub const ALL: [Self; 6] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Negligible, Self::Unknown];

    /// The word in upper case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Negligible => "NEGLIGIBLE",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }

    /// 0 (`Unknown`) to 5 (`Critical`): how it is stored and ordered in a database.
    pub const fn rank(self) -> i16 {
        self as i16
    }

    /// The severity of a stored rank; anything unknown is `Unknown`.
    pub fn from_rank(rank: i16) -> Self {
        Self::ALL.into_iter().find(|severity| severity.rank() == rank).unwrap_or_default()
    }

    /// The qualitative rating of a CVSS base score (CVSS v3.1 specification, section 5).
    pub fn from_score(score: f64) -> Self {
        match score {
            s if s >= 9.0 => Self::Critical,
            s if s >= 7.0 => Self::High,
            s if s >= 4.0 => Self::Medium,
            s if s > 0.0 => Self::Low,
            _ => Self::Negligible,
        }
    }

    /// Reads a source's own word for it, in any case (`moderate`, `Important`, `unimportant`, ...).
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().trim_end_matches('*') {
            "critical" => Self::Critical,
            "high" | "important" => Self::High,
            "medium" | "moderate" => Self::Medium,
            "low" | "minor" => Self::Low,
            "negligible" | "unimportant" | "none" => Self::Negligible,
            "unknown" => Self::Unknown,
            _ => return None,
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A CVSS vector with who gave it; its base score is computed, never believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CvssVector {
    /// The vector, `CVSS:3.1/AV:N/...`; version 2 vectors have no prefix.
    pub vector: String,
    /// Whose rating it is: the feed's name.
    pub source: String,
}

impl CvssVector {
    /// The base score, or `None` for a vector that does not follow its specification.
    pub fn score(&self) -> Option<f64> {
        self.vector.parse::<cvss::Cvss>().ok().map(|parsed| parsed.score())
    }

    /// The severity of the base score.
    pub fn severity(&self) -> Option<Severity> {
        self.score().map(Severity::from_score)
    }

    /// The specification's version times ten (20, 30, 31, 40): newer versions are preferred.
    pub fn version(&self) -> u8 {
        match self.vector.get(..9) {
            Some("CVSS:4.0/") => 40,
            Some("CVSS:3.1/") => 31,
            Some("CVSS:3.0/") => 30,
            _ => 20,
        }
    }
}

/// The vector that counts: of the newest CVSS version that parses, the highest score.
pub fn preferred_vector(vectors: &[CvssVector]) -> Option<(&CvssVector, f64)> {
    vectors
        .iter()
        .filter_map(|vector| vector.score().map(|score| (vector, score)))
        .max_by(|(a, x), (b, y)| a.version().cmp(&b.version()).then(x.total_cmp(y)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_computed_from_vectors_of_every_version() {
        let cases = [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(9.8), 31),
            ("CVSS:3.0/AV:L/AC:H/PR:N/UI:N/S:U/C:L/I:L/A:L", Some(4.9), 30),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Some(9.3), 40),
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", Some(7.5), 20),
            ("CVSS:3.1/nonsense", None, 31),
            ("é", None, 20),
        ];
        for (vector, score, version) in cases {
            let vector = CvssVector { vector: vector.into(), source: "test".into() };
            assert_eq!(vector.score(), score, "{}", vector.vector);
            assert_eq!(vector.version(), version);
        }
    }

    #[test]
    fn ranks_read_back() {
        for severity in Severity::ALL {
            assert_eq!(Severity::from_rank(severity.rank()), severity);
            assert_eq!(Severity::from_word(severity.as_str()), Some(severity));
        }
    }
}

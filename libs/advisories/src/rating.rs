//! The severity that counts, and whose it is.

use plimsoll_model::Severity;
use plimsoll_model::severity::preferred_vector;

use crate::matching::is_own_rater;
use crate::{Match, Vulnerability};

/// The severity that counts for a match, with what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Rating {
    /// The severity.
    pub severity: Severity,
    /// Whose rating it is: the feed's name, a distribution's whose own record in OSV says it (`ubuntu`), or empty where nobody rates it.
    pub source: String,
    /// The CVSS vector that is preferred, also where the severity is not from it.
    pub cvss_vector: Option<String>,
    /// The vector's base score, 0.0 to 10.0.
    pub cvss_score: Option<f64>,
}

/// Rates a match. The first of these that there is:
///
/// 1. for a distribution's package, the distribution's own severity, of its own feed or its own record in OSV: it knows how it builds and uses
///    the package;
/// 2. the severity of the CVSS vector of the newest version (4.0, 3.1, 3.0, 2.0), of several the one that scores highest;
/// 3. a source's word for the package, then for the whole vulnerability, in the order of sources;
/// 4. [`Severity::Unknown`].
pub fn rating(found: &Match, vulnerability: &Vulnerability) -> Rating {
    let vector = preferred_vector(&vulnerability.cvss);
    let word =
        found.severity.zip(found.severity_source.as_deref()).filter(|(severity, _)| *severity != Severity::Unknown);
    let own = word.filter(|(_, source)| is_own_rater(source));
    let by_vector = vector.map(|(vector, score)| (Severity::from_score(score), vector.source.as_str()));
    let by_word = || vulnerability.severities.first().map(|word| (word.severity, word.source.as_str()));
    let (severity, source) = own.or(by_vector).or(word).or_else(by_word).unwrap_or_default();
    Rating {
        severity,
        source: source.to_owned(),
        cvss_vector: vector.map(|(vector, _)| vector.vector.clone()),
        cvss_score: vector.map(|(_, score)| score),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{AffectedState, CvssVector};

    use super::*;
    use crate::SeverityWord;

    fn found(severity: Option<(Severity, &str)>) -> Match {
        Match {
            vulnerability: "CVE-2024-1".into(),
            fixed_in: None,
            state: AffectedState::Affected,
            severity: severity.map(|(severity, _)| severity),
            severity_source: severity.map(|(_, source)| source.into()),
            sources: vec![],
            advisories: vec![],
        }
    }

    #[test]
    fn severities_are_taken_in_the_documented_order() {
        use Severity::{Critical, High, Low, Medium, Negligible, Unknown};
        let v3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        let v4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N";
        let v2 = "AV:N/AC:L/Au:N/C:P/I:P/A:P";
        let cases = [
            (Some((Negligible, "debian")), &[v3][..], Some(High), Negligible, "debian", Some(9.8)),
            (Some((Negligible, "ubuntu")), &[v3], Some(High), Negligible, "ubuntu", Some(9.8)),
            (Some((Low, "osv")), &[v3], Some(High), Critical, "nvd", Some(9.8)),
            (Some((Unknown, "debian")), &[v3], None, Critical, "nvd", Some(9.8)),
            (None, &[v2, v3, v4], None, Critical, "nvd", Some(9.3)),
            (None, &[v2, "CVSS:3.1/nonsense"], None, High, "nvd", Some(7.5)),
            (Some((Low, "osv")), &[], Some(High), Low, "osv", None),
            (None, &[], Some(Medium), Medium, "osv", None),
            (None, &["nonsense"], None, Unknown, "", None),
            (None, &[], None, Unknown, "", None),
        ];
        for (package, vectors, word, severity, source, score) in cases {
            let vector = |vector: &&str| CvssVector { vector: (*vector).into(), source: "nvd".into() };
            let vulnerability = Vulnerability {
                cvss: vectors.iter().map(vector).collect(),
                severities: word.map(|severity| SeverityWord { severity, source: "osv".into() }).into_iter().collect(),
                ..Vulnerability::default()
            };
            let rated = rating(&found(package), &vulnerability);
            assert_eq!((rated.severity, rated.source.as_str(), rated.cvss_score), (severity, source, score));
        }
    }
}

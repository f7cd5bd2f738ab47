//! Databases of distributions without releases, tens of megabytes long: read package by package.

use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Distribution;
use crate::feeds::Refusal;
use crate::feeds::admission::Intake;
use crate::feeds::metered::{Limits, Meter};

/// Many times the largest that is known (tens of megabytes). The longest package, a kernel's, has some hundred KiB.
const LIMITS: Limits = Limits { document_bytes: 512 << 20, record_bytes: 8 << 20 };

/// Reads a database that has no releases, and says that it is of this repository. That may stand after the packages: what the
/// intake was given counts only once this returns `Ok`.
pub fn read_rolling(
    bytes: impl Read,
    repository: &str,
    distribution: &Distribution,
    intake: &mut Intake<'_>,
) -> Result<(), Refusal> {
    read_within(LIMITS, bytes, repository, distribution, intake)
}

fn read_within(
    limits: Limits,
    bytes: impl Read,
    repository: &str,
    distribution: &Distribution,
    intake: &mut Intake<'_>,
) -> Result<(), Refusal> {
    let meter = Meter::new(limits);
    let mut json = serde_json::Deserializer::from_reader(meter.reader(bytes));
    let database = Database { distribution, intake, meter: &meter };
    let found = json.deserialize_map(database).and_then(|found| json.end().map(|()| found));
    let found = found.map_err(|error| meter.json_refusal(error))?;
    if found.repository.as_deref() != Some(repository) {
        let said = found.repository.unwrap_or_default();
        return Err(Refusal::Malformed(format!("it says it is of the repository '{said}', not '{repository}'")));
    }
    if found.packages == 0 {
        return Err(Refusal::Malformed("it names no package".into()));
    }
    Ok(())
}

#[derive(Default)]
struct Found {
    repository: Option<String>,
    packages: usize,
}

struct Database<'p, 's> {
    distribution: &'p Distribution,
    intake: &'p mut Intake<'s>,
    meter: &'p Meter,
}

impl<'de> Visitor<'de> for Database<'_, '_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a security database")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut found = Found::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "reponame" => found.repository = Some(map.next_value()?),
                "packages" => {
                    let (distribution, meter) = (self.distribution, self.meter);
                    found.packages += map.next_value_seed(Packages { distribution, intake: self.intake, meter })?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// The list of packages. Tells how many there are.
struct Packages<'p, 's> {
    distribution: &'p Distribution,
    intake: &'p mut Intake<'s>,
    meter: &'p Meter,
}

impl<'de> DeserializeSeed<'de> for Packages<'_, '_> {
    type Value = usize;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<usize, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Packages<'_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of packages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while let Some(listed) = list.next_element::<Box<RawValue>>()? {
            self.distribution.listed(count, &listed, self.intake).map_err(A::Error::custom)?;
            count += 1;
            self.meter.next_record();
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Advisory, AffectedState, Ecosystem, Range};

    use super::*;
    use crate::feeds::{ParseReport, Record};

    fn parsed_within(limits: Limits, text: &str) -> Result<(Vec<Advisory>, ParseReport), Refusal> {
        let distribution = Distribution {
            ecosystem: Ecosystem::new("Wolfi"),
            title: "Wolfi",
            key_prefix: String::new(),
            pages: "https://example.org/",
        };
        let mut records: Vec<Record> = vec![];
        let mut intake = Intake::new("wolfi", &mut records);
        let outcome = read_within(limits, text.as_bytes(), "os", &distribution, &mut intake);
        let report = intake.finish(outcome)?;
        let advisory = |record| match record {
            Record::Advisory(advisory) => *advisory,
            other => panic!("{other:?}"),
        };
        Ok((records.into_iter().map(advisory).collect(), report))
    }

    const WHOLE: &str = r#"{"archs": ["x86_64"], "packages": [{"pkg": {"name": "aactl", "secfixes": {
        "0": ["CVE-2023-45283", "GHSA-vvjp-q62m-2vph"], "0.4.12-r10": ["CVE-2024-29902"]}}}, {"pkg": 3}], "reponame": "os"}"#;

    #[test]
    fn fixes_become_advisories_of_the_rolling_ecosystem_and_version_0_is_never_affected() {
        let (advisories, report) = parsed_within(LIMITS, WHOLE).unwrap();
        let told: Vec<_> = advisories
            .iter()
            .map(|advisory| (advisory.key.as_str(), advisory.affected[0].state, advisory.affected[0].ranges.clone()))
            .collect();
        assert_eq!(
            told,
            [
                ("aactl/CVE-2023-45283", AffectedState::NotAffected, vec![]),
                ("aactl/CVE-2024-29902", AffectedState::Affected, vec![Range::until("0.4.12-r10")]),
                ("aactl/GHSA-vvjp-q62m-2vph", AffectedState::NotAffected, vec![]),
            ]
        );
        assert_eq!(advisories[0].affected[0].ecosystem.to_string(), "Wolfi");
        assert_eq!((report.statements, report.records, report.problems), (3, 3, 1));
        assert_eq!(report.problem_texts[0].place, "package 2");
    }

    #[test]
    fn what_is_no_whole_database_of_the_repository_is_refused() {
        for text in [
            "",
            "{}",
            "[]",
            "<html>502 Bad Gateway</html>",
            &WHOLE[..WHOLE.len() / 2],
            &WHOLE[..WHOLE.len() - 1],
            &format!("{WHOLE}x"),
            &WHOLE.replace(r#""os""#, r#""chainguard""#),
            &WHOLE.replace(r#", "reponame": "os""#, ""),
            r#"{"reponame": "os"}"#,
            r#"{"reponame": "os", "packages": []}"#,
            r#"{"reponame": "os", "packages": [{"pkg": 3}]}"#,
            &format!(r#"{{"reponame": "os", "packages": {}"#, "[".repeat(100_000)),
        ] {
            let refusal = parsed_within(LIMITS, text).unwrap_err();
            assert!(matches!(refusal, Refusal::Malformed(_)), "{}: {refusal:?}", text.get(..80).unwrap_or(text));
        }
    }

    #[test]
    fn a_document_or_a_package_past_its_size_is_refused() {
        let long = WHOLE.replace("aactl", &"a".repeat(300_000));
        for (limits, what) in [
            (Limits { document_bytes: 200_000, record_bytes: 1 << 30 }, "the document's size in bytes"),
            (Limits { document_bytes: 1 << 30, record_bytes: 200_000 }, "a record's size in bytes"),
        ] {
            let refusal = parsed_within(limits, &long).unwrap_err();
            assert!(matches!(refusal, Refusal::PastLimit { what: found, .. } if found == what), "{refusal:?}");
        }
    }
}

//! `artifact-1.2.3-classifier.jar`.

/// What an archive's file name says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileName<'a> {
    /// Without the extension.
    stem: &'a str,
    pub(super) artifact: &'a str,
    pub(super) version: Option<&'a str>,
}

/// Words that stand within versions: `1.0-beta-2`. After any other word the version has not begun: `log4j-1.2-api-2.17.1`.
const QUALIFIERS: [&str; 23] = [
    "alpha",
    "b",
    "beta",
    "build",
    "cr",
    "dev",
    "ea",
    "final",
    "ga",
    "incubating",
    "java",
    "jdk",
    "jre",
    "m",
    "milestone",
    "p",
    "pre",
    "preview",
    "r",
    "rc",
    "release",
    "snapshot",
    "sp",
];

/// What follows a version and is not of it: which part of the artifact, or for which machine.
const CLASSIFIERS: [&str; 12] = [
    "-all",
    "-exec",
    "-fat",
    "-jakarta",
    "-jar-with-dependencies",
    "-javadoc",
    "-nodeps",
    "-plain",
    "-shaded",
    "-sources",
    "-tests",
    "-uber",
];
const SYSTEMS: [&str; 5] = ["-linux", "-osx", "-macos", "-windows", "-darwin"];

impl<'a> FileName<'a> {
    pub(super) fn parse(name: &'a str) -> Self {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let mut begin = None;
        for (at, _) in stem.match_indices('-') {
            let (before, after) = stem.split_at(at);
            let is_number = after.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
            if at == 0 || !is_number {
                continue;
            }
            let word = before.rsplit('-').next().unwrap_or_default().to_ascii_lowercase();
            let goes_on = word.starts_with(|first: char| first.is_ascii_digit()) || QUALIFIERS.contains(&word.as_str());
            if begin.is_none() || !goes_on {
                begin = Some(at);
            }
        }
        let Some((artifact, version)) = begin.and_then(|at| stem.split_at_checked(at)) else {
            return Self { stem, artifact: stem, version: None };
        };
        let version = version.get(1..).map(without_classifier);
        Self { stem, artifact, version }
    }

    /// Whether it names `artifact`, with a version behind it or not.
    pub(super) fn is_of(&self, artifact: &str) -> bool {
        self.artifact == artifact || self.without_artifact(artifact)
    }

    fn without_artifact(&self, artifact: &str) -> bool {
        let rest = self.stem.strip_prefix(artifact).and_then(|rest| rest.strip_prefix(['-', '_', '.']));
        rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    }

    /// The artifact, if the name ends with `version`, perhaps with a classifier after it.
    pub(super) fn without_version(&self, version: &str) -> Option<&'a str> {
        without_classifier(self.stem).strip_suffix(version)?.strip_suffix('-').filter(|artifact| !artifact.is_empty())
    }
}

fn without_classifier(name: &str) -> &str {
    if let Some(rest) = CLASSIFIERS.iter().find_map(|classifier| name.strip_suffix(classifier)) {
        return rest;
    }
    let system = SYSTEMS.iter().filter_map(|system| name.find(system)).min();
    system.and_then(|at| name.get(..at)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_divide_into_artifact_and_version() {
        let cases = [
            ("spring-core-5.3.9.RELEASE.jar", "spring-core", Some("5.3.9.RELEASE")),
            ("log4j-1.2-api-2.17.1.jar", "log4j-1.2-api", Some("2.17.1")),
            ("foo-1.0-beta-2.jar", "foo", Some("1.0-beta-2")),
            ("guava-31.1-jre.jar", "guava", Some("31.1-jre")),
            ("kafka_2.13-3.4.0.jar", "kafka_2.13", Some("3.4.0")),
            ("bcprov-jdk15on-1.70.jar", "bcprov-jdk15on", Some("1.70")),
            ("lib-2.0.0-20230101.123456-1.jar", "lib", Some("2.0.0-20230101.123456-1")),
            ("netty-epoll-4.1.77.Final-linux-x86_64.jar", "netty-epoll", Some("4.1.77.Final")),
            ("app-1.0-all.jar", "app", Some("1.0")),
            ("c3p0-0.9.5.5.jar", "c3p0", Some("0.9.5.5")),
            ("app.jar", "app", None),
            ("-1.jar", "-1", None),
            ("jar", "jar", None),
            ("", "", None),
        ];
        for (name, artifact, version) in cases {
            let file = FileName::parse(name);
            assert_eq!((file.artifact, file.version), (artifact, version), "{name}");
        }
    }

    #[test]
    fn a_name_is_that_of_its_artifact() {
        let file = FileName::parse("log4j-core-2.17.1.jar");
        assert!(file.is_of("log4j-core"));
        assert!(!file.is_of("log4j"));
        assert_eq!(file.without_version("2.17.1"), Some("log4j-core"));
        assert_eq!(file.without_version("2.17"), None);
    }
}

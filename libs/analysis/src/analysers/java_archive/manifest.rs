//! The main section of `META-INF/MANIFEST.MF`.

/// The longest value that is kept.
const VALUE_BYTES: usize = 512;

/// The attributes that say what an archive is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    attributes: Vec<(&'static str, String)>,
}

/// Those that are read, as they are looked up.
const ATTRIBUTES: [&str; 13] = [
    "Automatic-Module-Name",
    "Bundle-License",
    "Bundle-SymbolicName",
    "Bundle-Version",
    "Extension-Name",
    "Group-Id",
    "Implementation-Title",
    "Implementation-Vendor-Id",
    "Implementation-Version",
    "Plugin-License-Name",
    "Plugin-Version",
    "Short-Name",
    "Specification-Version",
];

impl Manifest {
    /// Reads up to the first blank line. A line that begins with a space goes on with the one before.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut manifest = Self::default();
        let mut current = None;
        let text = String::from_utf8_lossy(bytes);
        for line in text.lines().take_while(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix(' ') {
                let known = current.and_then(|name| manifest.attributes.iter_mut().find(|(known, _)| *known == name));
                if let Some((_, value)) = known.filter(|(_, value)| value.len() + rest.len() <= VALUE_BYTES) {
                    value.push_str(rest);
                }
                continue;
            }
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            current = ATTRIBUTES.into_iter().find(|known| known.eq_ignore_ascii_case(name));
            if let Some(name) = current.filter(|name| manifest.get(name).is_none() && value.len() <= VALUE_BYTES) {
                manifest.attributes.push((name, value.trim_start().to_owned()));
            }
        }
        manifest
    }

    fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(known, _)| *known == name)?;
        Some(value.trim())
    }

    /// The version: one without blanks that begins with a digit, so no sentence and no variable that nobody filled in.
    pub(super) fn version(&self) -> Option<&str> {
        ["Implementation-Version", "Plugin-Version", "Bundle-Version", "Specification-Version"]
            .into_iter()
            .filter_map(|name| self.get(name))
            // Builds are named behind a blank: `1.2 (private-0123abc)`.
            .filter_map(|version| version.split_whitespace().next())
            .find(|version| version.starts_with(|first: char| first.is_ascii_digit()))
    }

    /// The artifact by its title or bundle: one word, neither a class nor a sentence.
    pub(super) fn artifact(&self) -> Option<&str> {
        ["Short-Name", "Implementation-Title", "Bundle-SymbolicName", "Automatic-Module-Name"]
            .into_iter()
            .filter_map(|name| self.get(name))
            .map(without_directives)
            // Old Maven wrote `group:artifact` into titles.
            .map(|name| name.rsplit_once(':').map_or(name, |(_, artifact)| artifact))
            .find(|name| is_name(name))
    }

    /// The group of `artifact`: as stated, else as OSGi's symbolic name has it before the artifact.
    pub(super) fn group(&self, artifact: &str) -> Option<&str> {
        let is_group = |group: &&str| group.contains('.') && is_name(group);
        ["Group-Id", "Implementation-Vendor-Id"]
            .into_iter()
            .filter_map(|name| self.get(name))
            .find(is_group)
            .or_else(|| {
                let title = self.get("Implementation-Title")?;
                title.split_once(':').map(|(group, _)| group).filter(is_group)
            })
            .or_else(|| self.group_of_bundle(artifact).filter(is_group))
            .or_else(|| {
                self.get("Extension-Name")
                    .and_then(|name| name.strip_suffix(artifact)?.strip_suffix('.'))
                    .filter(is_group)
            })
    }

    /// The Maven bundle plugin joins group and artifact by a dot, and leaves out what the artifact repeats of the group's end:
    /// `org.apache.maven` and `maven-core` make `org.apache.maven.core`.
    fn group_of_bundle(&self, artifact: &str) -> Option<&str> {
        let symbolic = without_directives(self.get("Bundle-SymbolicName")?);
        if let Some(group) = symbolic.strip_suffix(artifact).and_then(|group| group.strip_suffix('.')) {
            return Some(group);
        }
        artifact.char_indices().filter(|(_, character)| matches!(character, '-' | '.')).find_map(|(at, _)| {
            let (repeated, rest) = artifact.split_at_checked(at)?;
            let group = symbolic.strip_suffix(rest.get(1..)?)?.strip_suffix('.')?;
            (group.rsplit('.').next() == Some(repeated)).then_some(group)
        })
    }

    /// The licence as stated, without OSGi's directives.
    pub(super) fn license(&self) -> Option<String> {
        ["Bundle-License", "Plugin-License-Name"]
            .into_iter()
            .filter_map(|name| self.get(name))
            .map(|license| without_directives(license).trim_matches('"'))
            .find(|license| !license.is_empty())
            .map(str::to_owned)
    }
}

/// A value of OSGi without what follows a semicolon (`org.acme.lib;singleton:=true`).
fn without_directives(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// Whether it could be a group or an artifact: Maven's own characters.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_and_sections_end() {
        let manifest = Manifest::read(
            b"Manifest-Version: 1.0\r\nimplementation-title: a-long\r\n -name\r\nX: y\r\n z\r\nImplementation-Version: 1.2\r\n\r\nName: x\r\nGroup-Id: org.x\r\n",
        );
        assert_eq!(
            (manifest.artifact(), manifest.version(), manifest.group("x")),
            (Some("a-long-name"), Some("1.2"), None)
        );
    }

    #[test]
    fn versions_are_numbers() {
        let cases = [
            ("Implementation-Version: ${project.version}\nBundle-Version: 3.1.0\n", Some("3.1.0")),
            ("Plugin-Version: 1.2 (private-0123abc-me)\n", Some("1.2")),
            ("Specification-Version: 1.8\n", Some("1.8")),
            ("Implementation-Version: unspecified\n", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Manifest::read(text.as_bytes()).version(), expected, "{text}");
        }
    }

    #[test]
    fn groups_are_stated_or_follow_from_the_bundle() {
        let cases = [
            ("Implementation-Vendor-Id: org.acme\nBundle-SymbolicName: org.other.lib\n", "lib", Some("org.acme")),
            (
                "Implementation-Vendor-Id: Acme Inc.\nBundle-SymbolicName: org.other.lib;singleton:=true\n",
                "lib",
                Some("org.other"),
            ),
            ("Bundle-SymbolicName: org.apache.maven.core\n", "maven-core", Some("org.apache.maven")),
            ("Bundle-SymbolicName: org.apache.commons.lang3\n", "commons-lang3", Some("org.apache.commons")),
            ("Bundle-SymbolicName: org.acme.lib\n", "other", None),
            ("Implementation-Title: org.acme:lib\n", "lib", Some("org.acme")),
            ("Group-Id: org.jenkins-ci.plugins\n", "git", Some("org.jenkins-ci.plugins")),
            ("Bundle-SymbolicName: lib\n", "lib", None),
        ];
        for (text, artifact, expected) in cases {
            assert_eq!(Manifest::read(text.as_bytes()).group(artifact), expected, "{text}");
        }
    }

    #[test]
    fn licences_are_stated_without_directives() {
        let manifest = Manifest::read(
            b"Bundle-License: \"Apache-2.0\";link=\"https://www.apache.org/licenses/LICENSE-2.0.txt\"\n",
        );
        assert_eq!(manifest.license().as_deref(), Some("Apache-2.0"));
    }
}

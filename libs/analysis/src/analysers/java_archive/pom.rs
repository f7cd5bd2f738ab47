//! `pom.properties` and `pom.xml`, as Maven puts them into what it builds.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Elements within one another that are followed. What is read lies four deep.
const DEPTH: usize = 64;
/// The longest text that is kept.
const TEXT_BYTES: usize = 512;

/// An artifact's coordinates; empty where not stated.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Pom {
    pub(super) group: String,
    pub(super) artifact: String,
    pub(super) version: String,
    pub(super) license: Option<String>,
    /// Whether the properties, which hold resolved values, were read.
    has_properties: bool,
}

impl Pom {
    /// Whether all coordinates are there and none is a variable that nobody filled in.
    pub(super) fn is_complete(&self) -> bool {
        [&self.group, &self.artifact, &self.version].iter().all(|text| !text.is_empty() && !text.contains("${"))
    }

    /// The file that its coordinates are from.
    pub(super) const fn file_name(&self) -> &'static str {
        if self.has_properties { "pom.properties" } else { "pom.xml" }
    }

    /// Java properties: `key=value`, `key: value`, comments with `#` and `!`.
    pub(super) fn read_properties(&mut self, bytes: &[u8]) {
        self.has_properties = true;
        for line in String::from_utf8_lossy(bytes).lines().map(str::trim_start) {
            let Some((key, value)) = line.split_once(['=', ':']).filter(|_| !line.starts_with(['#', '!'])) else {
                continue;
            };
            let value = value.trim().replace('\\', "");
            match key.trim_end() {
                "groupId" => self.group = value,
                "artifactId" => self.artifact = value,
                "version" => self.version = value,
                _ => {}
            }
        }
    }

    /// The project's licence; its coordinates too, unless the properties state them. Of a project that does not parse, what
    /// comes before the mistake. Entities beyond XML's own stand for nothing.
    pub(super) fn read_project(&mut self, bytes: &[u8]) {
        let mut project = Project::default();
        project.read(bytes);
        self.license = project.license;
        if !self.has_properties {
            self.group = project.group.or(project.parent_group).unwrap_or_default();
            self.version = project.version.or(project.parent_version).unwrap_or_default();
            self.artifact = project.artifact.unwrap_or_default();
        }
    }
}

/// What is read of a `pom.xml`.
#[derive(Default)]
struct Project {
    group: Option<String>,
    artifact: Option<String>,
    version: Option<String>,
    parent_group: Option<String>,
    parent_version: Option<String>,
    license: Option<String>,
}

impl Project {
    fn read(&mut self, bytes: &[u8]) {
        let mut reader = Reader::from_reader(bytes);
        let mut path: Vec<String> = Vec::new();
        loop {
            match reader.read_event() {
                Ok(Event::Start(element)) if path.len() < DEPTH => {
                    path.push(element.local_name().as_ref().chars().take(32).collect());
                }
                Ok(Event::End(_)) => drop(path.pop()),
                Ok(Event::Text(text)) => {
                    self.text(&path, text.trim());
                }
                Ok(Event::Eof | Event::Start(_)) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    fn text(&mut self, path: &[String], text: &str) {
        let mut names = path.iter().map(String::as_str);
        let place = [names.next(), names.next(), names.next(), names.next()].map(Option::unwrap_or_default);
        let field = match place {
            ["project", "groupId", "", ""] => &mut self.group,
            ["project", "artifactId", "", ""] => &mut self.artifact,
            ["project", "version", "", ""] => &mut self.version,
            ["project", "parent", "groupId", ""] => &mut self.parent_group,
            ["project", "parent", "version", ""] => &mut self.parent_version,
            ["project", "licenses", "license", "name"] => &mut self.license,
            _ => return,
        };
        if path.len() <= place.len() && field.is_none() && !text.is_empty() && text.len() <= TEXT_BYTES {
            *field = Some(text.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(group: &str, artifact: &str, version: &str, license: Option<&str>) -> Pom {
        let (group, artifact, version) = (group.to_owned(), artifact.to_owned(), version.to_owned());
        Pom { group, artifact, version, license: license.map(str::to_owned), has_properties: false }
    }

    #[test]
    fn properties_are_read_in_their_spellings() {
        let mut pom = Pom::default();
        pom.read_properties(
            b"#Created by Maven\r\n! x=y\r\n groupId=org.acme\r\nartifactId : lib\r\nversion=1\\:2\r\nm2e.x=1\r\n",
        );
        assert_eq!(Pom { has_properties: false, ..pom.clone() }, complete("org.acme", "lib", "1:2", None));
        assert!(pom.is_complete());
        pom.read_properties(b"version=${revision}");
        assert!(!pom.is_complete());
    }

    #[test]
    fn a_project_takes_from_its_parent_what_it_does_not_state() {
        let xml = b"<?xml version='1.0'?><project xmlns='x'><parent><groupId>org.acme</groupId><version> 2 </version></parent>
            <artifactId>lib</artifactId><dependencies><dependency><version>9</version></dependency></dependencies>
            <licenses><license><name>MIT</name></license><license><name>Apache-2.0</name></license></licenses></project>";
        let mut pom = Pom::default();
        pom.read_project(xml);
        assert_eq!(pom, complete("org.acme", "lib", "2", Some("MIT")));
        let mut stated = Pom::default();
        stated.read_properties(b"groupId=g\nartifactId=a\nversion=1\n");
        stated.read_project(xml);
        assert_eq!((stated.group.as_str(), stated.license.as_deref()), ("g", Some("MIT")));
    }

    #[test]
    fn hostile_projects_end_where_they_turn_hostile() {
        let deep = ["<project><artifactId>a</artifactId>".as_bytes(), "<x>".repeat(100_000).as_bytes()].concat();
        let bomb = b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><project><artifactId>a</artifactId><version>&a;</version></project>";
        for xml in [deep.as_slice(), bomb, b"<project><artifactId>a</artifactId></oops>"] {
            let mut pom = Pom::default();
            pom.read_project(xml);
            assert_eq!(pom, complete("", "a", "", None));
        }
    }
}

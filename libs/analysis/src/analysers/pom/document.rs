//! What a project file says, before its properties are put in.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::properties;
use crate::Malformed;
use crate::xml::{self, Element};

/// Declarations that are read of one file. The largest real ones, lists of what belongs together, have a twentieth of it.
const DECLARATIONS: usize = 50_000;

/// A project as its file has it.
#[derive(Default)]
pub(super) struct Project {
    group: Option<String>,
    pub(super) artifact: String,
    version: Option<String>,
    parent_group: Option<String>,
    parent_version: Option<String>,
    properties: HashMap<String, String>,
    /// Names of its licences.
    pub(super) licenses: Vec<String>,
    pub(super) dependencies: Vec<Declared>,
    /// What `dependencyManagement` says of an artifact wherever it is declared, by resolved group and name.
    managed: HashMap<(String, String), Declared>,
}

/// A dependency as it is declared.
#[derive(Default)]
pub(super) struct Declared {
    pub(super) group: String,
    pub(super) artifact: String,
    pub(super) version: Option<String>,
    pub(super) scope: Option<String>,
}

impl Project {
    /// The project, and what is wrong with the document after what was read of it.
    pub(super) fn read(bytes: &[u8]) -> (Self, Result<(), Malformed>) {
        let mut project = Self::default();
        let mut managed = Vec::new();
        let (mut current, mut count) = (Declared::default(), 0);
        let outcome = xml::walk(bytes, |path, element| {
            let Some(path) = path.strip_prefix("project/") else { return ControlFlow::Continue(()) };
            match element {
                Element::Opened(_) if path.ends_with("/dependency") => current = Declared::default(),
                Element::Closed(_) if path == "dependencies/dependency" => {
                    project.dependencies.push(std::mem::take(&mut current))
                }
                Element::Closed(_) if path == "dependencyManagement/dependencies/dependency" => {
                    managed.push(std::mem::take(&mut current));
                }
                // A text that cannot be read stays out, and what needs it goes with it.
                Element::Closed(Some(text)) => project.state(path, text, &mut current),
                Element::Opened(_) | Element::Closed(None) => {}
            }
            count = project.dependencies.len() + managed.len() + project.properties.len() + project.licenses.len();
            if count > DECLARATIONS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        for declared in managed {
            if let (Some(group), Some(artifact)) =
                (project.resolve(&declared.group), project.resolve(&declared.artifact))
            {
                project.managed.entry((group, artifact)).or_insert(declared);
            }
        }
        let too_many = || Malformed::new(format!("more than {DECLARATIONS} declarations"));
        (project, outcome.and(if count > DECLARATIONS { Err(too_many()) } else { Ok(()) }))
    }

    fn state(&mut self, path: &str, text: &str, current: &mut Declared) {
        if text.is_empty() {
            return;
        }
        let text = text.to_owned();
        match path {
            "groupId" => self.group = Some(text),
            "artifactId" => self.artifact = text,
            "version" => self.version = Some(text),
            "parent/groupId" => self.parent_group = Some(text),
            "parent/version" => self.parent_version = Some(text),
            "licenses/license/name" => self.licenses.push(text),
            _ => {
                let of_dependency =
                    path.strip_prefix("dependencyManagement/").unwrap_or(path).strip_prefix("dependencies/dependency/");
                match of_dependency {
                    Some("groupId") => current.group = text,
                    Some("artifactId") => current.artifact = text,
                    Some("version") => current.version = Some(text),
                    Some("scope") => current.scope = Some(text),
                    _ => {
                        if let Some(name) = path.strip_prefix("properties/") {
                            self.properties.insert(name.to_owned(), text);
                        }
                    }
                }
            }
        }
    }

    /// Its own group, else its parent's.
    pub(super) fn group(&self) -> Option<&str> {
        self.group.as_deref().or(self.parent_group.as_deref())
    }

    /// Its own version, else its parent's.
    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_deref().or(self.parent_version.as_deref())
    }

    /// A text with the properties put in, or `None` where one is not known from this file.
    pub(super) fn resolve(&self, text: &str) -> Option<String> {
        properties::resolve(text, &|name| self.property(name))
    }

    /// What `dependencyManagement` says of an artifact.
    pub(super) fn managed(&self, group: &str, artifact: &str) -> Option<&Declared> {
        self.managed.get(&(group.to_owned(), artifact.to_owned()))
    }

    fn property(&self, name: &str) -> Option<&str> {
        // `pom.` and nothing are older spellings of `project.`.
        let of_project = name.strip_prefix("project.").or_else(|| name.strip_prefix("pom.")).unwrap_or(name);
        match of_project {
            "groupId" => self.group(),
            "artifactId" => Some(&self.artifact),
            "version" => self.version(),
            "parent.groupId" => self.parent_group.as_deref(),
            "parent.version" => self.parent_version.as_deref(),
            _ => self.properties.get(name).map(String::as_str),
        }
    }
}

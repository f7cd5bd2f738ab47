//! Maven's project files, `pom.xml`.
//!
//! In: the XML document. Out: the project itself, and the dependencies that it declares for compiling and running, with versions
//! from the file's own properties and `dependencyManagement`. What a parent or an imported file elsewhere says is not known here: a
//! dependency without a version in this file is passed over, as is a range. Dependencies of profiles are not in the build unless
//! someone asks for them.
//! Source: Maven, "POM Reference" and "Introduction to the Dependency Mechanism".

mod document;
mod properties;

use plimsoll_model::{Package, PackageType};

use self::document::{Declared, Project};
use crate::path::{is_among_packages, is_samples_folder};
use crate::{Analyser, File, Malformed, Observations};

/// Reads Maven's project files.
pub struct Pom;

impl Analyser for Pom {
    fn name(&self) -> &'static str {
        "pom"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/pom.xml"]
    }

    fn wants(&self, path: &str) -> bool {
        // `src/test/resources` and `src/it` are Maven's own places for samples.
        let is_sample = path.contains("src/it/")
            || path
                .split('/')
                .zip(path.split('/').skip(1))
                .any(|(folder, below)| folder == "src" && is_samples_folder(below));
        !is_among_packages(path) && !is_sample
    }

    fn max_bytes(&self) -> usize {
        2 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let (project, outcome) = Project::read(file.bytes);
        if let Some(itself) = itself(&project) {
            seen.package(itself);
        }
        // An unpacked archive carries the file that it was built with. What that declares lies beside it as archives of their own,
        // or is not there.
        if !is_unpacked_archive(file.path) {
            project
                .dependencies
                .iter()
                .filter_map(|declared| dependency(&project, declared))
                .for_each(|package| seen.package(package));
        }
        outcome
    }
}

fn is_unpacked_archive(path: &str) -> bool {
    path.contains("META-INF/maven/")
}

fn itself(project: &Project) -> Option<Package> {
    let (group, version) = (project.group()?, project.version()?);
    let mut package =
        artifact(&project.resolve(group)?, &project.resolve(&project.artifact)?, &project.resolve(version)?)?;
    package.license = (!project.licenses.is_empty()).then(|| project.licenses.join(" OR "));
    Some(package)
}

/// What a declaration stands for, unless it is not shipped or has no version of its own.
fn dependency(project: &Project, declared: &Declared) -> Option<Package> {
    let (group, name) = (project.resolve(&declared.group)?, project.resolve(&declared.artifact)?);
    let managed = project.managed(&group, &name);
    let scope = declared.scope.as_deref().or_else(|| managed?.scope.as_deref()).unwrap_or("compile");
    if !matches!(project.resolve(scope)?.as_str(), "compile" | "runtime") {
        return None;
    }
    let version = declared.version.as_deref().or_else(|| managed?.version.as_deref())?;
    artifact(&group, &name, exact(&project.resolve(version)?)?)
}

fn artifact(group: &str, name: &str, version: &str) -> Option<Package> {
    let is_whole = [group, name, version].iter().all(|part| !part.is_empty());
    is_whole.then(|| Package::new(PackageType::Maven, format!("{group}:{name}"), version))
}

/// The version, unless it is a range of several. `[1.0]` allows that one only.
fn exact(version: &str) -> Option<&str> {
    let one = version.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(version).trim();
    let is_range = one.contains([',', '[', ']', '(', ')']) || matches!(one, "LATEST" | "RELEASE");
    (!is_range).then_some(one)
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    fn found(text: &str) -> (Vec<String>, usize) {
        let (file, complaints) = analyse(&Pom, "app/pom.xml", text.as_bytes());
        (names(&file), complaints.len())
    }

    fn with(declared: &str) -> String {
        format!("<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version>{declared}</project>")
    }

    fn declared(fields: &str) -> String {
        format!(
            "<dependencies><dependency><groupId>d</groupId><artifactId>x</artifactId>{fields}</dependency></dependencies>"
        )
    }

    #[test]
    fn dependencies_that_are_shipped_and_have_a_version_are_found() {
        let cases = [
            ("<version>2</version>", Some("2")),
            ("<version> 2 </version><scope>runtime</scope>", Some("2")),
            ("<version>[2]</version><optional>true</optional>", Some("2")),
            ("<version>2</version><exclusions><exclusion><groupId>e</groupId></exclusion></exclusions>", Some("2")),
            ("<version>2</version><scope>test</scope>", None),
            ("<version>2</version><scope>provided</scope>", None),
            ("<version>2</version><scope>system</scope>", None),
            ("<version>[2,3)</version>", None),
            ("<version>LATEST</version>", None),
            ("<version>${unknown}</version>", None),
            ("<version>&v;</version>", None),
            ("", None),
        ];
        for (fields, version) in cases {
            let expected: Vec<String> =
                version.map(|version| format!("d:x@{version}")).into_iter().chain(["g:a@1".into()]).collect();
            assert_eq!(found(&with(&declared(fields))), (expected, 0), "{fields}");
        }
    }

    #[test]
    fn versions_come_from_properties_and_management_of_the_file() {
        let managed = |fields: &str| format!("<dependencyManagement>{}</dependencyManagement>", declared(fields));
        let cases = [
            ("<properties><v>2</v></properties>".to_owned() + &declared("<version>${v}</version>"), Some("2")),
            (
                "<properties><v>${w}.0</v><w>2</w></properties>".to_owned() + &declared("<version>${v}</version>"),
                Some("2.0"),
            ),
            ("<properties><v>${v}</v></properties>".to_owned() + &declared("<version>${v}</version>"), None),
            (declared("<version>${project.version}</version>"), Some("1")),
            (managed("<version>3</version>") + &declared(""), Some("3")),
            (managed("<version>3</version>") + &declared("<version>2</version>"), Some("2")),
            (managed("<version>3</version><scope>test</scope>") + &declared(""), None),
            (managed("<version>3</version><scope>test</scope>") + &declared("<scope>compile</scope>"), Some("3")),
            (managed("<version>3</version>"), None),
            (format!("<profiles><profile>{}</profile></profiles>", declared("<version>2</version>")), None),
        ];
        for (text, version) in cases {
            let expected: Vec<String> =
                version.map(|version| format!("d:x@{version}")).into_iter().chain(["g:a@1".into()]).collect();
            assert_eq!(found(&with(&text)), (expected, 0), "{text}");
        }
    }

    #[test]
    fn a_module_has_its_parent_s_group_and_version() {
        let parent = "<parent><groupId>p</groupId><artifactId>q</artifactId><version>7</version></parent>";
        let cases = [
            (format!("<project>{parent}<artifactId>a</artifactId></project>"), vec!["p:a@7"]),
            (format!("<project>{parent}<groupId>g</groupId><artifactId>a</artifactId><version>${{parent.version}}.1</version></project>"), vec!["g:a@7.1"]),
            ("<project><parent><groupId>p</groupId><version>${revision}</version></parent><artifactId>a</artifactId></project>".into(), vec![]),
        ];
        for (text, expected) in cases {
            assert_eq!(found(&text), (expected.into_iter().map(str::to_owned).collect(), 0), "{text}");
        }
    }

    #[test]
    fn licences_are_those_that_the_project_states() {
        let text = with(
            "<licenses><license><name>MIT</name><url>u</url></license><license><name>EPL-2.0</name></license></licenses>",
        );
        let (file, _) = analyse(&Pom, "pom.xml", text.as_bytes());
        assert_eq!(file.packages[0].license.as_deref(), Some("MIT OR EPL-2.0"));
    }

    #[test]
    fn p8_entities_and_properties_do_not_grow() {
        let entities: String = (0..20).map(|n| format!("<!ENTITY e{} \"&e{n};&e{n};\">", n + 1)).collect();
        let bomb =
            format!("<!DOCTYPE p [<!ENTITY e0 \"x\">{entities}]>{}", with(&declared("<version>&e20;</version>")));
        assert_eq!(found(&bomb), (vec!["g:a@1".into()], 0));
        let doubled: String = (0..40).map(|n| format!("<p{}>${{p{n}}}${{p{n}}}</p{}>", n + 1, n + 1)).collect();
        let text =
            with(&format!("<properties><p0>x</p0>{doubled}</properties>{}", declared("<version>${p40}</version>")));
        assert_eq!(found(&text), (vec!["g:a@1".into()], 0));
    }

    #[test]
    fn what_came_before_the_break_is_kept() {
        let text = with(&declared("<version>2</version>"));
        assert_eq!(found(text.strip_suffix("</project>").unwrap()), (vec!["d:x@2".into(), "g:a@1".into()], 1));
        for text in ["", "{}", "<project><groupId>g</artifactId>"] {
            assert_eq!(found(text), (vec![], 1), "{text}");
        }
        assert_eq!(
            found("<other><groupId>g</groupId><artifactId>a</artifactId><version>1</version></other>"),
            (vec![], 0)
        );
    }

    #[test]
    fn an_unpacked_archive_is_the_project_only_and_samples_are_nothing() {
        let text = with(&declared("<version>2</version>"));
        let (file, _) = analyse(&Pom, "srv/app/META-INF/maven/g/a/pom.xml", text.as_bytes());
        assert_eq!(names(&file), ["g:a@1"]);
        for (path, expected) in [
            ("pom.xml", true),
            ("example/pom.xml", true),
            ("app/src/test/resources/pom.xml", false),
            ("app/src/it/one/pom.xml", false),
            ("root/.m2/repository/g/a/pom.xml", false),
        ] {
            assert_eq!(Pom.wants(path), expected, "{path}");
        }
    }
}

use super::*;
use crate::analysers::{analyse, names};
use crate::archive::made::{Member, zip, zip_of};

/// A file's path and content.
type Made = (String, Vec<u8>);

fn properties(group: &str, artifact: &str, version: &str) -> Made {
    let text = format!("#Generated\nversion={version}\ngroupId={group}\nartifactId={artifact}\n");
    (format!("META-INF/maven/{group}/{artifact}/pom.properties"), text.into_bytes())
}

/// What is found in an archive of this name with these files.
fn found(name: &str, files: &[Made]) -> Vec<String> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let (file, complaints) = analyse(&JavaArchive, name, &zip(&files));
    assert_eq!(complaints, Vec::<String>::new(), "{name}");
    names(&file)
}

fn manifest(text: &str) -> Made {
    ("META-INF/MANIFEST.MF".to_owned(), text.as_bytes().to_vec())
}

#[test]
fn an_archive_is_what_the_best_source_in_it_says() {
    let core = || properties("org.apache.logging.log4j", "log4j-core", "2.17.1");
    let api = || properties("org.apache.logging.log4j", "log4j-api", "2.17.1");
    let title = "Implementation-Title: lib\nImplementation-Version: 3.0\nImplementation-Vendor-Id: org.acme\n";
    let cases: [(&str, Vec<Made>, &[&str]); 12] = [
        ("a/log4j-core-2.17.1.jar", vec![core(), manifest(title)], &["org.apache.logging.log4j:log4j-core@2.17.1"]),
        ("a/renamed.jar", vec![core()], &["org.apache.logging.log4j:log4j-core@2.17.1"]),
        (
            "a/shaded-9.jar",
            vec![core(), api()],
            &[
                "org.apache.logging.log4j:log4j-api@2.17.1",
                "org.apache.logging.log4j:log4j-core@2.17.1",
                "shaded:shaded@9",
            ],
        ),
        (
            "a/log4j-core-2.17.1.jar",
            vec![core(), api()],
            &["org.apache.logging.log4j:log4j-api@2.17.1", "org.apache.logging.log4j:log4j-core@2.17.1"],
        ),
        (
            "a/spring-core-5.3.9.jar",
            vec![manifest("Implementation-Title: spring-core\nImplementation-Version: 5.3.9\n")],
            &["org.springframework:spring-core@5.3.9"],
        ),
        ("a/app.jar", vec![manifest(title)], &["org.acme:lib@3.0"]),
        ("a/lib-3.0.jar", vec![manifest(title)], &["org.acme:lib@3.0"]),
        // The file's name counts where the manifest states another version: that is often the build tool's.
        ("a/lib-2.5.jar", vec![manifest(title)], &["org.acme:lib@2.5"]),
        ("a/commons-io-1.4.jar", vec![], &["commons-io:commons-io@1.4"]),
        ("a/app.jar", vec![manifest("Main-Class: App\n")], &[]),
        (
            "a/git.hpi",
            vec![manifest("Short-Name: git\nPlugin-Version: 5.2.0\nGroup-Id: org.jenkins-ci.plugins\n")],
            &["org.jenkins-ci.plugins:git@5.2.0"],
        ),
        ("a.ear!/b.war!/WEB-INF/lib/commons-io-1.4.jar", vec![], &["commons-io:commons-io@1.4"]),
    ];
    for (name, files, expected) in cases {
        assert_eq!(found(name, &files), expected, "{name}");
    }
}

#[test]
fn what_is_copied_into_an_archive_is_told_with_its_own_path() {
    let core = || properties("org.apache.logging.log4j", "log4j-core", "2.17.1");
    let project = || {
        let xml = "<project><groupId>g</groupId><artifactId>b</artifactId><version>2</version></project>";
        ("META-INF/maven/g/b/pom.xml".to_owned(), xml.as_bytes().to_vec())
    };
    let of_core = "META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties";
    let of_app = "META-INF/maven/g/app/pom.properties";
    type Case<'a> = (&'a str, Vec<Made>, Vec<Option<&'a str>>);
    let cases: [Case<'_>; 5] = [
        ("a/log4j-core-2.17.1.jar", vec![core()], vec![None]),
        ("a/renamed.jar", vec![core()], vec![None]),
        ("a/app-1.jar", vec![core(), properties("g", "app", "1")], vec![None, Some(of_core)]),
        ("a/other.jar", vec![core(), properties("g", "app", "1")], vec![Some(of_app), Some(of_core)]),
        ("a/shaded-9.jar", vec![project()], vec![Some("META-INF/maven/g/b/pom.xml"), None]),
    ];
    for (name, files, expected) in cases {
        let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let (file, _) = analyse(&JavaArchive, name, &zip(&files));
        let within: Vec<_> = file.packages.iter().map(|package| package.within.as_deref()).collect();
        assert_eq!(within, expected, "{name}");
    }
}

#[test]
fn licences_come_from_the_project_or_the_manifest() {
    let xml = b"<project><licenses><license><name>MIT</name></license></licenses></project>";
    let (path, text) = properties("g", "a", "1");
    let project = "META-INF/maven/g/a/pom.xml";
    let bundle = b"Bundle-License: Apache-2.0\n";
    for (files, expected) in [
        (vec![(project, xml.as_slice()), (path.as_str(), text.as_slice())], Some("MIT")),
        (vec![("META-INF/MANIFEST.MF", bundle.as_slice()), (path.as_str(), text.as_slice())], Some("Apache-2.0")),
        (vec![(path.as_str(), text.as_slice())], None),
    ] {
        let (file, _) = analyse(&JavaArchive, "a-1.jar", &zip(&files));
        assert_eq!(file.packages[0].license.as_deref(), expected);
        assert_eq!(names(&file), ["g:a@1"]);
    }
}

#[test]
fn a_damaged_archive_says_what_can_still_be_read() {
    let (path, text) = properties("g", "a", "1");
    let good = Member::deflated(&path, &text);
    let broken = Member { crc: 1, ..Member::stored("META-INF/maven/g/b/pom.properties", b"version=1") };
    let (file, complaints) = analyse(&JavaArchive, "a-1.jar", &zip_of(&[broken, good]));
    assert_eq!((names(&file), complaints.len()), (vec!["g:a@1".to_owned()], 1));
    let (file, complaints) = analyse(&JavaArchive, "a.jar", b"not a zip");
    assert_eq!((file.packages.len(), complaints.len()), (0, 1));
}

#[test]
fn more_artifacts_than_an_archive_can_have_are_counted() {
    let files: Vec<_> = (0..ARTIFACTS + 5).map(|number| properties("g", &format!("a{number}"), "1")).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let (file, complaints) = analyse(&JavaArchive, "a.jar", &zip(&files));
    assert_eq!((file.packages.len(), complaints), (ARTIFACTS, vec!["5 artifacts more than 4096".to_owned()]));
}

#[test]
fn metadata_that_inflates_without_end_is_cut() {
    let project = vec![b' '; 1 << 20];
    let paths: Vec<String> = (0..200).map(|number| format!("META-INF/maven/g/{number}/pom.xml")).collect();
    let files: Vec<(&str, &[u8])> = paths.iter().map(|path| (path.as_str(), project.as_slice())).collect();
    let (file, complaints) = analyse(&JavaArchive, "a-1.jar", &zip(&files));
    assert_eq!(names(&file), ["a:a@1"]);
    assert!(complaints.len() == 1 && complaints[0].contains("inflates to more than"), "{complaints:?}");
}

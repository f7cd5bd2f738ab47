//! Inspectors: chosen by content, run beside the walk.

use plimsoll_analysis::{
    Analyser, ContentKind, Engine, File, Inspection, LayerAnalysis, Limits, Malformed, Observations,
};
use plimsoll_model::{Observation, ObservationKind, Package, PackageType, Place, ProblemCode, Severity};

use crate::builder::*;

/// Reports a package for each script, named by its second line, and whatever says `bad` as malware.
struct Scripts;

impl Analyser for Scripts {
    fn name(&self) -> &'static str {
        "scripts"
    }

    fn version(&self) -> u32 {
        1
    }

    fn content_kinds(&self) -> &'static [ContentKind] {
        &[ContentKind::Script]
    }

    fn max_bytes(&self) -> usize {
        1000
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let text = String::from_utf8_lossy(file.bytes);
        let second = text.lines().nth(1).ok_or_else(|| Malformed::at(1, "no second line"))?;
        assert_ne!(second, "panic", "as it was told");
        seen.package(Package::new(PackageType::Generic, second, format!("{:o}", file.mode)));
        if text.contains("bad") {
            seen.observation(Observation {
                kind: ObservationKind::Malware,
                rule: "bad".into(),
                references: Vec::new(),
                title: "It says so".into(),
                severity: Severity::High,
                family: None,
                place: Place::file(file.path),
                layer: None,
                removed_in: None,
                evidence: "bad".into(),
                advice: "Delete it.".into(),
            });
        }
        Ok(())
    }

    fn begin(&self) -> Option<Box<dyn Inspection + '_>> {
        Some(Box::new(Counting { scripts: self, files: 0 }))
    }
}

/// What a thread holds.
struct Counting<'s> {
    scripts: &'s Scripts,
    files: u64,
}

impl Inspection for Counting<'_> {
    fn inspect(&mut self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        self.files += 1;
        self.scripts.analyse(file, seen)
    }
}

fn engine(limits: Limits) -> Engine {
    Engine::of_analysers(limits, vec![Box::new(Scripts)])
}

fn analysed(tar: Tar) -> LayerAnalysis {
    engine(Limits::default()).layer(&*gzip(&tar.end()), None).unwrap()
}

fn script(text: &str) -> String {
    format!("#!/bin/sh\n{text}\n")
}

#[test]
fn files_are_inspected_by_what_they_are_wherever_they_lie() {
    let layer =
        analysed(Tar::new().file("any/where", script("one")).file("text", "two\ntwo\n").file("b", script("three")));
    assert_eq!(names(&layer), ["one@644", "three@644"]);
    assert_eq!(layer.contents.files.keys().collect::<Vec<_>>(), ["any/where", "b"]);
}

#[test]
fn thousands_of_files_give_the_same_answer_each_time() {
    let tar =
        || (0..3000).fold(Tar::new(), |tar, number| tar.file(&format!("f{number}"), script(&format!("n{number}"))));
    let limits = Limits { held_bytes: 100, inspection_threads: 4, ..Limits::default() };
    let bytes = gzip(&tar().end());
    let first = engine(limits.clone()).layer(&*bytes, None).unwrap();
    assert_eq!(first.contents.files.len(), 3000);
    assert_eq!(engine(limits).layer(&*bytes, None).unwrap(), first);
}

#[test]
fn the_last_entry_of_a_path_counts() {
    let twice = Tar::new().file("a", script("one")).file("a", script("two")).file("b", script("one")).file("b", "text");
    assert_eq!(names(&analysed(twice)), ["two@644"]);
}

#[test]
fn a_file_past_the_limit_and_one_that_breaks_its_inspector_are_problems() {
    let long = script(&"x".repeat(2000));
    let layer =
        analysed(Tar::new().file("long", long).file("p", script("panic")).file("s", "#!").file("a", script("ok")));
    let problems: Vec<_> =
        layer.problems.iter().map(|problem| (problem.code, problem.path.as_deref().unwrap())).collect();
    let expected =
        [(ProblemCode::FileTooLarge, "long"), (ProblemCode::FileMalformed, "p"), (ProblemCode::FileMalformed, "s")];
    assert_eq!((problems, names(&layer)), (expected.into(), vec!["ok@644".to_owned()]));
}

#[test]
fn problems_past_those_that_are_told_are_counted_by_their_kind() {
    let limits = Limits { problems: 2, ..Limits::default() };
    let tar = (0..5).fold(Tar::new(), |tar, number| tar.file(&format!("{number}"), "#!"));
    let tar = (5..8).fold(tar, |tar, number| tar.file(&format!("{number}"), script(&"x".repeat(2000))));
    let layer = engine(limits).layer(&*gzip(&tar.end()), None).unwrap();
    let told: Vec<_> =
        layer.problems.iter().map(|problem| (problem.code, problem.path.as_deref(), problem.detail.as_str())).collect();
    let expected = [
        (ProblemCode::FileTooLarge, Some("5"), "2011 bytes; scripts reads at most 1000"),
        (ProblemCode::FileTooLarge, Some("6"), "2011 bytes; scripts reads at most 1000"),
        (ProblemCode::FileTooLarge, None, "1 more of this kind are not listed"),
        (ProblemCode::FileMalformed, None, "5 more of this kind are not listed"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_was_observed_in_a_file_that_is_gone_is_still_reported() {
    let one =
        || Tar::new().file("kept", script("bad kept")).file("gone", script("bad gone")).file("changed", script("bad"));
    let two = Tar::new().file(".wh.gone", "").file("changed", "good\n").file("kept", script("bad kept"));
    let analyses = [analysed(one()), analysed(two)];
    let inventory = plimsoll_analysis::squash(&layers(&analyses));
    let observed: Vec<_> = inventory
        .observations
        .iter()
        .map(|observation| {
            let Place::File { path, .. } = &observation.place else { panic!("{observation:?}") };
            (path.as_str(), observation.layer, observation.removed_in)
        })
        .collect();
    assert_eq!(observed, [("changed", Some(0), Some(1)), ("gone", Some(0), Some(1)), ("kept", Some(0), None)]);
    assert_eq!(inventory.packages.len(), 1);
}

/// A jar with the metadata of one artifact and other members.
fn jar(artifact: &str, members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut jar = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    jar.start_file(format!("META-INF/maven/g/{artifact}/pom.properties"), options).unwrap();
    std::io::Write::write_all(&mut jar, format!("groupId=g\nartifactId={artifact}\nversion=1\n").as_bytes()).unwrap();
    for (path, bytes) in members {
        jar.start_file(*path, options).unwrap();
        std::io::Write::write_all(&mut jar, bytes).unwrap();
    }
    jar.finish().unwrap().into_inner()
}

fn packages_of(layer: &LayerAnalysis) -> Vec<String> {
    let inventory = plimsoll_analysis::squash(&layers(std::slice::from_ref(layer)));
    inventory.packages.iter().map(|package| format!("{} {}", package.package.name, package.path)).collect()
}

#[test]
fn jars_within_jars_are_read_with_the_whole_path() {
    let ear = jar("ear", &[("lib/war.war", jar("war", &[("WEB-INF/lib/jar-1.jar", jar("jar", &[]))]))]);
    let launched =
        [b"#!/bin/sh\nexec java -jar \"$0\"\n".to_vec(), jar("app", &[("BOOT-INF/lib/x.jar", jar("x", &[]))])].concat();
    let layer = analyse(&gzip(&Tar::new().file("opt/a.ear", ear).file("opt/app.jar", launched).end()));
    let expected = [
        "g:app opt/app.jar",
        "g:ear opt/a.ear",
        "g:jar opt/a.ear!/lib/war.war!/WEB-INF/lib/jar-1.jar",
        "g:war opt/a.ear!/lib/war.war",
        "g:x opt/app.jar!/BOOT-INF/lib/x.jar",
    ];
    assert_eq!((packages_of(&layer), layer.problems), (expected.map(str::to_owned).into(), vec![]));
}

#[test]
fn what_is_copied_into_a_jar_is_shown_with_its_whole_path() {
    let copied = b"groupId=g\nartifactId=copied\nversion=2\n".to_vec();
    let shaded = || jar("app", &[("META-INF/maven/g/copied/pom.properties", copied.clone())]);
    let tar = Tar::new().file("srv/app.jar", shaded()).file("srv/all.war", jar("all", &[("lib/app.jar", shaded())]));
    let expected = [
        "g:all srv/all.war",
        "g:app srv/all.war!/lib/app.jar",
        "g:app srv/app.jar",
        "g:copied srv/all.war!/lib/app.jar!/META-INF/maven/g/copied/pom.properties",
        "g:copied srv/app.jar!/META-INF/maven/g/copied/pom.properties",
    ];
    assert_eq!(packages_of(&analyse(&gzip(&tar.end()))), expected);
}

/// Breaks off on every file of its name.
struct Fragile;

impl Analyser for Fragile {
    fn name(&self) -> &'static str {
        "fragile"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/fragile"]
    }

    fn max_bytes(&self) -> usize {
        1000
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        seen.package(Package::new(PackageType::Generic, "before", "1"));
        assert!(file.bytes.is_empty(), "as it was told");
        Ok(())
    }
}

#[test]
fn a_reader_that_breaks_off_leaves_the_rest_of_the_layer() {
    let engine = Engine::with_analysers(Limits::default(), vec![Box::new(Fragile)]);
    let tar = Tar::new().file("a/fragile", "x").file(&dist_info("six"), metadata("six", "1"));
    let layer = engine.layer(&*tar.end(), None).unwrap();
    assert_eq!(
        (names(&layer), codes(&layer)),
        (vec!["before@1".to_owned(), "six@1".to_owned()], vec![ProblemCode::FileMalformed])
    );
    assert!(layer.contents.is_complete && layer.problems[0].detail == "fragile broke off on it");
}

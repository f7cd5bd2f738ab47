//! `plimsoll query`.

use serde_json::{Value, json};

use crate::corpus;
use crate::mirror::Place;
use crate::program::{plimsoll, plimsoll_with_input};

fn ask(place: &Place, input: &str, format: &str) -> crate::program::Run {
    plimsoll_with_input(place.home(), &["query", "--format", format], input)
}

/// Each line's array.
fn lines(run: &crate::program::Run) -> Vec<Value> {
    run.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn an_affected_version_is_told_with_ids_aliases_ranges_and_the_fix() {
    let place = Place::with_database();
    let run = plimsoll(place.home(), &["query", "--format", "jsonl", "PyPI", "Django", "3.2"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    assert_eq!(
        lines(&run),
        [json!([{
            "status": "affected", "id": "PYSEC-2022-190", "vulnerability": "CVE-2022-28346",
            "aliases": ["CVE-2022-28346", "GHSA-2gwj-7jmv-h26r"], "source": "osv", "title": "A flaw in Django",
            "severity": "CRITICAL", "state": "affected", "fixed_in": "3.2.13",
            "ranges": [{ "events": [{ "introduced": "0" }, { "fixed": "3.2.13" }] }]
        }])],
        "the withdrawn advisory says nothing"
    );
    let run = plimsoll(place.home(), &["query", "--format", "json", "PyPI", "Django", "3.2"]);
    let document = run.json();
    let answer = &document["answers"][0];
    assert_eq!((&answer["status"], &answer["line"]), (&json!("affected"), &Value::Null));
    assert_eq!(answer["advisories"][0]["id"], "PYSEC-2022-190");
    assert!(document["knowledge"]["osv"].is_string(), "{document}");
    let range = |to: &str| json!([{ "events": [{ "introduced": "0" }, { "fixed": to }] }]);
    let stands = json!({ "id": "PYSEC-2022-190", "vulnerability": "CVE-2022-28346", "source": "osv", "state": "fixed",
        "fixed_in": ["3.2.13"], "ranges": range("3.2.13"), "severity": null, "is_withdrawn": false });
    let statements = answer["statements"].as_array().unwrap();
    assert!(statements.contains(&stands) && statements.len() == 2, "{statements:#?}");
    assert!(statements.iter().any(|said| said["is_withdrawn"] == true), "what was taken back is told as such");
    let table = plimsoll(place.home(), &["query", "PyPI", "Django", "3.2"]).out;
    assert!(table.starts_with("PyPI Django 3.2: 1 advisory affects it\nADVISORY "), "{table}");
    assert!(table.contains("PYSEC-2022-190") && table.contains("< 3.2.13") && !table.contains('\u{1b}'), "{table}");
}

#[test]
fn each_line_is_answered_in_its_order_by_its_own_release_and_source_package() {
    let place = Place::with_database();
    let input = "PyPI\tdjango\t3.2.13\n\
        npm\tminimist\t1.2.5\r\n\
        Debian:12\tperl\t5.36.0-7\textra\n\
        Debian:12\tperl-base\t5.36.0-7\n\
        Alpine:v3.18\topenssl\t3.1.0-r4\n\
        Alpine:v3.18\topenssl\t3.1.1-r0\n\
        crates.io\ttime\t0.1.43";
    let run = ask(&place, input, "jsonl");
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    let told: Vec<Vec<String>> = lines(&run)
        .iter()
        .map(|line| {
            let found = |one: &Value| format!("{} {}", one["vulnerability"], one["fixed_in"]).replace('"', "");
            line.as_array().unwrap().iter().map(found).collect()
        })
        .collect();
    let expected: [&[&str]; 7] = [
        &[],
        &["CVE-2021-44906 1.2.6"],
        &["CVE-2011-4116 null", "CVE-2023-31484 5.36.0-7+deb12u1"],
        &[],
        &["CVE-2023-2650 3.1.1-r0"],
        &[],
        &["CVE-2020-26235 0.2.23"],
    ];
    assert_eq!(told, expected);
    let document = ask(&place, input, "json").json();
    let answers = document["answers"].as_array().unwrap();
    let numbers: Vec<&Value> = answers.iter().map(|answer| &answer["line"]).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!((&answers[0]["status"], &answers[1]["status"]), (&json!("not_affected"), &json!("affected")));
    let nothing = ask(&place, "", "json");
    assert_eq!((nothing.code, &nothing.json()["answers"]), (0, &json!([])));
}

#[test]
fn a_program_without_a_package_is_asked_by_its_name() {
    let place = Place::with_database();
    let why = |run: &crate::program::Run| lines(run)[0][0]["why"].as_str().unwrap().to_owned();
    let before = ask(&place, "generic\tnginx\t1.20.0\n", "jsonl");
    assert_eq!(before.code, 1);
    assert_eq!(
        why(&before),
        "no advisory that is loaded speaks of packages of generic; plimsoll db update --feeds nvd brings NVD's"
    );
    place.nvd(&[("CVE-2022-41741", "f5:nginx", "1.1.3", "1.22.1")]);
    assert_eq!(place.update(&["--feeds", "nvd"]).code, 0);
    let run = plimsoll(place.home(), &["query", "--format", "jsonl", "generic", "nginx", "1.20.0"]);
    assert_eq!(run.code, 0, "{run:?}");
    let told = &lines(&run)[0][0];
    assert_eq!(
        (&told["id"], &told["source"], &told["fixed_in"]),
        (&json!("CVE-2022-41741"), &json!("nvd"), &json!("1.22.1"))
    );
    let run = plimsoll(place.home(), &["query", "--format", "jsonl", "generic", "nginx", "1.22.1"]);
    assert_eq!((run.code, run.out.trim()), (0, "[]"));
    for (package, expected) in [
        ("go\t1.22.3", "NVD is not asked about go: OSV's Go database judges the toolchain"),
        ("ourd\t1", "ourd is no program that NVD is asked about"),
        ("nginx\tlatest", "'latest' is not a version that generic can order"),
    ] {
        let run = ask(&place, &format!("generic\t{package}\n"), "jsonl");
        assert_eq!(run.code, 1, "{package}");
        assert!(why(&run).starts_with(expected), "{}", why(&run));
    }
}

#[test]
fn every_sources_own_word_is_told_with_its_state_where_it_affects_nothing_too() {
    let place = Place::new();
    place.tracker(&[
        ("perl", "CVE-2024-1", "resolved", "5.36.0-7+deb12u1"),
        ("perl", "CVE-2024-2", "resolved", "0"),
        ("perl", "CVE-2024-3", "open", ""),
        ("perl", "CVE-2024-4", "undetermined", ""),
    ]);
    assert_eq!(place.update(&[]).code, 0);
    let document = ask(&place, "Debian:12\tperl\t5.40\n", "json").json();
    let statements = document["answers"][0]["statements"].as_array().unwrap();
    let told: Vec<String> = statements
        .iter()
        .map(|said| format!("{} {} {} {}", said["vulnerability"], said["source"], said["state"], said["fixed_in"]))
        .collect();
    let expected = [
        r#""CVE-2024-1" "debian" "fixed" ["5.36.0-7+deb12u1"]"#,
        r#""CVE-2024-2" "debian" "not_affected" []"#,
        r#""CVE-2024-3" "debian" "affected" []"#,
        r#""CVE-2024-4" "debian" "under_investigation" []"#,
    ];
    assert_eq!(told, expected);
    let lines = ask(&place, "Debian:12\tperl\t5.40\n", "jsonl");
    assert!(!lines.out.contains("CVE-2024-1"), "{lines:?}");
}

#[test]
fn what_cannot_be_judged_is_told_and_never_an_empty_answer() {
    let place = Place::with_database();
    let long = format!("PyPI\tdjango\t{}", "9".repeat(100_000));
    let cases = [
        ("PiPI\tdjango\t3.2", "PiPI is no ecosystem that is known here; did you mean `PyPI`?"),
        ("pypi\tdjango\t3.2", "did you mean `PyPI`?"),
        ("debian\tperl\t5.36.0-7", "did you mean `Debian:12`?"),
        ("Debian 12\tperl\t5.36.0-7", "did you mean `Debian:12`?"),
        ("alpine:3.18\topenssl\t3.1.0-r4", "did you mean `Alpine:v3.18`?"),
        ("Klingon\ta\t1", "Klingon is no ecosystem that is known here"),
        ("Debian:11\tperl\t5.36.0-7", "no advisory that is loaded speaks of packages of Debian:11"),
        ("Debian\tperl\t5.36.0-7", "it goes by release, as in Debian:12"),
        ("npm\tminimist\tlatest", "'latest' is not a version that npm can order"),
        ("npm\tnobody-knows-it\tlatest", "'latest' is not a version that npm can order"),
        ("PyPI django 3.2", "a line is an ecosystem, a package and a version, with tabs between them"),
        ("", "a line is an ecosystem"),
        ("PyPI\tdjango\t", "its version is empty"),
        (long.as_str(), "it is longer than 16384 bytes"),
    ];
    let input: String =
        cases.iter().map(|(line, _)| format!("{line}\n")).chain(["npm\tminimist\t1.0.0\n".into()]).collect();
    let run = ask(&place, &input, "jsonl");
    assert_eq!(run.code, 1, "{run:?}");
    let told = lines(&run);
    assert_eq!(told.len(), cases.len() + 1);
    for (number, ((line, why), told)) in cases.iter().zip(&told).enumerate() {
        assert_eq!(told[0]["status"], "not_judged", "{line}: {told}");
        assert!(told[0]["why"].as_str().unwrap().contains(why), "{why}: {told}");
        let on_error = run.err.lines().nth(number).unwrap();
        assert!(on_error.starts_with(&format!("line {}: not judged, because ", number + 1)), "{on_error}");
        assert!(on_error.contains(why), "{on_error}");
    }
    assert_eq!(told[8][0]["vulnerability"], "CVE-2021-44906", "which advisory could not be judged");
    assert_eq!(told[cases.len()][0]["status"], "affected", "the rest is answered");
    let document = ask(&place, &input, "json").json();
    assert_eq!(document["answers"][0]["status"], "not_judged");
    let table = ask(&place, "PiPI\tdjango\t3.2\n\nPyPI\tdjango\t4\n", "table");
    for expected in [
        "PiPI django 3.2: not judged\nNot judged, because PiPI is no ecosystem",
        "line 2: not judged\n",
        "PyPI django 4: no advisory that is known here affects it\n",
    ] {
        assert!(table.out.contains(expected), "{expected}\n{}", table.out);
    }
}

#[test]
fn the_table_says_how_old_the_knowledge_is_and_old_knowledge_is_told_in_every_format() {
    let place = Place::with_database();
    let table = ask(&place, "PyPI\tdjango\t4\n", "table");
    let expected = "Knowledge  alpine less than a minute ago, debian less than a minute ago, ";
    assert!(table.out.lines().last().unwrap().starts_with(expected), "{}", table.out);
    assert_eq!(table.err, "");

    // Of one feed nothing was heard since March.
    let (mut builder, _) = plimsoll_advisory_db::Builder::start(&place.path("cache/plimsoll/advisories.db")).unwrap();
    let debian = plimsoll_advisories::feeds::by_name("debian").unwrap().documents().remove(0);
    builder.unchanged(&debian, "2026-03-01T00:00:00Z".parse().unwrap()).unwrap();
    let mut built_at = None;
    for document in builder.documents().unwrap() {
        built_at = built_at.max(Some(document.checked_at));
    }
    builder.finish(built_at.unwrap()).unwrap();
    for format in ["table", "json", "jsonl"] {
        let run = ask(&place, "PyPI\tdjango\t4\n", format);
        let told = run.err.strip_prefix("what is known of debian is ").unwrap_or_else(|| panic!("{run:?}"));
        assert!(told.ends_with(" days old: plimsoll db update brings it up to date\n"), "{run:?}");
        assert_eq!(run.code, 0);
    }
    let scan = plimsoll(place.home(), &["scan", "--offline", "dir:mirror"]);
    assert!(scan.err.contains("what is known of debian is "), "{scan:?}");
}

#[test]
fn a_wrong_question_or_a_missing_database_says_what_helps() {
    let place = Place::new();
    let none = plimsoll(place.home(), &["query", "PyPI", "django", "3.2"]);
    assert_eq!((none.code, none.out.as_str()), (3, ""));
    assert!(none.err.contains("plimsoll db update makes one"), "{}", none.err);
    for (arguments, expected) in [
        (&["query", "PyPI"][..], "required"),
        (&["query", "PyPI", "django"], "required"),
        (&["query", "PyPI", "django", " "], "its version is empty"),
        (&["query", "--format", "xml"], "table, json, jsonl"),
    ] {
        let run = plimsoll(place.home(), arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}: {run:?}");
        assert!(run.err.contains(expected), "{arguments:?}: {}", run.err);
    }
    let help = plimsoll(place.home(), &["query", "--help"]);
    assert!(help.code == 0 && help.out.contains("plimsoll query PyPI django 3.2"), "{help:?}");
}

#[test]
fn nothing_that_is_asked_acts_on_the_terminal() {
    let place = Place::with_database();
    for format in ["table", "json", "jsonl"] {
        let run = ask(&place, "Py\u{1b}[31mPI\tdjan\u{202e}go\t3.2\u{9b}\nPyPI\tdjango\t3.2\u{1b}[31m\n", format);
        assert_eq!(run.code, 1);
        for text in [&run.out, &run.err] {
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{format}: {text:?}");
        }
    }
}

/// Memory does not grow with the input, though every line asks of another package and, in turn, of another ecosystem.
#[test]
fn many_lines_take_the_memory_of_a_few() {
    let place = Place::with_database();
    let mut child = crate::program::command(place.home())
        .args(["query", "--format", "jsonl"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), std::io::BufReader::new(child.stdout.take().unwrap()));
    let resident = |child: &std::process::Child| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).map(str::to_owned).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or_default()
    };
    let mut answered = 0;
    let mut after = [0; 2];
    for resident_after in &mut after {
        let batch: String =
            (0..30_000).map(|n| format!("PyPI\tpackage-{answered}-{n}\t1\nUnknown {answered}-{n}\tp\t1\n")).collect();
        let writer = std::thread::spawn(move || {
            std::io::Write::write_all(&mut stdin, batch.as_bytes()).unwrap();
            stdin
        });
        for _ in 0..60_000 {
            let mut line = String::new();
            assert!(std::io::BufRead::read_line(&mut stdout, &mut line).unwrap() > 0);
            answered += 1;
        }
        stdin = writer.join().unwrap();
        *resident_after = resident(&child);
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    println!("{answered} lines, {} KiB after half of them, {} KiB after all", after[0], after[1]);
    assert!(after[1] < after[0] + (8 << 10), "{after:?}");
}

/// The shared corpus: each of its facts holds, none is left out; and how fast.
#[test]
fn every_fact_of_the_real_feeds_is_answered() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let home = tempfile::tempdir().unwrap();
    let base = format!("file://{}", mirror.canonicalize().unwrap().display());
    let update = plimsoll(home.path(), &["db", "update", "--base", &base]);
    assert_eq!(update.code, 0, "{update:?}");
    let facts = std::fs::read_to_string(mirror.join("facts.tsv")).unwrap();
    let rows: Vec<Vec<&str>> = facts.lines().skip(1).map(|row| row.split('\t').collect()).collect();
    let input: String = rows.iter().map(|row| row.join("\t") + "\n").collect();
    let started = std::time::Instant::now();
    let run = plimsoll_with_input(home.path(), &["query", "--format", "jsonl"], &input);
    println!("{} questions in {:?}", rows.len(), started.elapsed());
    let told = lines(&run);
    assert_eq!((told.len(), rows.len()), (facts.lines().count() - 1, 1_136), "an answer to each question");
    let (mut wrong, mut unjudged) = (Vec::new(), 0);
    for (row, told) in rows.iter().zip(&told) {
        let statements = told.as_array().unwrap();
        let says = |status: &str| statements.iter().any(|one| one["status"] == status && one["id"] == row[3]);
        if says("not_judged") || says("affected") != (row[4] == "affected") {
            wrong.push(format!("{}: {told}", row.join(" ")));
        }
        // The one exception, of advisories that the fact is not about: a question names no stream of a module, so what others say of another stream's
        // build of the package is not judged, and told as that.
        let mut others = statements.iter().filter(|one| one["status"] == "not_judged").peekable();
        unjudged += i32::from(others.peek().is_some());
        assert!(
            others.all(|one| row[0].starts_with("AlmaLinux:") && one["why"] == "its module's stream is not known"),
            "{}: {told}",
            row.join(" ")
        );
    }
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), rows.len());
    println!("{unjudged} of them are not judged by other advisories");
    assert_eq!(run.code, unjudged.min(1), "{}", run.err);
}

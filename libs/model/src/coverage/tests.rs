use super::*;
use crate::ProblemCode;

fn evidence<'a>(os: Option<&'a OsRelease>, packages: &'a [JudgedPackages]) -> CoverageEvidence<'a> {
    CoverageEvidence {
        platform: Some("linux"),
        os,
        support: os.map_or(OsSupport::Absent, |_| OsSupport::Supported { until: None }),
        sources: &[],
        problems: &[],
        packages,
        knowledge: Some(DateTime::UNIX_EPOCH),
    }
}

fn release(id: &str, version: Option<&str>) -> OsRelease {
    OsRelease { id: id.into(), version_id: version.map(str::to_owned), codename: None, pretty_name: None }
}

fn packages(kind: PackageType, ecosystem: Option<&str>, unordered: u64, has_source: bool) -> [JudgedPackages; 1] {
    let ecosystem = ecosystem.and_then(|text| text.parse().ok());
    let (program, awaits, lists_only_fixes, left_aside) = (None, None, false, None);
    [JudgedPackages { kind, ecosystem, program, count: 3, unordered, has_source, awaits, lists_only_fixes, left_aside }]
}

fn debs() -> [JudgedPackages; 1] {
    packages(PackageType::Deb, Some("Debian:12"), 0, true)
}

fn modules() -> [JudgedPackages; 1] {
    packages(PackageType::Golang, Some("Go"), 0, true)
}

fn problem(code: ProblemCode, layer: u32, path: Option<&str>, detail: &str) -> Problem {
    Problem { layer: Some(layer), path: path.map(str::to_owned), ..Problem::new(code, detail.into()) }
}

type Case<'a> = (&'a str, CoverageEvidence<'a>, &'a [&'a str]);

fn each_has_its_reasons(cases: &[Case<'_>]) {
    for (name, evidence, expected) in cases {
        let coverage = Coverage::of(evidence);
        let reasons: Vec<&str> = coverage.gaps.iter().map(|gap| gap.reason.as_str()).collect();
        assert_eq!(reasons, *expected, "{name}");
        assert_eq!(coverage.is_complete, expected.is_empty());
        assert!(
            coverage.gaps.iter().all(|gap| gap.statement.starts_with("not judged") && gap.count > 0),
            "{coverage:?}"
        );
    }
}

#[test]
fn each_thing_that_was_not_judged_says_why() {
    let debian = release("debian", Some("12"));
    let (debs, modules) = (debs(), modules());
    let truncated = [problem(ProblemCode::LayerTruncated, 1, None, "")];
    let forged = [problem(ProblemCode::DigestMismatch, 1, None, "")];
    let renamed = [problem(ProblemCode::DiffIdMismatch, 1, None, "")];
    let whiteout = [problem(ProblemCode::WhiteoutInvalid, 1, Some(".wh..."), "")];
    let files = [
        problem(ProblemCode::FileTooLarge, 1, Some("a"), "too large"),
        problem(ProblemCode::FileMalformed, 1, Some("a"), ""),
        problem(ProblemCode::ArchiveLimit, 1, Some("b.zip"), ""),
    ];
    let unordered = packages(PackageType::Npm, Some("npm"), 2, true);
    let unsourced = packages(PackageType::Luarocks, None, 0, false);
    let with = |problems| CoverageEvidence { problems, ..evidence(None, &modules) };
    each_has_its_reasons(&[
        ("whole", evidence(Some(&debian), &debs), &[]),
        ("windows", CoverageEvidence { platform: Some("windows"), ..evidence(None, &[]) }, &["platform_not_supported"]),
        ("a layer in part", with(&truncated), &["layer_not_read"]),
        ("another layer's bytes", with(&forged), &["layer_not_read"]),
        ("another layer's content", with(&renamed), &["layer_not_read"]),
        ("a whiteout of nothing", with(&whiteout), &[]),
        ("files", with(&files), &["archive_not_read", "file_not_read"]),
        ("unordered", evidence(None, &unordered), &["version_unordered"]),
        (
            "unsourced",
            CoverageEvidence { knowledge: None, ..evidence(None, &unsourced) },
            &["ecosystem_without_source"],
        ),
        ("silent", CoverageEvidence { knowledge: None, ..evidence(Some(&debian), &debs) }, &["knowledge_missing"]),
    ]);
    assert_eq!(Coverage::of(&with(&files)).gaps[1].count, 1, "two problems of one file are one file");
    let unlisted = Problem { count: 40, ..problem(ProblemCode::FileMalformed, 1, None, "40 more are not listed") };
    let with_unlisted: Vec<Problem> = [unlisted].iter().chain(&files).cloned().collect();
    let gap = Coverage::of(&with(&with_unlisted)).gaps.remove(1);
    assert_eq!((gap.count, gap.examples), (41, vec!["a".to_owned()]));
    assert_eq!(gap.statement, "not judged, because 41 files were not read in full, the first: too large");
}

#[test]
fn a_system_is_judged_where_it_is_known_and_something_lists_its_packages() {
    let (debian, nameless) = (release("debian", Some("12")), release("debian", None));
    let unknown = release("nonesuch", Some("1"));
    let (debs, modules) = (debs(), modules());
    let ended = OsSupport::Ended { since: NaiveDate::default() };
    each_has_its_reasons(&[
        ("ended", CoverageEvidence { support: ended, ..evidence(Some(&debian), &debs) }, &["os_ended"]),
        ("unknown", evidence(Some(&unknown), &debs), &["os_unknown"]),
        ("unknown, and nothing listed", evidence(Some(&unknown), &[]), &["os_unknown"]),
        ("of no release", evidence(Some(&nameless), &debs), &["os_unknown"]),
        ("nothing listed", evidence(Some(&debian), &[]), &["package_database_missing"]),
        (
            "an application's packages alone",
            CoverageEvidence { support: ended, ..evidence(Some(&debian), &modules) },
            &["os_ended", "package_database_missing"],
        ),
        ("no system and nothing listed", evidence(None, &[]), &["nothing_lists_packages"]),
        ("a folder", CoverageEvidence { platform: None, ..evidence(None, &[]) }, &["nothing_lists_packages"]),
        ("a program without a system", evidence(None, &modules), &[]),
        ("a project's folder", CoverageEvidence { platform: None, ..evidence(None, &modules) }, &[]),
    ]);
}

#[test]
fn a_layer_that_is_not_the_image_s_is_told_from_one_that_was_not_read() {
    let renamed = |layer| problem(ProblemCode::DiffIdMismatch, layer, None, "another tar");
    let forged = problem(ProblemCode::DigestMismatch, 2, None, "other bytes");
    let modules = modules();
    let cases: [(&[Problem], u64, &str); 3] = [
        (&[renamed(0)], 1, "not judged in full, because a layer is not what the image's configuration names"),
        (
            &[renamed(0), renamed(1)],
            2,
            "not judged in full, because 2 layers are not what the image's configuration names",
        ),
        (&[renamed(0), forged], 2, "not judged, because 2 layers were not read in full, the first: other bytes"),
    ];
    for (problems, count, statement) in cases {
        let gaps = Coverage::of(&CoverageEvidence { problems, ..evidence(None, &modules) }).gaps;
        assert_eq!((gaps[0].count, gaps[0].statement.as_str()), (count, statement));
    }
}

#[test]
fn a_folder_that_is_cut_is_no_layer() {
    let modules = modules();
    let cut = [Problem::new(ProblemCode::LayerTooLarge, "more than 10 files and folders".into())];
    let coverage = Coverage::of(&CoverageEvidence { platform: None, problems: &cut, ..evidence(None, &modules) });
    let gap = &coverage.gaps[0];
    assert_eq!(
        gap.statement,
        "not judged, because the folder was not read in full, the first: more than 10 files and folders"
    );
    assert_eq!(gap.examples, ["the folder"]);
}

#[test]
fn a_program_that_no_source_knows_is_told_by_its_name() {
    let program = |name: Option<&str>, has_source| {
        let [packages] = packages(PackageType::Generic, Some("generic"), 0, has_source);
        JudgedPackages { program: name.map(str::to_owned), count: 1, ..packages }
    };
    let judged = [program(None, true), program(Some("go"), false), program(Some("ourd"), false)];
    let gaps = Coverage::of(&evidence(None, &judged)).gaps;
    assert_eq!(
        gaps[0].statement,
        "not judged, because no advisory source that is loaded speaks of 2 packages: generic go, generic ourd"
    );
    assert_eq!(gaps.len(), 1);
}

#[test]
fn packages_of_third_parties_are_told_from_those_of_a_distribution_that_is_not_known() {
    let packages = [debs(), packages(PackageType::Deb, None, 0, false)].concat();
    let told = |os: &OsRelease| {
        let mut gaps = Coverage::of(&evidence(Some(os), &packages)).gaps;
        gaps.retain(|gap| gap.reason == GapReason::EcosystemWithoutSource);
        gaps.remove(0)
    };
    let gap = told(&release("debian", Some("12")));
    assert_eq!((gap.count, gap.examples), (3, vec!["deb of third parties".to_owned()]));
    assert!(gap.statement.ends_with("speaks of 3 packages: deb of third parties"), "{}", gap.statement);
    assert_eq!(told(&release("nonesuch", Some("1"))).examples, ["deb"]);
}

#[test]
fn packages_whose_feed_has_not_been_read_yet_are_not_judged() {
    let awaiting = |ecosystem: &str, has_source, feed: &str| {
        let [packages] = packages(PackageType::Deb, Some(ecosystem), 0, has_source);
        JudgedPackages { awaits: Some(feed.into()), ..packages }
    };
    let cases: [(Vec<JudgedPackages>, u64, &str); 3] = [
        (
            vec![awaiting("Debian:12", false, "debian")],
            3,
            "not judged, because what the feed debian says of 3 packages has not been read yet: Debian:12",
        ),
        (
            vec![awaiting("Debian:12", true, "debian"), debs()[0].clone()],
            3,
            "not judged by all that is known, because what the feed debian says of 3 packages has not been read yet: Debian:12",
        ),
        (
            vec![awaiting("PyPI", false, "osv"), awaiting("Debian:12", false, "debian"), awaiting("npm", false, "osv")],
            9,
            "not judged, because what the feeds debian, osv say of 9 packages has not been read yet: PyPI, Debian:12, npm",
        ),
    ];
    for (packages, count, statement) in cases {
        // Neither where a feed has answered for something else, nor where none has.
        for knowledge in [None, Some(DateTime::UNIX_EPOCH)] {
            let coverage = Coverage::of(&CoverageEvidence { knowledge, ..evidence(None, &packages) });
            let [gap] = coverage.gaps.as_slice() else { panic!("{coverage:?}") };
            assert_eq!(
                (gap.reason, gap.count, gap.statement.as_str()),
                (GapReason::KnowledgeMissing, count, statement)
            );
            assert!(!coverage.is_complete);
        }
    }
}

#[test]
fn what_the_sources_do_not_tell_is_said_and_is_no_gap() {
    let of = |ecosystem: &str, lists_only_fixes, left_aside: Option<Option<u64>>| {
        let [packages] = packages(PackageType::Rpm, Some(ecosystem), 0, true);
        let left_aside = left_aside.map(|packages| LeftAside { repositories: "extras".into(), packages });
        JudgedPackages { lists_only_fixes, left_aside, ..packages }
    };
    let fixes = "judged by fixes alone, because only vulnerabilities that are fixed are published for Rocky Linux:9: what has no fix yet is \
                 not among the findings";
    type Told<'a> = (LimitReason, u64, &'a str);
    let cases: [(JudgedPackages, &[Told<'_>]); 6] = [
        (of("Red Hat:9", false, None), &[]),
        (of("Rocky Linux:9", true, None), &[(LimitReason::OnlyFixesPublished, 3, fixes)]),
        (JudgedPackages { has_source: false, ..of("Rocky Linux:9", true, Some(None)) }, &[]),
        (
            of("Amazon Linux:2", false, Some(None)),
            &[(
                LimitReason::RepositoryLeftAside,
                3,
                "judged by the advisories of the core repository alone, because those of extras are not read, and packages of Amazon Linux:2 do \
                 not tell which repository they are from",
            )],
        ),
        (of("Amazon Linux:2023", false, Some(Some(0))), &[]),
        (
            of("Amazon Linux:2023", false, Some(Some(1))),
            &[(
                LimitReason::RepositoryLeftAside,
                1,
                "not judged by their own advisories, because those of extras are not read: 1 package of Amazon Linux:2023",
            )],
        ),
    ];
    for (packages, expected) in cases {
        let packages = [packages];
        let coverage = Coverage::of(&evidence(None, &packages));
        let told: Vec<(LimitReason, u64, &str)> =
            coverage.limits.iter().map(|limit| (limit.reason, limit.count, limit.statement.as_str())).collect();
        assert_eq!(told, expected);
        assert_eq!(coverage.is_complete, packages[0].has_source, "{coverage:?}");
    }
    for reason in LimitReason::ALL {
        assert_eq!(LimitReason::parse(reason.as_str()), Some(reason));
    }
}

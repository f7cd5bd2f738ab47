//! What is for developing only, and what lies among the tests and examples of a project, is not found.

use plimsoll_analysis::{Limits, analyse_tree};

use crate::builder::*;

const YARN_LOCK: &str = "# yarn lockfile v1\n\na@^1.0.0:\n  version \"1.1.0\"\n  dependencies:\n    shared \">= 1\"\n\n\
    \"@s/tool@^2\", \"@s/tool@^2.1\":\n  version \"2.1.0\"\n  optionalDependencies:\n    \"@s/deep\" \"1\"\n    shared \">= 1\"\n\n\
    \"@s/deep@1\":\n  version \"1.0.0\"\n\nshared@>= 1:\n  version \"1.0.0\"\n\nunasked@1:\n  version \"1.0.0\"\n";
const YARN_BERRY_LOCK: &str = "__metadata:\n  version: 8\n\n\"a@npm:^1.0.0\":\n  version: 1.1.0\n  resolution: \"a@npm:1.1.0\"\n  dependencies:\n    \
    shared: \"npm:>= 1\"\n\n\"@s/tool@npm:^2, @s/tool@npm:^2.1\":\n  version: 2.1.0\n  resolution: \"@s/tool@npm:2.1.0\"\n  dependencies:\n    \
    \"@s/deep\": \"npm:1\"\n    shared: \">= 1\"\n\n\"@s/deep@npm:1\":\n  version: 1.0.0\n  resolution: \"@s/deep@npm:1.0.0\"\n\n\"shared@npm:>= 1\":\n  \
    version: 1.0.0\n  resolution: \"shared@npm:1.0.0\"\n\n\"unasked@npm:1\":\n  version: 1.0.0\n  resolution: \"unasked@npm:1.0.0\"\n\n\
    \"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n  dependencies:\n    a: \"npm:^1.0.0\"\n    \
    \"@s/tool\": \"npm:^2\"\n  linkType: soft\n";
const PACKAGE_JSON: &str = r#"{"name":"app","dependencies":{"a":"^1.0.0"},"devDependencies":{"@s/tool":"^2"}}"#;

#[test]
fn manifests_tell_what_a_lock_file_has_for_developing() {
    let poetry = "[[package]]\nname = \"Web\"\nversion = \"1\"\n[package.dependencies]\nshared = \">=1\"\n[[package]]\nname = \"shared\"\nversion = \"1\"\n\
        [[package]]\nname = \"pytest\"\nversion = \"8\"\n[package.dependencies]\nshared = \"*\"\npluggy = {version = \">=1\"}\n\
        [[package]]\nname = \"pluggy\"\nversion = \"1\"\n";
    let pyproject = "[tool.poetry.dependencies]\nweb = \"1\"\n[tool.poetry.group.dev.dependencies]\npytest = \"^8\"\n";
    let cargo = "version = 4\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"insta\", \"serde 1.0.0\"]\n\
        [[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\ndependencies = [\"itoa\"]\n\
        [[package]]\nname = \"itoa\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n\
        [[package]]\nname = \"insta\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\ndependencies = [\"itoa\", \"console 1.0.0 (registry+x)\"]\n\
        [[package]]\nname = \"console\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n";
    let cargo_toml = "[dependencies]\nserde = \"1\"\n[dev-dependencies]\ninsta = \"1\"\n";
    let of_yarn: &[&str] = &["a@1.1.0", "shared@1.0.0", "unasked@1.0.0"];
    let cases: [(&str, &str, &str, &str, &[&str]); 4] = [
        ("yarn.lock", YARN_LOCK, "package.json", PACKAGE_JSON, of_yarn),
        ("yarn.lock", YARN_BERRY_LOCK, "package.json", PACKAGE_JSON, of_yarn),
        ("poetry.lock", poetry, "pyproject.toml", pyproject, &["shared@1", "web@1"]),
        ("Cargo.lock", cargo, "Cargo.toml", cargo_toml, &["app@0.1.0", "itoa@1.0.0", "serde@1.0.0"]),
    ];
    let names = |tars: &[Tar]| -> Vec<String> {
        found(&image(tars)).iter().filter_map(|found| Some(found.split_once(' ')?.0.to_owned())).collect()
    };
    for (lock, text, manifest, asks, expected) in cases {
        let tar = |folder: &str| Tar::new().file(&format!("srv/{folder}{manifest}"), asks);
        let lock = || Tar::new().file(&format!("srv/{lock}"), text);
        assert_eq!(names(&[lock(), tar("")]), expected, "{manifest}");
        assert_eq!(names(&[tar("packages/web/"), lock()]), expected, "{manifest} of a project below");
        assert!(names(&[lock()]).len() > expected.len(), "{manifest}: without it, all of them count");
        assert!(names(&[lock(), Tar::new().file(&format!("other/{manifest}"), asks)]).len() > expected.len());
    }
}

#[test]
fn a_project_that_needs_it_for_running_is_enough() {
    let other = r#"{"name":"other","dependencies":{"@s/tool":"^2.1"}}"#;
    let tar = Tar::new().file("srv/yarn.lock", YARN_LOCK).file("srv/package.json", PACKAGE_JSON);
    assert_eq!(found(&image(&[tar.file("srv/packages/other/package.json", other)])).len(), 5);
}

#[test]
fn lock_files_among_the_tests_and_examples_of_a_project_say_nothing() {
    let lock = "six==1.0\n";
    let project = || Tar::new().file("srv/app/requirements.txt", "flask==2.0\n");
    let cases = [
        ("srv/app/examples/shop/requirements.txt", 1),
        ("srv/app/x/tests/fixtures/requirements.txt", 1),
        ("srv/app/shop/requirements.txt", 2),
        // No project that they would be examples of.
        ("srv/examples/shop/requirements.txt", 2),
        ("examples/requirements.txt", 2),
        // Installed is installed.
        ("srv/app/tests/six-1.dist-info/METADATA", 2),
    ];
    for (path, expected) in cases {
        let text = if path.ends_with("METADATA") { metadata("six", "1") } else { lock.to_owned() };
        let inventory = image(&[project(), Tar::new().file(path, text)]);
        assert_eq!(found(&inventory).len(), expected, "{path}: {:?}", found(&inventory));
    }
    // The root of an image is no project; a folder that is scanned may well be one.
    let root = Tar::new().file("requirements.txt", "flask==2.0\n").file("examples/requirements.txt", lock);
    assert_eq!(found(&image(&[root])).len(), 2);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("examples")).unwrap();
    std::fs::write(folder.path().join("requirements.txt"), "flask==2.0\n").unwrap();
    std::fs::write(folder.path().join("examples/requirements.txt"), lock).unwrap();
    let tree = analyse_tree(folder.path(), &Limits::default()).unwrap();
    assert_eq!(found(&tree.inventory()), ["flask@2.0 0"]);
}

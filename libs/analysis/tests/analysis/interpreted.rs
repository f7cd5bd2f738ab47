//! A small file of each kind that says what Python, Conda, Ruby, PHP and Node.js declare and installed.

/// The path of each, and what it holds.
pub const SAMPLES: &[(&str, &str)] = &[
    ("requirements.txt", "a[x]==1.0 ; python_version < '3' \\\n  --hash=sha256:00\nb===2\n# c==3\n"),
    ("poetry.lock", "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ngroups = [\"main\"]\n"),
    ("Pipfile.lock", r#"{"default":{"a":{"version":"==1.0"}},"develop":{"b":{"version":"==2"}}}"#),
    (
        "uv.lock",
        "[[package]]\nname = \"a\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"b\", extra = [\"c\"] }]\n[[package]]\n\
         name = \"b\"\nversion = \"1\"\n[package.optional-dependencies]\nc = [{ name = \"b\" }]\n",
    ),
    ("pdm.lock", "[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"default\"]\n"),
    ("pylock.toml", "[[packages]]\nname = \"a\"\nversion = \"1\"\nmarker = \"'dev' in dependency_groups or x\"\n"),
    ("conda-meta/a-1-0.json", r#"{"name":"a","version":"1","license":"MIT"}"#),
    ("conda-lock.yml", "package:\n- name: a\n  version: 1.0\n  manager: pip\n  category: &x main\n- *x\n"),
    ("environment.yml", "dependencies:\n- c::a=1.0=b\n- pip: ['b==1']\n- {x: 1}\n"),
    (
        "specifications/a-1.gemspec",
        "# stub: a 1 ruby lib\ns.name = %q{a}\ns.version = \"1\"\ns.licenses = [\"MIT\".freeze, 'X']\n",
    ),
    (
        "Gemfile.lock",
        "PATH\n  remote: .\n  specs:\n    a (1)\n\nGEM\n  specs:\n    b (1.0-x86_64-linux)\n      c (~> 1)\n",
    ),
    (
        "vendor/composer/installed.json",
        r#"{"packages":[{"name":"a/b","version":"1","license":["MIT"]}],"dev-package-names":["a/b"]}"#,
    ),
    ("composer.lock", r#"{"packages":[{"name":"a/b","version":"1"}],"packages-dev":[]}"#),
    ("yarn.lock", "# v1\n\na@^1, \"@s/a@npm:b@1\":\n  version \"1.0.0\"\n  resolved \"x\"\n"),
    ("berry/yarn.lock", "__metadata: {version: 8}\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n"),
    (
        "pnpm-lock.yaml",
        "lockfileVersion: '9.0'\nimporters: {.: {devDependencies: {a: {version: 1.0.0(b@1)}}}}\npackages: {a@1.0.0: {}}\n\
         snapshots: {a@1.0.0(b@1): {dependencies: {c: d@1}}}\n---\nlockfileVersion: 5.4\npackages: {/@s/a/1.0.0_b: {dev: true}}\n",
    ),
    (
        "bun.lock",
        r#"{"workspaces":{"":{"devDependencies":{"a":"1",}}},/* x */"packages":{"a/@s/b":["b@1","",{"dependencies":{"c":"1"}},],}} // y"#,
    ),
];

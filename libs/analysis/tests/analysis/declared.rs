//! Lock files and manifests of declared packages, one of each kind.

/// A path at which each is wanted, and a text with most of what its format has.
pub const SAMPLES: &[(&str, &str)] = &[
    (
        "go/go.mod",
        "module m\ngo 1.22\nrequire (\n\tx v1.0.0 // indirect\n)\nrequire \"y\" v1.0.0\nreplace x v1.0.0 => z v1.0.0\nexclude y v1.0.0\n",
    ),
    (
        "java/pom.xml",
        "<project><parent><groupId>g</groupId><version>1</version></parent><artifactId>a</artifactId><properties><v>${w}</v><w>2</w></properties>\
         <dependencies><dependency><groupId>d</groupId><artifactId>x</artifactId><version>${v}&amp;<![CDATA[1]]></version></dependency></dependencies></project>",
    ),
    (
        "net/app.deps.json",
        r#"{"runtimeTarget":{"name":"n"},"targets":{"n":{"A/1":{"runtime":{"a.dll":{}}}}},"libraries":{"A/1":{"type":"package"}}}"#,
    ),
    ("net/packages.lock.json", r#"{"dependencies":{"net8.0":{"A":{"type":"Direct","resolved":"1.0.0"}}}}"#),
    ("net/packages.config", "<packages><package id=\"A\" version=\"1\" developmentDependency=\"false\"/></packages>"),
    ("c/conan.lock", r#"{"graph_lock":{"nodes":{"1":{"ref":"a/1#r","context":"host"}}},"requires":["b/1@u/c#r%1"]}"#),
    ("java/gradle.lockfile", "# c\ng:a:1=runtimeClasspath,testRuntimeClasspath\nempty=x\n"),
    ("elixir/mix.lock", "%{\n  \"a\": {:hex, :a, \"1.0.0\", \"00\", [:mix], [], \"hexpm\", \"00\"},\n}\n"),
    ("erlang/rebar.lock", "{\"1.2.0\",[{<<\"a\">>,{pkg,<<\"a\">>,<<\"1\">>},0}]}.\n"),
    (
        "swift/Package.resolved",
        r#"{"object":{"pins":[{"repositoryURL":"git@x.org:a/b.git","state":{"version":"1"}}]},"pins":[{"location":"https://x.org/c","state":{"version":"1"}}]}"#,
    ),
    ("haskell/cabal.project.freeze", "constraints: any.a ==1.0,\n  b +c,\n  setup.d ==1\n"),
    ("lib/R/library/a/DESCRIPTION", "Package: a\nVersion: 1\nLicense: MIT\nBuilt: R 4\n"),
    ("r/renv.lock", r#"{"Packages":{"a":{"Package":"a","Version":"1"}}}"#),
    ("lib/luarocks/rocks-5.4/a/1-1/a-1-1.rockspec", "description = { license = \"MIT\" }\n"),
    ("lib/perl5/.meta/A-B-1.0/install.json", r#"{"dist":"A-B-v1.0-TRIAL","version":"1.0"}"#),
    (
        "lib/perl5/perllocal.pod",
        "=head2 Sun Jul 26 18:04:12 2026: C<Module> L<A::B|A::B>\n\n=item *\n\nC<installed into: /lib/perl5>\n\nC<VERSION: 1.0>\n",
    ),
    (
        "haskell/stack.yaml.lock",
        "packages:\n- completed:\n    hackage: a-b-1.0@sha256:00,1\n- completed: {name: c, version: '1'}\n",
    ),
    ("dart/pubspec.lock", "packages:\n  a:\n    source: hosted\n    version: \"1.0.0\"\n"),
    ("ios/Podfile.lock", "PODS:\n  - A (1.0):\n    - B (= 1.0)\n  - &b B (1.0)\n  - *b\n"),
];

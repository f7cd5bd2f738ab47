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
];

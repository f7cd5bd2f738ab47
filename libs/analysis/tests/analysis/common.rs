//! What systems and the commonest tools have.

/// A path at which each is wanted, and a text with most of what its format has.
pub const SAMPLES: &[(&str, &str)] = &[
    ("etc/os-release", "ID=\"debian\"\nVERSION_ID='12'\n"),
    ("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nSource: b (1)\nVersion: 1\n\n"),
    ("var/lib/dpkg/status.d/a.md5sums", "d41d8cd98f00b204e9800998ecf8427e  usr/x.egg-info\n"),
    ("lib/apk/db/installed", "P:a\nV:1\nF:x\nR:y.egg-info\n\n"),
    ("x.dist-info/METADATA", "Name: a\nVersion: 1\nClassifier: License :: x\n\n"),
    ("node_modules/x/package.json", r#"{"name":"x","version":"1","licenses":[{"type":"MIT"}]}"#),
    ("package-lock.json", r#"{"dependencies":{"a":{"version":"npm:b@1","dependencies":{"c":{"dev":true}}}}}"#),
    (
        "bom.json",
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"purl":"pkg:npm/a@1","components":[]}]}"#,
    ),
    (
        "x.spdx.json",
        r#"{"spdxVersion":"SPDX-2.3","packages":[{"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/a@1"}]}]}"#,
    ),
    (
        "x.cdx.xml",
        "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'><components><component><version>1</version><licenses><license><id>MIT</id></license></licenses>\
         <purl>pkg:npm/a</purl><components><component><scope>excluded</scope></component></components></component></components></bom>",
    ),
    (
        "x.spdx",
        "SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: SPDXRef-a\nPackageVersion: 1\nPackageLicenseDeclared: MIT\nPackageComment: <text>b\n</text>\n\
         ExternalRef: PACKAGE-MANAGER purl pkg:npm/a\nRelationship: SPDXRef-b DEV_TOOL_OF SPDXRef-a\nFileName: ./c\n",
    ),
    (
        "sbom.syft.json",
        r#"{"artifacts":[{"version":"1","purl":"pkg:npm/a","licenses":[{"value":"MIT"},"X"]}],"schema":{"version":"16.0.0","url":"https://raw.githubusercontent.com/anchore/syft/main"}}"#,
    ),
    ("Cargo.toml", "[dependencies]\na = \"1\"\n[dev-dependencies]\nb = { package = \"c\", version = \"1\" }\n"),
    ("pyproject.toml", "[project]\ndependencies = [\"a>=1\"]\n[tool.poetry.group.dev.dependencies]\nb = \"^1\"\n"),
    ("package.json", "{\"dependencies\":{\"a\":\"^1\"},\"devDependencies\":{\"b\":\"npm:c@1\"}}"),
    ("Cargo.lock", "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n[root]\nname = \"r\"\nversion = \"1.0.0\"\n"),
];

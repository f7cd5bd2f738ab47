//! Documents as other tools write them.

use plimsoll_interchange::sbom::{self, Format, Limits, PassedOver, Sbom, SbomError};

fn read(text: &str) -> Sbom {
    sbom::read(text.as_bytes(), &Limits::default()).unwrap()
}

fn shown(sbom: &Sbom) -> Vec<String> {
    let shown = |package: &plimsoll_model::Package| {
        let license = package.license.as_deref().map(|license| format!(" {license}")).unwrap_or_default();
        format!("{} {}@{}{license}", package.kind, package.name, package.version)
    };
    sbom.packages.iter().map(shown).collect()
}

#[test]
fn a_cyclonedx_document_lists_components_in_components() {
    let sbom = read(
        r#"{ "$schema": "x", "components": [
            { "type": "library", "name": "core", "version": "1.0.0", "purl": "pkg:npm/%40angular/core@1.0.0",
              "licenses": [{ "license": { "id": "MIT" } }] },
            { "type": "framework", "name": "spring", "purl": "pkg:maven/org.springframework/spring-core@6.0.1?type=jar",
              "licenses": [{ "license": { "id": "MIT" } }, { "expression": "Apache-2.0 OR MIT" }, { "license": {} }],
              "components": [{ "name": "inner", "version": "2", "purl": "pkg:maven/g/inner",
                               "components": [{ "name": "innermost", "purl": "pkg:cargo/innermost@3" }] }] },
            { "type": "library", "name": "junit", "scope": "excluded", "purl": "pkg:maven/junit/junit@4" },
            { "type": "file", "name": "bin/app" },
            { "type": "library", "name": "unversioned", "purl": "pkg:npm/unversioned" },
            { "type": "library", "name": "action", "purl": "pkg:github/actions/checkout@4" },
            { "type": "library", "name": "core", "version": "1.0.0", "purl": "pkg:npm/%40angular/core@1.0.0",
              "licenses": [{ "license": { "name": "MIT" } }] } ],
          "metadata": { "timestamp": "2026-01-01T00:00:00Z",
                        "component": { "type": "application", "name": "shop", "purl": "pkg:pypi/Shop_Cart@1.4" } },
          "dependencies": [{ "ref": "a", "dependsOn": ["a"] }], "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1 }"#,
    );
    assert_eq!(sbom.format, Format::CycloneDx("1.5".into()));
    assert_eq!(
        shown(&sbom),
        [
            "pypi shop-cart@1.4",
            "npm @angular/core@1.0.0 MIT",
            "cargo innermost@3",
            "maven g:inner@2",
            "maven org.springframework:spring-core@6.0.1 MIT AND (Apache-2.0 OR MIT)",
        ]
    );
    let passed_over = PassedOver { without_purl: 1, of_unknown_type: 1, without_version: 1, for_developing: 1 };
    assert_eq!((sbom.passed_over, sbom.complaints), (passed_over, vec![]));
}

#[test]
fn an_spdx_document_lists_packages_with_references() {
    for version in ["2.2", "2.3"] {
        let text = r#"{ "SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-VERSION", "name": "apache",
            "relationships": [
                { "spdxElementId": "SPDXRef-dev", "relationshipType": "DEV_DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-apache" },
                { "spdxElementId": "SPDXRef-apr", "relationshipType": "DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-apache" }, 7 ],
            "packages": [
                { "SPDXID": "SPDXRef-apache", "name": "apache", "versionInfo": "2.4.57-0", "licenseConcluded": "Apache-2.0",
                  "licenseDeclared": "NOASSERTION", "externalRefs": [
                    { "referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x" },
                    { "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                      "referenceLocator": "pkg:bitnami/apache@2.4.57-0?arch=amd64&distro=debian-11" }] },
                { "SPDXID": "SPDXRef-apr", "name": "apr", "versionInfo": "1.7", "licenseDeclared": "NONE", "externalRefs": [
                    { "referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl", "referenceLocator": "pkg:conan/apr" }] },
                { "SPDXID": "SPDXRef-dev", "name": "dev", "externalRefs": [
                    { "referenceType": "purl", "referenceLocator": "pkg:npm/dev@1" }] },
                { "SPDXID": "SPDXRef-source", "name": "s", "primaryPackagePurpose": "SOURCE", "externalRefs": [
                    { "referenceType": "purl", "referenceLocator": "pkg:generic/s@1" }] },
                { "SPDXID": "SPDXRef-base", "name": "base" } ] }"#
            .replace("VERSION", version);
        let sbom = read(&text);
        assert_eq!(sbom.format, Format::Spdx(version.into()));
        assert_eq!(shown(&sbom), ["conan apr@1.7", "bitnami apache@2.4.57-0 Apache-2.0"]);
        let passed_over = PassedOver { without_purl: 1, for_developing: 2, ..PassedOver::default() };
        assert_eq!((sbom.passed_over, sbom.complaints), (passed_over, vec![]));
    }
}

#[test]
fn what_is_no_bill_of_materials_is_told_from_what_is_broken() {
    let others = [
        "{}",
        "[]",
        "7",
        r#"{ "bomFormat": "Other", "specVersion": "1.5" }"#,
        r#"{ "bomFormat": "CycloneDX", "specVersion": "2.0" }"#,
        r#"{ "spdxVersion": "SPDX-3.0", "packages": [] }"#,
        r#"{ "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [] }"#,
        r#"{ "components": { "button": {} } }"#,
    ];
    for text in others {
        assert_eq!(sbom::read(text.as_bytes(), &Limits::default()), Err(SbomError::Other), "{text}");
    }
    for text in ["", "<bom/>", "SPDXVersion: SPDX-2.3", "{ \"bomFormat\": \"Cyc", "{\n\"a\": 1,}", "\u{feff}{}"] {
        let error = sbom::read(text.as_bytes(), &Limits::default()).unwrap_err();
        assert!(matches!(error, SbomError::Malformed { .. }), "{text}: {error}");
    }
}

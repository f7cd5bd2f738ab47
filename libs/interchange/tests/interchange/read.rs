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
fn a_cyclonedx_document_in_xml_says_what_it_says_in_json() {
    let text = r#"<?xml version="1.0" encoding="UTF-8"?>
        <c:bom xmlns="urn:other" xmlns:c="http://cyclonedx.org/schema/bom/1.4" serialNumber="urn:uuid:0" version="1">
          <c:metadata><c:timestamp>2026-01-01T00:00:00Z</c:timestamp>
            <c:tools><c:tool><c:name>t</c:name><c:version>9</c:version></c:tool></c:tools>
            <c:component type="application"><c:name>shop</c:name><c:purl>pkg:pypi/Shop_Cart@1.4</c:purl></c:component>
          </c:metadata>
          <c:components>
            <c:component type="library"><c:group>@angular</c:group><c:name>core</c:name><c:version>1.0.0</c:version>
              <c:licenses><c:license><c:id>MIT</c:id><c:text>Long &amp; <![CDATA[<longer>]]></c:text></c:license></c:licenses>
              <c:purl>pkg:npm/%40angular/core@1.0.0?a=b&amp;c=d</c:purl>
              <c:pedigree><c:ancestors><c:component><c:purl>pkg:npm/ancestor@1</c:purl><c:version>7</c:version></c:component></c:ancestors></c:pedigree>
              <c:evidence><c:licenses><c:license><c:id>GPL-2.0</c:id></c:license></c:licenses></c:evidence></c:component>
            <c:component type="framework"><c:name>spring</c:name>
              <c:licenses><c:license><c:name>Own</c:name></c:license><c:expression>Apache-2.0 OR MIT</c:expression></c:licenses>
              <c:components><c:component><c:name>inner</c:name><c:version>2</c:version><c:purl>pkg:maven/g/inner</c:purl>
                <c:components><c:component><c:purl> pkg:cargo/innermost@3 </c:purl></c:component></c:components></c:component></c:components>
              <c:purl>pkg:maven/org.springframework/spring-core@6.0.1?type=jar</c:purl></c:component>
            <c:component type="library"><c:scope>excluded</c:scope><c:purl>pkg:maven/junit/junit@4</c:purl></c:component>
            <c:component type="file"><c:name>bin/app</c:name></c:component>
            <c:component type="library"><c:name>unversioned</c:name><c:purl>pkg:npm/unversioned</c:purl></c:component>
            <c:component type="library"><c:purl>pkg:github/actions/checkout@4</c:purl></c:component>
          </c:components>
          <c:dependencies><c:dependency ref="a"/></c:dependencies>
          <c:vulnerabilities><c:vulnerability><c:affects><c:target><c:component><c:purl>pkg:npm/x@1</c:purl></c:component></c:target></c:affects>
          </c:vulnerability></c:vulnerabilities></c:bom>"#;
    for text in [text.to_owned(), text.replace("c:", "").replace(":c=", "="), format!("\u{feff}{text}")] {
        // Without prefixes there is one declaration.
        let sbom = read(&text.replace("xmlns=\"urn:other\" xmlns=", "xmlns="));
        assert_eq!(sbom.format, Format::CycloneDx("1.4".into()));
        assert_eq!(
            shown(&sbom),
            [
                "pypi shop-cart@1.4",
                "npm @angular/core@1.0.0 MIT",
                "cargo innermost@3",
                "maven g:inner@2",
                "maven org.springframework:spring-core@6.0.1 Own AND (Apache-2.0 OR MIT)",
            ]
        );
        let passed_over = PassedOver { without_purl: 1, of_unknown_type: 1, without_version: 1, for_developing: 1 };
        assert_eq!((sbom.passed_over, sbom.complaints), (passed_over, vec![]));
    }
}

#[test]
fn an_spdx_document_in_tag_value_says_what_it_says_in_json() {
    let text = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: apache\n\
        DocumentComment: <text>PackageName: none\nExternalRef: PACKAGE-MANAGER purl pkg:npm/none@1\n</text>\n\n\
        ##### Package: apache\n\nPackageName: apache\nSPDXID: SPDXRef-apache\nPackageVersion: 2.4.57-0\n\
        PackageLicenseConcluded: Apache-2.0\nPackageLicenseDeclared: NOASSERTION\n\
        PackageCopyrightText: <text>Copyright: nobody</text>\n\
        ExternalRef: SECURITY cpe23Type cpe:2.3:a:x\n\
        ExternalRef: PACKAGE-MANAGER purl pkg:bitnami/apache@2.4.57-0?arch=amd64&distro=debian-11\n\
        ExternalRefComment: <text>ExternalRef: PACKAGE-MANAGER purl pkg:npm/none@2\n</text>\n\
        ExternalRef: PACKAGE-MANAGER purl pkg:npm/second@1\n\n\
        # Relationships may stand anywhere\n\
        Relationship: SPDXRef-dev DEV_DEPENDENCY_OF SPDXRef-apache\nRelationship: SPDXRef-apr DEPENDENCY_OF SPDXRef-apache\n\
        Relationship:\n\n\
        PackageName: apr\nSPDXID: SPDXRef-apr\nPackageVersion: 1.7\nPackageLicenseDeclared: NONE\n\
        ExternalRef: PACKAGE_MANAGER purl pkg:conan/apr\n\n\
        FileName: ./lib/x.c\nSPDXID: SPDXRef-dev\nExternalRef: PACKAGE-MANAGER purl pkg:npm/none@3\n\n\
        PackageName: dev\nSPDXID: SPDXRef-dev\nExternalRef: PACKAGE-MANAGER purl pkg:npm/dev@1\n\n\
        PackageName: s\nPrimaryPackagePurpose: SOURCE\nExternalRef: PACKAGE-MANAGER purl pkg:generic/s@1\n\n\
        PackageName: base\nSPDXID: SPDXRef-base\nLicenseID: LicenseRef-1\nExtractedText: <text>x\n</text>\n";
    for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("\u{feff}# first\n{text}")] {
        let sbom = read(&text);
        assert_eq!(sbom.format, Format::Spdx("2.3".into()));
        assert_eq!(shown(&sbom), ["conan apr@1.7", "bitnami apache@2.4.57-0 Apache-2.0"]);
        let passed_over = PassedOver { without_purl: 1, for_developing: 2, ..PassedOver::default() };
        assert_eq!((sbom.passed_over, sbom.complaints), (passed_over, vec![]));
    }
}

#[test]
fn what_syft_writes_is_read_as_it_and_as_buildpacks_write_it() {
    let of_syft = r#"{ "artifacts": [
            { "id": "1", "name": "lodash", "version": "4.17.21", "type": "npm", "licenses": [{ "value": "MIT", "spdxExpression": "MIT" },
              { "value": "Own", "spdxExpression": "" }, 7], "purl": "pkg:npm/lodash@4.17.21", "metadata": { "purl": "pkg:npm/none@1" } },
            { "id": "2", "name": "six", "version": "1.16.0", "licenses": ["MIT"], "purl": "pkg:pypi/six" },
            { "id": "3", "name": "unknown", "version": "1", "purl": "" } ],
        "descriptor": { "name": "syft", "version": "1.18.1" },
        "schema": { "version": "16.0.0", "url": "https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-16.0.0.json" } }"#;
    let of_buildpacks = r#"{ "Artifacts": [{ "ID": "1", "Name": "BellSoft Liberica JRE", "Version": "17.0.9", "Licenses": ["GPL-2.0"],
            "PURL": "pkg:generic/bellsoft-jre@17.0.9?arch=amd64" }],
        "Source": { "Type": "directory", "Target": "jre" }, "Descriptor": { "Name": "syft", "Version": "0.32.0" },
        "Schema": { "Version": "1.1.0", "URL": "https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-1.1.0.json" } }"#;
    let sbom = read(of_syft);
    assert_eq!(sbom.format, Format::Syft("16.0.0".into()));
    assert_eq!(shown(&sbom), ["pypi six@1.16.0 MIT", "npm lodash@4.17.21 MIT AND Own"]);
    assert_eq!((sbom.passed_over.without_purl, sbom.complaints), (1, vec![]));
    assert_eq!(shown(&read(of_buildpacks)), ["generic bellsoft-jre@17.0.9 GPL-2.0"]);
    let (artifacts, rest) = (of_buildpacks.find('[').unwrap(), of_buildpacks.find("\"Source\"").unwrap());
    let empty = read(&format!("{}null, {}", &of_buildpacks[..artifacts], &of_buildpacks[rest..]));
    assert_eq!((empty.packages, empty.complaints), (vec![], vec![]));
}

#[test]
fn what_is_no_bill_of_materials_is_told_from_what_is_broken() {
    let others = [
        "{}",
        "[]",
        "7",
        r#"{ "bomFormat": "Other", "specVersion": "1.5" }"#,
        r#"{ "components": { "button": {} } }"#,
        r#"{ "artifacts": [], "schema": { "version": "1", "url": "https://example.org/" } }"#,
        "\u{feff}{}",
        "<bom/>",
        "<bom xmlns='http://maven.apache.org/POM/4.0.0'/>",
        "<project xmlns='http://cyclonedx.org/schema/bom/1.4'/>",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>",
        "\x7fELF\0\0",
        "PackageName: a\nExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1\n",
        "a note: nothing\n",
    ];
    for text in others {
        assert_eq!(sbom::read(text.as_bytes(), &Limits::default()), Err(SbomError::Other), "{text}");
    }
    for text in ["", " \n", "{ \"bomFormat\": \"Cyc", "{\n\"a\": 1,}", "<!-- a bom -->", "<bom"] {
        let error = sbom::read(text.as_bytes(), &Limits::default()).unwrap_err();
        assert!(matches!(error, SbomError::Malformed { .. }), "{text}: {error}");
    }
}

#[test]
fn formats_that_are_not_read_are_named() {
    for (text, format) in [
        (r#"{ "bomFormat": "CycloneDX", "specVersion": "2.0" }"#, "CycloneDX 2.0"),
        (r#"{ "spdxVersion": "SPDX-3.0", "packages": [] }"#, "SPDX 3.0"),
        (r#"{ "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [] }"#, "SPDX 3"),
        ("<bom xmlns='http://cyclonedx.org/schema/bom/2.0'><components/></bom>", "CycloneDX 2.0"),
        (
            "<rdf:RDF xmlns:rdf='r' xmlns:spdx='http://spdx.org/rdf/terms#'><spdx:SpdxDocument/></rdf:RDF>",
            "SPDX as RDF",
        ),
        ("SPDXVersion: SPDX-1.2\nPackageName: a\n", "SPDX 1.2"),
        ("SPDXID: \"SPDXRef-DOCUMENT\"\nspdxVersion: \"SPDX-2.3\"\npackages:\n- name: a\n", "SPDX as YAML"),
    ] {
        let outcome = sbom::read(text.as_bytes(), &Limits::default());
        assert_eq!(outcome, Err(SbomError::Unread(format.to_owned())), "{text}");
    }
}

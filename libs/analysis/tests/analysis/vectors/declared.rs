//! Declared packages of Go, Java, .NET, C and C++.

use super::{Exception, exception};

/// The form of a purl that one of the others has, beside the one that is found.
const WITH_USER: &str = "the user who made a package is not part of its name";
const OWN_PROJECT: &str = "a project of the application's own, not a package";
const NO_VERSION: &str = "there is no version in the file";
const MODULE_ITSELF: &str = "the module itself, which has no version in its file";
const FOLDER: &str = "a folder that stands in for the module has no version";
const COMMIT: &str = "a repository's commit, which is no version";
const REPOSITORY: &str = "the address of the repository is the name, without `.git` and without its last part again";
const CASE: &str = "purls of this type are in lower case: it is found so";

pub(super) const NOT_REPORTED: &[Exception] = &[
    exception("app.deps.json-11b7447802", "pkg:nuget/TestLibrary@", OWN_PROJECT),
    exception("app.deps.json-2b38c0ab48", "pkg:nuget/hello2@", OWN_PROJECT),
    exception(
        "app.deps.json-2b38c0ab48",
        "pkg:nuget/System.Collections.Immutable@1.3.0",
        "the target that is run uses no file of it: the runtime's own copy counts",
    ),
    exception("app.deps.json-3c06e7c49f", "pkg:nuget/ExampleApp1@", OWN_PROJECT),
    exception("app.deps.json-72a5f37c35", "pkg:nuget/Api@", OWN_PROJECT),
    exception("app.deps.json-72a5f37c35", "pkg:nuget/Data@", OWN_PROJECT),
    exception("app.deps.json-72a5f37c35", "pkg:nuget/Web@", OWN_PROJECT),
    exception("app.deps.json-b790a2d365", "pkg:nuget/Web@", OWN_PROJECT),
    exception("app.deps.json-b790a2d365", "pkg:nuget/Worker@", OWN_PROJECT),
    exception("conan.lock-4065e846b9", "pkg:conan/wrong@ref", "`wrong/ref/format` is no package reference"),
    exception("conan.lock-7fe1f8636a", "pkg:conan/my_user/mfast@", WITH_USER),
    exception("conan.lock-b431365c4d", "pkg:conan/user/pkgc@", WITH_USER),
    exception(
        "go.mod-2c19720b95",
        "pkg:golang/example.com/fork/net@",
        "it stands in for another version than the required one",
    ),
    exception("go.mod-2c19720b95", "pkg:golang/github.com/BurntSushi/toml@", CASE),
    exception("go.mod-3d4e92a255", "pkg:golang/github.com/BurntSushi/toml@", CASE),
    exception("go.mod-3d4e92a255", "pkg:golang/my-library", MODULE_ITSELF),
    exception("go.mod-4d607d7191", "pkg:golang/bogus", MODULE_ITSELF),
    exception("go.mod-5462fba304", "pkg:golang/./fork/net", FOLDER),
    exception("go.mod-5462fba304", "pkg:golang/github.com/BurntSushi/toml@", CASE),
    exception("go.mod-56a7fb64d2", "pkg:golang/./xerrors", FOLDER),
    exception("go.mod-56a7fb64d2", "pkg:golang/github.com/org/repo", MODULE_ITSELF),
    exception("go.mod-5cc08950cf", "pkg:golang/github.com/BurntSushi/toml@", CASE),
    exception("go.mod-5cc08950cf", "pkg:golang/my-library", MODULE_ITSELF),
    exception("go.mod-689a7acf51", "pkg:golang/github.com/BurntSushi/toml@", CASE),
    exception("go.mod-689a7acf51", "pkg:golang/my-library", MODULE_ITSELF),
    exception("go.mod-6db14f0fd9", "pkg:golang/../../..", FOLDER),
    exception("go.mod-6db14f0fd9", "pkg:golang/github.com/aws/aws-sdk-go-v2/feature/ec2/imds", MODULE_ITSELF),
    exception("go.mod-7a787519a2", "pkg:golang/github.com/org/repo", MODULE_ITSELF),
    exception("go.mod-9cec89a9f1", "pkg:golang/github.com/org/repo", MODULE_ITSELF),
    exception("go.mod-9eae2e3bce", "pkg:golang/./xerrors", FOLDER),
    exception("go.mod-9eae2e3bce", "pkg:golang/github.com/org/repo", MODULE_ITSELF),
    exception("go.mod-b7f4d891e2", "pkg:golang/test", MODULE_ITSELF),
    exception("go.mod-c1a38c6d73", "pkg:golang/golang.org/x/xerrors", MODULE_ITSELF),
    exception("go.mod-d94612098e", "pkg:golang/arch/v1", MODULE_ITSELF),
    exception(
        "go.mod-e1df3a5852",
        "pkg:golang/golang.org/x/net@v0.5.6",
        "the module is required twice, and Go builds with the higher version, which is replaced",
    ),
    exception("go.mod-f1474eac7e", "pkg:golang/github.com/BurntSushi/toml@", CASE),
    exception("go.mod-f1474eac7e", "pkg:golang/my-library", MODULE_ITSELF),
    exception("go.mod-fb91b4d7d2", "pkg:golang/example.com/repro", MODULE_ITSELF),
    exception("go.mod-fdd0d807c3", "pkg:golang/github.com/org/repo", MODULE_ITSELF),
    // Both others agree on this one: a purl without a version, which nothing could be looked up by.
    exception(
        "pom.xml-0b5c17b30e",
        "pkg:maven/org.example/example-api",
        "its version is in a file elsewhere that is imported",
    ),
    exception("pom.xml-28c9a653e1", "pkg:maven/com.example/child", NO_VERSION),
    exception("pom.xml-5c3ed42199", "pkg:maven/my.org/child-two@2.1.90", "for testing"),
    exception("pom.xml-bf453f1021", "pkg:maven/api-i18n/api-i18n", NO_VERSION),
    exception("pom.xml-bf453f1021", "pkg:maven/log4j/log4j", "for testing"),
    exception("pom.xml-bf453f1021", "pkg:maven/org.junit.jupiter/junit-jupiter-engine", "for testing"),
    exception("pom.xml-bf453f1021", "pkg:maven/org.slf4j/slf4j-api", "for testing"),
    exception("pom.xml-bf453f1021", "pkg:maven/org.slf4j/slf4j-log4j12", "for testing"),
    exception("pom.xml-f4e72291cf", "pkg:maven/my.org/child-two", NO_VERSION),
    // Both others agree on these: they do not look at the configurations, which the file has for each line.
    exception("gradle.lockfile-610ae1624f", "pkg:maven/junit/junit@4.12", "in the configurations of tests only"),
    exception(
        "gradle.lockfile-610ae1624f",
        "pkg:maven/org.hamcrest/hamcrest-core@1.3",
        "in the configurations of tests only",
    ),
    exception("pubspec.lock-2c0fb32043", "pkg:pub/flutter_test@", "what the project asks for to develop"),
    exception("pubspec.lock-e510a69ba0", "pkg:pub/build_runner@", "what the project asks for to develop"),
    exception("mix.lock-b7368857ae", "pkg:hex/bar@", COMMIT),
    exception("mix.lock-b7368857ae", "pkg:hex/foe@", COMMIT),
    exception("mix.lock-b7368857ae", "pkg:hex/foo@", COMMIT),
    exception("mix.lock-cbb3199c20", "pkg:hex/esaml@", COMMIT),
    exception(
        "Package.resolved-0188b91a7e",
        "pkg:swift/github.com/element-hq/swift-ogg@0.0.1",
        "the name of a branch is no version",
    ),
    exception("Package.resolved-0188b91a7e", "pkg:swift/github.com/Quick/Nimble.git/nimble@9.2.1", REPOSITORY),
    exception("Package.resolved-0188b91a7e", "pkg:swift/github.com/Quick/Quick.git/quick@7.2.0", REPOSITORY),
    exception(
        "Package.resolved-0188b91a7e",
        "pkg:swift/github.com/ReactiveCocoa/ReactiveSwift/reactiveswift@7.1.1",
        REPOSITORY,
    ),
    exception("Package.resolved-0188b91a7e", "pkg:swift/github.com/element-hq/swift-ogg/swift-ogg", REPOSITORY),
    exception(
        "Package.resolved-0188b91a7e",
        "pkg:swift/github.com/mattgallagher/CwlCatchException.git/cwlcatchexception@2.1.2",
        REPOSITORY,
    ),
    exception(
        "Package.resolved-0188b91a7e",
        "pkg:swift/github.com/mattgallagher/CwlPreconditionTesting.git/cwlpreconditiontesting@2.1.2",
        REPOSITORY,
    ),
    exception(
        "Package.resolved-9929d8a939",
        "pkg:swift/github.com/apple/swift-crypto.git/swift-crypto@3.0.0",
        REPOSITORY,
    ),
    exception(
        "Package.resolved-9929d8a939",
        "pkg:swift/github.com/apple/swift-nio-http2.git/swift-nio-http2@1.29.0",
        REPOSITORY,
    ),
    exception("Package.resolved-9929d8a939", "pkg:swift/github.com/apple/swift-nio.git/swift-nio@2.65.0", REPOSITORY),
    exception(
        "Package.resolved-e91ea99812",
        "pkg:swift/github.com/apple/swift-algorithms.git/swift-algorithms@1.0.0",
        REPOSITORY,
    ),
    exception(
        "Package.resolved-e91ea99812",
        "pkg:swift/github.com/apple/swift-async-algorithms.git/swift-async-algorithms@0.1.0",
        REPOSITORY,
    ),
    exception(
        "Package.resolved-e91ea99812",
        "pkg:swift/github.com/apple/swift-atomics.git/swift-atomics@1.1.0",
        REPOSITORY,
    ),
    exception(
        "Package.resolved-e91ea99812",
        "pkg:swift/github.com/apple/swift-collections.git/swift-collections@1.0.4",
        REPOSITORY,
    ),
    exception(
        "Package.resolved-e91ea99812",
        "pkg:swift/github.com/apple/swift-numerics/swift-numerics@1.0.2",
        REPOSITORY,
    ),
    exception(
        "Podfile.lock-564e6070ba",
        "pkg:cocoapods/PINRemoteImage@3.0.3",
        "only parts of it are there, and each is found by its name",
    ),
];

pub(super) const ONLY_HERE: &[Exception] = &[exception(
    "cabal.project.freeze-1ea3058fcc",
    "pkg:hackage/foo@2.4.0.3",
    "held to one version without `any.`, which leaves out only what setups are built with",
)];

//! The version of a main module that its builder stated: `-ldflags "-X main.version=1.2.3"`.
//!
//! Programs built from a checkout have no version of their own before Go 1.24; their makers set a variable instead, and Go keeps the
//! flags among its settings, unless it builds with `-trimpath`.
//! Source: Go, `cmd/go/internal/load/pkg.go` (`setBuildInfo`), `cmd/link` documentation.

/// Variables that makers set.
const VARIABLES: [&str; 4] = ["version", "appversion", "buildversion", "gitversion"];

/// The version, as a module's, if the flags state exactly one in package `main` or one of the module.
pub(super) fn version(settings: &str, module: &str) -> Option<String> {
    let flags = settings.lines().find_map(|line| line.strip_prefix("build\t-ldflags="))?;
    // The setting is quoted where it has blanks in it, and so may each flag be.
    let mut words = flags.split([' ', '"', '\'', '\\', '\t']).filter(|word| !word.is_empty());
    let mut stated: Option<&str> = None;
    while let Some(word) = words.next() {
        let assignment = match word {
            "-X" => words.next()?,
            _ => word.strip_prefix("-X=").unwrap_or_default(),
        };
        let Some(version) = version_of(assignment, module) else { continue };
        if stated.is_some_and(|known| known != version) {
            return None;
        }
        stated = Some(version);
    }
    stated.map(|version| format!("v{version}"))
}

/// The `1.2.3` of `main.version=v1.2.3`.
fn version_of<'f>(assignment: &'f str, module: &str) -> Option<&'f str> {
    let (name, value) = assignment.split_once('=')?;
    let (package, variable) = name.rsplit_once('.')?;
    let is_own =
        package == "main" || package.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_version = VARIABLES.iter().any(|known| variable.eq_ignore_ascii_case(known));
    let version = value.strip_prefix('v').unwrap_or(value);
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let is_number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_own && is_version && core.split('.').count() == 3 && core.split('.').all(is_number)).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_state_versions_in_flags() {
        let cases = [
            ("\"-s -w -X main.version=v1.2.3\"", Some("v1.2.3")),
            ("\"-X github.com/acme/tool/v2/pkg/version.Version=2.9.6 -X main.commit=0123abc\"", Some("v2.9.6")),
            ("\"-X 'main.Version=1.2.3-rc.1' -X=main.appVersion=1.2.3-rc.1\"", Some("v1.2.3-rc.1")),
            ("-X=main.version=1.2.3", Some("v1.2.3")),
            ("\"-X main.version=1.2.3 -X main.buildVersion=1.2.4\"", None),
            ("\"-X k8s.io/component-base/version.gitVersion=v1.30.0\"", None),
            ("\"-X github.com/acme/tool/v20/version.Version=1.2.3\"", None),
            ("\"-X main.version=main-0123abc -X main.goVersion=1.22.3\"", None),
            ("\"-X main.version=1.2\"", None),
            ("-X", None),
        ];
        for (flags, expected) in cases {
            let settings = format!("path\tx\nbuild\t-compiler=gc\nbuild\t-ldflags={flags}\nbuild\tCGO_ENABLED=0\n");
            assert_eq!(version(&settings, "github.com/acme/tool/v2").as_deref(), expected, "{flags}");
        }
        assert_eq!(version("path\tx\n", "main"), None);
    }
}

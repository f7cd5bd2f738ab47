use std::path::Path;

use serde_json::json;

use super::*;
use crate::Reference;

async fn found(files: &CredentialFiles, reference: &str) -> Result<String, CredentialError> {
    let reference: Reference = reference.parse().unwrap();
    Ok(match files.credentials_for(&reference).await? {
        Credentials::Anonymous => "anonymous".into(),
        Credentials::Basic { username, password } => format!("{username}:{}", password.expose_secret()),
        Credentials::IdentityToken(token) => format!("token {}", token.expose_secret()),
    })
}

fn write(folder: &Path, name: &str, content: &serde_json::Value) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content.to_string()).unwrap();
    path
}

fn auth(pair: &str) -> serde_json::Value {
    json!({ "auth": BASE64_STANDARD.encode(pair) })
}

#[tokio::test]
async fn the_most_specific_entry_counts() {
    let folder = tempfile::tempdir().unwrap();
    let config = json!({ "auths": {
        "https://index.docker.io/v1/": auth("hub:1"), "ghcr.io": auth("all:2"), "ghcr.io/team": auth("team:3:4"),
        "https://quay.io/v2/": { "identitytoken": "refresh" }, "localhost:5000": { "username": "u", "password": "p" },
        "empty.example": {}, "bad.example": { "auth": "%%%" },
    }});
    let files =
        CredentialFiles::at(vec![folder.path().join("absent.json"), write(folder.path(), "config.json", &config)]);
    #[rustfmt::skip]
    let table = [
        ("alpine", "hub:1"), ("ghcr.io/team/app", "team:3:4"), ("ghcr.io/team2/app", "all:2"), ("ghcr.io/app", "all:2"), ("quay.io/a", "token refresh"),
        ("localhost:5000/a", "u:p"), ("localhost:5001/a", "anonymous"), ("empty.example/a", "anonymous"), ("bad.example/a", "anonymous"),
    ];
    for (reference, expected) in table {
        assert_eq!(found(&files, reference).await.unwrap(), expected, "{reference}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn helpers_are_asked_by_name_and_their_failures_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let script = "#!/bin/sh\nread -r r || true\ncase \"$r\" in\nknown.example) printf '{\"ServerURL\":\"%s\",\"Username\":\"u\",\"Secret\":\"s\"}' \"$r\";;\n\
        token.example) printf '{\"Username\":\"<token>\",\"Secret\":\"t\"}';;\nbroken.example) printf oops; exit 3;;\nodd.example) printf '[]';;\n\
        *) echo 'credentials not found in native keychain'; exit 1;;\nesac\n";
    let program = folder.path().join("docker-credential-test");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let config = json!({
        "auths": { "stored.example": {}, "known.example": {} }, "credsStore": "test",
        "credHelpers": { "path.example": "../../bin/sh", "missing.example": "not-there", "token.example": "test" },
    });
    let files = CredentialFiles::at(vec![write(folder.path(), "config.json", &config)])
        .with_program_path(folder.path().as_os_str().to_owned());
    for (registry, expected) in [("known", "u:s"), ("token", "token t"), ("unknown", "anonymous")] {
        assert_eq!(found(&files, &format!("{registry}.example/a")).await.unwrap(), expected, "{registry}");
    }
    for (registry, part) in
        [("broken", "it failed"), ("odd", "no credentials"), ("path", "no helper's name"), ("missing", "No such file")]
    {
        let error = found(&files, &format!("{registry}.example/a")).await.unwrap_err().to_string();
        assert!(error.contains(part), "{registry}: {error}");
    }
}

#[tokio::test]
async fn a_file_that_does_not_parse_is_an_error_that_quotes_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "config.json", &json!({ "auths": { "a.example": { "auth": ["hunter2"] } } }));
    let error = found(&CredentialFiles::at(vec![path]), "a.example/b").await.unwrap_err().to_string();
    assert!(error.contains("line 1") && !error.contains("hunter2"), "{error}");
}

#[test]
fn files_are_where_docker_and_the_containers_tools_look() {
    let environment = |pairs: &'static [(&str, &str)]| {
        move |name: &str| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| std::ffi::OsString::from(value))
        }
    };
    let all = environment(&[
        ("HOME", "/h"),
        ("DOCKER_CONFIG", "/d"),
        ("REGISTRY_AUTH_FILE", "/r"),
        ("XDG_RUNTIME_DIR", "/x"),
    ]);
    let expected = ["/r", "/d/config.json", "/x/containers/auth.json", "/h/.config/containers/auth.json"];
    assert_eq!(CredentialFiles::from_environment(all), CredentialFiles::at(expected.map(PathBuf::from).to_vec()));
    let home = CredentialFiles::from_environment(environment(&[("HOME", "/h"), ("DOCKER_CONFIG", "")]));
    let expected = ["/h/.docker/config.json", "/h/.config/containers/auth.json"];
    assert_eq!(home, CredentialFiles::at(expected.map(PathBuf::from).to_vec()));
}

#[test]
fn a_secret_is_not_shown() {
    let credentials = Credentials::Basic { username: "u".into(), password: "hunter2".to_owned().into() };
    assert!(!format!("{credentials:?} {:?}", credentials.basic_header()).contains("hunter2"));
    let header = credentials.basic_header().unwrap();
    assert!(header.is_sensitive() && header.to_str().unwrap().starts_with("Basic "));
}

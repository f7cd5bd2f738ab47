//! Variables, labels and history lines of an image's config.

use plimsoll_secrets::SecretScanner;

use crate::of;
use crate::random::{LETTERS, Random};

#[test]
fn variables_set_to_a_secret_are_found() {
    let token = format!("ghp_{}", Random(6).of(LETTERS, 36));
    let key = Random(7).of(LETTERS, 40);
    for (name, value, expected) in [
        ("MYSQL_ROOT_PASSWORD", "hunter2", Some("password-assignment")),
        ("POSTGRES_PASSWORD", "root", Some("password-assignment")),
        ("API_KEY", "k3y-of-mine", Some("secret-assignment")),
        ("ANYTHING", token.as_str(), Some("github-token")),
        ("AWS_SECRET_ACCESS_KEY", key.as_str(), Some("aws-secret-access-key")),
        ("DATABASE_URL", "postgres://app:app@db/app", Some("database-url")),
        ("DB_PASSWORD", "", None),
        ("DB_PASSWORD", "$OTHER", None),
        ("DB_PASSWORD", "changeme", None),
        ("DB_PASSWORD_FILE", "/run/secrets/db", None),
        ("ALLOW_EMPTY_PASSWORD", "yes", None),
        ("GPG_KEY", "E3FF2839C048B25C084DEBE9B26995E310250568", None),
        ("PYTHON_SHA256", "3f0e6b8ed8ab5f5e4ac9d3b1a0d4f2d8e2c8f6b2", None),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", None),
        ("org.opencontainers.image.revision", "3f0e6b8ed8ab5f5e4ac9d3b1a0d4f2d8e2c8f6b2", None),
    ] {
        let found = of(&SecretScanner::new().scan_value(name, value));
        assert_eq!(found, Vec::from_iter(expected), "{name}={value}");
    }
}

#[test]
fn offsets_are_those_in_the_value() {
    let token = format!("ghp_{}", Random(6).of(LETTERS, 36));
    let hits = SecretScanner::new().scan_value("X", &format!("a {token}"));
    assert_eq!((hits[0].offset, hits[0].line), (2, 1));
}

#[test]
fn history_lines_that_give_a_secret_are_found() {
    let token = Random(8).of(LETTERS, 24);
    for (command, expected) in [
        (format!("RUN |1 TOKEN={token} /bin/sh -c pip install a # buildkit"), &["secret-assignment"][..]),
        (format!("|2 A=b NPM_TOKEN={token} /bin/sh -c npm ci"), &["secret-assignment"]),
        (format!("/bin/sh -c #(nop)  ENV DB_PASSWORD={token}"), &["password-assignment"]),
        (format!("ENV DB_PASSWORD {token}"), &["password-assignment"]),
        (format!("ARG API_KEY={token}"), &["secret-assignment"]),
        (format!("RUN /bin/sh -c export SECRET='{token}' && make"), &["secret-assignment"]),
        (format!("RUN docker build --build-arg TOKEN={token} ."), &["secret-assignment"]),
        (format!("RUN /bin/sh -c curl -fsSL -u me:{token} https://a.b | sh"), &["curl-password"]),
        (format!("RUN app --password {token} --verbose"), &["password-assignment"]),
        (format!("RUN /bin/sh -c echo 'root:{token}' | chpasswd"), &["command-password"]),
        (format!("RUN git clone https://me:{token}@git.corp.net/a.git"), &["url-password"]),
        (format!("RUN /bin/sh -c wget --password={token} https://a.b"), &["curl-password"]),
        ("ARG TOKEN".into(), &[]),
        ("RUN /bin/sh -c --mount=type=secret,id=token TOKEN=$(cat /run/secrets/token) make".into(), &[]),
        ("RUN /bin/sh -c docker login --password-stdin -u me < /run/secrets/password".into(), &[]),
        ("CMD [\"/bin/sh\" \"-c\" \"app --token-file /run/secrets/token\"]".into(), &[]),
        ("RUN /bin/sh -c apt-get update && apt-get install -y passwd libsecret-1-0".into(), &[]),
        ("COPY --chown=1000:1000 . /app".into(), &[]),
        ("RUN /bin/sh -c curl --user-agent x:y https://a.b".into(), &[]),
    ] {
        assert_eq!(of(&SecretScanner::new().scan_command(&command)), expected, "{command}");
    }
}

#[test]
fn all_secrets_of_a_line_are_hidden_however_many_there_are() {
    let mut random = Random(9);
    let token = |random: &mut Random| format!("ghp_{}", random.of(LETTERS, 36));
    let tokens: Vec<String> = (0..300).map(|_| token(&mut random)).collect();
    let flags: Vec<String> = (0..300).map(|_| random.of(LETTERS, 24)).collect();
    let command = format!("RUN a {} --password {} && make", tokens.join(" "), flags.join(" --password "));
    let redacted = SecretScanner::new().redacted_command(&command);
    assert!(redacted.starts_with("RUN a ghp_********") && redacted.ends_with("&& make"), "{redacted}");
    for secret in tokens.iter().chain(&flags) {
        assert!(!redacted.contains(secret.as_str()), "{secret}");
    }
    assert!(SecretScanner::new().scan_command(&command).len() < 450, "they are not all told");
    // Each takes time, so that there is an end.
    let many: Vec<String> = (0..11_000).map(|number| format!("--password hunter{number}x")).collect();
    assert_eq!(SecretScanner::new().redacted_command(&many.join(" ")), "********");
}

//! Secrets of every kind, each where it is found in images.

use crate::ids;
use crate::random::{BASE32, HEX, LETTERS, Random, base64, pem};

#[test]
fn private_keys_are_found_in_every_wrapping() {
    let mut random = Random(1);
    let der = random.der_key();
    let key = pem("PRIVATE KEY", &der);
    let json = key.replace('\n', "\\n");
    let indented = key.replace('\n', "\n      ");
    let source = key.lines().map(|line| format!("    \"{line}\\n\" +\n")).collect::<String>();
    let encrypted = {
        let content = [&[0x30, 0x82, 0x00, 0x20, 0x06, 0x09][..], &random.bytes(600)].concat();
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        pem("ENCRYPTED PRIVATE KEY", &[vec![0x30, 0x82, high, low], content].concat())
    };
    let legacy = pem("RSA PRIVATE KEY", &random.bytes(640))
        .replace("KEY-----\nM", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00AA\n\nM");
    let legacy = legacy.replacen("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00AA\n\n", 1);
    let pgp = pem("PGP PRIVATE KEY BLOCK", &[vec![0x95, 0x03, 0x98], random.bytes(920)].concat())
        .replace("BLOCK-----\nl", "BLOCK-----\nVersion: GnuPG v2\n\nl")
        .replace("\n-----END", "\n=aB3d\n-----END");
    let putty = format!(
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: me\nPublic-Lines: 1\n{}\nPrivate-Lines: 1\n{}\nPrivate-MAC: {}\n",
        base64(random.bytes(48)),
        base64(random.bytes(36)),
        random.of(HEX, 64)
    );
    for (path, text, expected) in [
        ("etc/ssl/private/server.key", key.clone(), "private-key"),
        ("app/server.key", key.replace('\n', "\r\n"), "private-key"),
        ("app/config.json", format!("{{\"tls\": {{\"key\": \"{json}\"}}}}"), "private-key"),
        ("app/config.yaml", format!("key: |\n      {indented}"), "private-key"),
        ("app/Keys.java", source, "private-key"),
        ("root/.ssh/id_rsa", pem("RSA PRIVATE KEY", &der), "private-key"),
        ("root/.ssh/id_ed25519", pem("OPENSSH PRIVATE KEY", &random.openssh_key("none")), "private-key"),
        (
            "root/.ssh/id_ed25519",
            pem("OPENSSH PRIVATE KEY", &random.openssh_key("aes256-ctr")),
            "encrypted-private-key",
        ),
        ("app/server.key", encrypted, "encrypted-private-key"),
        ("app/server.key", legacy, "encrypted-private-key"),
        ("root/secret.asc", pgp, "pgp-private-key"),
        ("root/key.ppk", putty, "putty-private-key"),
        (
            "root/key.txt",
            format!("AGE-SECRET-KEY-1{}", random.of("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)),
            "age-secret-key",
        ),
        ("etc/wireguard/wg0.conf", format!("PrivateKey = {}\n", base64(random.bytes(32))), "wireguard-private-key"),
        ("app/deploy.yaml", format!("tls: {}\n", base64(&key)), "base64-private-key"),
        (
            "app/account.json",
            format!(
                "{{\"type\": \"service_account\", \"private_key\": \"{json}\", \"client_email\": \"a@b.iam.gserviceaccount.com\"}}"
            ),
            "gcp-service-account-key",
        ),
    ] {
        assert_eq!(ids(path, &text), [expected], "{path}: {text}");
    }
}

#[test]
fn credentials_kept_by_tools_are_found_in_their_files() {
    let mut random = Random(2);
    let password = random.of(LETTERS, 16);
    let bcrypt = format!("$2y$05${}", random.of(LETTERS, 53));
    for (path, text, expected) in [
        (
            "root/.docker/config.json",
            format!("{{\"auths\": {{\"r.io\": {{\"auth\": \"{}\"}}}}}}", base64(format!("me:{password}"))),
            "docker-registry-credential",
        ),
        ("root/.netrc", format!("machine a.b\nlogin me\npassword {password}\n"), "netrc-password"),
        ("root/.pgpass", format!("db:5432:app:me:{password}\n"), "pgpass-password"),
        ("root/.git-credentials", format!("https://me:{password}@git.corp.net\n"), "git-credentials"),
        ("etc/nginx/.htpasswd", format!("me:{bcrypt}\n"), "htpasswd-hash"),
        ("root/.npmrc", format!("//r.corp.net/:_authToken={password}\n"), "npmrc-credential"),
        ("root/.pypirc", format!("[pypi]\nusername = me\npassword = {password}\n"), "pypirc-password"),
        ("root/.cargo/credentials.toml", format!("[registry]\ntoken = \"{password}\"\n"), "cargo-credentials"),
        (
            "root/.gem/credentials",
            format!("---\n:rubygems_api_key: {}\n", random.of(LETTERS, 40)),
            "rubygems-credentials",
        ),
        (
            "root/.m2/settings.xml",
            format!("<server><password>{password}</password></server>"),
            "maven-settings-password",
        ),
        (
            "app/NuGet.Config",
            format!("<add key=\"ClearTextPassword\" value=\"{password}\" />"),
            "nuget-config-password",
        ),
        (
            "app/auth.json",
            format!("{{\"http-basic\": {{\"r.io\": {{\"password\": \"{password}\"}}}}}}"),
            "composer-auth",
        ),
        ("root/.my.cnf", format!("[client]\npassword={password}\n"), "mysql-option-file"),
        ("root/.s3cfg", format!("secret_key = {}\n", random.of(LETTERS, 40)), "aws-secret-access-key"),
        ("root/.kube/config", format!("users:\n- user:\n    token: {}\n", random.of(LETTERS, 32)), "kubeconfig-token"),
        (
            "root/.kube/config",
            format!("    client-key-data: {}\n", base64(pem("RSA PRIVATE KEY", &random.der_key()))),
            "kubeconfig-credential",
        ),
        (
            "app/terraform.tfstate",
            format!("{{\"attributes\": {{\"admin_password\": \"{password}\"}}}}"),
            "terraform-state-secret",
        ),
        ("app/main.tf", format!("administrator_login_password = \"{password}\""), "terraform-password"),
        ("app/wp-config.php", format!("define( 'DB_PASSWORD', '{password}' );"), "wordpress-password"),
        ("app/config/master.key", random.of(HEX, 32), "rails-master-key"),
        ("app/.env", format!("APP_KEY=base64:{}\n", base64(random.bytes(32))), "laravel-app-key"),
        ("root/.vault-token", format!("{}\n", random.of(LETTERS, 26)), "vault-token-file"),
        (
            "app/secret.yaml",
            format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n  key: {}\n", base64(&password)),
            "kubernetes-secret",
        ),
        ("app/secret.yaml", format!("data:\n  key: {}\nkind: Secret\n", base64(&password)), "kubernetes-secret"),
        ("app/secret.yml", format!("kind: \"Secret\"\nstringData:\n  key: \"{password}\"\n"), "kubernetes-secret"),
    ] {
        assert_eq!(ids(path, &text), [expected], "{path}: {text}");
    }
}

#[test]
fn vendors_tokens_are_found_in_sources_samples_and_binaries_alike() {
    let mut random = Random(3);
    let aws = random.of(BASE32, 16);
    for (token, expected) in [
        (format!("AKIA{aws}"), "aws-access-key-id"),
        (format!("ghp_{}", random.of(LETTERS, 36)), "github-token"),
        (format!("github_pat_{}", random.of(LETTERS, 82)), "github-fine-grained-token"),
        (format!("glpat-{}", random.of(LETTERS, 20)), "gitlab-token"),
        (format!("npm_{}", random.of(LETTERS, 36)), "npm-token"),
        (format!("pypi-AgEIcHlwaS5vcmc{}", random.of(LETTERS, 120)), "pypi-token"),
        (format!("cio{}", random.of(LETTERS, 32)), "cratesio-token"),
        (format!("oy2{}", random.of("abcdefghijklmnopqrstuvwxyz234567", 43)), "nuget-api-key"),
        (format!("rubygems_{}", random.of(HEX, 48)), "rubygems-token"),
        (format!("dckr_pat_{}", random.of(LETTERS, 27)), "docker-hub-token"),
        (format!("sk_live_{}", random.of(LETTERS, 24)), "stripe-key"),
        (
            format!("xoxb-{}-{}-{}", random.of("123456789", 12), random.of("123456789", 12), random.of(LETTERS, 24)),
            "slack-token",
        ),
        (format!("SG.{}.{}", random.of(LETTERS, 22), random.of(LETTERS, 43)), "sendgrid-key"),
        (format!("AIza{}", random.of(LETTERS, 35)), "google-api-key"),
        (format!("hvs.{}", random.of(LETTERS, 95)), "vault-token"),
        (format!("sk-ant-api03-{}AA", random.of(LETTERS, 93)), "anthropic-key"),
        (format!("{}:AA{}", random.of("123456789", 10), random.of(LETTERS, 33)), "telegram-bot-token"),
    ] {
        for (path, text) in [
            ("app/main.go", format!("const token = \"{token}\"\n").into_bytes()),
            ("app/tests/data.txt", format!("{token}\n").into_bytes()),
            ("app/a.json", format!("{{\"a\":\"x\\n{token}\"}}").into_bytes()),
            ("usr/bin/app", [b"\x7fELF\0\0\0\0", token.as_bytes(), b"\0\0"].concat()),
            (
                "app/note.txt",
                [&b"\xff\xfe"[..], &token.bytes().flat_map(|byte| [byte, 0]).collect::<Vec<_>>()].concat(),
            ),
        ] {
            assert_eq!(ids(path, &text), [expected], "{path}: {token}");
        }
        assert_eq!(ids("app/main.go", format!("q{token}")), Vec::<&str>::new(), "q{token} is another word");
    }
}

#[test]
fn passwords_in_addresses_and_configuration_are_found() {
    let mut random = Random(4);
    let password = random.of(LETTERS, 14);
    let token = random.jwt(r#"{"sub":"system:serviceaccount:a:b"}"#);
    for (path, text, expected) in [
        ("app/.env", format!("DATABASE_URL=postgres://app:{password}@db/app\n"), "database-url"),
        ("app/settings.py", format!("url = 'mongodb+srv://app:{password}@c.corp.net/app'\n"), "database-url"),
        ("etc/apt/sources.list", format!("deb https://me:{password}@apt.corp.net stable main\n"), "url-password"),
        (
            "app/appsettings.json",
            format!("\"Db\": \"Server=db;User Id=sa;Password={password};\""),
            "connection-string-password",
        ),
        ("app/azure.config", format!("AccountName=a;AccountKey={}", base64(random.bytes(64))), "azure-storage-key"),
        ("app/.env", format!("DB_PASSWORD={password}\n"), "password-assignment"),
        ("app/config.json", format!("\"client_secret\": \"{}\"", random.of(LETTERS, 32)), "secret-assignment"),
        ("app/application.yml", format!("api-key: {}\n", random.of(HEX, 40)), "secret-assignment"),
        (
            "root/.aws/credentials",
            format!("aws_secret_access_key = {}\n", random.of(LETTERS, 40)),
            "aws-secret-access-key",
        ),
        ("app/run.sh", format!("curl -u me:{password} https://a.b\n"), "curl-password"),
        (
            "app/run.sh",
            format!("curl -H 'Authorization: Basic {}' https://a.b\n", base64(format!("me:{password}"))),
            "basic-authorization-header",
        ),
        (
            "app/run.sh",
            format!("curl -H \"Authorization: Bearer {}\" https://a.b\n", random.of(LETTERS, 40)),
            "bearer-authorization-header",
        ),
        ("app/run.sh", format!("docker login -u me -p {password} r.io\n"), "command-password"),
        ("run/token", token.clone(), "jwt"),
        ("app/a.txt", base64(&token), "base64-jwt"),
    ] {
        assert_eq!(ids(path, &text), [expected], "{path}: {text}");
    }
}

#[test]
fn a_hit_says_where_and_never_what() {
    let token = format!("ghp_{}", Random(5).of(LETTERS, 36));
    let hits = plimsoll_secrets::SecretScanner::new()
        .scan_file("app/a.sh", format!("#!/bin/sh\n\nexport T={token}\n").as_bytes());
    let [hit] = hits.as_slice() else { panic!("{hits:?}") };
    assert_eq!((hit.line, hit.offset, hit.redacted.as_str()), (3, 20, "ghp_********"));
    assert!(!format!("{hit:?}").contains(&token[4..10]));
    assert!(!hit.rule.title.is_empty() && !hit.rule.advice.is_empty());
}

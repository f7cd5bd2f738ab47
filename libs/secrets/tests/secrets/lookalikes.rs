//! What looks like a secret and is none.

use crate::ids;
use crate::random::{HEX, LETTERS, Random, base64, pem};

fn assert_nothing(path: &str, text: impl AsRef<[u8]>) {
    let found = ids(path, text.as_ref());
    assert!(found.is_empty(), "{path}: {found:?} in {}", String::from_utf8_lossy(text.as_ref()));
}

#[test]
fn key_headers_without_a_key_are_nothing() {
    let mut random = Random(11);
    let key = pem("RSA PRIVATE KEY", &random.der_key());
    for text in [
        "-----BEGIN RSA PRIVATE KEY-----".to_owned(),
        "if text.startswith('-----BEGIN PRIVATE KEY-----') and '-----END PRIVATE KEY-----' in text:".into(),
        "-----BEGIN PRIVATE KEY-----\nMIIE...\n-----END PRIVATE KEY-----\n".into(),
        "-----BEGIN PRIVATE KEY-----\n<your key>\n-----END PRIVATE KEY-----\n".into(),
        key[..600].to_owned(),
        format!("{}\n-----END RSA PRIVATE KEY-----\n", &key[..600]),
        pem("PRIVATE KEY", &random.bytes(600)),
        pem("PRIVATE KEY", &[0; 600]),
        pem("PUBLIC KEY", &random.der_key()),
        pem("CERTIFICATE", &random.der_key()),
        pem("PGP PUBLIC KEY BLOCK", &[vec![0x99, 0x01], random.bytes(300)].concat()),
        pem("PGP PRIVATE KEY BLOCK", &random.bytes(20)),
        "PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 14\n".into(),
        format!("ssh-rsa {} me@host\n", base64(random.bytes(279))),
    ] {
        assert_nothing("app/key.txt", text);
    }
}

#[test]
fn keys_of_tests_and_of_documentation_are_nothing() {
    let key = pem("RSA PRIVATE KEY", &Random(12).der_key());
    for path in [
        "src/openssl/test/certs/key.pem",
        "app/tests/server.key",
        "go/crypto/tls/testdata/rsa.pem",
        "app/README.md",
        "docs/tls.html",
    ] {
        assert_nothing(path, &key);
    }
}

#[test]
fn digests_and_identifiers_are_nothing() {
    let mut random = Random(13);
    let (sha1, sha256, uuid) = (random.of(HEX, 40), random.of(HEX, 64), random.uuid());
    let sha512 = base64(random.bytes(64));
    for (path, text) in [
        (
            "app/lock.json",
            format!("{{\"integrity\": \"sha512-{sha512}\", \"resolved\": \"https://r.io/a-1.0.0.tgz\"}}"),
        ),
        ("app/.git/packed-refs", format!("{sha1} refs/heads/main\n")),
        ("app/ids.yaml", format!("id: {uuid}\ntrace_id: {sha1}\ntoken_id: {uuid}\nsecretName: web-tls-2024\n")),
        ("app/checksums.txt", format!("{sha256}  app.tar.gz\n")),
        (
            "app/config.json",
            format!("{{\"password_hash\": \"{sha256}\", \"public_key\": \"{}\"}}", base64(random.bytes(32))),
        ),
        ("etc/shadow", format!("root:$6${}${}:19000:0:99999:7:::\n", random.of(LETTERS, 8), random.of(LETTERS, 86))),
        ("app/main.js", format!("const commit=\"{sha1}\",etag='W/\"{sha256}\"';")),
        (
            "app/deploy.yaml",
            format!("image: r.io/a@sha256:{sha256}\nkind: SecretStore\ndata:\n  a: {}\n", base64("harmless value")),
        ),
        ("app/a.yaml", format!("kind: ConfigMap\ndata:\n  a: {}\n", base64("harmless value"))),
        ("app/style.css", format!("src:url(data:font/woff2;base64,{})", base64(random.bytes(3000)))),
    ] {
        assert_nothing(path, text);
    }
}

#[test]
fn minified_scripts_and_source_maps_are_nothing() {
    let script = "!function(e){var t={};e.password=t.password,e.token=function(n){return n.accessToken||\"\"},n.exports={secret:e.secretKey,apiKey:void 0}}\
        (window);var a={type:\"password\",autocomplete:\"current-password\",token:\"csrf-token\",secret:\"__SECRET_INTERNALS_DO_NOT_USE__\"};";
    assert_nothing("app/app.js", script.repeat(200));
    assert_nothing("app/app.min.js", script);
    assert!(!plimsoll_secrets::wants_path("app/app.js.map"));
}

#[test]
fn manuals_templates_and_references_are_nothing() {
    for (path, text) in [
        ("app/a.sh", "curl -u user:password https://example.com\ncurl --user \"$USER:$PASS\" https://a.b\n"),
        ("app/a.sh", "psql postgres://user:password@localhost/db\nmysql -u root -p app\n"),
        (
            "app/a.conf",
            "#password = s3cretValue99\n; token = q7Xw2Lk9Rf4Tz1Vb8Ns3\npassword = changeme\npassword=${DB_PASSWORD}\n",
        ),
        (
            "app/a.env",
            "TOKEN=<your token>\nAPI_KEY=xxxxxxxxxxxxxxxxxxxx\nSECRET=your_secret_key_here1\nAWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\n",
        ),
        (
            "app/a.env",
            "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\nPASSWORD_FILE=/run/secrets/x1\nDB_PASSWORD=\n",
        ),
        (
            "app/a.yaml",
            "password: !vault secret/db\nsecretKeyRef:\n  name: db-secret-2\n  key: password\ntoken: {{ .Values.token }}\npassword: \"%s\"\n",
        ),
        (
            "app/a.properties",
            "spring.datasource.password=${DB_PASSWORD:postgres}\nlogin.password=Passwort\nforgot.password=Password vergessen?\n",
        ),
        ("app/a.py", "password = getpass.getpass()\ntoken = os.environ['TOKEN']\nassert password == 'q7Xw2Lk9Rf'\n"),
        (
            "app/a.json",
            "{\"password\": {\"type\": \"string\", \"minLength\": 8}, \"token\": \"string\", \"secret\": \"kubernetes.io/service-account-token\"}",
        ),
        ("app/a.xml", "<property name=\"password\" value=\"@db.password@\"/><password>secret</password>"),
        ("app/a.go", "u := \"https://user:pass@example.com/\" // https://en.wikipedia.org/wiki/A:B@C\n"),
        ("app/a.txt", "git@github.com:org/repo.git https://a.b/c?x=1:2@3 mailto:a@b.c http://[::1]:8080/\n"),
        ("root/.npmrc", "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\nregistry=https://r.io/\n"),
        (
            "root/.docker/config.json",
            "{\"auths\": {\"r.io\": {}}, \"credsStore\": \"desktop\", \"auth\": \"bm90aGluZw==\"}",
        ),
        ("root/.pgpass", "# hostname:port:database:username:password\n"),
        ("app/main.tf", "password = var.db_password\npassword = \"${random_password.db.result}\"\n"),
        (
            "app/a.txt",
            "Authorization: Bearer <token>\nAuthorization: Bearer $TOKEN\nAuthorization: Basic dXNlcjpwYXNzd29yZA==\n",
        ),
    ] {
        assert_nothing(path, text);
    }
}

#[test]
fn well_known_samples_are_nothing() {
    // Cut, so that no scanner of repositories takes them for more than they are.
    let stripe = ["sk_test_", "4eC39HqLyjWDarjtT1zdp7dc"].concat();
    let azurite =
        ["Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq", "/K1SZFPTOtr/KBHBeksoGMGw=="].concat();
    let jwt = [
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.",
        "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.",
        "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    ]
    .concat();
    assert_nothing("app/a.env", format!("KEY={stripe}\n"));
    assert_nothing("app/a.env", format!("CONNECTION=AccountName=devstoreaccount1;AccountKey={azurite};\n"));
    assert_nothing("app/a.txt", format!("Authorization: Bearer {jwt}\n"));
}

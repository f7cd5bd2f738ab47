use super::*;
use crate::analysers::{analyse, names};
use crate::executable::made;

/// A program with texts as compilers lay them out, one after the other, each ended by a zero.
fn elf(texts: &[u8]) -> Vec<u8> {
    made::elf(true, false, &[b"\x90\0", texts, b"\0\x90"].concat())
}

fn found(path: &str, texts: &[u8]) -> Vec<String> {
    let (file, complaints) = analyse(&Runtime, path, &elf(texts));
    assert_eq!(complaints, Vec::<String>::new(), "{path}");
    assert!(file.packages.iter().all(|package| package.kind == PackageType::Generic));
    names(&file)
}

#[test]
fn every_program_is_known_by_what_it_says_of_itself() {
    let cases: [(&str, &[u8], &[&str]); 56] = [
        ("usr/local/bin/node", b"instance\0/json\0node.js/v22.9.0\0(delegate_)", &["node@22.9.0"]),
        ("usr/bin/node", b"node.js/v23.0.0-rc.1\0", &["node@23.0.0-rc.1"]),
        ("usr/bin/node", b"x\0node v0.10.48\0", &["node@0.10.48"]),
        ("usr/bin/nodejs", b"x\0v4.9.1\0", &["node@4.9.1"]),
        ("usr/bin/node", b"v8 says \0v12.4.254\0", &[]),
        ("usr/local/bin/python3.11", b"pymalloc\x003.11.2\0strict", &["python@3.11.2"]),
        ("usr/local/lib/libpython3.13.so.1.0", b"15.1.0\x003.46.1\x003.13.0rc2\0%.80s", &["python@3.13.0rc2"]),
        ("usr/lib/libpython3.7m.so.1.0", b"Vectors\0/root/.pyenv/versions/3.7.16\0lib", &["python@3.7.16"]),
        ("usr/lib/libpython2.7.so.1.0", b"\x002.7.18\0", &["python@2.7.18"]),
        ("usr/bin/python3.12", b"a\x003.12.1+\0", &["python@3.12.1"]),
        ("usr/bin/python3.1", b"a\x003.11.2\0", &[]),
        ("usr/bin/python3.11-config", b"a\x003.1.2\0", &[]),
        ("opt/pypy/bin/libpypy3.10-c.so", b"[PyPy 7.3.15 with GCC 10.2]", &["pypy@7.3.15"]),
        ("usr/local/bin/perl", b"SEED\0v5.36.0\0panic", &["perl@5.36.0"]),
        ("usr/local/lib/libperl.so.5.36.0", b"SEED\0v5.36.0\0panic", &["perl@5.36.0"]),
        ("usr/local/bin/php", b"X-Powered-By: PHP/8.2.36\0", &["php@8.2.36"]),
        ("usr/local/sbin/php-fpm", b"X-Powered-By: PHP/8.3.0RC6\0", &["php@8.3.0RC6"]),
        ("usr/lib/apache2/modules/libphp7.so", b"X-Powered-By: PHP/7.4.33\0", &["php@7.4.33"]),
        ("usr/local/bin/ruby", b"for ruby 1.8)\0ruby 3.1.2p20 (2022-04-12 revision 4491)", &["ruby@3.1.2"]),
        ("usr/local/lib/libruby.so.3.4", b"ruby 3.4.0preview1 (2024-05-16 master)", &["ruby@3.4.0preview1"]),
        ("usr/local/bin/lua", b"Lua 5.4\0Lua 5.4.4  Copyright (C)", &["lua@5.4.4"]),
        ("usr/bin/dart", b"Dart,GC\"\x003.5.2 (stable) (Wed", &["dart@3.5.2"]),
        ("usr/bin/dart", b"\x003.6.0-216.1.beta (beta) (Mon", &["dart@3.6.0-216.1.beta"]),
        ("usr/bin/deno", b"Deno/1.41.0\0", &["deno@1.41.0"]),
        ("opt/julia/lib/julia/libjulia-internal.so.1", b"__init__\x001.9.3\0verify", &["julia@1.9.3"]),
        ("usr/local/lib/erlang/erts-13/bin/beam.smp", b"\0/usr/src/otp_src_25.3.2.6/erts/x", &["erlang@25.3.2.6"]),
        ("usr/lib/erlang/bin/beam.smp", b"\0/usr/local/src/otp-25.3.2.7/erts/x", &["erlang@25.3.2.7"]),
        (
            "usr/lib/erlang/bin/beam.smp",
            b"an Erlang/OTP 25 compiler\0\0\0read\0Erlang/OTP 25%s [erts-13.1.5] [source] [jit:ns%s]\n\x0025.2.3\0\0",
            &["erlang@25.2.3"],
        ),
        ("usr/lib/erlang/bin/beam.smp", b"\0\x0026.1.2\0\0\0\0\0\0Erlang/OTP", &["erlang@26.1.2"]),
        ("usr/sbin/nginx", b"option\0nginx version: nginx/1.25.1\n\0", &["nginx@1.25.1"]),
        ("opt/nginx", b"nginx version: openresty/1.21.4.1\n", &["nginx@1.21.4", "openresty@1.21.4.1"]),
        ("usr/local/apache2/bin/httpd", b"Apache\0Apache/2.4\0Apache/2.4.54 (Unix)\0", &["httpd@2.4.54"]),
        ("usr/sbin/lighttpd", b"lighttpd/1.4.69 (ssl) - a light", &["lighttpd@1.4.69"]),
        ("usr/sbin/haproxy", b" version 2.6.12-1+deb12u4, released 2026/10/17\0", &["haproxy@2.6.12"]),
        ("usr/sbin/haproxy", b" version 3.0-dev4, released 2024/02/23\0", &["haproxy@3.0-dev4"]),
        ("usr/sbin/haproxy", b"HA-Proxy version 1.5.14 ", &["haproxy@1.5.14"]),
        ("usr/sbin/haproxy", b"\x002.7.3-1065b10\0\0\0HAProxy version follows", &["haproxy@2.7.3"]),
        ("usr/sbin/varnishd", b"varnish-7.1.1 revision 7cee1c58", &["varnish@7.1.1"]),
        ("usr/local/bin/memcached", b"listen\0memcached 1.6.18\0", &["memcached@1.6.18"]),
        ("bin/redis-server", b"A7.0.14buildkitsandbox-1702957741000000000\0", &["redis@7.0.14"]),
        ("bin/redis-server", b"\x004.0.11841ce7054bd9-1542359302000000000\0", &["redis@4.0.11"]),
        ("bin/redis-server", b"\x006.2.0\0A7.0.151778644800000000000\0", &["redis@7.0.15"]),
        ("bin/redis-server", b"Server started, Redis version 2.8.23\0", &["redis@2.8.23"]),
        ("bin/valkey-server", b"\x009.0.0buildkitsandbox-1764887574000000000\0", &["valkey@9.0.0"]),
        (
            "usr/local/bin/postgres",
            b"upgrading to PostgreSQL 9.1.\0PostgreSQL 15.18 (Debian 15.18-0) on x86_64-pc-linux-gnu, compiled by",
            &["postgresql@15.18"],
        ),
        ("usr/local/bin/postgres", b"?PostgreSQL 17beta1 on aarch64-", &["postgresql@17beta1"]),
        ("opt/mysql/bin/mysqld", b"/sb_0-1516292385.58/release/mysql-8.0.4-rc/mysys_ssl/x", &["mysql@8.0.4"]),
        ("opt/mysql/bin/mysql", b"shutdown\x008.0.37\0\0\0\0\0mysql_real_escape", &["mysql@8.0.37"]),
        ("usr/sbin/mariadbd", b"x\x0010.11.19-MariaDB\0", &["mariadb@10.11.19"]),
        ("usr/bin/mysql", b"x\x0010.6.15-MariaDB\0", &["mariadb@10.6.15"]),
        ("usr/bin/mongod", b"ver\x007.0.28\0heap_size", &["mongodb@7.0.28"]),
        ("bin/busybox", b"BusyBox v1.36.1 (2024-01-01", &["busybox@1.36.1"]),
        ("opt/bin/bash", b"@(#)Bash version 5.2.15(1) release GNU", &["bash@5.2.15"]),
        ("usr/local/bin/ffmpeg", b"%s version n7.0.2\0", &["ffmpeg@7.0.2"]),
        ("usr/local/bin/git", b"\xfe\xffgit/2.47.3\0", &["git@2.47.3"]),
        ("usr/local/lib/libcurl.so.4.8.0", b"#include <curl/curl.h>\0libcurl/8.5.0\0", &["curl@8.5.0"]),
    ];
    for (path, texts, expected) in cases {
        assert_eq!(found(path, texts), expected, "{path}: {}", texts.escape_ascii());
    }
}

#[test]
fn forks_of_openssl_are_told_apart() {
    let cases: [(&[u8], &[&str]); 6] = [
        (b"OpenSSL 3.0.19 27 Jan 2026\0", &["openssl@3.0.19"]),
        (b"OpenSSL 1.1.1w  11 Sep 2023\0", &["openssl@1.1.1w"]),
        (b"OpenSSL 1.0.2k-fips  26 Jan 2017\0", &["openssl@1.0.2k"]),
        (b"OpenSSL 3.4.0-alpha1 5 Sep 2024\0", &["openssl@3.4.0-alpha1"]),
        (b"OpenSSL 1.1.1 (compatible; BoringSSL)\0", &[]),
        (b"\0LibreSSL 3.8.2\0", &["libressl@3.8.2"]),
    ];
    for (texts, expected) in cases {
        assert_eq!(found("usr/local/lib/libcrypto.so.3", texts), expected, "{}", texts.escape_ascii());
    }
}

#[test]
fn toolchains_say_it_in_a_text() {
    let temurin = "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_RUNTIME_VERSION=\"17.0.15+6\"\nJAVA_VERSION=\"17.0.15\"\n\
        JAVA_VERSION_DATE=\"2025-04-15\"\nSOURCE=\".:git:1\"\n";
    let cases = [
        ("opt/java/openjdk/release", temurin, vec!["openjdk@17.0.15"]),
        ("opt/jdk8/release", "JAVA_VERSION=\"1.8.0_352\"\r\nOS_NAME=\"Linux\"\r\n", vec!["openjdk@1.8.0_352"]),
        ("opt/jdk/release", "BUILD_TYPE=\"commercial\"\nJAVA_VERSION=\"21.0.1\"\n", vec!["oracle-jdk@21.0.1"]),
        (
            "opt/graalvm/release",
            "JAVA_VERSION=\"21.0.1\"\nGRAALVM_VERSION=\"23.1.1\"\n",
            vec!["graalvm@23.1.1", "openjdk@21.0.1"],
        ),
        ("etc/release", "Version 4\n", vec![]),
        ("opt/jdk/release", "JAVA_VERSION=\"$(id)\"\n", vec![]),
        ("opt/jdk/release", "", vec![]),
        ("usr/local/go/VERSION", "go1.22.3\ntime 2024-05-01T19:49:47Z\n", vec!["go@1.22.3"]),
        ("usr/local/go/VERSION", "go1.15", vec!["go@1.15"]),
        ("usr/local/go/VERSION", "devel go1.23-0123abc\n", vec![]),
        ("srv/app/VERSION", "1.2.3\n", vec![]),
        ("srv/app/VERSION", "going nowhere\n", vec![]),
    ];
    for (path, text, expected) in cases {
        let (file, complaints) = analyse(&Runtime, path, text.as_bytes());
        assert_eq!((names(&file), complaints), (expected.into_iter().map(str::to_owned).collect(), vec![]), "{path}");
    }
}

#[test]
fn only_installed_programs_of_a_known_name_are_looked_at() {
    let cases = [
        ("usr/local/bin/node", true),
        ("usr/local/bin/node-gyp", false),
        ("usr/lib/libpython3.so", false),
        ("usr/bin/python3", false),
        ("usr/bin/phpize", false),
        ("app/node_modules/node/bin/node", false),
        ("usr/lib/python3/site-packages/psycopg2_binary.libs/libcrypto.so.1.1", false),
        ("opt/jdk.tar.gz!/jdk/bin/node", false),
        ("opt/vendor.d/busybox.static", true),
    ];
    for (path, expected) in cases {
        assert_eq!(Runtime.wants_content(path, ContentKind::Elf, 1), expected, "{path}");
    }
    assert!(Runtime.wants("opt/java/release") && !Runtime.wants("opt/jdk.zip!/jdk/release"));
}

#[test]
fn every_pattern_and_name_compiles_and_has_one_group() {
    for program in PROGRAMS {
        for pattern in program.patterns {
            assert_eq!(compile(pattern).expect(pattern).captures_len(), 2, "{pattern}");
        }
        assert!(program.files.iter().all(|name| Glob::new(name).is_ok()), "{}", program.name);
        assert!(program.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", program.name);
    }
    assert_eq!(NAMES.len(), OWNERS.len());
    assert!(PROGRAMS.is_sorted_by_key(|program| program.name), "the table is in the order of names");
}

#[test]
fn a_program_too_large_to_be_read_whole_is_a_problem_only_without_a_version() {
    let inspect = |texts: &[u8]| {
        let mut budget = crate::budget::Budget::new(1 << 20, crate::budget::Pool::new(1 << 20));
        let mut seen = Observations::new(&mut budget, None);
        let bytes = elf(texts);
        let (kind, size) = (ContentKind::Elf, 200 << 20);
        let file = File { path: "usr/bin/mongod", bytes: &bytes, is_whole: false, kind, mode: 0o755, size };
        Runtime.analyse(&file, &mut seen).unwrap();
        let crate::analyser::Seen { file, problems, .. } = seen.finish();
        (names(&file), problems.into_iter().map(|(code, _)| code).collect::<Vec<_>>())
    };
    assert_eq!(inspect(b"\x006.0.27\0tcmalloc"), (vec!["mongodb@6.0.27".to_owned()], vec![]));
    assert_eq!(inspect(b"nothing"), (vec![], vec![ProblemCode::FileTooLarge]));
}

#[test]
fn what_only_looks_like_versions_is_gone_through_in_bounded_time() {
    let names =
        ["redis-server", "python3.11", "beam.smp", "postgres", "mongod", "haproxy", "openssl", "mariadb", "curl"];
    let hostile: [&[u8]; 5] =
        [b"a1.1.1a-1", b"\x003.1.1", b"Erlang/OTP 1[erts-", b"PostgreSQL 1 (", b"x1.1.11111111111111111111"];
    for name in names {
        for part in hostile {
            let bytes = elf(&part.repeat((1 << 20) / part.len()));
            let started = std::time::Instant::now();
            analyse(&Runtime, name, &bytes);
            assert!(started.elapsed().as_secs() < 20, "{name} {part:?}");
        }
    }
}

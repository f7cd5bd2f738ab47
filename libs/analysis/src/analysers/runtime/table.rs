//! The programs that are known by what they say of themselves, one row each.
//!
//! Names of packages and most patterns are those of syft's binary classifiers, so that both tools name a program alike; what each
//! pattern is to find stands beside it, as the program has it. By whom it is judged stands under the same name in `plimsoll-advisories`, `src/programs.rs`.

/// A program that comes without a package of anybody's.
pub(super) struct Program {
    /// The package's name: `pkg:generic/NAME@VERSION`.
    pub(super) name: &'static str,
    /// The names of its files; `*` stands for any characters.
    pub(super) files: &'static [&'static str],
    /// Regular expressions over bytes, the first that matches counting. Their group is the version.
    pub(super) patterns: &'static [&'static str],
    /// Whether the version goes on with what the file's name begins: `libpython3.11.so.1.0` has a version `3.11.…`. For programs whose
    /// version stands among those of what is linked into them.
    pub(super) goes_on_with_name: bool,
}

const fn program(name: &'static str, files: &'static [&'static str], patterns: &'static [&'static str]) -> Program {
    Program { name, files, patterns, goes_on_with_name: false }
}

/// Redis and Valkey: the version, the host that built it, the time in seconds, whether the tree had changes, the commit.
const REDIS: &[&str] = &[
    // `4.0.11841ce7054bd9-1542359302000000000`: a container's id, which may begin with a digit.
    r"[^0-9.]([0-9]+\.[0-9]+\.[0-9]+)[0-9a-f]{12}-1[0-9]{9}[01][0-9a-f]{8}\x00",
    // `7.0.14buildkitsandbox-1702957741000000000`.
    r"[^0-9.]([0-9]+\.[0-9]+\.[0-9]+)[A-Za-z][0-9A-Za-z_.-]{0,64}-1[0-9]{9}[01][0-9a-f]{8}\x00",
    // `7.0.151778644800000000000`: a build that can be reproduced has no host.
    r"[^0-9.]([0-9]+\.[0-9]+\.[0-9]+)1[0-9]{9}[01][0-9a-f]{8}\x00",
    // `Server started, Redis version 2.8.23`.
    r"Redis version ([0-9]+\.[0-9]+\.[0-9]+)",
];

/// Every program, in the order of their names. No two that share a file's name match the same file, unless one is built on the other.
pub(super) const PROGRAMS: &[Program] = &[
    // `@(#)Bash version 5.2.15(1) release GNU`.
    program("bash", &["bash"], &[r"@\(#\)Bash version ([0-9]+\.[0-9]+\.[0-9]+)\("]),
    // `BusyBox v1.35.0 (2023-01-03 …)`.
    program("busybox", &["busybox*"], &[r"BusyBox v([0-9]+\.[0-9]+\.[0-9]+)"]),
    // `curl/7.88.1`, `libcurl/7.88.1`.
    program("curl", &["curl", "libcurl.so*"], &[r"curl/([0-9]+\.[0-9]+\.[0-9]+)"]),
    // `3.5.2 (stable) (Wed Sep 18 …`.
    program("dart", &["dart"], &[r"\x00([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9.]+\.(?:beta|dev))?) \((?:stable|beta|dev)\)"]),
    // `Deno/1.41.0`.
    program("deno", &["deno"], &[r"Deno/([0-9]+\.[0-9]+\.[0-9]+)"]),
    program(
        "erlang",
        &["beam.smp"],
        &[
            // `/usr/src/otp_src_25.3.2.6/erts/`, `/usr/local/src/otp-25.3.2.7/erts/`.
            r"/src/otp(?:_src_|-)([0-9]+\.[0-9]+(?:\.[0-9]+){0,2}(?:-rc[0-9])?)/erts/",
            // `Erlang/OTP 25%s [erts-13.1.5] [source] …`, then `25.2.3`.
            r"Erlang/OTP [0-9]+[^\x00]{0,30}\[erts-[^\x00]{1,200}\x00+([0-9]+\.[0-9]+(?:\.[0-9]+){0,2}(?:-rc[0-9])?)\x00",
            // `26.1.2`, then `Erlang/OTP …`.
            r"\x00([0-9]+\.[0-9]+(?:\.[0-9]+){0,2}(?:-rc[0-9])?)\x00{1,16}Erlang/OTP",
        ],
    ),
    // `%s version 5.1.9-0+deb12u1`, `%s version n7.0.2`.
    program("ffmpeg", &["ffmpeg", "ffprobe"], &[r"%s version n?([0-9]+\.[0-9]+(?:\.[0-9]+)?)"]),
    // `git/2.39.5`, what it tells servers.
    program("git", &["git"], &[r"git/([0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)?)"]),
    program(
        "haproxy",
        &["haproxy"],
        &[
            // ` version 2.6.12-1+deb12u4, released 2026/10/17`.
            r" version ([0-9]+\.[0-9]+(?:\.|-dev|-rc)[0-9]+)(?:-[^,\x00]{1,40})?, released 20",
            // `HA-Proxy version 1.5.14`.
            r"HA-Proxy version ([0-9]+\.[0-9]+(?:\.|-dev)[0-9]+)",
            // `2.7.3-1065b10`, then `HAProxy version follows`.
            r"\x00([0-9]+\.[0-9]+(?:\.|-dev)[0-9]+)-[0-9a-zA-Z]{7}\x00{1,64}HAProxy version",
        ],
    ),
    // `Apache/2.4.54 (Unix)`.
    program("httpd", &["httpd", "apache2"], &[r"Apache/([0-9]+\.[0-9]+\.[0-9]+)"]),
    // `__init__`, then `1.9.3`.
    program("julia", &["libjulia-internal.so*"], &[r"__init__\x00([0-9]+\.[0-9]+\.[0-9]+)\x00verify"]),
    // `LibreSSL 3.8.2`.
    program("libressl", &["openssl", "libcrypto.so*"], &[r"\x00LibreSSL ([0-9]+\.[0-9]+\.[0-9]+)"]),
    program("lighttpd", &["lighttpd"], &[r"lighttpd/([0-9]+\.[0-9]+\.[0-9]+)"]),
    // `Lua 5.4.4  Copyright (C) 1994-2022`.
    program("lua", &["lua", "lua5*", "liblua*.so*"], &[r"Lua ([0-9]+\.[0-9]+\.[0-9]+)  Copyright"]),
    // `10.6.15-MariaDB`.
    program("mariadb", &["mariadbd", "mariadb", "mysqld", "mysql"], &[r"([0-9]+\.[0-9]+\.[0-9]+)-MariaDB"]),
    // `memcached 1.6.18`.
    program("memcached", &["memcached"], &[r"memcached ([0-9]+\.[0-9]+\.[0-9]+)"]),
    // `6.0.27`, then `tcmalloc`; 7 has `heap_size`, 8 `cppdefines` there.
    program(
        "mongodb",
        &["mongod", "mongos"],
        &[
            r"[^0-9.]([0-9]+\.[0-9]+\.[0-9]+)\x00{1,16}tcmalloc",
            r"[^0-9.]([0-9]+\.[0-9]+\.[0-9]+)\x00{1,16}heap_size",
            r"[^0-9.]([0-9]+\.[0-9]+\.[0-9]+)\x00{1,16}cppdefines",
        ],
    ),
    // `/build/sb_0-26781090-1516292385.58/release/mysql-8.0.4-rc/mysys_ssl/my_default.cc`.
    program(
        "mysql",
        &["mysqld", "mysql"],
        &[r"/mysql-([0-9]+\.[0-9]+\.[0-9]+)(?:-[a-z]{1,10})?/", r"\x00([0-9]+\.[0-9]+\.[0-9]+)\x00{1,16}mysql_"],
    ),
    // `nginx version: nginx/1.25.1`; OpenResty's fourth number is its own.
    program("nginx", &["nginx", "openresty"], &[r"nginx version: (?:nginx|openresty)/([0-9]+\.[0-9]+\.[0-9]+)"]),
    program(
        "node",
        &["node", "nodejs", "libnode.so*"],
        &[
            // `node.js/v22.9.0`.
            r"node\.js/v([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.]+)?)\x00",
            // `node v0.10.48`, `v4.9.1`.
            r"\x00(?:node )?v((?:0|4|5|6)\.[0-9]+\.[0-9]+)\x00",
        ],
    ),
    program("openresty", &["nginx", "openresty"], &[r"nginx version: openresty/([0-9]+(?:\.[0-9]+){3})"]),
    // `OpenSSL 3.0.19 27 Jan 2026`, `OpenSSL 1.1.1w  11 Sep 2023`; not `OpenSSL 1.1.1 (compatible; BoringSSL)`.
    program(
        "openssl",
        &["openssl", "libcrypto.so*"],
        &[
            r"OpenSSL ([0-9]+\.[0-9]+\.[0-9]+(?:[a-z]{1,2}|-(?:alpha|beta|rc)[0-9]+)?)(?:[+-][a-z]{1,12})?  ?[0-9]{1,2} [A-Z][a-z]{2} 20",
        ],
    ),
    // `v5.36.0`.
    program("perl", &["perl", "perl5*", "libperl.so*"], &[r"\x00v(5\.[0-9]+\.[0-9]+)\x00"]),
    // `X-Powered-By: PHP/8.2.36`.
    program(
        "php",
        &["php", "php[0-9]*", "php-cgi*", "php-fpm*", "phpdbg*", "libphp*.so*"],
        &[r"X-Powered-By: PHP/([0-9]+\.[0-9]+\.[0-9]+(?:(?:alpha|beta|RC)[0-9]+)?)"],
    ),
    // `PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu, compiled by`.
    program(
        "postgresql",
        &["postgres"],
        &[r"PostgreSQL ([0-9]+(?:\.[0-9]+){0,2}(?:(?:alpha|beta|rc)[0-9]+)?)(?: \([^)\x00]{1,80}\))? on [a-z0-9_]+-"],
    ),
    // `[PyPy 7.3.15 with GCC …`.
    program("pypy", &["pypy*", "libpypy*.so*"], &[r"\[PyPy ([0-9]+\.[0-9]+\.[0-9]+)"]),
    // `3.11.2`, which may be the end of the folder that it is built for: linkers merge texts by their ends.
    Program {
        name: "python",
        files: &["python[23].*", "libpython[23].*.so*"],
        patterns: &[r"[^0-9.]([23]\.[0-9]+\.[0-9]+(?:(?:a|b|rc)[0-9]+)?)\+?\x00"],
        goes_on_with_name: true,
    },
    program("redis", &["redis-server"], REDIS),
    // `ruby 3.1.2p20 (2022-04-12 revision 4491bb740a)`.
    program(
        "ruby",
        &["ruby", "ruby[0-9]*", "libruby*.so*"],
        &[r"ruby ([0-9]+\.[0-9]+\.[0-9]+(?:(?:preview|rc|dev)[0-9]*)?)(?:p[0-9]+)? \("],
    ),
    program("valkey", &["valkey-server"], REDIS),
    // `varnish-7.1.1 revision 7cee1c58…`.
    program("varnish", &["varnishd"], &[r"varnish-([0-9]+\.[0-9]+\.[0-9]+) revision"]),
];

//! A fake of the platform: its registry, and the parts of its API that the program asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::image::digest;

pub const KEY: &str = "plim_test";

/// What the fake holds and how it behaves.
#[derive(Default)]
pub struct State {
    pub blobs: HashMap<String, Vec<u8>>,
    /// By path.
    pub manifests: HashMap<String, Vec<u8>>,
    /// GraphQL requests by what they ask for.
    pub asked: Vec<&'static str>,
    /// The states that the scan has, one after the other; the last for ever.
    pub states: Vec<&'static str>,
    /// How many API requests are answered with 503 first.
    pub failures: usize,
    /// Whether it hides a finding.
    pub hides: bool,
}

pub struct Fake {
    pub server: MockServer,
    pub state: Arc<Mutex<State>>,
}

impl Fake {
    pub async fn start(states: &[&'static str]) -> Self {
        let server = MockServer::start().await;
        let state = Arc::new(Mutex::new(State { states: states.to_vec(), ..State::default() }));
        let respond = Platform { address: server.uri(), state: Arc::clone(&state) };
        Mock::given(any()).respond_with(respond).mount(&server).await;
        Self { server, state }
    }
}

struct Platform {
    address: String,
    state: Arc<Mutex<State>>,
}

impl Respond for Platform {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.state.lock().unwrap();
        match request.url.path() {
            "/v1/server" => {
                if state.failures > 0 {
                    state.failures -= 1;
                    return ResponseTemplate::new(503);
                }
                let facts = json!({ "version": "0.1.0", "registry": self.address, "graphql": "/graphql" });
                ResponseTemplate::new(200).set_body_json(facts)
            }
            "/graphql" => graphql(request, &mut state),
            path if path.starts_with("/v1/vex/") => put_vex(request, &mut state),
            _ => registry(request, &mut state),
        }
    }
}

fn is_authorized(request: &Request, expected: &str) -> bool {
    request.headers.get("authorization").is_some_and(|value| value.to_str().unwrap() == expected)
}

fn graphql(request: &Request, state: &mut State) -> ResponseTemplate {
    if !is_authorized(request, &format!("Bearer {KEY}")) {
        return ResponseTemplate::new(401);
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let query = body["query"].as_str().unwrap();
    let after = body["variables"]["after"].as_str();
    let image = |image: Value| json!({ "organization": { "image": image } });
    let asks: [(&str, &'static str); 13] = [
        ("viewer", "viewer"),
        ("scan {", "scan"),
        ("prettyName", "image"),
        ("page: packages", "packages"),
        ("deleteVexDocument", "delete VEX"),
        ("vexDocuments(", "VEX"),
        ("vexDocument(", "VEX document"),
        ("hidden: true", "hidden"),
        ("page: findings", "findings"),
        ("page: uncountedMatches", "uncounted"),
        ("coverage {", "coverage"),
        ("page: observations", "observations"),
        ("feeds", "feeds"),
    ];
    let (_, asked) = asks.into_iter().find(|(word, _)| query.contains(word)).unwrap();
    state.asked.push(asked);
    let data = match asked {
        "viewer" => json!({ "viewer": { "organizations": [{ "organization": { "slug": "acme" } }] } }),
        "scan" => image(scan(if state.states.len() > 1 { state.states.remove(0) } else { state.states[0] })),
        "image" => image(json!({ "digest": body["variables"]["image"],
            "platform": { "os": "linux", "architecture": "amd64", "variant": null },
            "os": { "distribution": "debian", "version": "12", "codename": "bookworm", "prettyName": "Debian 12" },
            "problems": [{ "code": "file_malformed", "layer": 1, "path": "a/package-lock.json", "detail": "it is not JSON" }],
            "layers": [{ "index": 0, "digest": digest(b"0"), "diffId": digest(b"0"), "size": 10, "buildStep": null },
                       { "index": 1, "digest": digest(b"1"), "diffId": digest(b"1"), "size": 20,
                         "buildStep": { "index": 3, "command": "RUN pip install", "created": "2026-01-02T03:04:05Z" } }] })),
        "packages" => image(json!({ "page": { "nodes": [
            { "path": "a", "package": { "name": "django", "version": "3.2", "purl": "pkg:pypi/django@3.2", "ecosystem": "PyPI", "unknownReason": null } },
            { "path": "x", "package": { "name": "odd", "version": "x", "purl": "pkg:pypi/odd@x", "ecosystem": "PyPI", "unknownReason": "it is no version" } }],
            "pageInfo": { "hasNextPage": false, "endCursor": "p1" } } })),
        "findings" => image(json!({ "page": match after {
            None => json!({ "nodes": [finding("CVE-2024-2", "MEDIUM", &["b"]), finding("CVE-2024-1", "CRITICAL", &["a", "z"])],
                            "pageInfo": { "hasNextPage": true, "endCursor": "f1" } }),
            Some(_) => json!({ "nodes": [finding("CVE-2024-3", "LOW", &["c"])], "pageInfo": { "hasNextPage": false, "endCursor": "f2" } }),
        } })),
        "hidden" => {
            let mut hidden = finding("CVE-2024-5", "CRITICAL", &["a"]);
            hidden["vex"] = json!({ "status": "NOT_AFFECTED", "justification": "VULNERABLE_CODE_NOT_IN_EXECUTE_PATH",
                "impact": "It is never called.", "document": "https://acme.example/vex/1", "author": "Acme", "at": "2026-01-02T03:04:05Z" });
            let nodes: Vec<Value> = state.hides.then_some(hidden).into_iter().collect();
            image(json!({ "page": { "nodes": nodes, "pageInfo": { "hasNextPage": false, "endCursor": null } } }))
        }
        "uncounted" => {
            let mut headers = finding("CVE-2024-4", "HIGH", &["usr/include"]);
            headers["state"] = json!("NOT_RUNNING");
            image(json!({ "page": { "nodes": [headers], "pageInfo": { "hasNextPage": false, "endCursor": "u1" } } }))
        }
        "coverage" => image(json!({ "coverage": {
            "os": { "state": "ENDED", "endedOn": "2026-06-10", "until": null },
            "sources": [{ "analyser": "python", "files": 2, "packages": 2 }],
            "gaps": [{ "reason": "OS_ENDED", "count": 1, "statement": "not judged in full, because it is over", "examples": ["Debian 12"] }],
            "limits": [{ "reason": "ONLY_FIXES_PUBLISHED", "count": 2, "statement": "judged by fixes alone, because it is so", "ecosystem": "Klingon:9" }],
            "unjudgedChecks": [{ "check": "content-trust", "reason": "a policy says" }],
            "malwareSources": [{ "name": "sha256-recent", "feed": "malware-hashes", "kind": "FILE_HASHES", "checkedAt": "2026-08-19T10:00:00Z" }] } })),
        "observations" => image(json!({ "page": match after {
            None => json!({ "nodes": [observation("MALWARE", json!({ "subject": "FILE", "path": "srv/x.php", "line": null, "offset": 7 }), Some(1))],
                            "pageInfo": { "hasNextPage": true, "endCursor": "o1" } }),
            Some(_) => json!({ "nodes": [observation("SECRET", json!({ "subject": "ENVIRONMENT", "name": "TOKEN" }), None),
                                         observation("MISCONFIGURATION", json!({ "subject": "HISTORY", "historyStep": 4 }), None),
                                         observation("END_OF_LIFE", json!({ "subject": "IMAGE" }), None)],
                               "pageInfo": { "hasNextPage": false, "endCursor": "o2" } }),
        } })),
        vex if vex.contains("VEX") => vex_documents(vex, &body["variables"]),
        _ => {
            json!({ "feeds": [{ "name": "osv", "checkedAt": "2026-08-20T10:00:00Z" }, { "name": "osv", "checkedAt": "2026-08-18T10:00:00Z" },
                               { "name": "kev", "checkedAt": null }] })
        }
    };
    ResponseTemplate::new(200).set_body_json(json!({ "data": data }))
}

/// Refuses what a certain author says.
fn put_vex(request: &Request, state: &mut State) -> ResponseTemplate {
    let is_json = request.headers.get("content-type").is_some_and(|kind| kind == "application/json");
    if !is_authorized(request, &format!("Bearer {KEY}")) || request.method.as_str() != "PUT" || !is_json {
        return ResponseTemplate::new(401);
    }
    state.asked.push("save VEX");
    let document: Value = serde_json::from_slice(&request.body).unwrap();
    if document["author"] == "refused" {
        let detail = "An organization has at most 5000 VEX documents: delete what is no longer needed.";
        return ResponseTemplate::new(409).set_body_json(json!({ "code": "too_many", "detail": detail }));
    }
    let image = request.url.query_pairs().find(|(key, _)| key == "image").map(|(_, digest)| digest.into_owned());
    if image.as_deref().is_some_and(|image| image != digest(b"image")) {
        let detail = "There is no image of this digest that you may see.";
        return ResponseTemplate::new(404).set_body_json(json!({ "code": "not_found", "detail": detail }));
    }
    let name =
        request.url.path().trim_start_matches("/v1/vex/").replace("%3A", ":").replace("%2F", "/").replace("%40", "@");
    ResponseTemplate::new(200)
        .set_body_json(json!({ "name": name, "format": "openvex", "author": "", "statements": 1 }))
}

fn vex_documents(asked: &str, variables: &Value) -> Value {
    match asked {
        "VEX" => {
            json!({ "organization": { "documents": { "pageInfo": { "hasNextPage": false, "endCursor": "v1" }, "nodes": [
            { "name": "https://acme.example/vex/1", "format": "OPENVEX", "author": "Acme", "imageDigest": null, "statementCount": 4, "hiddenFindings": 3 }] } } })
        }
        "VEX document" => {
            let is_there = variables["name"] == "https://acme.example/vex/1";
            json!({ "organization": { "document": is_there.then(|| json!({ "id": "v" })) } })
        }
        _ => {
            json!({ "written": { "document": { "name": "https://acme.example/vex/1" }, "userErrors": [] } })
        }
    }
}

fn scan(state: &str) -> Value {
    let error = (state == "FAILED").then(|| json!({ "code": "blob_missing", "message": "a layer is not there" }));
    json!({ "scan": { "state": state, "error": error } })
}

fn observation(kind: &str, place: Value, layer: Option<u32>) -> Value {
    json!({ "kind": kind, "rule": kind.to_lowercase(), "references": ["R-1"], "title": "A title", "severity": "HIGH", "family": null,
        "place": place, "introducedBy": layer.map(|index| json!({ "layer": { "index": index } })),
        "removedIn": layer.map(|index| json!({ "index": index + 1 })), "evidence": "seen ***", "advice": "mend it" })
}

fn finding(id: &str, severity: &str, paths: &[&str]) -> Value {
    let step = json!({ "command": "RUN pip install", "created": "2026-01-02T03:04:05Z" });
    let locations: Vec<Value> = paths
        .iter()
        .map(|path| json!({ "path": path, "introducedBy": { "layer": { "index": 1, "diffId": digest(b"1") }, "buildStep": step } }))
        .collect();
    json!({ "vulnerability": { "name": id, "aliases": ["GHSA-1"], "title": "A flaw",
                "isMalware": id.starts_with("MAL-"), "cvss": { "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "score": 9.8 } },
        "severity": severity, "severitySource": "osv", "epss": { "score": 0.5, "percentile": 0.9 },
        "knownExploitedSince": (id == "CVE-2024-1").then_some("2024-01-02"),
        "package": { "name": "django", "version": "3.2", "purl": "pkg:pypi/django@3.2", "ecosystem": "PyPI", "type": "pypi" },
        "locations": locations, "fixedIn": "3.2.14", "state": "WONT_FIX", "sources": ["osv"] })
}

/// The OCI distribution protocol, as far as a push needs it; Basic credentials of any user name.
fn registry(request: &Request, state: &mut State) -> ResponseTemplate {
    // "plimsoll:plim_test"
    if !is_authorized(request, "Basic cGxpbXNvbGw6cGxpbV90ZXN0") {
        return ResponseTemplate::new(401).insert_header("WWW-Authenticate", "Basic realm=\"plimsoll\"");
    }
    let path = request.url.path().to_owned();
    let last = path.rsplit('/').next().unwrap().to_owned();
    match request.method.as_str() {
        "HEAD" if state.blobs.contains_key(&last) => ResponseTemplate::new(200),
        "HEAD" => ResponseTemplate::new(404),
        "POST" => ResponseTemplate::new(202).insert_header("Location", format!("{path}upload")),
        "PATCH" => {
            state.blobs.insert(digest(&request.body), request.body.clone());
            ResponseTemplate::new(202).insert_header("Location", path)
        }
        "PUT" if path.contains("/manifests/") => {
            state.manifests.insert(path, request.body.clone());
            ResponseTemplate::new(201)
        }
        "PUT" => {
            let (_, expected) = request.url.query_pairs().find(|(name, _)| name == "digest").unwrap();
            ResponseTemplate::new(if state.blobs.contains_key(&*expected) { 201 } else { 400 })
        }
        _ => ResponseTemplate::new(405),
    }
}

//! Fetching from servers that behave, and from those that do not.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test's own reading fails the test")]

mod server;

use std::io::{Read as _, Write as _};
use std::sync::Mutex;
use std::time::Duration;

use plimsoll_fetch::{FetchError, Fetched, Fetcher, Limits, Options, Progress, Retries, Validators};
use server::{Answer, Server, answer, ok};

fn fetcher() -> Fetcher {
    let limits = Limits {
        size: 1_000,
        answer: Duration::from_millis(300),
        progress: Duration::from_millis(100),
        min_progress: 100,
        redirects: 3,
    };
    let retries = Retries { count: 2, min_delay: Duration::from_millis(1), max_delay: Duration::from_millis(20) };
    Fetcher::new(Options { limits, retries, temporary_folder: None })
}

async fn fetch(server: &Server) -> Result<Fetched, FetchError> {
    fetcher().fetch(&server.address, &Validators::default(), &|_| {}).await
}

fn text(fetched: Fetched) -> String {
    let Fetched::Changed { mut file, size, .. } = fetched else { panic!("{fetched:?}") };
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text.len() as u64, size);
    text
}

async fn error_of(answer: Answer) -> String {
    let server = Server::start(vec![answer]).await;
    let error = fetch(&server).await.unwrap_err().to_string();
    error.replace(&server.address, "ADDRESS")
}

#[tokio::test]
async fn a_document_is_fetched_once_and_then_only_when_it_changes() {
    let dated = "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT";
    let server = Server::start(vec![
        ok(&["ETag: W/\"1\"", dated], b"one"),
        Answer::Bytes(answer("304 Not Modified", &[], b"")),
        ok(&["ETag: \"2\""], b"two"),
    ])
    .await;
    let fetched = fetch(&server).await.unwrap();
    let Fetched::Changed { validators, .. } = &fetched else { panic!("{fetched:?}") };
    let validators = validators.clone();
    assert_eq!(text(fetched), "one");
    let again = fetcher().fetch(&server.address, &validators, &|_| {}).await.unwrap();
    assert!(matches!(again, Fetched::Unchanged));
    let changed = fetcher().fetch(&server.address, &validators, &|_| {}).await.unwrap();
    assert_eq!(text(changed), "two");
    let requests = server.requests();
    assert!(!requests[0].contains("if-") && requests[0].contains("accept-encoding: identity"), "{}", requests[0]);
    assert!(requests[1].contains("if-none-match: w/\"1\"\r\n"), "{}", requests[1]);
    assert!(requests[1].contains("if-modified-since: wed, 21 oct 2015"), "{}", requests[1]);
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_broke_off() {
    let part = answer("200 OK", &["Content-Length: 10", "ETag: \"1\""], b"01234");
    let rest = answer("206 Partial Content", &["Content-Range: bytes 5-9/10", "Content-Length: 5"], b"56789");
    for broken in [Answer::Bytes(part.clone()), Answer::Hang(part)] {
        let server = Server::start(vec![broken, Answer::Bytes(rest.clone())]).await;
        let retries = Mutex::new(Vec::new());
        let told = |progress: Progress<'_>| {
            if let Progress::Retrying { error, .. } = progress {
                retries.lock().unwrap().push(error.to_string());
            }
        };
        let fetched = fetcher().fetch(&server.address, &Validators::default(), &told).await.unwrap();
        assert_eq!(text(fetched), "0123456789");
        let requests = server.requests();
        assert!(requests[1].contains("range: bytes=5-\r\n") && requests[1].contains("if-range: \"1\"\r\n"));
        assert_eq!(retries.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_download_that_cannot_be_resumed_starts_over() {
    let part = |headers: &[&str]| {
        let mut all = vec!["Content-Length: 10"];
        all.extend_from_slice(headers);
        Answer::Bytes(answer("200 OK", &all, b"01234"))
    };
    // A weak validator; a document that has changed since; a range that is gone.
    let gone = Answer::Bytes(answer("416 Range Not Satisfiable", &["Content-Length: 0"], b""));
    for answers in [
        vec![part(&["ETag: W/\"1\""]), ok(&[], b"whole")],
        vec![part(&["ETag: \"1\""]), ok(&["ETag: \"2\""], b"whole")],
        vec![part(&["ETag: \"1\""]), gone, ok(&["ETag: \"2\""], b"whole")],
    ] {
        let server = Server::start(answers).await;
        assert_eq!(text(fetch(&server).await.unwrap()), "whole");
    }
}

#[tokio::test]
async fn a_part_that_was_not_asked_for_is_refused() {
    let part = Answer::Bytes(answer("200 OK", &["Content-Length: 10", "ETag: \"1\""], b"01234"));
    for (range, why) in [
        ("Content-Range: bytes 4-9/10", "another part"),
        ("Content-Range: bytes 5-10/11", "size changed"),
        ("Content-Range: lines 1-2", "without a readable Content-Range"),
    ] {
        let rest = Answer::Bytes(answer("206 Partial Content", &[range, "Content-Length: 5"], b"56789"));
        let server = Server::start(vec![part.clone(), rest]).await;
        let error = fetch(&server).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let unasked = Answer::Bytes(answer("304 Not Modified", &[], b""));
    assert!(error_of(unasked).await.contains("a question that was not asked"));
}

#[tokio::test]
async fn a_passing_failure_is_tried_again_and_a_server_that_asks_for_long_patience_has_it() {
    let busy = |wait: &str| Answer::Bytes(answer("429 Too Many Requests", &[wait, "Content-Length: 0"], b""));
    let server = Server::start(vec![busy("Retry-After: 0"), Answer::Bytes(Vec::new()), ok(&[], b"there")]).await;
    let waits = Mutex::new(Vec::new());
    let told = |progress: Progress<'_>| {
        if let Progress::Retrying { after, .. } = progress {
            waits.lock().unwrap().push(after);
        }
    };
    let fetched = fetcher().fetch(&server.address, &Validators::default(), &told).await.unwrap();
    assert_eq!(text(fetched), "there");
    let waits = waits.into_inner().unwrap();
    assert_eq!((waits.len(), waits[0]), (2, Duration::ZERO));
    let server = Server::start(vec![busy("Retry-After: 3600"), ok(&[], b"there")]).await;
    let error = fetch(&server).await.unwrap_err().to_string();
    assert!(error.ends_with("the server answered 429 Too Many Requests, and asks to wait for 3600 s"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    let server = Server::start(vec![Answer::Bytes(answer("404 Not Found", &["Content-Length: 0"], b""))]).await;
    let error = fetch(&server).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_is_too_large_too_slow_or_cut_short_is_refused_with_the_reason() {
    let endless = answer("200 OK", &[], &[b'x'; 1_001]);
    let cases = [
        (ok(&[], &[b'x'; 1_001]), "ADDRESS: the document is larger than 1000 bytes, which is the limit"),
        (Answer::Hang(endless), "ADDRESS: the document is larger than 1000 bytes, which is the limit"),
        (
            Answer::Bytes(answer("200 OK", &["Content-Length: 10"], b"01234")),
            "ADDRESS: the document ended after 5 of 10 bytes",
        ),
        (Answer::Trickle(answer("200 OK", &[], b"")), "ADDRESS: no progress for 0.1 s, after "),
        (Answer::Hang(Vec::new()), "ADDRESS: no answer in 0.3 s"),
        (Answer::Trickle(b"HTTP/1.1 200 OK\r\nX: ".to_vec()), "ADDRESS: no answer in 0.3 s"),
        (Answer::Bytes(answer("500 Internal Server Error", &["Content-Length: 0"], b"")), "the server answered 500"),
        (
            Answer::Bytes(answer("200 OK", &["Content-Encoding: br", "Content-Length: 1"], b"x")),
            "ADDRESS: the server sent it in the content coding 'br', which was not asked for",
        ),
        (
            Answer::Bytes(answer("200 OK", &["Content-Encoding: gzip", "Content-Length: 5"], b"plain")),
            "gzip coding of it does not decode",
        ),
    ];
    for (answer, expected) in cases {
        let error = error_of(answer).await;
        assert!(error.contains(expected), "{error}");
    }
    let mut headers = b"HTTP/1.1 200 OK\r\n".to_vec();
    headers.extend(b"X: y\r\n".repeat(1 << 20));
    let error = error_of(Answer::Hang(headers)).await;
    assert!(error.starts_with("ADDRESS: "), "{error}");
}

#[tokio::test]
async fn gzip_that_was_not_asked_for_is_undone_within_the_limit() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let server = Server::start(vec![ok(&["Content-Encoding: gzip"], &gzip(b"plain"))]).await;
    assert_eq!(text(fetch(&server).await.unwrap()), "plain");
    let bomb = error_of(ok(&["Content-Encoding: gzip"], &gzip(&[0; 100_000]))).await;
    assert!(bomb.contains("larger than 1000 bytes"), "{bomb}");
    // A document that is gzip itself stays as it is.
    let stored = gzip(b"rows");
    let server = Server::start(vec![ok(&["Content-Encoding: gzip"], &stored)]).await;
    let address = format!("{}.csv.gz", server.address);
    let fetched = fetcher().fetch(&address, &Validators::default(), &|_| {}).await.unwrap();
    let Fetched::Changed { size, .. } = fetched else { panic!("{fetched:?}") };
    assert_eq!(size, stored.len() as u64);
}

#[tokio::test]
async fn redirects_are_followed_but_not_everywhere_and_not_for_ever() {
    let target = Server::start(vec![ok(&[], b"moved")]).await;
    let redirect =
        |to: &str| Answer::Bytes(answer("302 Found", &[&format!("Location: {to}"), "Content-Length: 0"], b""));
    let server = Server::start(vec![redirect(&target.address)]).await;
    assert_eq!(text(fetch(&server).await.unwrap()), "moved");
    assert_eq!(error_of(redirect("/document")).await, "ADDRESS: more than 3 redirects");
    let error = error_of(redirect("file:///etc/passwd")).await;
    assert_eq!(error, "ADDRESS: redirected to 'file:///etc/passwd', which is not followed: only http and https are");
    assert!(error_of(Answer::Bytes(answer("302 Found", &["Content-Length: 0"], b""))).await.contains("no address"));
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_in_words() {
    for (address, why) in [("osv.dev/x", "relative URL"), ("ftp://a/b", "'ftp' is none of https, http and file")] {
        let error = fetcher().fetch(address, &Validators::default(), &|_| {}).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let error = fetcher().fetch("http://127.0.0.1:1/x", &Validators::default(), &|_| {}).await.unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
}

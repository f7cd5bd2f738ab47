//! Everything against the real Redis, each test under a prefix of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what tests use outside of test functions may panic as they do"
)]

mod proxy;

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use chrono::DateTime;
use futures::{Stream, StreamExt as _};
use plimsoll_identity::Role;
use plimsoll_model::{AccountId, Digest, ImageId, OrgId};
use plimsoll_volatile::{Decision, Lifetime, Limit, ScanProgress, ScanState, Session, SessionToken, Volatile};
use uuid::Uuid;

use proxy::Proxy;

const DEADLINE: Duration = Duration::from_secs(20);

fn redis_url() -> String {
    std::env::var("REDIS_URL").expect("REDIS_URL is not set: run infra/test, or set REDIS_URL")
}

async fn volatile() -> (Volatile, String) {
    let prefix = format!("test:{}", Uuid::new_v4());
    (Volatile::connect(&redis_url(), &prefix).await.unwrap(), prefix)
}

/// Asks until the answer is the one wanted, or too long.
async fn until<T: PartialEq + std::fmt::Debug, F: Future<Output = T>>(wanted: T, mut ask: impl FnMut() -> F) {
    let asked = tokio::time::timeout(DEADLINE, async {
        while ask().await != wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(asked.await.is_ok(), "never {wanted:?}, still {:?}", ask().await);
}

fn session(account: u128) -> Session {
    Session { account: AccountId(Uuid::from_u128(account)), org: OrgId(Uuid::from_u128(9)), role: Role::Security }
}

fn org(id: u128) -> OrgId {
    OrgId(Uuid::from_u128(id))
}

fn progress(layers_done: u32) -> ScanProgress {
    ScanProgress {
        image: ImageId(Uuid::from_u128(3)),
        digest: Digest::from_sha256([7; 32]),
        state: ScanState::Running,
        layers_total: 99,
        layers_done,
        bytes_total: 1 << 40,
        bytes_done: 1 << 33,
        message: "reading layer ☃".to_owned(),
        at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
    }
}

async fn heard(stream: &mut (impl Stream<Item = ScanProgress> + Unpin)) -> u32 {
    tokio::time::timeout(DEADLINE, stream.next()).await.expect("heard nothing").expect("the stream ended").layers_done
}

#[tokio::test]
async fn a_session_is_found_by_its_token_until_it_is_ended() {
    let (redis, _) = volatile().await;
    let token = redis.create_session(&session(1), Lifetime::default()).await.unwrap();
    let other = redis.create_session(&session(1), Lifetime::default()).await.unwrap();
    assert_ne!(token.expose(), other.expose());
    assert_eq!(redis.session(&token).await.unwrap(), Some(session(1)));
    redis.end_session(&token).await.unwrap();
    redis.end_session(&token).await.unwrap();
    assert_eq!(redis.session(&token).await.unwrap(), None);
    assert_eq!(redis.session(&other).await.unwrap(), Some(session(1)));
    let unknown = SessionToken::parse(&"A".repeat(43)).unwrap();
    assert_eq!(redis.session(&unknown).await.unwrap(), None);
}

#[tokio::test]
async fn ending_an_accounts_sessions_leaves_those_of_others() {
    let (redis, _) = volatile().await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(redis.create_session(&session(1), Lifetime::default()).await.unwrap());
    }
    let other = redis.create_session(&session(2), Lifetime::default()).await.unwrap();
    assert_eq!(redis.end_sessions_of(session(1).account).await.unwrap(), 3);
    assert_eq!(redis.end_sessions_of(session(1).account).await.unwrap(), 0);
    for token in &tokens {
        assert_eq!(redis.session(token).await.unwrap(), None);
    }
    assert_eq!(redis.session(&other).await.unwrap(), Some(session(2)));
}

#[tokio::test]
async fn the_first_of_too_many_sessions_makes_room() {
    let (redis, _) = volatile().await;
    let first = redis.create_session(&session(1), Lifetime::default()).await.unwrap();
    let mut last = first.clone();
    for _ in 0..100 {
        last = redis.create_session(&session(1), Lifetime::default()).await.unwrap();
    }
    assert_eq!(redis.session(&last).await.unwrap(), Some(session(1)));
    assert_eq!(redis.end_sessions_of(session(1).account).await.unwrap(), 100);
}

#[tokio::test]
async fn use_moves_the_idle_end_of_a_session_but_never_beyond_its_absolute_end() {
    let (redis, prefix) = volatile().await;
    let mut raw = redis::Client::open(redis_url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let hour = Duration::from_secs(3600);
    // (idle, absolute) in hours, and the end that use leaves, in hours.
    for (idle, absolute, after_use) in [(1, 24, 1), (12, 2, 2)] {
        let lifetime = Lifetime { idle: hour * idle, absolute: hour * absolute };
        let token = redis.create_session(&session(1), lifetime).await.unwrap();
        let keys: Vec<String> =
            redis::cmd("KEYS").arg(format!("{prefix}:session:*")).query_async(&mut raw).await.unwrap();
        assert!(!keys.concat().contains(token.expose()), "the token itself is kept");
        for key in &keys {
            let _: () = redis::cmd("EXPIRE").arg(key).arg(600).query_async(&mut raw).await.unwrap();
        }
        assert!(redis.session(&token).await.unwrap().is_some());
        let left: i64 = redis::cmd("TTL").arg(&keys[0]).query_async(&mut raw).await.unwrap();
        assert!((after_use * 3600 - 60..=after_use * 3600).contains(&left), "{left}");
        redis.end_session(&token).await.unwrap();
    }
}

#[tokio::test]
async fn a_session_ends_without_use_and_in_any_case_at_its_absolute_end() {
    let (redis, _) = volatile().await;
    let (short, long) = (Duration::from_millis(200), Duration::from_secs(3600));
    let used = redis.create_session(&session(1), Lifetime { idle: long, absolute: short }).await.unwrap();
    until(None, || async { redis.session(&used).await.unwrap() }).await;
    let nothing = redis.create_session(&session(1), Lifetime { idle: Duration::ZERO, absolute: long }).await.unwrap();
    until(None, || async { redis.session(&nothing).await.unwrap() }).await;
}

#[tokio::test]
async fn a_limit_allows_its_burst_then_says_how_long_to_wait() {
    let (redis, _) = volatile().await;
    let limit = Limit { burst: 3, per: Duration::from_secs(300) };
    for _ in 0..3 {
        let decision = redis.allow("sign-in", "ada@example.com", limit).await.unwrap();
        assert_eq!(decision, Decision { allowed: true, retry_after: Duration::ZERO });
    }
    for _ in 0..20 {
        let refused = redis.allow("sign-in", "ada@example.com", limit).await.unwrap();
        assert!(!refused.allowed);
        let wait = refused.retry_after.as_secs_f64();
        assert!((80.0..=100.0).contains(&wait), "refusals do not make the wait longer: {wait}");
    }
    assert!(redis.allow("sign-in", "bob@example.com", limit).await.unwrap().allowed);
    assert!(redis.allow("push", "ada@example.com", limit).await.unwrap().allowed);
    assert!(redis.allow("push", &"long".repeat(1 << 20), limit).await.unwrap().allowed);
}

#[tokio::test]
async fn what_was_refused_is_allowed_after_the_wait() {
    let (redis, _) = volatile().await;
    let limit = Limit { burst: 1, per: Duration::from_millis(300) };
    assert!(redis.allow("b", "k", limit).await.unwrap().allowed);
    assert!(!redis.allow("b", "k", limit).await.unwrap().allowed);
    until(true, || async { redis.allow("b", "k", limit).await.unwrap().allowed }).await;
}

#[tokio::test]
async fn many_at_once_never_get_more_than_the_burst() {
    let (redis, _) = volatile().await;
    let limit = Limit { burst: 10, per: Duration::from_secs(3600) };
    let asked = (0..200).map(|_| redis.allow("b", "k", limit));
    let allowed = futures::future::join_all(asked).await.into_iter().filter(|d| d.as_ref().unwrap().allowed).count();
    assert_eq!(allowed, 10);
}

#[tokio::test]
async fn limits_at_the_edges_of_their_types_are_kept() {
    let (redis, prefix) = volatile().await;
    for (burst, per) in [(0, Duration::from_secs(60)), (1, Duration::MAX), (u32::MAX, Duration::ZERO)] {
        let decision = redis.allow("edge", &format!("{burst}"), Limit { burst, per }).await.unwrap();
        assert!(decision.allowed, "{burst} {per:?}");
    }
    assert!(!redis.allow("edge", "1", Limit { burst: 1, per: Duration::MAX }).await.unwrap().allowed);
    // These would stay for years.
    let mut raw = redis::Client::open(redis_url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg(format!("{prefix}:*")).query_async(&mut raw).await.unwrap();
    let _: () = redis::cmd("DEL").arg(keys).query_async(&mut raw).await.unwrap();
}

#[tokio::test]
async fn a_late_subscriber_hears_the_last_news_first_and_then_each() {
    let (redis, _) = volatile().await;
    redis.publish(org(1), "sha256:a", &progress(1)).await.unwrap();
    redis.publish(org(1), "sha256:a", &progress(2)).await.unwrap();
    let mut late = pin!(redis.subscribe::<ScanProgress>(org(1), "sha256:a").await.unwrap());
    assert_eq!(tokio::time::timeout(DEADLINE, late.next()).await.unwrap(), Some(progress(2)));
    for layers in 3..30 {
        redis.publish(org(1), "sha256:a", &progress(layers)).await.unwrap();
        assert_eq!(heard(&mut late).await, layers);
    }
}

#[tokio::test]
async fn no_organization_and_no_topic_hears_another() {
    let (redis, _) = volatile().await;
    let mut mine = pin!(redis.subscribe::<ScanProgress>(org(1), "a").await.unwrap());
    let mut theirs = pin!(redis.subscribe::<ScanProgress>(org(2), "a").await.unwrap());
    let mut pattern = pin!(redis.subscribe::<ScanProgress>(org(2), "*").await.unwrap());
    redis.publish(org(1), "a", &progress(1)).await.unwrap();
    redis.publish(org(1), "b", &progress(2)).await.unwrap();
    redis.publish(org(2), "a", &progress(3)).await.unwrap();
    redis.publish(org(2), "*", &progress(4)).await.unwrap();
    redis.publish(org(1), "a", &progress(5)).await.unwrap();
    assert_eq!((heard(&mut mine).await, heard(&mut mine).await), (1, 5));
    assert_eq!(heard(&mut theirs).await, 3);
    assert_eq!(heard(&mut pattern).await, 4);
}

#[tokio::test]
async fn a_thousand_subscribers_share_one_connection_and_leave_nothing() {
    let (redis, prefix) = volatile().await;
    let mut raw = redis::Client::open(redis_url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let mut streams = Vec::new();
    for subscriber in 0..1000 {
        let topic = format!("{}", subscriber % 10);
        streams.push(Box::pin(redis.subscribe::<ScanProgress>(org(1), &topic).await.unwrap()));
    }
    redis.publish(org(1), "4", &progress(4)).await.unwrap();
    for stream in streams.iter_mut().skip(4).step_by(10) {
        assert_eq!(heard(stream).await, 4);
    }
    let channels = async |mut raw: redis::aio::MultiplexedConnection| -> Vec<String> {
        redis::cmd("PUBSUB").arg("CHANNELS").arg(format!("{prefix}:*")).query_async(&mut raw).await.unwrap()
    };
    assert_eq!(channels(raw.clone()).await.len(), 10);
    let listeners: (String, u64) = redis::cmd("PUBSUB")
        .arg("NUMSUB")
        .arg(format!("{prefix}:live:{}:4", org(1)))
        .query_async(&mut raw)
        .await
        .unwrap();
    assert_eq!(listeners.1, 1);
    drop(streams);
    until(Vec::new(), || channels(raw.clone())).await;
}

#[tokio::test]
async fn a_slow_subscriber_skips_to_the_newest_and_never_goes_back() {
    let (redis, _) = volatile().await;
    let mut slow = pin!(redis.subscribe::<ScanProgress>(org(1), "a").await.unwrap());
    let mut keen = pin!(redis.subscribe::<ScanProgress>(org(1), "a").await.unwrap());
    for layers in 1..=500 {
        redis.publish(org(1), "a", &progress(layers)).await.unwrap();
        assert_eq!(heard(&mut keen).await, layers);
    }
    let mut last = 0;
    let mut count = 0;
    while last < 500 {
        let next = heard(&mut slow).await;
        assert!(next > last, "{next} after {last}");
        last = next;
        count += 1;
    }
    assert!(count <= 65, "{count}");
}

#[tokio::test]
async fn news_of_an_unknown_shape_is_passed_over() {
    let (redis, _) = volatile().await;
    let mut stream = pin!(redis.subscribe::<ScanProgress>(org(1), "a").await.unwrap());
    redis.publish(org(1), "a", &"of next year's release").await.unwrap();
    redis.publish(org(1), "a", &progress(2)).await.unwrap();
    assert_eq!(heard(&mut stream).await, 2);
}

#[tokio::test]
async fn losing_redis_gives_errors_in_time_and_all_goes_on_when_it_is_back() {
    let proxy = Proxy::start(&redis_url()).await;
    let prefix = format!("test:{}", Uuid::new_v4());
    let redis = Volatile::connect(&proxy.url(), &prefix).await.unwrap();
    let direct = Volatile::connect(&redis_url(), &prefix).await.unwrap();
    let token = redis.create_session(&session(1), Lifetime::default()).await.unwrap();
    let mut stream = pin!(redis.subscribe::<ScanProgress>(org(1), "a").await.unwrap());
    redis.publish(org(1), "a", &progress(1)).await.unwrap();
    assert_eq!(heard(&mut stream).await, 1);

    proxy.cut();
    for _ in 0..3 {
        let began = std::time::Instant::now();
        assert!(redis.ping().await.is_err());
        assert!(redis.session(&token).await.is_err());
        assert!(redis.allow("b", "k", Limit { burst: 1, per: Duration::from_secs(1) }).await.is_err());
        assert!(redis.publish(org(1), "a", &progress(99)).await.is_err());
        assert!(redis.subscribe::<ScanProgress>(org(1), "b").await.is_err());
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    }
    direct.publish(org(1), "a", &progress(2)).await.unwrap();

    proxy.mend();
    until(true, || async { redis.ping().await.is_ok() }).await;
    assert_eq!(redis.session(&token).await.unwrap(), Some(session(1)));
    assert_eq!(heard(&mut stream).await, 2, "what was missed meanwhile");
    direct.publish(org(1), "a", &progress(3)).await.unwrap();
    assert_eq!(heard(&mut stream).await, 3, "what comes after");
}

#[tokio::test]
async fn a_silent_redis_gives_errors_in_time() {
    let proxy = Proxy::start(&redis_url()).await;
    let redis = Volatile::connect(&proxy.url(), "test:silent").await.unwrap();
    proxy.hold();
    let began = std::time::Instant::now();
    assert!(redis.ping().await.is_err());
    assert!(redis.subscribe::<ScanProgress>(org(1), "b").await.is_err());
    assert!(Volatile::connect(&proxy.url(), "test:silent").await.is_err());
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_address_without_redis_is_an_error() {
    for bad in ["", "nonsense", "http://127.0.0.1:1", "redis://127.0.0.1:1"] {
        assert!(Volatile::connect(bad, "test").await.is_err(), "{bad}");
    }
}

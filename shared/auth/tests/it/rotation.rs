//! Keys that come and go at an address.

use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use jsonwebtoken::jwk::JwkSet;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tonic::metadata::MetadataMap;
use trellis_auth::{Authority, DEV_ISSUER, Issuer, Keys, Signer};
use trellis_kernel::{Kind, Party, Result, Uuid};

use crate::{House, metadata};

const PERSON: Party = Party::Person(Uuid::from_u128(7));

/// An issuer's web server.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) url: String,
    answer: Arc<Mutex<String>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// How many answers may be given.
    gate: Arc<Semaphore>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let site = Self {
            url: format!("http://{}/jwks.json", listener.local_addr().expect("an address")),
            answer: Arc::default(),
            asked: Arc::default(),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        };
        let serving = site.clone();
        tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.expect("a connection");
                let site = serving.clone();
                tokio::spawn(async move {
                    let mut head = vec![0; 4096];
                    let read = socket.read(&mut head).await.unwrap_or(0);
                    let line = String::from_utf8_lossy(&head[..read]);
                    site.asked.lock().expect("no panic").push(line.lines().next().unwrap_or("").to_owned());
                    site.gate.acquire().await.expect("open").forget();
                    let answer = site.answer.lock().expect("no panic").clone();
                    let _ = socket.write_all(answer.as_bytes()).await;
                });
            }
        });
        site
    }

    fn answer(&self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        *self.answer.lock().expect("no panic") = format!(
            "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
    }

    pub(crate) fn publish(&self, signers: &[&Signer]) {
        let keys = signers.iter().flat_map(|signer| signer.public_keys().keys).collect();
        self.answer("200 OK", "", &serde_json::to_string(&JwkSet { keys }).expect("keys"));
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().expect("no panic").len()
    }

    fn authority(&self, house: &House) -> Arc<Authority> {
        let issuer = Issuer::new(DEV_ISSUER, Keys::Url(self.url.clone()));
        Arc::new(Authority::new(vec![issuer], &house.services, house.clock.clone()).expect("an authority"))
    }
}

fn next(house: &House) -> Signer {
    Signer::open(&house.directory.path().join("next.pem"), DEV_ISSUER).expect("a key")
}

fn by(house: &House, signer: &Signer) -> MetadataMap {
    metadata(&signer.mint(&house.claims(&PERSON, "")).expect("a token"))
}

async fn kind(authority: &Authority, call: &MetadataMap) -> Kind {
    authority.authenticate(call).await.expect_err("nobody").kind()
}

#[tokio::test]
async fn keys_rotate_and_a_token_of_the_removed_key_is_refused_though_it_was_seen() -> Result<()> {
    let (house, site) = (House::new(), Site::start().await);
    let (authority, next) = (site.authority(&house), next(&house));
    site.publish(&[&house.issuer]);
    let (old, new) = (by(&house, &house.issuer), by(&house, &next));
    authority.authenticate(&old).await?;
    // Both are published for a while.
    site.publish(&[&house.issuer, &next]);
    house.clock.advance(SignedDuration::from_secs(31));
    authority.authenticate(&new).await?;
    authority.authenticate(&old).await?;
    assert_eq!(site.asked(), 2);
    // Then the old one is taken away. Whoever was let in a moment ago by it is no longer.
    site.publish(&[&next]);
    house.clock.advance(SignedDuration::from_secs(31));
    authority.authenticate(&old).await?;
    let stranger = Signer::open(&house.directory.path().join("stranger.pem"), DEV_ISSUER).expect("a key");
    assert_eq!(kind(&authority, &by(&house, &stranger)).await, Kind::Unauthenticated);
    assert_eq!(site.asked(), 3, "an unknown key made it look");
    assert_eq!(kind(&authority, &old).await, Kind::Unauthenticated);
    authority.authenticate(&new).await?;
    Ok(())
}

#[tokio::test]
async fn a_removed_key_is_noticed_after_ten_minutes_without_any_occasion() -> Result<()> {
    let (house, site) = (House::new(), Site::start().await);
    let (authority, next) = (site.authority(&house), next(&house));
    site.publish(&[&house.issuer]);
    let mut claims = house.claims(&PERSON, "");
    claims.exp += 3600;
    let old = metadata(&house.issuer.mint(&claims)?);
    authority.authenticate(&old).await?;
    site.publish(&[&next]);
    house.clock.advance(SignedDuration::from_mins(9));
    authority.authenticate(&old).await?;
    house.clock.advance(SignedDuration::from_secs(61));
    // Verified a minute ago, which would have held for four more.
    assert_eq!(kind(&authority, &old).await, Kind::Unauthenticated);
    Ok(())
}

#[tokio::test]
async fn tokens_with_unknown_keys_do_not_drive_requests() -> Result<()> {
    let (house, site) = (House::new(), Site::start().await);
    let authority = site.authority(&house);
    site.publish(&[&house.issuer]);
    authority.authenticate(&by(&house, &house.issuer)).await?;
    for wave in 1..=3 {
        for _ in 0..20 {
            assert_eq!(kind(&authority, &by(&house, &next(&house))).await, Kind::Unauthenticated);
        }
        house.clock.advance(SignedDuration::from_secs(30));
        assert_eq!(site.asked(), wave);
    }
    Ok(())
}

#[tokio::test]
async fn while_the_issuer_is_away_its_keys_hold_for_an_hour() -> Result<()> {
    let (house, site) = (House::new(), Site::start().await);
    let authority = site.authority(&house);
    site.publish(&[&house.issuer]);
    let mut claims = house.claims(&PERSON, "");
    claims.exp += 7200;
    let seen = metadata(&house.issuer.mint(&claims)?);
    authority.authenticate(&seen).await?;
    for (status, body) in
        [("503 Service Unavailable", "{\"keys\":[]}"), ("200 OK", "<html>"), ("200 OK", "{}")]
    {
        site.answer(status, "", body);
        house.clock.advance(SignedDuration::from_mins(15));
        authority.authenticate(&seen).await?;
        authority.authenticate(&by(&house, &house.issuer)).await?;
    }
    let asked = site.asked();
    house.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(kind(&authority, &seen).await, Kind::Unavailable, "not proven either way");
    assert_eq!(kind(&authority, &by(&house, &house.issuer)).await, Kind::Unavailable);
    assert_eq!(site.asked(), asked + 1, "it is not asked by every call");
    site.publish(&[&house.issuer]);
    house.clock.advance(SignedDuration::from_secs(30));
    authority.authenticate(&seen).await?;
    Ok(())
}

#[tokio::test]
async fn one_call_waits_for_the_issuer_and_the_others_go_on_by_the_known_keys() -> Result<()> {
    let (house, site) = (House::new(), Site::start().await);
    let authority = site.authority(&house);
    site.publish(&[&house.issuer]);
    let call = by(&house, &house.issuer);
    authority.authenticate(&call).await?;
    site.gate.forget_permits(Semaphore::MAX_PERMITS);
    house.clock.advance(SignedDuration::from_mins(11));
    let waiting = tokio::spawn({
        let (authority, call) = (authority.clone(), call.clone());
        async move { authority.authenticate(&call).await }
    });
    while site.asked() < 2 {
        tokio::task::yield_now().await;
    }
    authority.authenticate(&call).await?;
    site.gate.add_permits(1);
    waiting.await.expect("no panic")?;
    Ok(())
}

#[tokio::test]
async fn a_redirection_is_not_followed_and_an_endless_answer_not_read() {
    let (house, site) = (House::new(), Site::start().await);
    let elsewhere = Site::start().await;
    elsewhere.publish(&[&house.issuer]);
    site.answer("302 Found", &format!("location: {}\r\n", elsewhere.url), "");
    assert_eq!(kind(&site.authority(&house), &by(&house, &house.issuer)).await, Kind::Unavailable);
    assert_eq!(elsewhere.asked(), 0);
    let keys = serde_json::to_string(&house.issuer.public_keys()).expect("keys");
    site.answer("200 OK", "", &format!("{keys}{}", " ".repeat(1024 * 1024)));
    assert_eq!(kind(&site.authority(&house), &by(&house, &house.issuer)).await, Kind::Unavailable);
}

#[tokio::test]
async fn keys_are_read_to_the_end_though_the_call_that_began_it_goes_away() -> Result<()> {
    let (house, site) = (House::new(), Site::start().await);
    let authority = site.authority(&house);
    site.publish(&[&house.issuer]);
    site.gate.forget_permits(Semaphore::MAX_PERMITS);
    let call = by(&house, &house.issuer);
    let first = tokio::spawn({
        let (authority, call) = (authority.clone(), call.clone());
        async move { authority.authenticate(&call).await }
    });
    while site.asked() < 1 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.expect_err("it went away").is_cancelled());
    site.gate.add_permits(1);
    // The next call comes while they are being read, or when they are known.
    authority.authenticate(&call).await?;
    assert_eq!(site.asked(), 1);
    Ok(())
}

#[tokio::test]
async fn what_is_not_known_yet_is_not_refuted() -> Result<()> {
    let (house, site) = (House::new(), Site::start().await);
    let (authority, next) = (site.authority(&house), next(&house));
    site.publish(&[&house.issuer]);
    authority.authenticate(&by(&house, &house.issuer)).await?;
    let new = by(&house, &next);
    let waits = async || {
        let failure = authority.authenticate(&new).await.expect_err("not known");
        assert_eq!(failure.kind(), Kind::Unavailable);
        failure.retry().expect("when to come again").as_secs()
    };
    // The issuer may have made the key since.
    house.clock.advance(SignedDuration::from_secs(10));
    assert_eq!(waits().await, 20);
    // It is away.
    site.answer("503 Service Unavailable", "", "");
    house.clock.advance(SignedDuration::from_secs(20));
    assert_eq!(waits().await, 30);
    site.publish(&[&next]);
    house.clock.advance(SignedDuration::from_secs(30));
    authority.authenticate(&new).await?;
    // What it took back is refused whenever it comes.
    house.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(kind(&authority, &by(&house, &house.issuer)).await, Kind::Unauthenticated);
    Ok(())
}

#[tokio::test]
async fn a_clock_that_is_set_back_freezes_no_keys() -> Result<()> {
    let (house, site) = (House::new(), Site::start().await);
    let (authority, next) = (site.authority(&house), next(&house));
    site.publish(&[&house.issuer]);
    let old = by(&house, &house.issuer);
    authority.authenticate(&old).await?;
    site.publish(&[&next]);
    house.clock.advance(SignedDuration::from_hours(-2));
    assert_eq!(kind(&authority, &old).await, Kind::Unauthenticated);
    authority.authenticate(&by(&house, &next)).await?;
    assert_eq!(site.asked(), 2);
    Ok(())
}

/// Set in the process that reads keys behind a proxy.
const BEHIND: &str = "TRELLIS_TEST_BEHIND_A_PROXY";

#[tokio::test]
async fn keys_of_this_machine_are_asked_of_no_proxy() -> Result<()> {
    let name = "rotation::keys_of_this_machine_are_asked_of_no_proxy";
    if std::env::var_os(BEHIND).is_none() {
        let mut again = tokio::process::Command::new(std::env::current_exe().expect("this program"));
        again
            .args([name, "--exact", "--nocapture"])
            .env(BEHIND, "1")
            .env_remove("NO_PROXY")
            .env_remove("no_proxy");
        // Nobody listens there.
        again.env("HTTP_PROXY", "http://127.0.0.1:1").env("http_proxy", "http://127.0.0.1:1");
        assert!(again.status().await.expect("it ran").success(), "a proxy was asked");
        return Ok(());
    }
    let (house, site) = (House::new(), Site::start().await);
    site.publish(&[&house.issuer]);
    site.authority(&house).authenticate(&by(&house, &house.issuer)).await?;
    Ok(())
}

#[test]
fn keys_come_by_https_or_from_this_machine() {
    let house = House::new();
    let opens = |url: &str| {
        let issuer = Issuer::new("https://id.example.org", Keys::Url(url.to_owned()));
        Authority::new(vec![issuer], &house.services, house.clock.clone()).is_ok()
    };
    for url in ["https://id.example.org/jwks", "http://127.0.0.1:1/k", "http://localhost/k", "http://[::1]/k"]
    {
        assert!(opens(url), "{url}");
    }
    for url in ["http://id.example.org/jwks", "http://127.0.0.1.example.org/k", "ftp://127.0.0.1/k", "keys"] {
        assert!(!opens(url), "{url}");
    }
}

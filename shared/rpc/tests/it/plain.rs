//! Plain HTTP behind the limits of the calls.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use tokio::task::JoinSet;
use tonic::Code;
use trellis_auth::door;
use trellis_contracts::common::WhoAmIRequest;
use trellis_kernel::{Actor, Clock as _, District, Party, Scopes, SystemClock, Uuid};
use trellis_rpc::{Limits, Rate, Server, http};
use trellis_testkit::run;

use crate::house::{Does, House, Running, Turnstile, identity, reason, signed, soon};

/// Pages whose address is a secret: `{district}.{person}`, as long as the person is a number.
#[derive(Clone)]
struct Pages {
    turnstile: Arc<Turnstile>,
    looked_for: Arc<AtomicUsize>,
}

impl Pages {
    fn new() -> Self {
        Self { turnstile: Turnstile::closed(), looked_for: Arc::default() }
    }

    fn routes(&self) -> Router {
        let pages = self.clone();
        Router::new().route("/pages/{secret}", get(async move |secret| pages.answer(secret).await))
    }

    async fn answer(&self, Path(secret): Path<String>) -> Response {
        let find = async {
            self.looked_for.fetch_add(1, Ordering::SeqCst);
            let found = secret.split_once('.').and_then(|(district, id)| Some((district, id.parse().ok()?)));
            Ok(found)
        };
        match door::enter_by(find, |(district, id)| holder(district, *id)).await {
            Ok(Some(_)) => {
                self.turnstile.pass().await;
                "a page".into_response()
            }
            Ok(None) => StatusCode::NOT_FOUND.into_response(),
            Err(failure) => http::refuse(failure),
        }
    }
}

fn holder(district: &str, id: u128) -> Actor {
    Actor {
        subject: String::new(),
        party: Party::Person(Uuid::from_u128(id)),
        district: Some(District::parse(district).expect("a district")),
        scopes: Scopes::default(),
        expire_time: SystemClock.now(),
        token_id: None,
    }
}

async fn serve(house: &House, pages: &Pages, limits: Limits) -> Running {
    let server = Server::new(limits).routes(house.routes(Does::Answer)).http(pages.routes());
    Running::serve(server).await
}

async fn page(url: String, secret: &str) -> reqwest::Response {
    reqwest::get(format!("{url}/pages/{secret}")).await.expect("an answer")
}

fn rate(burst: u32) -> Rate {
    Rate { burst: NonZeroU32::new(burst).expect("more than none"), each: Duration::from_hours(1) }
}

fn is_refused(answer: &reqwest::Response, status: StatusCode) {
    assert_eq!(answer.status(), status);
    let wait = answer.headers()[RETRY_AFTER].to_str().expect("text").parse::<u64>().expect("seconds");
    assert!(wait > 0);
}

#[test]
fn an_address_that_guesses_is_refused_before_anything_is_looked_for() {
    run(async {
        let (house, pages) = (House::new(), Pages::new());
        pages.turnstile.through.add_permits(1);
        let server = serve(&house, &pages, Limits { failure_rate: Some(rate(2)), ..Limits::default() }).await;
        for _ in 0..2 {
            assert_eq!(page(server.url(), "guess").await.status(), StatusCode::NOT_FOUND);
        }
        assert_eq!(page(server.url(), "grand-bend.1").await.status(), StatusCode::OK, "no guess");
        is_refused(&page(server.url(), "guess").await, StatusCode::TOO_MANY_REQUESTS);
        let looked_for = pages.looked_for.load(Ordering::SeqCst);
        is_refused(&page(server.url(), "guess").await, StatusCode::TOO_MANY_REQUESTS);
        is_refused(&page(server.url(), "grand-bend.1").await, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(pages.looked_for.load(Ordering::SeqCst), looked_for);
        // Guesses of tokens and of addresses are guesses alike.
        let answer = identity(server.channel().await).who_am_i(signed(WhoAmIRequest {}, "a.b.c")).await;
        assert_eq!(reason(&answer.expect_err("refused")).as_deref(), Some("RATE_LIMITED"));
    });
}

#[test]
fn a_holder_asks_as_often_as_a_caller_calls() {
    run(async {
        let (house, pages) = (House::new(), Pages::new());
        pages.turnstile.through.add_permits(9);
        let server = serve(&house, &pages, Limits { caller_rate: Some(rate(2)), ..Limits::default() }).await;
        for _ in 0..2 {
            assert_eq!(page(server.url(), "grand-bend.1").await.status(), StatusCode::OK);
        }
        is_refused(&page(server.url(), "grand-bend.1").await, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(page(server.url(), "grand-bend.2").await.status(), StatusCode::OK, "another");
        let mut client = identity(server.channel().await);
        let answer = client.who_am_i(signed(WhoAmIRequest {}, &house.person(1))).await;
        assert_eq!(answer.expect_err("the same").code(), Code::ResourceExhausted);
    });
}

#[test]
fn a_page_takes_a_place_among_the_calls_of_its_district() {
    run(async {
        let (house, pages) = (House::new(), Pages::new());
        let limits =
            Limits { max_calls: 8, max_waiting: 1, max_wait: Duration::from_mins(5), ..Limits::default() };
        let server = serve(&house, &pages, limits).await;
        let mut asked = JoinSet::new();
        for id in 1..=9 {
            let url = server.url();
            asked.spawn(async move { page(url, &format!("loud.{id}")).await });
        }
        // Seven are read, one waits, and the ninth is too many.
        let refused = soon(asked.join_next()).await.expect("a request").expect("no panic");
        is_refused(&refused, StatusCode::SERVICE_UNAVAILABLE);
        let mut client = identity(server.channel().await);
        let loud = client.who_am_i(signed(WhoAmIRequest {}, &house.person_of("loud", 1))).await;
        assert_eq!(reason(&loud.expect_err("no place")).as_deref(), Some("OVERLOADED"));
        client.who_am_i(signed(WhoAmIRequest {}, &house.person_of("quiet", 1))).await.expect("a place");
        pages.turnstile.through.add_permits(8);
        while let Some(answer) = soon(asked.join_next()).await {
            assert_eq!(answer.expect("no panic").status(), StatusCode::OK);
        }
        assert_eq!(pages.turnstile.most.load(Ordering::SeqCst), 7);
    });
}

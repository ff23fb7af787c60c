//! Clients that leave answers unread: what waits for them is counted until they have it.

use std::time::Duration;

use axum::Router;
use trellis_rpc::{Limits, Server};
use trellis_testkit::run;

use crate::house::{Does, House, Running, soon};
use crate::raw::{
    DATA, END_HEADERS, END_STREAM, HEADERS, INITIAL_WINDOW_SIZE, NOTHING, RST_STREAM, Raw, call, frame, get,
};

const WHO_AM_I: &str = "/trellis.common.v1.IdentityService/WhoAmI";

/// A server whose answers have so many bytes, and a client who lets it send so many of each.
async fn asked_by_who_reads_little(bytes: usize, window: u32, limits: Limits) -> (Running, Raw) {
    let house = House::new();
    let server = Running::start(house.routes(Does::Fill(bytes)), limits).await;
    let mut raw = Raw::connect(server.address, &[(INITIAL_WINDOW_SIZE, window)]).await;
    let headers = call(WHO_AM_I, &house.person(7));
    for stream in (1..16).step_by(2) {
        raw.send(&frame(HEADERS, END_HEADERS, stream, &headers)).await.expect("sent");
        raw.send(&frame(DATA, END_STREAM, stream, &NOTHING)).await.expect("sent");
    }
    (server, raw)
}

#[test]
fn who_reads_nothing_more_of_an_answer_is_let_go_whatever_of_it_they_have() {
    run(async {
        for bytes in [2000, 20_000, 200_000] {
            for window in [0, 1, 1900] {
                let limits = Limits { max_stall: Duration::from_millis(200), ..Limits::default() };
                let (_server, mut raw) = asked_by_who_reads_little(bytes, window, limits).await;
                let closed = tokio::time::timeout(Duration::from_secs(20), raw.closed()).await;
                closed.unwrap_or_else(|_| panic!("{bytes} bytes by a window of {window} are held"));
            }
        }
    });
}

#[test]
fn who_lets_a_byte_of_each_answer_be_sent_is_not_sent_more_than_they_may_leave_unread() {
    run(async {
        for window in [0, 1] {
            let limits = Limits { max_unread_bytes: 50_000, ..Limits::default() };
            let (_server, mut raw) = asked_by_who_reads_little(20_000, window, limits).await;
            let mut refused = 0;
            soon(async {
                while refused < 6 {
                    let frame = raw.next().await.expect("the connection lives");
                    // The status that says why, without a byte of the answer.
                    refused += u32::from(frame.kind == HEADERS && frame.flags & END_STREAM > 0);
                }
            })
            .await;
        }
    });
}

/// The same for a page of plain HTTP.
async fn page_of_who_reads_little(bytes: usize, window: u32, limits: Limits) -> (Running, Raw) {
    let page = axum::routing::get(async move || "x".repeat(bytes));
    let server = Running::serve(Server::new(limits).http(Router::new().route("/page", page))).await;
    let mut raw = Raw::connect(server.address, &[(INITIAL_WINDOW_SIZE, window)]).await;
    for stream in (1..16).step_by(2) {
        raw.send(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &get("/page"))).await.expect("sent");
    }
    (server, raw)
}

#[test]
fn a_page_that_is_not_read_is_held_as_little_as_the_answer_to_a_call() {
    run(async {
        for window in [0, 1, 1900] {
            let limits = Limits { max_stall: Duration::from_millis(200), ..Limits::default() };
            let (_server, mut raw) = page_of_who_reads_little(20_000, window, limits).await;
            let closed = tokio::time::timeout(Duration::from_secs(20), raw.closed()).await;
            closed.unwrap_or_else(|_| panic!("a page by a window of {window} is held"));
        }
    });
}

#[test]
fn pages_break_off_where_more_is_unread_than_may_be() {
    run(async {
        let limits = Limits { max_unread_bytes: 50_000, ..Limits::default() };
        let (_server, mut raw) = page_of_who_reads_little(20_000, 1, limits).await;
        let mut broken = 0;
        soon(async {
            while broken < 6 {
                broken += u32::from(raw.next().await.expect("the connection lives").kind == RST_STREAM);
            }
        })
        .await;
    });
}

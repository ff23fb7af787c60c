//! Clients that keep others waiting: nobody waits longer than the limits say.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::interval;
use tonic::Code;
use trellis_rpc::Limits;
use trellis_testkit::run;

use crate::alone::{alone, ended};
use crate::direct::{Direct, WHO_AM_I, answered, request};
use crate::floods::others_are_served;
use crate::house::{Does, House, Running, reason, soon};
use crate::raw::{
    ACK, DATA, END_HEADERS, END_STREAM, HEADERS, NOTHING, PING, Raw, SETTINGS, call, frame, header,
};

const SHORT: Duration = Duration::from_millis(300);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HALF_A_HEAD: &[u8] = b"GET /livez HTTP/1.1\r\nhost: localhost\r\nx-slow: ";

async fn served(house: &House, limits: Limits) -> Running {
    Running::start(house.routes(Does::Answer), limits).await
}

/// Says this and no more, and is let go for nothing but that.
async fn says_no_more(server: &Running, said: &[u8]) {
    let before = ended("silent");
    let mut silent = TcpStream::connect(server.address).await.expect("a connection");
    silent.write_all(said).await.expect("sent");
    let mut heard = Vec::new();
    // Closed or reset: the server has let go either way.
    let _ = soon(silent.read_to_end(&mut heard)).await;
    assert_eq!(ended("silent"), before + 1, "after {:?}", String::from_utf8_lossy(said));
}

/// Hello in HTTP/2, and what follows it.
fn hello(more: &[u8]) -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, &[]), more].concat()
}

#[test]
fn who_never_finishes_a_first_request_is_let_go() {
    if !alone("silence::who_never_finishes_a_first_request_is_let_go") {
        return;
    }
    run(async {
        let house = House::new();
        let server = served(&house, Limits { first_request: SHORT, ..Limits::default() }).await;
        let headers = frame(HEADERS, END_HEADERS, 1, &call(WHO_AM_I, "x"));
        let open = frame(HEADERS, 0, 1, &call(WHO_AM_I, "x"));
        for said in [
            &b""[..],
            b"PRI * HT",
            PREFACE,
            &hello(&[]),
            &hello(&headers[..1]),
            &hello(&headers[..headers.len() - 1]),
            &hello(&open),
            HALF_A_HEAD,
        ] {
            says_no_more(&server, said).await;
        }
        others_are_served(&house, &server).await;
    });
}

#[test]
fn a_head_of_http_1_1_that_is_never_finished_is_not_waited_for_on_an_old_connection_either() {
    if !alone(
        "silence::a_head_of_http_1_1_that_is_never_finished_is_not_waited_for_on_an_old_connection_either",
    ) {
        return;
    }
    run(async {
        let house = House::new();
        let server = served(&house, Limits { header_read: SHORT, ..Limits::default() }).await;
        says_no_more(&server, HALF_A_HEAD).await;
        let whole = b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";
        says_no_more(&server, &[whole, HALF_A_HEAD].concat()).await;
        others_are_served(&house, &server).await;
    });
}

#[test]
fn who_dribbles_is_let_go() {
    if !alone("silence::who_dribbles_is_let_go") {
        return;
    }
    run(async {
        let house = House::new();
        let limits = Limits { first_request: SHORT, header_read: SHORT, ..Limits::default() };
        let server = served(&house, limits).await;
        // All of it would be good, and takes minutes to come.
        let headers = [call(WHO_AM_I, "x"), header("x-slow", &"x".repeat(12_000))].concat();
        let second = hello(&frame(HEADERS, END_HEADERS, 1, &headers));
        let first = [HALF_A_HEAD, "x".repeat(12_000).as_bytes()].concat();
        for said in [first, second] {
            let before = ended("silent");
            let mut slow = TcpStream::connect(server.address).await.expect("a connection");
            slow.set_nodelay(true).expect("a socket");
            let mut pace = interval(Duration::from_millis(10));
            let dribble = async {
                for byte in &said {
                    pace.tick().await;
                    if slow.write_all(&[*byte]).await.is_err() {
                        return;
                    }
                }
                panic!("all of it was waited for");
            };
            soon(dribble).await;
            assert_eq!(ended("silent"), before + 1);
        }
        others_are_served(&house, &server).await;
    });
}

#[test]
fn who_leaves_pings_unanswered_is_let_go_and_who_answers_stays() {
    if !alone("silence::who_leaves_pings_unanswered_is_let_go_and_who_answers_stays") {
        return;
    }
    run(async {
        let house = House::new();
        let limits = Limits {
            keepalive_interval: Duration::from_millis(50),
            keepalive_timeout: Duration::from_secs(1),
            ..Limits::default()
        };
        let server = served(&house, limits).await;
        let called = [
            frame(HEADERS, END_HEADERS, 1, &call(WHO_AM_I, &house.person(7))),
            frame(DATA, END_STREAM, 1, &NOTHING),
        ]
        .concat();
        let before = ended("silent");
        let mut dead = Raw::connect(server.address, &[]).await;
        let mut alive = Raw::connect(server.address, &[]).await;
        for raw in [&mut dead, &mut alive] {
            raw.send(&called).await.expect("sent");
        }
        let stays = async {
            loop {
                let frame = alive.next().await.expect("the connection lives");
                if frame.kind == PING && frame.flags & ACK == 0 {
                    alive.send(&crate::raw::frame(PING, ACK, 0, &frame.payload)).await.expect("sent");
                }
            }
        };
        tokio::select! {
            () = soon(dead.closed()) => {}
            () = stays => {}
        }
        assert_eq!(ended("silent"), before + 1);
        others_are_served(&house, &server).await;
    });
}

#[test]
fn a_body_that_stops_coming_is_waited_for_as_long_as_a_call_may_take() {
    run(async {
        let house = House::new();
        let server = served(&house, Limits { unary_timeout: SHORT, ..Limits::default() }).await;
        let mut client = Direct::connect(server.address).await;
        let (answer, mut body) =
            client.requests.send_request(request(WHO_AM_I, &house.person(7)), false).expect("sent");
        // The head of a message of a hundred bytes, and none of them.
        body.send_data(bytes::Bytes::from_static(&[0, 0, 0, 0, 100]), false).expect("sent");
        let (_, status) = answered(answer).await;
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(reason(&status).as_deref(), Some("DEADLINE_EXCEEDED"));
        let next = client.call(request(WHO_AM_I, &house.person(7)), &NOTHING).await;
        assert_eq!(answered(next).await.1.code(), Code::Ok, "the connection did not live on");
    });
}

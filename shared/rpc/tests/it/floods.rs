//! Clients that mean harm: the server lives, serves others meanwhile, and its memory stays bounded.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use trellis_contracts::common::WhoAmIRequest;
use trellis_rpc::Limits;
use trellis_testkit::run;

use crate::house::{Does, House, Running, identity, signed, soon};
use crate::raw::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, NOTHING, RST_STREAM, Raw, SETTINGS, call,
    frame, header, memory,
};

const WHO_AM_I: &str = "/trellis.common.v1alpha1.IdentityService/WhoAmI";
const MEBIBYTE: usize = 1024 * 1024;

/// Runs the test that asks in a process of its own, since it looks at the memory of the process, which
/// the other tests use too. True in that process, where the test is to go on.
fn alone(test: &str) -> bool {
    const ALONE: &str = "TRELLIS_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let program = std::env::current_exe().expect("the path of the tests");
    let arguments = ["--exact", &format!("floods::{test}"), "--nocapture"];
    let done = std::process::Command::new(program).args(arguments).env(ALONE, "1").output();
    let done = done.expect("the test in a process of its own");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    false
}

/// Somebody else is served.
async fn others_are_served(house: &House, server: &Running) {
    let request = signed(WhoAmIRequest {}, &house.person(8));
    soon(identity(server.channel().await).who_am_i(request)).await.expect("an answer");
}

#[test]
fn a_flood_of_calls_that_are_given_up_ends_its_connection() {
    if !alone("a_flood_of_calls_that_are_given_up_ends_its_connection") {
        return;
    }
    run(async {
        let house = House::new();
        let limits = Limits { max_given_up: 100, ..Limits::default() };
        let server = Running::start(house.routes(Does::Hang), limits).await;
        let answering = Running::start(house.routes(Does::Answer), Limits::default()).await;
        let mut raw = Raw::connect(server.address, &[]).await;
        let headers = call(WHO_AM_I, &house.person(7));
        let mut flood = Vec::new();
        for stream in (1..40_000).step_by(2) {
            flood.extend(frame(HEADERS, END_HEADERS, stream, &headers));
            flood.extend(frame(DATA, END_STREAM, stream, &NOTHING));
            flood.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        }
        // It may be closed before all is sent: that is what should happen.
        let _ = soon(raw.send(&flood)).await;
        soon(raw.closed()).await;
        others_are_served(&house, &answering).await;
        let live = reqwest::get(format!("{}/livez", server.url())).await.expect("an answer");
        assert!(live.status().is_success());
    });
}

#[test]
fn headers_that_never_end_end_the_connection() {
    if !alone("headers_that_never_end_end_the_connection") {
        return;
    }
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        let before = memory();
        let mut raw = Raw::connect(server.address, &[]).await;
        raw.send(&frame(HEADERS, 0, 1, &call(WHO_AM_I, "x"))).await.expect("sent");
        let more = frame(CONTINUATION, 0, 1, &header("x-more", &"x".repeat(16_000)));
        let flood = async {
            // A gibibyte, if anybody took it.
            for _ in 0..65_536 {
                if raw.send(&more).await.is_err() {
                    return;
                }
            }
            panic!("all of it was taken");
        };
        soon(flood).await;
        others_are_served(&house, &server).await;
        assert!(memory() < before + 64 * MEBIBYTE, "it was kept");
    });
}

#[test]
fn headers_that_are_too_many_are_refused_and_the_connection_lives() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        let mut raw = Raw::connect(server.address, &[]).await;
        let mut many = call(WHO_AM_I, &house.person(7));
        many.extend((0..400).flat_map(|i| header(&format!("x-{i}"), &"x".repeat(100))));
        let (first, rest) = many.split_at(16_000);
        raw.send(&frame(HEADERS, END_STREAM, 1, first)).await.expect("sent");
        let mut rest = rest.chunks(16_000).peekable();
        while let Some(chunk) = rest.next() {
            let flags = if rest.peek().is_none() { END_HEADERS } else { 0 };
            raw.send(&frame(CONTINUATION, flags, 1, chunk)).await.expect("sent");
        }
        // 431, by HPACK's literal or by a reset; never an answer of the method.
        let answer = soon(async {
            loop {
                let frame = raw.next().await.expect("an answer");
                if frame.stream == 1 {
                    break frame;
                }
            }
        })
        .await;
        assert!(answer.kind == RST_STREAM || (answer.kind == HEADERS && answer.flags & END_STREAM > 0));
        raw.send(&frame(HEADERS, END_HEADERS, 3, &call(WHO_AM_I, &house.person(7)))).await.expect("sent");
        raw.send(&frame(DATA, END_STREAM, 3, &NOTHING)).await.expect("sent");
        soon(async {
            loop {
                let frame = raw.next().await.expect("the connection lives");
                assert_ne!(frame.kind, GOAWAY);
                if frame.stream == 3 && frame.kind == DATA && frame.payload.len() > 5 {
                    break;
                }
            }
        })
        .await;
    });
}

#[test]
fn who_asks_without_end_and_reads_nothing_is_let_go() {
    if !alone("who_asks_without_end_and_reads_nothing_is_let_go") {
        return;
    }
    run(async {
        let house = House::new();
        let limits = Limits { max_stall: Duration::from_millis(200), ..Limits::default() };
        let server = Running::start(house.routes(Does::Answer), limits).await;
        let before = memory();
        let mut raw = Raw::connect(server.address, &[]).await;
        raw.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &call(WHO_AM_I, "x"))).await.expect("sent");
        // Each is to be acknowledged; nobody reads the acknowledgements.
        let settings = frame(SETTINGS, 0, 0, &[]).repeat(1024);
        soon(async { while raw.send(&settings).await.is_ok() {} }).await;
        others_are_served(&house, &server).await;
        assert!(memory() < before + 64 * MEBIBYTE, "it was kept");
    });
}

#[test]
fn a_gibibyte_that_is_declared_is_refused_and_not_waited_for() {
    if !alone("a_gibibyte_that_is_declared_is_refused_and_not_waited_for") {
        return;
    }
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        let before = memory();
        let mut raw = Raw::connect(server.address, &[]).await;
        raw.send(&frame(HEADERS, END_HEADERS, 1, &call(WHO_AM_I, &house.person(7)))).await.expect("sent");
        raw.send(&frame(DATA, 0, 1, &[0, 0x40, 0, 0, 0, 1, 2, 3])).await.expect("sent");
        let answer = soon(async {
            loop {
                let frame = raw.next().await.expect("an answer");
                if frame.stream == 1 && frame.kind == HEADERS {
                    break frame;
                }
            }
        })
        .await;
        // The status alone; that it is RESOURCE_EXHAUSTED is read by a proper client elsewhere.
        assert!(answer.flags & END_STREAM > 0);
        assert!(memory() < before + 64 * MEBIBYTE, "room was made for it");
        others_are_served(&house, &server).await;
    });
}

#[test]
fn halves_of_messages_take_bounded_memory_whoever_sends_them() {
    if !alone("halves_of_messages_take_bounded_memory_whoever_sends_them") {
        return;
    }
    run(async {
        let house = House::new();
        let limits = Limits { max_buffered_bytes: 16 * MEBIBYTE, ..Limits::default() };
        let server = Running::start(house.routes(Does::Answer), limits).await;
        let before = memory();
        let mut raw = Raw::connect(server.address, &[]).await;
        raw.settle().await;
        let three = 3 * MEBIBYTE;
        let half =
            [&[0][..], &u32::try_from(three + 1).expect("a length").to_be_bytes(), &vec![0; three]].concat();
        let mut refused = 0;
        for stream in (1..100).step_by(2) {
            raw.send(&frame(HEADERS, END_HEADERS, stream, &call(WHO_AM_I, "nobody"))).await.expect("sent");
            // What the windows let through; nothing asks for more of a stream that was refused.
            'sending: for part in half.chunks(16_000) {
                let length = i64::try_from(part.len()).expect("a length");
                while raw.window(stream) < length {
                    let answer = soon(raw.next()).await.expect("the connection lives");
                    if answer.stream == stream && answer.kind == HEADERS {
                        refused += 1;
                        break 'sending;
                    }
                }
                raw.send_data(stream, part).await.expect("sent");
            }
        }
        assert!(refused > 30, "{refused} of 50 were refused");
        assert!(memory() < before + 96 * MEBIBYTE, "they were kept");
        drop(raw);
        others_are_served(&house, &server).await;
    });
}

#[test]
fn answers_that_nobody_reads_take_bounded_memory_and_end_their_connection() {
    if !alone("answers_that_nobody_reads_take_bounded_memory_and_end_their_connection") {
        return;
    }
    run(async {
        let house = House::new();
        let limits = Limits { max_stall: Duration::from_millis(500), ..Limits::default() };
        let server = Running::start(house.routes(Does::Fill(2 * MEBIBYTE)), limits).await;
        let answering = Running::start(house.routes(Does::Answer), Limits::default()).await;
        let before = memory();
        // The window of every stream is closed: nothing of an answer can be sent.
        let mut raw = Raw::connect(server.address, &[(4, 0)]).await;
        let headers = call(WHO_AM_I, &house.person(7));
        for stream in (1..400).step_by(2) {
            raw.send(&frame(HEADERS, END_HEADERS, stream, &headers)).await.expect("sent");
            raw.send(&frame(DATA, END_STREAM, stream, &NOTHING)).await.expect("sent");
        }
        others_are_served(&house, &answering).await;
        soon(raw.closed()).await;
        // 200 answers of 2 MiB each would be 400.
        assert!(memory() < before + 96 * MEBIBYTE, "{} MiB more", (memory() - before) / MEBIBYTE);
    });
}

#[test]
fn who_dribbles_is_let_go() {
    run(async {
        let house = House::new();
        let short = Duration::from_millis(300);
        let limits = Limits { first_request: short, header_read: short, ..Limits::default() };
        let server = Running::start(house.routes(Does::Answer), limits).await;
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        let second =
            [preface, frame(SETTINGS, 0, 0, &[]), frame(HEADERS, 0, 1, &call(WHO_AM_I, "x"))].concat();
        let first = b"GET /livez HTTP/1.1\r\nhost: localhost\r\nx-slow: ".to_vec();
        for said in [first, second] {
            let mut slow = TcpStream::connect(server.address).await.expect("a connection");
            slow.set_nodelay(true).expect("a socket");
            let dribble = async {
                for byte in said.into_iter().chain(std::iter::repeat(b'x')) {
                    if slow.write_all(&[byte]).await.is_err() {
                        return;
                    }
                    tokio::task::yield_now().await;
                }
            };
            soon(dribble).await;
        }
        others_are_served(&house, &server).await;
    });
}

#[test]
fn many_idle_connections_cost_little_and_stop_nobody() {
    if !alone("many_idle_connections_cost_little_and_stop_nobody") {
        return;
    }
    // As many as two descriptors each leave room for; more where the machine allows.
    let wanted = std::env::var("TRELLIS_TEST_CONNECTIONS").ok().and_then(|text| text.parse().ok());
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    let room = match rustix::process::setrlimit(rustix::process::Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let room = room.and_then(|room| usize::try_from(room).ok()).unwrap_or(usize::MAX);
    let count: usize = wanted.unwrap_or(2_000).min((room.saturating_sub(500)) / 2);
    run(async move {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        others_are_served(&house, &server).await;
        let before = memory();
        let mut idle = Vec::with_capacity(count);
        let headers = call(WHO_AM_I, &house.person(7));
        for _ in 0..count {
            let mut raw = Raw::connect(server.address, &[]).await;
            raw.send(&frame(HEADERS, END_HEADERS, 1, &headers)).await.expect("sent");
            raw.send(&frame(DATA, END_STREAM, 1, &NOTHING)).await.expect("sent");
            idle.push(raw);
        }
        // Each was served once, and stays.
        for raw in &mut idle {
            soon(async {
                while raw.next().await.is_some_and(|frame| frame.kind != HEADERS || frame.stream != 1) {}
            })
            .await;
        }
        others_are_served(&house, &server).await;
        let each = memory().saturating_sub(before) / count.max(1);
        println!("{count} connections, {} KiB each", each / 1024);
        assert!(each < 96 * 1024, "{each} bytes for each of {count}");
    });
}

#[test]
fn a_storm_of_connections_passes() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        for _ in 0..4 {
            let storm = (0..500).map(|_| TcpStream::connect(server.address));
            // Dropped as soon as they are there.
            drop(soon(futures::future::join_all(storm)).await);
            others_are_served(&house, &server).await;
        }
    });
}

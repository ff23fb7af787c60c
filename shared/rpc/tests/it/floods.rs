//! Clients that mean harm: the server lives, serves others meanwhile, and its memory stays bounded.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tonic::Code;
use trellis_contracts::common::WhoAmIRequest;
use trellis_rpc::Limits;
use trellis_testkit::run;

use crate::alone::{MEBIBYTE, alone, ended, memory, refused as counted, until};
use crate::direct::{Direct, WHO_AM_I, answered, request};
use crate::house::{Does, House, Running, Turnstile, identity, signed, soon};
use crate::raw::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE, NOTHING, RST_STREAM,
    Raw, SETTINGS, WINDOW_UPDATE, call, frame, header,
};

const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;
/// Somebody else is served.
pub(crate) async fn others_are_served(house: &House, server: &Running) {
    let request = signed(WhoAmIRequest {}, &house.person(8));
    soon(identity(server.channel().await).who_am_i(request)).await.expect("an answer");
}

#[test]
fn a_flood_of_calls_that_are_given_up_ends_its_connection() {
    if !alone("floods::a_flood_of_calls_that_are_given_up_ends_its_connection") {
        return;
    }
    run(async {
        let house = House::new();
        let turnstile = Turnstile::closed();
        let limits = Limits { max_given_up: 100, ..Limits::default() };
        let server = Running::start(house.routes(Does::Gate(turnstile.clone())), limits).await;
        let (before, held) = (ended("flooding"), memory());
        let mut raw = Raw::connect(server.address, &[]).await;
        let headers = call(WHO_AM_I, &house.person(7));
        // Each is given up only once its handler has it: what is reset before that is HTTP/2's to count.
        let flood = async {
            for (begun, stream) in (1..).zip((1..40_000).step_by(2)) {
                let asked = [
                    frame(HEADERS, END_HEADERS, stream, &headers),
                    frame(DATA, END_STREAM, stream, &NOTHING),
                ];
                let inside = || turnstile.inside.load(Ordering::SeqCst) == begun;
                if raw.send(&asked.concat()).await.is_err() {
                    return;
                }
                while !inside() {
                    if ended("flooding") > before {
                        return;
                    }
                    tokio::task::yield_now().await;
                }
                if raw.send(&frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())).await.is_err() {
                    return;
                }
            }
            panic!("all of it was borne");
        };
        soon(flood).await;
        soon(raw.closed()).await;
        assert_eq!(ended("flooding"), before + 1);
        let borne = turnstile.inside.load(Ordering::SeqCst);
        assert!((101..200).contains(&borne), "{borne} were begun");
        assert!(memory() < held + 64 * MEBIBYTE, "they were kept");
        turnstile.through.add_permits(1);
        others_are_served(&house, &server).await;
    });
}

#[test]
fn a_flood_of_calls_that_are_given_up_before_they_are_looked_at_ends_its_connection() {
    if !alone("floods::a_flood_of_calls_that_are_given_up_before_they_are_looked_at_ends_its_connection") {
        return;
    }
    run(async {
        let house = House::new();
        let limits = Limits { max_given_up: u32::MAX, ..Limits::default() };
        let server = Running::start(house.routes(Does::HangFor("elsewhere")), limits).await;
        let held = memory();
        let mut raw = Raw::connect(server.address, &[]).await;
        let headers = call(WHO_AM_I, &house.person_of("elsewhere", 7));
        let mut flood = Vec::new();
        for stream in (1..40_000).step_by(2) {
            flood.extend(frame(HEADERS, END_HEADERS, stream, &headers));
            flood.extend(frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes()));
        }
        // It may be closed before all is sent: that is what should happen.
        let _ = soon(raw.send(&flood)).await;
        soon(raw.closed()).await;
        assert!(memory() < held + 64 * MEBIBYTE, "they were kept");
        others_are_served(&house, &server).await;
    });
}

#[test]
fn a_flood_of_mistakes_that_have_us_reset_calls_ends_its_connection() {
    run(async {
        let house = House::new();
        // Neither what is given up nor what is asked for ends it.
        let limits = Limits { max_given_up: u32::MAX, caller_rate: None, ..Limits::default() };
        let server = Running::start(house.routes(Does::HangFor("elsewhere")), limits).await;
        let mut raw = Raw::connect(server.address, &[]).await;
        let headers = call(WHO_AM_I, &house.person_of("elsewhere", 7));
        let mut resets = 0;
        let flood = async {
            for stream in (1..4_000).step_by(2) {
                let mistake = [
                    frame(HEADERS, END_HEADERS, stream, &headers),
                    // A window that grows beyond what it may (RFC 9113, section 6.9.1).
                    frame(WINDOW_UPDATE, 0, stream, &0x7fff_ffff_u32.to_be_bytes()),
                ];
                raw.send(&mistake.concat()).await.expect("sent");
                loop {
                    let frame = raw.next().await.expect("a reset, or a reason");
                    match frame.kind {
                        RST_STREAM => break resets += 1,
                        GOAWAY => return frame.payload,
                        _ => {}
                    }
                }
            }
            panic!("all of it was borne");
        };
        let gone = soon(flood).await;
        assert_eq!(gone[4..8], ENHANCE_YOUR_CALM.to_be_bytes());
        assert!(resets <= 256, "{resets} were borne");
        others_are_served(&house, &server).await;
    });
}

#[test]
fn headers_that_never_end_end_the_connection() {
    if !alone("floods::headers_that_never_end_end_the_connection") {
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
        let turnstile = Turnstile::closed();
        turnstile.through.add_permits(10);
        let server = Running::start(house.routes(Does::Gate(turnstile.clone())), Limits::default()).await;
        let mut client = Direct::connect(server.address).await;
        let mut many = request(WHO_AM_I, &house.person(7));
        for i in 0..400 {
            let name = http::HeaderName::try_from(format!("x-{i}")).expect("a name");
            many.headers_mut().insert(name, "x".repeat(100).parse().expect("a header"));
        }
        let answer = soon(client.call(many, &NOTHING).await).await.expect("an answer");
        assert_eq!(answer.status(), http::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        assert_eq!(turnstile.most.load(Ordering::SeqCst), 0, "it reached the handler");
        let next = client.call(request(WHO_AM_I, &house.person(7)), &NOTHING).await;
        assert_eq!(answered(next).await.1.code(), Code::Ok, "the connection did not live on");
        assert_eq!(turnstile.most.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn who_asks_without_end_and_reads_nothing_is_let_go() {
    if !alone("floods::who_asks_without_end_and_reads_nothing_is_let_go") {
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
    if !alone("floods::a_gibibyte_that_is_declared_is_refused_and_not_waited_for") {
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
    if !alone("floods::halves_of_messages_take_bounded_memory_whoever_sends_them") {
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
        let mut refused: u64 = 0;
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
        assert_eq!(counted("received"), refused);
        assert!(memory() < before + 96 * MEBIBYTE, "they were kept");
        drop(raw);
        others_are_served(&house, &server).await;
    });
}

#[test]
fn answers_that_nobody_reads_take_bounded_memory_and_end_their_connection() {
    if !alone("floods::answers_that_nobody_reads_take_bounded_memory_and_end_their_connection") {
        return;
    }
    run(async {
        let house = House::new();
        let limits = Limits { max_stall: Duration::from_millis(500), ..Limits::default() };
        let server = Running::start(house.routes(Does::Fill(2 * MEBIBYTE)), limits).await;
        let headers = call(WHO_AM_I, &house.person(7));
        // What may be sent of an answer: nothing, or one byte, so that the rest lies in our buffers.
        for window in [0, 1] {
            let (before, held) = (ended("stalled"), memory());
            let mut raw = Raw::connect(server.address, &[(INITIAL_WINDOW_SIZE, window)]).await;
            for stream in (1..400).step_by(2) {
                raw.send(&frame(HEADERS, END_HEADERS, stream, &headers)).await.expect("sent");
                raw.send(&frame(DATA, END_STREAM, stream, &NOTHING)).await.expect("sent");
            }
            others_are_served(&house, &server).await;
            soon(raw.closed()).await;
            until(|| ended("stalled") == before + 1).await;
            // 200 answers of 2 MiB each would be 400.
            let more = memory().saturating_sub(held) / MEBIBYTE;
            assert!(more < 96, "{more} MiB more with a window of {window}");
        }
    });
}

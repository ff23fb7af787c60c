//! Many connections, and none that could be taken.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use trellis_rpc::Limits;
use trellis_testkit::run;

use crate::alone::{MEBIBYTE, alone, memory};
use crate::direct::WHO_AM_I;
use crate::floods::others_are_served;
use crate::house::{Does, House, Running, soon};
use crate::raw::{DATA, END_HEADERS, END_STREAM, HEADERS, NOTHING, Raw, call, frame};

/// The connections that this process may have to itself: two descriptors each, and some for the rest.
fn room() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let most = setrlimit(Resource::Nofile, raised).map_or(limit.current, |()| limit.maximum);
    most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX).saturating_sub(500) / 2
}

/// Asks, and waits for the answer.
async fn served_once(raw: &mut Raw, headers: &[u8]) {
    let asked = [frame(HEADERS, END_HEADERS, 1, headers), frame(DATA, END_STREAM, 1, &NOTHING)].concat();
    raw.send(&asked).await.expect("sent");
    loop {
        let frame = raw.next().await.expect("an answer");
        assert!(frame.kind != HEADERS || frame.flags & END_STREAM == 0, "it was refused");
        if frame.kind == DATA {
            return;
        }
    }
}

/// 2,000 of them, as the checks have it. For the 10,000 that a server bears by default:
///
/// ```text
/// ulimit -Hn 21000; TESTKIT_CONNECTIONS=10000 cargo test -p trellis-rpc --test it idle -- --nocapture
/// ```
///
/// Both ends are in this process, so that it takes two descriptors a connection; where the machine
/// allows fewer, there are as many as it allows. The test says how many there were.
#[test]
fn many_idle_connections_cost_little_and_stop_nobody() {
    if !alone("crowds::many_idle_connections_cost_little_and_stop_nobody") {
        return;
    }
    let wanted = std::env::var("TESTKIT_CONNECTIONS").map(|text| text.parse().expect("a number"));
    let count: usize = wanted.unwrap_or(2_000).min(room());
    run(async move {
        let house = House::new();
        let limits = Limits { max_connections: count + 10, caller_rate: None, ..Limits::default() };
        let server = Running::start(house.routes(Does::Answer), limits).await;
        others_are_served(&house, &server).await;
        let before = memory();
        let headers = call(WHO_AM_I, &house.person(7));
        let mut idle = Vec::with_capacity(count);
        for _ in 0..count {
            let mut raw = Raw::connect(server.address, &[]).await;
            soon(served_once(&mut raw, &headers)).await;
            idle.push(raw);
        }
        others_are_served(&house, &server).await;
        let each = memory().saturating_sub(before) / count.max(1);
        println!("{count} connections, {} KiB each", each / 1024);
        assert!(each < 96 * 1024, "{each} bytes for each of {count}");
    });
}

#[test]
fn connections_that_are_dropped_at_once_stop_nobody() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        for _ in 0..4 {
            let storm = (0..500).map(|_| TcpStream::connect(server.address));
            drop(soon(futures::future::join_all(storm)).await);
            others_are_served(&house, &server).await;
        }
    });
}

/// What a thousand a second come to in three.
const STORM: u32 = 3_000;

#[test]
fn a_thousand_new_connections_a_second_are_served() {
    if !alone("crowds::a_thousand_new_connections_a_second_are_served") {
        return;
    }
    room();
    run(async {
        let house = House::new();
        // It is about connections: no call is refused where the machine is slow.
        let limits = Limits {
            max_waiting: 10_000,
            max_wait: Duration::from_mins(5),
            caller_rate: None,
            ..Limits::default()
        };
        let server = Running::start(house.routes(Does::Answer), limits).await;
        others_are_served(&house, &server).await;
        let (before, begun) = (memory(), Instant::now());
        let headers: bytes::Bytes = call(WHO_AM_I, &house.person(7)).into();
        let (address, mut storm) = (server.address, JoinSet::new());
        // Where it falls behind it catches up, and not with more at once than a backlog holds: what comes
        // beyond that the system refuses, and no server sees it.
        let mut pace = interval(Duration::from_millis(1));
        let under_way = Arc::new(Semaphore::new(250));
        for _ in 0..STORM {
            pace.tick().await;
            let permit = soon(under_way.clone().acquire_owned()).await.expect("it is never closed");
            let headers = headers.clone();
            storm.spawn(async move {
                let mut raw = Raw::connect(address, &[]).await;
                served_once(&mut raw, &headers).await;
                drop(permit);
            });
        }
        let mut most = memory();
        while let Some(served) = soon(storm.join_next()).await {
            served.expect("it was served");
            most = most.max(memory());
        }
        println!("{:.0} connections a second", f64::from(STORM) / begun.elapsed().as_secs_f64());
        let more = most.saturating_sub(before) / MEBIBYTE;
        assert!(more < 256, "{more} MiB more");
        others_are_served(&house, &server).await;
    });
}

#[test]
fn a_connection_that_finds_no_descriptor_is_taken_when_there_is_one() {
    if !alone("crowds::a_connection_that_finds_no_descriptor_is_taken_when_there_is_one") {
        return;
    }
    run(async {
        let server = Running::start(House::new().routes(Does::Answer), Limits::default()).await;
        let limit = getrlimit(Resource::Nofile);
        let low = Rlimit { current: Some(256), maximum: limit.maximum };
        setrlimit(Resource::Nofile, low).expect("a lower limit");
        let mut taken = Vec::new();
        while let Ok(file) = std::fs::File::open("/dev/null") {
            taken.push(file);
        }
        // The last one is the client's.
        taken.pop();
        let mut client = TcpStream::connect(server.address).await.expect("in the backlog");
        client.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("sent");
        let mut heard = String::new();
        let waited = timeout(Duration::from_millis(300), client.read_to_string(&mut heard)).await;
        assert!(waited.is_err(), "there was a descriptor: {heard}");
        drop(taken);
        soon(client.read_to_string(&mut heard)).await.expect("served");
        assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    });
}

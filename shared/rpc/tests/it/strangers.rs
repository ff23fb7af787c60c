//! Those whom nobody knows: what anybody may ask takes little of the server, however they ask.

use trellis_rpc::Limits;
use trellis_testkit::run;

use crate::house::{Does, House, Running, soon};
use crate::raw::{END_HEADERS, END_STREAM, HEADERS, Raw, call, frame};

/// What is answered without a token.
const OPEN: [&str; 4] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// The beginning of a message that is declared to be so long.
fn half(length: u32, sent: usize) -> Vec<u8> {
    [&[0][..], &length.to_be_bytes(), &vec![0; sent]].concat()
}

/// Reads until a stream has ended.
async fn ended(raw: &mut Raw) -> u32 {
    soon(async {
        loop {
            let frame = raw.next().await.expect("the connection lives");
            if frame.kind == HEADERS && frame.flags & END_STREAM > 0 {
                return frame.stream;
            }
        }
    })
    .await
}

#[test]
fn a_question_that_is_declared_to_be_long_is_refused_and_not_waited_for() {
    run(async {
        let server = Running::start(House::new().routes(Does::Answer), Limits::default()).await;
        for path in OPEN {
            let mut raw = Raw::connect(server.address, &[]).await;
            raw.settle().await;
            raw.send(&frame(HEADERS, END_HEADERS, 1, &call(path, "nobody"))).await.expect("sent");
            raw.send_data(1, &half(3 * 1024 * 1024, 1000)).await.expect("sent");
            assert_eq!(ended(&mut raw).await, 1, "{path}");
        }
    });
}

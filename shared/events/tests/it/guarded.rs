//! Brokers that ask who comes, and are asked who they are.

use std::time::Duration;

use trellis_events::{Broker, BrokerAddress, BrokerUrls};
use trellis_testkit::certificates::{Authority, Files};
use trellis_testkit::nats::Nats;
use trellis_tls::ClientTls;

use crate::broker::{DAY, connect_to, follow, positions, publish};
use crate::place::Place;

/// Waits until the server has written down that it refused somebody.
async fn refused(server: &Nats, why: &str) {
    let refused = async {
        while !server.log().contains(why) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), refused).await.expect("it is refused");
}

/// Tells some events, and sees that they come by way of the broker.
async fn passes(place: &Place, broker: &Broker, effects: i64) {
    let _publishing = publish(place, broker);
    let _following = follow(&place.consumer, broker);
    place.publish("note.created", 5).await;
    place.effects(effects).await;
}

#[test]
fn who_knows_the_password_is_let_in_and_needs_few_rights() {
    trellis_testkit::run(async {
        // With no more rights than docs/operations.md asks for.
        let users = r#"authorization { users: [ { user: "trellis", password: "a/b@c:d", permissions: {
            publish: ["trellis.events.>", "$JS.API.>", "$JS.ACK.>"], subscribe: ["_INBOX.>"] } } ] }"#;
        let server = Nats::guarded(users);
        let place = Place::new(None).await;
        let url = |login: &str| vec![format!("nats://{login}@localhost:{}", server.port())];
        let wrong = connect_to(&url("trellis:wrong"), ClientTls::default(), 1).await;
        refused(&server, "authentication error").await;
        let right = connect_to(&url("trellis:a%2Fb%40c%3Ad"), ClientTls::default(), 1).await;
        passes(&place, &right, 5).await;
        drop(wrong);
    });
}

#[test]
fn who_has_the_token_is_let_in() {
    trellis_testkit::run(async {
        let server = Nats::guarded(r#"authorization { token: "s3cr3t" }"#);
        let place = Place::new(None).await;
        let url = [format!("nats://s3cr3t@localhost:{}", server.port())];
        passes(&place, &connect_to(&url, ClientTls::default(), 1).await, 5).await;
    });
}

#[test]
fn each_side_proves_itself_by_a_certificate_also_by_a_renewed_one() {
    trellis_testkit::run(async {
        let files = Files::new();
        let (old, new) = (Authority::new("old"), Authority::new("new"));
        let write = |authority: &Authority| {
            let believed = files.write("authority.pem", &authority.pem());
            let (certificate, key) = files.write_pair("server", &authority.issue());
            let identity = files.write_pair("client", &authority.issue());
            let server = format!(
                "tls {{ cert_file: {certificate:?}, key_file: {key:?}, ca_file: {believed:?}, verify: true }}"
            );
            (ClientTls { authorities: Some(believed), identity: Some(identity) }, server)
        };
        let (tls, lines) = write(&old);
        let mut server = Nats::guarded(&lines);
        let place = Place::new(None).await;
        let url = |scheme: &str| vec![format!("{scheme}://localhost:{}", server.port())];
        // The machine does not believe the authority; who shows nothing is not believed.
        let strange = connect_to(&url("tls"), ClientTls::default(), 1).await;
        refused(&server, "TLS handshake error").await;
        let nobody = connect_to(&url("tls"), ClientTls { identity: None, ..tls.clone() }, 1).await;
        refused(&server, "didn't provide a certificate").await;
        drop((strange, nobody));
        let broker = connect_to(&url("nats"), tls, 1).await;
        passes(&place, &broker, 5).await;
        write(&new);
        server.kill();
        server.restart();
        passes(&place, &broker, 10).await;
        assert_eq!(place.applied().await, positions(10));
    });
}

#[test]
fn who_wants_tls_says_nothing_without() {
    trellis_testkit::run(async {
        let server = Nats::start();
        let files = Files::new();
        let authorities = Some(files.write("authority.pem", &Authority::new("ours").pem()));
        let plain = [format!("nats://trellis:secret@localhost:{}", server.port())];
        let _broker = connect_to(&plain, ClientTls { authorities, identity: None }, 1).await;
        // What it hears is the beginning of TLS, not who comes.
        refused(&server, "parser ERROR").await;
        assert!(!server.log().contains("secret"));
    });
}

#[test]
fn files_of_tls_that_cannot_be_used_are_refused_at_first() {
    trellis_testkit::run(async {
        let tls = ClientTls { authorities: Some("nowhere.pem".into()), identity: None };
        let urls = BrokerUrls::parse(&["tls://localhost"]).unwrap();
        let address = BrokerAddress { urls, tls, replicas: 1 };
        Broker::connect(&address, DAY).await.expect_err("there is no such file");
    });
}

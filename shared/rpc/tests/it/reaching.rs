//! How a client finds its way in.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use tonic::Code;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};
use trellis_contracts::common::WhoAmIRequest;
use trellis_rpc::{Limits, Server, Tls};
use trellis_testkit::run;

use crate::house::{Does, House, Running, identity, reason, signed, soon};

const IDENTITY: &str = "trellis.common.v1.IdentityService";
const WHO_AM_I: &str = "trellis.common.v1.IdentityService/WhoAmI";

#[test]
fn a_call_reaches_its_handler_as_the_one_who_asks() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        let request = signed(WhoAmIRequest {}, &house.person(7));
        let answer = identity(server.channel().await).who_am_i(request).await.expect("an answer");
        assert_eq!(answer.into_inner().subject, "people/00000000-0000-0000-0000-000000000007");
    });
}

#[test]
fn a_call_without_a_token_is_refused_with_a_reason() {
    run(async {
        let server = Running::start(House::new().routes(Does::Answer), Limits::default()).await;
        let refused =
            identity(server.channel().await).who_am_i(WhoAmIRequest {}).await.expect_err("no token");
        assert_eq!(refused.code(), Code::Unauthenticated);
        assert_eq!(reason(&refused).as_deref(), Some("UNAUTHENTICATED"));
    });
}

#[test]
fn health_says_that_each_service_is_served_and_knows_no_other() {
    run(async {
        let server = Running::start(House::new().routes(Does::Answer), Limits::default()).await;
        let mut client = HealthClient::new(server.channel().await);
        for service in ["", IDENTITY, "trellis.internal.v1alpha1.EventService"] {
            let answer = client.check(HealthCheckRequest { service: service.to_owned() }).await;
            assert_eq!(
                answer.expect("known").into_inner().status,
                ServingStatus::Serving as i32,
                "{service}"
            );
        }
        let service = "trellis.outcome.v1.FrameworkService".to_owned();
        let unknown = client.check(HealthCheckRequest { service }).await.expect_err("not mounted");
        assert_eq!(unknown.code(), Code::NotFound);
    });
}

/// The services that a version of reflection lists.
macro_rules! listed {
    ($version:ident, $channel:expr) => {{
        use $version::server_reflection_client::ServerReflectionClient;
        use $version::server_reflection_request::MessageRequest;
        use $version::server_reflection_response::MessageResponse;
        let request = $version::ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let requests = tokio_stream::once(request);
        let mut answers = ServerReflectionClient::new($channel)
            .server_reflection_info(requests)
            .await
            .expect("reflection")
            .into_inner();
        match answers.message().await.expect("an answer").expect("one").message_response {
            Some(MessageResponse::ListServicesResponse(list)) => {
                let mut names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
                names.sort();
                names
            }
            other => panic!("{other:?}"),
        }
    }};
}

#[test]
fn both_versions_of_reflection_list_what_is_mounted() {
    run(async {
        let server = Running::start(House::new().routes(Does::Answer), Limits::default()).await;
        let expected = [
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
            IDENTITY,
            "trellis.internal.v1alpha1.EventService",
        ];
        assert_eq!(listed!(v1, server.channel().await), expected);
        assert_eq!(listed!(v1alpha, server.channel().await), expected);
    });
}

/// Calls by gRPC-Web over HTTP/1.1; answers the HTTP headers and the trailers, as text.
async fn call_by_web(
    server: &Running,
    path: &str,
    token: &str,
    extra: &[(&str, &str)],
) -> (HeaderMap, String) {
    let client = reqwest::Client::builder().http1_only().build().expect("a client");
    let mut request = client
        .post(format!("{}/{path}", server.url()))
        .header(CONTENT_TYPE, "application/grpc-web+proto")
        .header("origin", "https://vendor.example")
        .bearer_auth(token)
        // A frame that holds an empty message.
        .body(vec![0, 0, 0, 0, 0]);
    for (name, value) in extra {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let headers = answer.headers().clone();
    (headers, String::from_utf8_lossy(&answer.bytes().await.expect("a body")).into_owned())
}

#[test]
fn a_browser_calls_by_grpc_web_over_http_1_1() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        let (headers, body) = call_by_web(&server, WHO_AM_I, &house.person(7), &[]).await;
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert!(headers["access-control-expose-headers"].to_str().expect("text").contains("grpc-status"));
        assert!(body.contains("people/00000000-0000-0000-0000-000000000007"), "{body}");
        assert!(body.contains("grpc-status:0"), "{body}");
    });
}

#[test]
fn a_deadline_that_the_client_sends_is_kept_by_the_server() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Hang), Limits::default()).await;
        // Nothing at the client's side ends this call.
        let token = house.person(7);
        let call = call_by_web(&server, WHO_AM_I, &token, &[("grpc-timeout", "50m")]);
        let (headers, body) = soon(call).await;
        let said = headers.get("grpc-status").map_or(body.as_str(), |value| value.to_str().expect("text"));
        assert!(said == "4" || said.contains("grpc-status:4"), "{said}");
    });
}

#[test]
fn a_browser_may_ask_before_it_calls() {
    run(async {
        let server = Running::start(House::new().routes(Does::Answer), Limits::default()).await;
        let answer = reqwest::Client::new()
            .request(reqwest::Method::OPTIONS, format!("{}/{WHO_AM_I}", server.url()))
            .header("origin", "https://vendor.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type,x-grpc-web")
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        // By name: to a browser, a star stands for every header but this one.
        let allowed = answer.headers()["access-control-allow-headers"].to_str().expect("text");
        let named: Vec<&str> = allowed.split(',').map(str::trim).collect();
        for name in ["authorization", "content-type", "x-grpc-web"] {
            assert!(named.contains(&name), "{allowed}");
        }
    });
}

#[test]
fn an_unknown_path_is_not_found_and_an_unknown_service_unimplemented() {
    run(async {
        let server = Running::start(House::new().routes(Does::Answer), Limits::default()).await;
        let answer = reqwest::get(format!("{}/no/such/path", server.url())).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let mut elsewhere = trellis_contracts::profile::access_service_client::AccessServiceClient::new(
            server.channel().await,
        );
        let refused =
            elsewhere.decide_access(trellis_contracts::profile::DecideAccessRequest::default()).await;
        assert_eq!(refused.expect_err("not mounted").code(), Code::Unimplemented);
    });
}

#[test]
fn plain_http_says_how_the_server_does_and_counts_calls() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        for path in ["livez", "readyz"] {
            let answer = reqwest::get(format!("{}/{path}", server.url())).await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
        }
        let request = signed(WhoAmIRequest {}, &house.person(7));
        identity(server.channel().await).who_am_i(request).await.expect("an answer");
        let metrics = reqwest::get(format!("{}/metrics", server.url())).await.expect("an answer");
        let text = metrics.text().await.expect("text");
        let series = format!(
            r#"rpc_server_call_duration_seconds_count{{rpc_system_name="grpc",rpc_method="{IDENTITY}/WhoAmI",rpc_response_status_code="OK"}} "#
        );
        assert!(text.contains(&series), "{text}");
    });
}

#[test]
fn tls_is_served_from_a_certificate_and_a_key() {
    run(async {
        let house = House::new();
        let testdata = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/testdata");
        let tls = Tls::new(testdata.join("cert.pem"), testdata.join("key.pem"));
        let server = Running::with_tls(house.routes(Does::Answer), tls.clone()).await;
        let pem = std::fs::read(&tls.certificates).expect("the certificate");
        let trust = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
        let channel = Endpoint::from_shared(format!("https://localhost:{}", server.address.port()))
            .expect("a URL")
            .tls_config(trust)
            .expect("a configuration")
            .connect()
            .await
            .expect("a connection");
        let request = signed(WhoAmIRequest {}, &house.person(7));
        identity(channel).who_am_i(request).await.expect("an answer");
    });
}

#[test]
fn work_in_the_background_that_ends_makes_the_server_say_that_it_is_not_alive() {
    run(async {
        let works: [BoxFuture<'static, ()>; 2] = [Box::pin(async {}), Box::pin(async { panic!("as told") })];
        for work in works {
            let lasts = ("lasts".to_owned(), futures::future::pending().boxed());
            let server = Server::new(Limits::default()).routes(House::new().routes(Does::Answer));
            let server = Running::serve(server.task(lasts).task(("relay".to_owned(), work))).await;
            let live = format!("{}/livez", server.url());
            let said = soon(async {
                loop {
                    let answer = reqwest::get(&live).await.expect("an answer");
                    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
                        return answer.text().await.expect("text");
                    }
                }
            })
            .await;
            assert_eq!(said, "not ok\ntask relay: ended\n");
        }
    });
}

//! Stands between a client and the suite, and marks what people say: every free text and every link in
//! every message that passes, whatever its method. A field that is new is marked without being named here.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::{HeaderMap, Response};
use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, ReflectMessage as _, Value};
use tonic::Status;
use tonic::client::GrpcService as _;
use tonic::transport::Channel;
use trellis_contracts::DESCRIPTOR_POOL;
use trellis_suite::config::Service;

/// No word of any language, and nothing that a program would make up.
pub(super) const MARK: &str = "Zwyxqv";

/// Texts with a space in them that nobody wrote for people.
const NO_WORDS: [&str; 3] = ["filter", "order_by", "page_token"];

/// What has passed.
#[derive(Default)]
pub(super) struct Passed {
    /// The fields that were marked, by their full names.
    pub(super) marked: BTreeSet<String>,
    /// The callers' tokens.
    pub(super) tokens: BTreeSet<String>,
    /// What was refused, in the words of its status.
    pub(super) refusals: Vec<String>,
}

/// The one in between.
#[derive(Clone)]
pub(super) struct Marker {
    /// By service, in the order of [`Service::ALL`].
    suite: [Channel; 4],
    passed: Arc<Mutex<Passed>>,
}

impl Marker {
    /// Marks what is sent to a suite whose services are there, and says where it is itself.
    pub(super) async fn before(urls: &[String; 4]) -> (Self, String) {
        let channel = |url: String| Channel::from_shared(url).expect("a URL").connect_lazy();
        let suite = urls.clone().map(channel);
        let marker = Self { suite, passed: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = format!("http://{}", listener.local_addr().expect("an address"));
        let passing = marker.clone();
        let router = Router::new().fallback(move |request: Request| {
            let marker = passing.clone();
            async move { marker.pass(request).await }
        });
        tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        (marker, own)
    }

    pub(super) fn passed(&self) -> MutexGuard<'_, Passed> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn pass(self, request: Request) -> Response<Body> {
        let (mut head, body) = request.into_parts();
        // It grows.
        head.headers.remove(CONTENT_LENGTH);
        if let Some(token) = head.headers.get(AUTHORIZATION).and_then(|token| token.to_str().ok()) {
            self.passed().tokens.insert(token.trim_start_matches("Bearer ").to_owned());
        }
        let input = input(head.uri.path());
        let body = to_bytes(body, usize::MAX).await.expect("a request in whole");
        let body = tonic::body::Body::new(http_body_util::Full::new(self.mark_all(&body, &input)));
        let mut channel = self.suite[place(head.uri.path())].clone();
        poll_fn(|cx| channel.poll_ready(cx)).await.expect("the suite is there");
        let answer = channel.call(Request::from_parts(head, body)).await.expect("an answer");
        self.note(answer.headers());
        answer.map(|body| {
            Body::new(http_body_util::BodyExt::map_frame(body, move |frame| {
                if let Some(trailers) = frame.trailers_ref() {
                    self.note(trailers);
                }
                frame
            }))
        })
    }

    fn note(&self, headers: &HeaderMap) {
        if let Some(status) = Status::from_header_map(headers).filter(|s| s.code() != tonic::Code::Ok) {
            let details = String::from_utf8_lossy(status.details()).into_owned();
            self.passed().refusals.push(format!("{status:?} {details}"));
        }
    }

    /// Marks each message of a request, as gRPC frames them: a byte for its compression and four for its
    /// length before each.
    fn mark_all(&self, mut rest: &[u8], input: &MessageDescriptor) -> Bytes {
        let mut marked = Vec::with_capacity(rest.len());
        while let Some((head, after)) = rest.split_first_chunk::<5>() {
            assert_eq!(head[0], 0, "our clients compress nothing");
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
            let (message, next) = after.split_at(length);
            let mut message =
                DynamicMessage::decode(input.clone(), message).expect("a message of its method");
            self.mark(&mut message);
            let message = message.encode_to_vec();
            marked.push(0);
            marked.extend(u32::try_from(message.len()).expect("a small message").to_be_bytes());
            marked.extend(message);
            rest = next;
        }
        marked.into()
    }

    fn mark(&self, message: &mut DynamicMessage) {
        let descriptor = message.descriptor();
        for field in descriptor.fields().filter(|field| !NO_WORDS.contains(&field.name())) {
            let worth = matches!(field.kind(), Kind::String | Kind::Message(_));
            if worth && message.has_field(&field) {
                self.mark_value(field.full_name(), message.get_field_mut(&field));
            }
        }
    }

    fn mark_value(&self, field: &str, value: &mut Value) {
        match value {
            Value::String(text) => {
                if text.contains(' ') {
                    text.push(' ');
                    text.push_str(MARK);
                } else if text.starts_with("https://example.org") {
                    text.push('/');
                    text.push_str(MARK);
                } else {
                    return;
                }
                self.passed().marked.insert(field.to_owned());
            }
            Value::Message(message) => self.mark(message),
            Value::List(values) => {
                for value in values {
                    self.mark_value(field, value);
                }
            }
            Value::Map(values) => {
                for value in values.values_mut() {
                    self.mark_value(field, value);
                }
            }
            _ => {}
        }
    }
}

/// Which service answers under a path: the one of its package, and profile for what they share.
fn place(path: &str) -> usize {
    let package = path.trim_start_matches("/trellis.");
    let place = Service::ALL.iter().position(|service| package.starts_with(service.name()));
    place.unwrap_or(Service::Profile as usize)
}

/// What the method under a path takes.
fn input(path: &str) -> MessageDescriptor {
    let (service, method) = path.trim_start_matches('/').split_once('/').expect("a gRPC path");
    let service = DESCRIPTOR_POOL.get_service_by_name(service).unwrap_or_else(|| panic!("no {service}"));
    let method = service.methods().find(|known| known.name() == method);
    method.unwrap_or_else(|| panic!("no {path}")).input()
}

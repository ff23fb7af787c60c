//! Writes, for each service of the contracts, a trait whose methods receive only what the guard has
//! admitted, and the tonic server that stands before it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use heck::{ToSnakeCase, ToUpperCamelCase};
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    ReflectMessage, ServiceDescriptor, Value,
};

/// The messages that are written by hand, in `src/prepared.rs`.
pub(crate) const PREPARED: [&str; 1] = ["trellis.outcome.v1.BatchGetOutcomesResponse"];

/// Where one of them is.
pub(crate) fn prepared(message: &str) -> String {
    let name = message.rsplit('.').next().unwrap_or_default();
    format!("crate::prepared::{name}")
}

const ACCESS: &str = "trellis.common.v1.access";

/// The source of the module tree that holds the packages and their guards.
pub(crate) fn generate(pool: &DescriptorPool) -> String {
    let mut packages: BTreeMap<String, Vec<ServiceDescriptor>> = BTreeMap::new();
    for file in pool.files().filter(|file| file.package_name().starts_with("trellis.")) {
        packages.entry(file.package_name().to_owned()).or_default().extend(file.services());
    }
    let mut out = String::from("/// The packages, nested as their names are.\npub mod trellis {\n");
    for (package, services) in &packages {
        let parts: Vec<&str> = package.split('.').skip(1).collect();
        for part in &parts {
            writeln!(out, "/// `{package}`.\npub mod {part} {{").expect("writing to a string");
        }
        writeln!(out, "include!(concat!(env!(\"OUT_DIR\"), \"/{package}.rs\"));")
            .expect("writing to a string");
        for message in
            PREPARED.iter().filter(|message| message.rsplit_once('.').is_some_and(|(own, _)| own == package))
        {
            writeln!(out, "pub use {};", prepared(message)).expect("writing to a string");
        }
        for service in services {
            out.push_str(&guarded(pool, service));
        }
        out.push_str(&"}\n".repeat(parts.len()));
    }
    out.push_str(
        "}\n/// Every method of every service.\npub static METHODS: &[&crate::guard::Method] = &[\n",
    );
    for service in packages.values().flatten() {
        for method in service.methods() {
            let module = service.parent_file().package_name().replace('.', "::");
            writeln!(out, "&{module}::{},", constant(&method)).expect("writing to a string");
        }
    }
    out.push_str("];\n");
    out
}

fn guarded(pool: &DescriptorPool, service: &ServiceDescriptor) -> String {
    let name = service.name().to_upper_camel_case();
    let server = format!("{}_server", service.name().to_snake_case());
    let (mut statics, mut api, mut routes) = (String::new(), String::new(), String::new());
    for method in service.methods() {
        statics.push_str(&method_static(pool, &method));
        let call = Signature::of(&method);
        writeln!(
            api,
            "/// `{}`.\nasync fn {}(&self, call: crate::guard::Call<{}>) -> ::trellis_kernel::Result<{}>;",
            method.full_name(),
            call.name,
            call.input,
            call.output
        )
        .expect("writing to a string");
        routes.push_str(&route(&method, &call));
    }
    format!(
        "{statics}
/// What a service crate implements of `{full}`: each method receives a call that was admitted.
#[::async_trait::async_trait]
pub trait {name}Api: Send + Sync + 'static {{
{api}}}

/// `{full}` behind its guard.
pub struct {name}Guarded<A, G> {{ api: ::std::sync::Arc<A>, gate: G }}

/// Puts the guard before an implementation of `{full}`.
pub fn {snake}<A: {name}Api, G: crate::guard::Gate>(api: ::std::sync::Arc<A>, gate: G) -> {server}::{name}Server<{name}Guarded<A, G>> {{
    {server}::{name}Server::new({name}Guarded {{ api, gate }})
        .accept_compressed(::tonic::codec::CompressionEncoding::Gzip)
        .send_compressed(::tonic::codec::CompressionEncoding::Gzip)
        .max_decoding_message_size(crate::guard::MAX_MESSAGE)
        .max_encoding_message_size(crate::guard::MAX_MESSAGE)
}}

#[::async_trait::async_trait]
impl<A: {name}Api, G: crate::guard::Gate> {server}::{name} for {name}Guarded<A, G> {{
{routes}}}
",
        full = service.full_name(),
        snake = service.name().to_snake_case(),
    )
}

/// The Rust types of a method as the implementation sees them.
struct Signature {
    name: String,
    input: String,
    output: String,
    /// The messages on the wire.
    request: String,
    response: String,
}

impl Signature {
    fn of(method: &MethodDescriptor) -> Self {
        let request = rust_type(&method.input(), method);
        let response = rust_type(&method.output(), method);
        let input = if method.is_client_streaming() {
            format!("crate::guard::Inbound<{request}>")
        } else {
            request.clone()
        };
        let output = if method.is_server_streaming() {
            format!("crate::guard::Outbound<{response}>")
        } else {
            response.clone()
        };
        Self { name: method.name().to_snake_case(), input, output, request, response }
    }
}

fn route(method: &MethodDescriptor, call: &Signature) -> String {
    let Signature { name, request, response, .. } = call;
    let constant = constant(method);
    let (resources, places) = (resources(method), places(method));
    let (wire_in, admit) = if method.is_client_streaming() {
        (format!("::tonic::Streaming<{request}>"), "admit_stream")
    } else {
        (request.clone(), "admit")
    };
    let (head, wire_out, handle, finished) = if method.is_server_streaming() {
        let stream = format!("{}Stream", method.name().to_upper_camel_case());
        (
            format!("type {stream} = crate::guard::StatusStream<{response}>;\n"),
            format!("Self::{stream}"),
            format!(
                "let actor = ::std::sync::Arc::clone(&call.admission().actor);
        let stream = self.api.{name}(call).await?;
        ::core::result::Result::Ok(crate::guard::into_status_stream(&self.gate, actor, stream))"
            ),
            "finish",
        )
    } else {
        (String::new(), response.clone(), format!("self.api.{name}(call).await"), "finish_unary")
    };
    let (zipped, zip) = if method.is_server_streaming() {
        ("", "")
    } else {
        ("let zipped = crate::guard::takes_gzip(request.metadata());\n    ", "zipped, ")
    };
    format!(
        "{head}async fn {name}(&self, request: ::tonic::Request<{wire_in}>) -> ::core::result::Result<::tonic::Response<{wire_out}>, ::tonic::Status> {{
    {zipped}let done = async {{
        let call = crate::guard::{admit}(&self.gate, &{constant}, request, |message: &{request}| crate::guard::Names {{ decided: {resources}, placed: {places} }}).await?;
        {handle}
    }};
    crate::guard::{finished}(&{constant}, {zip}done.await)
}}
"
    )
}

fn constant(method: &MethodDescriptor) -> String {
    format!(
        "{}_{}",
        method.parent_service().name().to_snake_case().to_uppercase(),
        method.name().to_snake_case().to_uppercase()
    )
}

fn method_static(pool: &DescriptorPool, method: &MethodDescriptor) -> String {
    let extension = pool.get_extension_by_name(ACCESS).expect("the access option is part of the contracts");
    let options = method.options();
    assert!(options.has_extension(&extension), "{} states no access", method.full_name());
    let Value::Message(access) = options.get_extension(&extension).into_owned() else {
        panic!("the access option is a message");
    };
    let relations: Vec<String> =
        list(&access, "relations").into_iter().map(|number| relation(&access, number)).collect();
    let resource = text(&access, "resource");
    let any_caller = flag(&access, "any_caller");
    assert!(
        any_caller || (!text(&access, "scope").is_empty() && !relations.is_empty()),
        "{} names no scope or no relation",
        method.full_name()
    );
    let service_only = relations == ["Service"];
    assert!(any_caller || service_only || !resource.is_empty(), "{} names no resource", method.full_name());
    let relations: String =
        relations.iter().fold("::trellis_kernel::Relations::NONE".to_owned(), |sum, relation| {
            format!("{sum}.with(::trellis_kernel::Relation::{relation})")
        });
    let writes = takes_request_id(&method.input());
    format!(
        "/// `{full}`.
pub static {constant}: crate::guard::Method = crate::guard::Method {{
    service: \"{service}\", name: \"{name}\", path: \"/{service}/{name}\", scope: \"{scope}\", data_class: {class},
    resource: \"{resource}\", relations: {relations}, commons: {commons}, any_caller: {any_caller}, writes: {writes},
}};
",
        full = method.full_name(),
        constant = constant(method),
        service = method.parent_service().full_name(),
        name = method.name(),
        scope = text(&access, "scope"),
        class = enum_number(&access, "data_class"),
        commons = flag(&access, "commons"),
    )
}

/// A mutation takes a `request_id`: in the request itself, or in the header of a streamed one.
fn takes_request_id(request: &MessageDescriptor) -> bool {
    request.fields().any(|field| match field.kind() {
        Kind::Message(header) => header.get_field_by_name("request_id").is_some(),
        _ => field.name() == "request_id",
    })
}

fn text(message: &DynamicMessage, field: &str) -> String {
    message.get_field_by_name(field).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn flag(message: &DynamicMessage, field: &str) -> bool {
    message.get_field_by_name(field).and_then(|value| value.as_bool()).unwrap_or_default()
}

fn enum_number(message: &DynamicMessage, field: &str) -> i32 {
    message.get_field_by_name(field).and_then(|value| value.as_enum_number()).unwrap_or_default()
}

fn list(message: &DynamicMessage, field: &str) -> Vec<i32> {
    let value = message.get_field_by_name(field).map(std::borrow::Cow::into_owned);
    let Some(Value::List(values)) = value else { return Vec::new() };
    values.iter().filter_map(Value::as_enum_number).collect()
}

/// `RELATION_OWN` of the contract is `Relation::Own` of the kernel.
fn relation(access: &DynamicMessage, number: i32) -> String {
    let field = access.descriptor().get_field_by_name("relations").expect("a field of the option");
    let Kind::Enum(relations) = field.kind() else { panic!("relations are an enum") };
    let value = relations.get_value(number).expect("a relation of the contract");
    value.name().trim_start_matches("RELATION_").to_upper_camel_case()
}

fn rust_type(message: &MessageDescriptor, method: &MethodDescriptor) -> String {
    if message.full_name() == "google.protobuf.Empty" {
        return "()".to_owned();
    }
    let (ours, theirs) = (method.parent_service().parent_file(), message.parent_file());
    let name = message.name().to_upper_camel_case();
    if ours.package_name() == theirs.package_name() {
        return name;
    }
    format!("crate::{}::{name}", theirs.package_name().replace('.', "::"))
}

/// An expression of type `Vec<String>`: the `parent` and `name` of the request, where the call is not
/// decided on them. They say where it acts, so they must lie in the district that it is decided in.
fn places(method: &MethodDescriptor) -> String {
    let decided = access_resource(method);
    let fields: Vec<String> = ["parent", "name"]
        .into_iter()
        .filter(|field| *field != decided && method.input().get_field_by_name(field).is_some())
        .map(|field| format!("message.{field}.clone()"))
        .collect();
    format!("vec![{}]", fields.join(", "))
}

fn access_resource(method: &MethodDescriptor) -> String {
    let extension = method.parent_pool().get_extension_by_name(ACCESS).expect("the access option");
    let options = method.options();
    options.get_extension(&extension).as_message().map(|access| text(access, "resource")).unwrap_or_default()
}

/// An expression of type `Vec<String>`: the resource names that the call is decided on.
fn resources(method: &MethodDescriptor) -> String {
    let path = access_resource(method);
    if path.is_empty() {
        return "{ let _ = message; Vec::new() }".to_owned();
    }
    let mut message = method.input();
    let mut expression = "Some(message)".to_owned();
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        let field: FieldDescriptor = message
            .get_field_by_name(part)
            .unwrap_or_else(|| panic!("{}: no field {part} on the way to {path}", method.full_name()));
        assert!(field.containing_oneof().is_none(), "{}: {path} passes a oneof", method.full_name());
        let rust = part.to_snake_case();
        if parts.peek().is_some() {
            let Kind::Message(next) = field.kind() else {
                panic!("{}: {part} is no message", method.full_name())
            };
            expression = format!("{expression}.and_then(|m| m.{rust}.as_ref())");
            message = next;
        } else if field.is_list() {
            expression = format!("{expression}.map(|m| m.{rust}.clone()).unwrap_or_default()");
        } else {
            expression = format!("{expression}.map(|m| m.{rust}.clone()).into_iter().collect()");
        }
    }
    expression
}

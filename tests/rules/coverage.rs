//! What every method and resource of the contracts must carry.

use prost_reflect::{MethodDescriptor, ReflectMessage};
use trellis_contracts::{DESCRIPTOR_POOL, METHODS};

fn methods() -> impl Iterator<Item = MethodDescriptor> {
    DESCRIPTOR_POOL
        .services()
        .filter(|service| service.full_name().starts_with("trellis."))
        .flat_map(|service| service.methods().collect::<Vec<_>>())
}

#[test]
fn every_method_has_an_address_for_http() {
    let http = DESCRIPTOR_POOL.get_extension_by_name("google.api.http").expect("google.api.http");
    for method in methods() {
        // The suite's own services speak to nobody else, and client streams have no form in HTTP.
        let internal =
            ["EventService", "AccessService", "ResetService"].contains(&method.parent_service().name());
        let addressed = !internal && !method.is_client_streaming();
        assert_eq!(method.options().has_extension(&http), addressed, "{}", method.full_name());
    }
}

#[test]
fn the_operator_reaches_no_method_on_a_learner_s_record() {
    use trellis_contracts::common::DataClass;
    use trellis_kernel::Relation;
    // The trail holds nothing of a record; asked of one learner, it refuses the operator (`privacy::trail`).
    for method in METHODS.iter().filter(|method| method.name != "QueryAccess") {
        let record =
            [DataClass::EducationRecord as i32, DataClass::Sensitive as i32].contains(&method.data_class);
        assert!(
            !record || !method.relations.contains(Relation::Operator),
            "{} admits the operator",
            method.path
        );
    }
}

/// The methods that read and that no GET of HTTP asks for: those between the suite's own services, and one that is sent
/// a document.
const READS: [&str; 4] = [
    "/trellis.internal.v1alpha1.EventService/StreamEvents",
    "/trellis.outcome.v1.AuthoringService/PreviewSpreadsheet",
    "/trellis.profile.v1alpha1.AccessService/CheckToken",
    "/trellis.profile.v1alpha1.AccessService/DecideAccess",
];

/// Whether HTTP reaches a method by GET.
fn is_get(method: &MethodDescriptor) -> bool {
    let http = DESCRIPTOR_POOL.get_extension_by_name("google.api.http").expect("google.api.http");
    let options = method.options();
    let rule = options.get_extension(&http);
    rule.as_message().expect("a rule is a message").has_field_by_name("get")
}

#[test]
fn what_takes_no_request_id_is_a_get_or_known_to_read() {
    let mut reads = Vec::new();
    for descriptor in methods() {
        let path = format!("/{}/{}", descriptor.parent_service().full_name(), descriptor.name());
        let method = METHODS.iter().find(|method| method.path == path).expect("a method of the contract");
        let get = is_get(&descriptor);
        assert!(!(get && method.writes), "{path} changes something by a GET");
        if !get && !method.writes {
            reads.push(path);
        }
    }
    reads.sort();
    assert_eq!(reads, READS);
}

#[test]
fn what_is_open_to_all_changes_nothing() {
    for method in METHODS {
        assert!(!(method.commons && method.writes), "{} changes the commons for everybody", method.path);
        assert!(!(method.any_caller && method.writes), "{} changes something for everybody", method.path);
    }
}

#[test]
fn what_names_a_resource_says_which_data_it_is() {
    use trellis_contracts::common::DataClass;
    for method in METHODS.iter().filter(|method| !method.resource.is_empty()) {
        let class = DataClass::try_from(method.data_class).expect("a class of data");
        assert_ne!(class, DataClass::Unspecified, "{}", method.path);
    }
}

#[test]
fn every_enum_begins_with_what_is_not_stated() {
    for kind in DESCRIPTOR_POOL.all_enums().filter(|kind| kind.full_name().starts_with("trellis.")) {
        let first = kind.get_value(0).expect("a value 0");
        assert!(first.name().ends_with("_UNSPECIFIED"), "{}", kind.full_name());
    }
}

#[test]
fn the_descriptor_set_keeps_its_comments_and_options() {
    let method = methods().find(|method| method.name() == "GetFramework").expect("a method");
    let access =
        DESCRIPTOR_POOL.get_extension_by_name("trellis.common.v1.access").expect("the access option");
    assert!(method.options().has_extension(&access));
    let file = method.parent_file();
    assert!(file.file_descriptor_proto().source_code_info.is_some());
    let descriptor = trellis_contracts::outcome::GetFrameworkRequest::default().descriptor();
    assert_eq!(descriptor.full_name(), "trellis.outcome.v1.GetFrameworkRequest");
}

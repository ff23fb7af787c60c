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
        let internal = ["EventService", "AccessService"].contains(&method.parent_service().name());
        if !internal && !method.is_client_streaming() {
            assert!(method.options().has_extension(&http), "{} has no google.api.http", method.full_name());
        }
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

#[test]
fn every_mutation_can_be_retried() {
    let reads = [
        "Get",
        "List",
        "BatchGet",
        "Watch",
        "Search",
        "Explain",
        "DecideAccess",
        "Check",
        "Query",
        "Stream",
        "WhoAmI",
    ];
    for method in METHODS {
        let read = reads.iter().any(|verb| method.name.starts_with(verb));
        assert_eq!(method.writes, !read, "{}", method.path);
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
        DESCRIPTOR_POOL.get_extension_by_name("trellis.common.v1alpha1.access").expect("the access option");
    assert!(method.options().has_extension(&access));
    let file = method.parent_file();
    assert!(file.file_descriptor_proto().source_code_info.is_some());
    let descriptor = trellis_contracts::outcome::GetFrameworkRequest::default().descriptor();
    assert_eq!(descriptor.full_name(), "trellis.outcome.v1alpha1.GetFrameworkRequest");
}

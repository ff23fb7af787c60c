use trellis_contracts::common::LocalizedText;
use trellis_contracts::profile::DecideAccessRequest;
use trellis_kernel::{Kind, Reason};

#[test]
fn a_violation_names_its_field_and_its_rule_and_never_the_value() {
    let text = LocalizedText { language: "Tyrone Dyer".to_owned(), text: String::new() };
    let failure = trellis_auth::check(&text).expect_err("two fields break a rule");
    assert_eq!((failure.kind(), failure.reason()), (Kind::InvalidArgument, Reason::FieldViolation));
    let fields: Vec<&str> = failure.violations().iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["language", "text"]);
    assert!(!format!("{failure:?}").contains("Tyrone"));
}

#[test]
fn a_rule_on_the_items_of_a_list_names_the_item() {
    let request = DecideAccessRequest {
        district: "districts/grand-bend".to_owned(),
        party: "people/01900000-0000-7000-8000-000000000001".to_owned(),
        data_class: 2,
        learners: vec!["01900000-0000-7000-8000-000000000001".to_owned(), "x".to_owned()],
    };
    let failure = trellis_auth::check(&request).expect_err("an item is no UUID");
    assert_eq!(failure.violations().len(), 1);
    assert_eq!(failure.violations()[0].field, "learners[1]");
    let mut request = request;
    request.learners.pop();
    trellis_auth::check(&request).expect("the rest is right");
}

#[test]
fn a_text_with_a_nul_is_refused_wherever_it_stands() {
    use trellis_contracts::profile::{CreateEntryRequest, Entry, EntryAudience, EntryFacet};
    let text = |text: &str| LocalizedText { language: "en".to_owned(), text: text.to_owned() };
    let entry = |second: &str| CreateEntryRequest {
        parent: "districts/grand-bend/learners/01900000-0000-7000-8000-000000000001".to_owned(),
        entry: Some(Entry {
            facet: EntryFacet::Strength.into(),
            text: vec![text("Tyrone"), LocalizedText { language: "es".to_owned(), ..text(second) }],
            audience: EntryAudience::OnlyMe.into(),
            ..Entry::default()
        }),
        ..CreateEntryRequest::default()
    };
    trellis_auth::check(&entry("Dyer")).expect("nothing is wrong");
    let failure = trellis_auth::check(&entry("Dy\0er")).expect_err("a character that no store keeps");
    assert_eq!((failure.kind(), failure.reason()), (Kind::InvalidArgument, Reason::FieldViolation));
    assert_eq!(failure.violations()[0].field, "entry.text[1].text");
    assert!(!format!("{failure:?}").contains("er\""));
}

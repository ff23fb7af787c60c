use proptest::prelude::*;

use super::*;

const OURS: &str = "grand-bend";

fn district() -> District {
    District::parse(OURS).expect("a district")
}

/// A day of June 2026.
fn day(number: i8) -> Date {
    jiff::civil::date(2026, 6, number)
}

fn organization(number: u8) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

fn terms(framework: u8, organizations: &[u8], first: i8, last: Option<i8>) -> Terms {
    let framework = FrameworkRef { district: district(), id: organization(framework), pin: Some(1) };
    Terms {
        framework: Some(framework),
        organizations: organizations.iter().copied().map(organization).collect(),
        first: Some(day(first)),
        last: last.map(day),
        ..Terms::default()
    }
}

fn adoption(id: u8, terms: Terms) -> Adoption {
    Adoption {
        district: district(),
        id: organization(id),
        content: terms.complete().expect("an adoption"),
        create_time: Timestamp::UNIX_EPOCH,
        update_time: Timestamp::UNIX_EPOCH,
        version: 1,
    }
}

fn ids(found: &[Adoption]) -> Vec<Uuid> {
    found.iter().map(|adoption| adoption.id).collect()
}

#[test]
fn the_first_and_the_last_day_are_among_the_days() {
    let days = Days { first: day(10), last: Some(day(20)) };
    let held: Vec<bool> = [9, 10, 15, 20, 21].map(|number| days.hold(day(number))).to_vec();
    assert_eq!(held, [false, true, true, true, false]);
    let open = Days { first: day(10), last: None };
    assert!(open.hold(Date::MAX) && !open.hold(day(9)));
    assert!(
        days.meet(Days { first: day(20), last: None }) && !days.meet(Days { first: day(21), last: None })
    );
}

#[test]
fn what_lacks_a_framework_or_ends_before_it_begins_is_no_adoption() {
    let field = |terms: Terms| {
        let failure = terms.complete().expect_err("it is refused");
        failure.violations()[0].field.clone()
    };
    assert_eq!(field(Terms { framework: None, ..terms(1, &[], 1, None) }), "adoption.framework");
    assert_eq!(field(Terms { first: None, ..terms(1, &[], 1, None) }), "adoption.start_date");
    assert_eq!(field(terms(1, &[], 2, Some(1))), "adoption.end_date");
    assert!(terms(1, &[], 1, Some(1)).complete().is_ok());
}

#[test]
fn terms_are_read_back_as_they_were_completed() {
    for organizations in [&[][..], &[1, 2]] {
        let content = terms(1, organizations, 1, Some(2)).complete().expect("an adoption");
        assert_eq!(Terms::from(content.clone()).complete().expect("the same"), content);
    }
}

#[test]
fn the_district_s_own_stands_beside_an_organization_s() {
    let rivals = |one: Terms, other: Terms| {
        let (one, other) = (one.complete().expect("one"), other.complete().expect("another"));
        assert_eq!(one.rivals(&other), other.rivals(&one));
        one.rivals(&other)
    };
    assert!(rivals(terms(1, &[], 1, None), terms(1, &[], 20, None)));
    assert!(rivals(terms(1, &[1, 2], 1, None), terms(1, &[2, 3], 1, None)));
    assert!(rivals(terms(1, &[1], 1, Some(10)), terms(1, &[1], 10, Some(20))));
    assert!(!rivals(terms(1, &[1], 1, Some(9)), terms(1, &[1], 10, Some(20))));
    assert!(!rivals(terms(1, &[1], 1, None), terms(1, &[2], 1, None)));
    assert!(!rivals(terms(1, &[], 1, None), terms(1, &[1], 1, None)));
    assert!(!rivals(terms(1, &[], 1, None), terms(2, &[], 1, None)));
}

#[test]
fn another_revision_of_a_framework_is_its_rival_too() {
    let one = terms(1, &[], 1, None).complete().expect("an adoption");
    let newer = AdoptionContent { framework: one.framework.at(2), ..one.clone() };
    let elsewhere = FrameworkRef {
        district: District::parse(District::COMMONS).expect("a district"),
        ..one.framework.clone()
    };
    assert!(one.rivals(&newer));
    assert!(!one.rivals(&AdoptionContent { framework: elsewhere, ..one.clone() }));
}

#[test]
fn an_organization_s_own_wins_in_either_order() {
    let (whole, own) = (adoption(8, terms(1, &[], 1, None)), adoption(9, terms(1, &[1], 10, Some(20))));
    for all in [vec![whole.clone(), own.clone()], vec![own.clone(), whole.clone()]] {
        let of = |school: Option<u8>, on: i8| ids(&in_use(all.clone(), school.map(organization), day(on)));
        assert_eq!(of(Some(1), 10), [own.id]);
        assert_eq!(of(Some(1), 20), [own.id]);
        assert_eq!(of(Some(1), 21), [whole.id], "when its own has ended, the district's holds again");
        assert_eq!(of(Some(2), 10), [whole.id]);
        assert_eq!(of(None, 10), [whole.id]);
    }
}

#[test]
fn names_of_other_districts_and_pinned_ones_are_refused() {
    let id = organization(1);
    let own = organization_name(&district(), id).to_string();
    assert_eq!(parse_organization("organization", &own, &district()).expect("its own"), id);
    for text in [format!("{own}@1"), own.replace(OURS, "elsewhere"), own.replace("organizations", "people")] {
        assert!(parse_organization("organization", &text, &district()).is_err(), "{text}");
    }
    let rule = format!("districts/{OURS}/growthRules/{id}");
    for text in [rule.clone(), format!("{rule}@2")] {
        let read = GrowthRuleRef::parse("growth_rule", &text, &district()).expect("a rule");
        assert_eq!(read.name(&district()).to_string(), text);
    }
    let foreign = rule.replace(OURS, District::COMMONS);
    assert!(GrowthRuleRef::parse("growth_rule", &foreign, &district()).is_err());
    let adoption = adoption_name(&district(), id).to_string();
    assert_eq!(parse_adoption("name", &adoption).expect("a name"), (district(), id));
    assert!(parse_adoption("name", &format!("{adoption}@1")).is_err());
}

/// Terms over few frameworks, organizations and days, so that many of them are rivals.
fn some_terms() -> impl Strategy<Value = Terms> {
    let organizations = proptest::collection::vec(1_u8..4, 0..3);
    let length = proptest::option::of(0_i8..8);
    (1_u8..3, organizations, 1_i8..20, length).prop_map(|(framework, organizations, first, length)| {
        terms(framework, &organizations, first, length.map(|length| first + length))
    })
}

proptest! {
    #[test]
    fn the_most_specific_adoption_of_the_day_is_used(all in proptest::collection::vec(some_terms(), 0..30)) {
        let mut kept: Vec<Adoption> = Vec::new();
        for (terms, id) in all.into_iter().zip(100..) {
            let new = adoption(id, terms);
            if !kept.iter().any(|other| other.content.rivals(&new.content)) {
                kept.push(new);
            }
        }
        for school in [None, Some(1), Some(2), Some(3)] {
            let school = school.map(organization);
            for on in (1..30).map(day) {
                let mut expected = Vec::new();
                for framework in [1, 2].map(organization) {
                    let on_this_day = |adoption: &&Adoption| {
                        let AdoptionContent { framework: of, days, .. } = &adoption.content;
                        of.id == framework && days.first <= on && days.last.is_none_or(|last| on <= last)
                    };
                    let today: Vec<&Adoption> = kept.iter().filter(on_this_day).collect();
                    let own = |adoption: &&&Adoption| match (&adoption.content.reach, school) {
                        (Reach::Organizations(named), Some(school)) => named.contains(&school),
                        _ => false,
                    };
                    let whole = |adoption: &&&Adoption| adoption.content.reach == Reach::District;
                    prop_assert!(today.iter().filter(own).count() <= 1);
                    prop_assert!(today.iter().filter(whole).count() <= 1);
                    let used = today.iter().find(own).or_else(|| today.iter().find(whole));
                    expected.extend(used.map(|adoption| adoption.id));
                }
                prop_assert_eq!(ids(&in_use(kept.clone(), school, on)), expected);
            }
        }
    }
}

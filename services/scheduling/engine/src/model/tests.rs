use super::*;

fn horizon() -> Horizon {
    Horizon::new(2, 5, 8).unwrap()
}

fn monday(slot: u16) -> Pattern {
    horizon().weekly(0, slot, 1).unwrap()
}

/// A builder with two sections, one of them in a space.
fn two() -> (Builder, [SectionId; 2]) {
    let mut builder = Builder::new(horizon());
    let space = builder.space(Vec::new());
    let one = builder.section(Section { spaces: vec![(space, 0)], ..Section::at([monday(0)]) });
    let other = builder.section(Section::at([monday(1)]));
    (builder, [one, other])
}

fn offering(sections: &[SectionId]) -> Offering {
    let components = sections.iter().map(|section| Component { sections: vec![*section] }).collect();
    Offering { configurations: vec![Configuration { components }] }
}

#[test]
fn horizons_and_patterns_have_bounds() {
    for (weeks, days, slots) in [(0, 5, 8), (65, 5, 8), (1, 0, 8), (1, 33, 8), (1, 5, 0), (1, 5, 10_001)] {
        assert_eq!(Horizon::new(weeks, days, slots), Err(Fault::Horizon));
    }
    assert!(Horizon::new(64, 32, 10_000).is_ok());
    let horizon = horizon();
    for (weeks, days, start, length) in [
        (0, 1, 0, 1),
        (1, 0, 0, 1),
        (4, 1, 0, 1),
        (1, 32, 0, 1),
        (1, 1, 8, 1),
        (1, 1, 7, 2),
        (1, 1, 0, 0),
        (1, 1, u16::MAX, 9),
    ] {
        assert_eq!(horizon.pattern(weeks, days, start, length), Err(Fault::Pattern));
    }
    assert_eq!(horizon.weekly(5, 0, 1), Err(Fault::Pattern));
    let pattern = horizon.pattern(0b10, 0b1_0001, 6, 2).unwrap();
    assert_eq!(
        (pattern.weeks(), pattern.days(), pattern.start(), pattern.end(), pattern.length()),
        (2, 17, 6, 8, 2)
    );
}

#[test]
fn what_is_not_there_is_refused() {
    type Breaks = fn(&mut Builder, [SectionId; 2]);
    let foreign = SectionId(9);
    assert_eq!(foreign.index(), 9);
    let cases: [(Breaks, &str); 8] = [
        (
            |b, _| {
                b.section(Section { spaces: vec![(SpaceId(7), 0)], ..Section::at([monday(0)]) });
            },
            "space",
        ),
        (
            |b, _| {
                b.section(Section { facilitators: vec![(FacilitatorId(7), 0)], ..Section::at([monday(0)]) });
            },
            "facilitator",
        ),
        (
            |b, _| {
                b.section(Section { parent: Some(SectionId(9)), ..Section::at([monday(0)]) });
            },
            "section",
        ),
        (|b, _| b.travel(SpaceId(0), SpaceId(7), 1), "space"),
        (
            |b, [one, _]| {
                b.rule(Kind::SameTime, Weight::Hard, vec![one, SectionId(9)]);
            },
            "section",
        ),
        (
            |b, [one, _]| {
                b.cohort(Cohort { sections: vec![one], shape: 0, weight: 1 });
            },
            "shape",
        ),
        (
            |b, _| {
                b.offering(offering(&[SectionId(9)]));
            },
            "section",
        ),
        (
            |b, _| {
                let requests = vec![Request { options: vec![(OfferingId(3), 0)], unplaced: Weight::Hard }];
                b.learner(Learner { requests, closed: Vec::new(), group: 0, spared: 0 });
            },
            "offering",
        ),
    ];
    for (breaks, what) in cases {
        let (mut builder, sections) = two();
        breaks(&mut builder, sections);
        assert_eq!(builder.build().unwrap_err(), Fault::Unknown(what));
    }
}

#[test]
fn sections_that_can_be_nowhere_are_refused() {
    let mut builder = Builder::new(horizon());
    let closed = builder.space(vec![monday(0)]);
    let section = builder.section(Section { spaces: vec![(closed, 0)], ..Section::at([monday(0)]) });
    assert_eq!(builder.build().unwrap_err(), Fault::Nowhere(section));

    let mut builder = Builder::new(horizon());
    let never = builder.section(Section::at([]));
    assert_eq!(builder.build().unwrap_err(), Fault::Nowhere(never));
}

#[test]
fn offerings_that_cannot_be_taken_are_refused() {
    let (mut builder, [one, other]) = two();
    builder.offering(offering(&[one, other]));
    builder.offering(offering(&[one]));
    assert_eq!(builder.build().unwrap_err(), Fault::Twice(one));

    let (mut builder, [one, other]) = two();
    builder.parent(one, other);
    builder.offering(offering(&[one]));
    assert_eq!(builder.build().unwrap_err(), Fault::Parent(one));

    let (mut builder, [one, other]) = two();
    builder.parent(one, other);
    builder.parent(other, one);
    builder.offering(offering(&[one, other]));
    assert!(matches!(builder.build().unwrap_err(), Fault::Parent(_)));

    for hollow in [
        Vec::new(),
        vec![Configuration { components: Vec::new() }],
        vec![Configuration { components: vec![Component { sections: Vec::new() }] }],
    ] {
        let (mut builder, _) = two();
        let id = builder.offering(Offering { configurations: hollow });
        assert_eq!(builder.build().unwrap_err(), Fault::Hollow(id));
    }
}

#[test]
fn what_is_asked_for_has_sixteen_components_at_most() {
    for (components, refused) in [(16, false), (17, true)] {
        let mut builder = Builder::new(horizon());
        let sections: Vec<SectionId> =
            (0..components).map(|_| builder.section(Section::at([monday(0)]))).collect();
        let id = builder.offering(offering(&sections));
        let requests = vec![Request { options: vec![(id, 0)], unplaced: Weight::Hard }];
        builder.learner(Learner { requests, closed: Vec::new(), group: 0, spared: 0 });
        assert_eq!(builder.build().err(), refused.then_some(Fault::Wide(id)));
    }
}

#[test]
fn wishes_that_make_no_sense_are_refused() {
    let learner = |options| Learner {
        requests: vec![Request { options, unplaced: Weight::Hard }],
        closed: Vec::new(),
        group: 0,
        spared: 0,
    };
    let (mut builder, [one, _]) = two();
    let id = builder.offering(offering(&[one]));
    let asker = builder.learner(learner(vec![(id, 0), (id, 1)]));
    assert_eq!(builder.build().unwrap_err(), Fault::Listed(asker));

    let (mut builder, _) = two();
    let learners = [builder.learner(learner(Vec::new())), builder.learner(learner(Vec::new()))];
    let wish = PairWish::With(OfferingId(4));
    builder.pair(Pair { one: learners[0], other: learners[1], wish, weight: Weight::Hard });
    assert_eq!(builder.build().unwrap_err(), Fault::Unknown("offering"));
}

#[test]
fn rules_and_shapes_that_make_no_sense_are_refused() {
    let (mut builder, [one, _]) = two();
    let rule = builder.rule(Kind::SameTime, Weight::Hard, vec![one, one]);
    assert_eq!(builder.build().unwrap_err(), Fault::Repeated(rule));

    assert_eq!(DayShape::new(17, |_| 0).unwrap_err(), Fault::Shape);
    let (mut builder, [one, _]) = two();
    let shape = builder.shape(DayShape::new(4, |_| 0).unwrap());
    builder.cohort(Cohort { sections: vec![one], shape, weight: 1 });
    assert_eq!(builder.build().unwrap_err(), Fault::Shape, "a day has more slots than its shape");
}

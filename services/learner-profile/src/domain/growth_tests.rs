use std::num::NonZeroU16;

use proptest::prelude::*;
use trellis_kernel::{Name, Timestamp, Uuid};

use super::super::growth_rule::{Method, NextWeight};
use super::{Exclusion, Explanation, Rating, explain};

const LEVELS: u16 = 5;

fn name(collection: &str, id: u128, revision: u32) -> Name {
    let framework =
        Name::parse("districts/grand-bend/frameworks/01900000-0000-7000-8000-000000000001").expect("a name");
    framework.at_revision(revision).child(collection, Uuid::from_u128(id))
}

fn rating(id: u128, second: i64, level: u16) -> Rating {
    let at = Timestamp::from_second(second).expect("a time");
    Rating {
        id: Uuid::from_u128(id),
        learner: Uuid::from_u128(1),
        outcome: name("outcomes", 2, 1),
        progression: name("progressions", 3, 1),
        level,
        level_count: LEVELS,
        assessment: Uuid::from_u128(id + 1_000),
        assess_time: at,
        superseded_by: None,
        create_time: at,
        update_time: at,
        version: 1,
    }
}

fn series(levels: &[u16]) -> Vec<Rating> {
    (0..)
        .zip(levels)
        .map(|(index, level)| rating(index, i64::try_from(index).expect("few"), *level))
        .collect()
}

fn decaying(weight: f64) -> Method {
    Method::DecayingAverage(NextWeight::parse(weight).expect("a weight"))
}

fn level(method: Method, ratings: Vec<Rating>) -> Explanation {
    explain(method, ratings).expect("a rating counts")
}

#[track_caller]
fn close(left: f64, right: f64) {
    assert!((left - right).abs() < 1e-9, "{left} is not {right}");
}

#[test]
fn the_published_example_of_the_recursive_decaying_average() {
    let explained = level(decaying(0.65), series(&[2, 3, 4]));
    close(explained.value, 3.5275);
    let weights: Vec<f64> = explained.counted.iter().map(|(_, weight)| *weight).collect();
    for (weight, expected) in weights.iter().zip([0.1225, 0.2275, 0.65]) {
        close(*weight, expected);
    }
}

#[test]
fn a_decaying_average_of_one_is_that_one() {
    close(level(decaying(0.65), series(&[3])).value, 3.0);
    close(level(decaying(1.0), series(&[2, 3, 4])).value, 4.0);
}

#[test]
fn the_other_methods_by_hand() {
    let ratings = series(&[2, 5, 1, 3]);
    close(level(Method::Latest, ratings.clone()).value, 3.0);
    close(level(Method::Highest, ratings.clone()).value, 5.0);
    close(level(Method::Mean(None), ratings.clone()).value, 2.75);
    close(level(Method::Mean(NonZeroU16::new(2)), ratings.clone()).value, 2.0);
    close(level(Method::Mean(NonZeroU16::new(9)), ratings).value, 2.75);
}

#[test]
fn of_equal_highest_ratings_the_latest_counts() {
    let explained = level(Method::Highest, series(&[4, 2, 4, 3]));
    let weights: Vec<f64> = explained.counted.iter().map(|(_, weight)| *weight).collect();
    assert_eq!(weights, [0.0, 0.0, 1.0, 0.0]);
}

#[test]
fn ratings_of_one_moment_are_taken_by_id() {
    let explained = level(Method::Latest, vec![rating(9, 5, 4), rating(3, 5, 1)]);
    close(explained.value, 4.0);
}

#[test]
fn a_superseded_rating_does_not_count_and_is_told() {
    let mut ratings = series(&[1, 4]);
    ratings[1].superseded_by = Some(Uuid::from_u128(77));
    let explained = level(Method::Latest, ratings.clone());
    close(explained.value, 1.0);
    assert_eq!(explained.excluded, [(ratings[1].clone(), Exclusion::Superseded)]);

    ratings[0].superseded_by = Some(Uuid::from_u128(77));
    assert_eq!(explain(Method::Latest, ratings), None);
    assert_eq!(explain(Method::Latest, Vec::new()), None);
}

#[test]
fn only_ratings_on_the_progression_of_the_latest_are_put_together() {
    let mut ratings = series(&[1, 2, 3]);
    ratings[0].progression = name("progressions", 4, 1);
    // A later revision of the same progression, with as many levels, is the same measure.
    ratings[1].progression = name("progressions", 3, 2);
    let explained = level(Method::Mean(None), ratings.clone());
    close(explained.value, 2.5);
    assert_eq!(explained.excluded, [(ratings[0].clone(), Exclusion::OtherProgression)]);

    ratings[1].level_count = LEVELS + 1;
    close(level(Method::Mean(None), ratings).value, 3.0);
}

fn methods() -> impl Strategy<Value = Method> {
    prop_oneof![
        Just(Method::Latest),
        Just(Method::Highest),
        (0_u16..8).prop_map(|last| Method::Mean(NonZeroU16::new(last))),
        (0.01_f64..=1.0).prop_map(decaying),
    ]
}

prop_compose! {
    /// Ratings with unlike ids, some at the same moment, some superseded, some on another progression.
    fn histories()(parts in prop::collection::vec((0_i64..6, 1..=LEVELS, 0_u8..10), 1..40)) -> Vec<Rating> {
        (0..).zip(parts).map(|(index, (second, level, chance))| {
            let mut rating = rating(index, second, level);
            if chance == 0 {
                rating.superseded_by = Some(Uuid::from_u128(77));
            } else if chance == 1 {
                rating.progression = name("progressions", 4, 1);
            }
            rating
        }).collect()
    }
}

proptest! {
    #[test]
    fn the_weights_sum_to_one_and_give_the_value(method in methods(), ratings in histories()) {
        let all = ratings.len();
        if let Some(explained) = explain(method, ratings) {
            let total: f64 = explained.counted.iter().map(|(_, weight)| weight).sum();
            prop_assert!((total - 1.0).abs() < 1e-9);
            prop_assert!(explained.counted.iter().all(|(_, weight)| (0.0..=1.0).contains(weight)));
            let value: f64 = explained.counted.iter().map(|(r, weight)| f64::from(r.level) * weight).sum();
            prop_assert!((value - explained.value).abs() < 1e-6);
            prop_assert_eq!(explained.counted.len() + explained.excluded.len(), all);
        }
    }

    #[test]
    fn the_value_lies_between_the_lowest_and_the_highest(method in methods(), ratings in histories()) {
        if let Some(explained) = explain(method, ratings) {
            let levels = || explained.counted.iter().map(|(rating, _)| f64::from(rating.level));
            prop_assert!(levels().any(|level| level <= explained.value));
            prop_assert!(levels().any(|level| level >= explained.value));
        }
    }

    #[test]
    fn the_highest_is_not_below_any(ratings in histories()) {
        if let Some(explained) = explain(Method::Highest, ratings) {
            prop_assert!(explained.counted.iter().all(|(r, _)| f64::from(r.level) <= explained.value));
        }
    }

    #[test]
    fn the_fold_and_its_weights_agree(weight in 0.01_f64..=1.0, levels in prop::collection::vec(1..=LEVELS, 1..40)) {
        let mut folded = f64::from(levels[0]);
        for next in &levels[1..] {
            folded = (1.0 - weight).mul_add(folded, weight * f64::from(*next));
        }
        prop_assert!((explain(decaying(weight), series(&levels)).expect("some").value - folded).abs() < 1e-6);
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(
        method in methods(),
        (ratings, shuffled) in histories().prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())),
    ) {
        let (one, other) = (explain(method, ratings), explain(method, shuffled));
        prop_assert_eq!(&one, &other);
        if let Some(explained) = one {
            let order: Vec<_> = explained.counted.iter().map(|(r, _)| (r.assess_time, r.id)).collect();
            prop_assert!(order.is_sorted());
        }
    }
}

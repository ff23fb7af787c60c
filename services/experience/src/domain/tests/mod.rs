//! The rules, by value.

mod assessment;
mod design;
mod evidence;
mod proposal;
mod reference;

use trellis_kernel::{Failure, Reason, Timestamp, Uuid};

use super::reference::FrameworkChild;
use super::text::{Text, Wording};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a second of this century")
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn child(text: &str) -> FrameworkChild {
    FrameworkChild::try_from(text.to_owned()).expect("a legal name")
}

fn text(text: &str) -> Text {
    let wording = Wording { language: "en".to_owned(), text: text.to_owned() };
    Text::parse("text", vec![wording]).expect("a text")
}

fn is_conflict(failure: &Failure) -> bool {
    failure.reason() == Reason::StateConflict
}

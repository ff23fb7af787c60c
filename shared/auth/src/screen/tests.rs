//! The quick look against the library, on messages of every type that a method takes.

use prost_reflect::prost::Message as _;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage as _, Value,
};
use trellis_contracts::{DESCRIPTOR_POOL, METHODS};

use super::passes;
use crate::rules;

/// Numbers that look random and are the same at every run (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    fn text(&mut self) -> String {
        const ID: &str = "01900000-0000-7000-8000-000000000001";
        let long = [0, 1, 2, 63, 64, 128, 255, 256, 257, 500, 511, 512, 513, 4096, 4097][self.roll(15)];
        match self.roll(12) {
            0 => String::new(),
            1 => ID.to_owned(),
            2 => ID.replace('9', "A"),
            3 => format!("districts/grand-bend/learners/{ID}"),
            4 => "districts/".to_owned(),
            5 => format!("districts/{}", "x".repeat(long)),
            6 => "é".repeat(long),
            7 => "x".repeat(long),
            8 => "dis\0tricts/".to_owned(),
            9 => "profile".to_owned(),
            10 => "en".to_owned(),
            _ => "2026-09-01".to_owned(),
        }
    }

    fn value(&mut self, kind: &Kind, depth: usize) -> Value {
        match kind {
            Kind::String => Value::String(self.text()),
            Kind::Bytes => Value::Bytes(vec![0; [0, 1, 300_000][self.roll(3)]].into()),
            Kind::Bool => Value::Bool(self.roll(2) == 0),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                Value::I32([0, 1, -1, 5, 7, 23, 59, 100, 365, 1440, i32::MAX, i32::MIN][self.roll(12)])
            }
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64([0, 1, -1, i64::MAX][self.roll(4)]),
            Kind::Uint32 | Kind::Fixed32 => Value::U32(u32::try_from(self.roll(9)).unwrap_or(0)),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(self.roll(9) as u64),
            Kind::Float => Value::F32([0.0, 1.0, f32::NAN][self.roll(3)]),
            Kind::Double => Value::F64([0.0, 0.5, 2.0, f64::INFINITY][self.roll(4)]),
            Kind::Enum(_) => Value::EnumNumber([0, 1, 2, 3, 99, -1][self.roll(6)]),
            Kind::Message(nested) => Value::Message(self.message(nested, depth + 1)),
        }
    }

    fn field(&mut self, field: &FieldDescriptor, depth: usize) -> Value {
        let kind = field.kind();
        if let Some(entry) = kind.as_message().filter(|_| field.is_map()) {
            let of = entry.map_entry_value_field().kind();
            let entries = (0..self.roll(3)).map(|_| (MapKey::String(self.text()), self.value(&of, depth)));
            let stringly = entry.map_entry_key_field().kind() == Kind::String;
            return Value::Map(if stringly { entries.collect() } else { std::collections::HashMap::new() });
        }
        if field.is_list() {
            let length = [0, 1, 1, 2, 3][self.roll(5)];
            return Value::List((0..length).map(|_| self.value(&kind, depth)).collect());
        }
        self.value(&kind, depth)
    }

    fn message(&mut self, descriptor: &MessageDescriptor, depth: usize) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        for field in descriptor.fields() {
            if self.roll(3) > 0 && depth < 4 {
                let value = self.field(&field, depth);
                message.set_field(&field, value);
            }
        }
        message
    }
}

#[test]
fn what_passes_the_quick_look_keeps_every_rule() {
    let mut dice = Dice(7);
    let (mut passed, mut right) = (0, 0);
    for method in METHODS {
        let service = DESCRIPTOR_POOL.get_service_by_name(method.service).expect("a service");
        let input = service.methods().find(|found| found.name() == method.name).expect("a method").input();
        for _ in 0..150 {
            let message = dice.message(&input, 0);
            let encoded = message.encode_to_vec();
            let judged = rules::judge(&message);
            right += usize::from(judged.is_ok());
            if passes(&message.descriptor(), &encoded) {
                passed += 1;
                assert!(judged.is_ok(), "{}: {judged:?}\n{message:?}", input.full_name());
            }
        }
    }
    assert!(passed > 500, "{passed} of {right} were looked at closely");
}

#[test]
fn the_usual_messages_pass() {
    use trellis_contracts::common::{QueryAccessRequest, WhoAmIRequest};
    use trellis_contracts::profile::{GetGoalRequest, ListGoalsRequest, ListPeopleRequest};
    fn look<M: prost_reflect::ReflectMessage>(message: &M) -> bool {
        passes(&message.descriptor(), &message.encode_to_vec())
    }
    let parent = "districts/grand-bend/learners/01900000-0000-7000-8000-000000000001".to_owned();
    assert!(look(&WhoAmIRequest {}));
    assert!(look(&GetGoalRequest { name: parent.clone() }));
    assert!(look(&ListGoalsRequest { parent: parent.clone(), page_size: 50, ..Default::default() }));
    assert!(look(&ListPeopleRequest { parent: parent.clone(), ..Default::default() }));
    assert!(look(&QueryAccessRequest { parent, ..Default::default() }));
    assert!(!look(&GetGoalRequest { name: String::new() }));
    assert!(!look(&GetGoalRequest { name: "districts/\0".to_owned() }));
    assert!(!look(&GetGoalRequest { name: format!("districts/{}", "x".repeat(503)) }));
}

//! The spans of a trace, named and described by OpenTelemetry's semantic conventions (1.42).
//!
//! They are made here alone, and of nothing but words of the program: a library's spans, a statement's
//! text or a request's values cannot become a part of one. Where nobody collects traces, or this one is
//! not sampled, no span is made and a [`Part`] costs nothing.

use opentelemetry::trace::{Span as _, SpanBuilder, SpanContext, SpanKind, Status, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::Span;

use crate::context::{Current, current};
use crate::export;

/// A part of the work of a trace; its span ends when it is dropped.
#[derive(Debug)]
#[must_use = "the span ends when this is dropped"]
pub struct Part {
    current: Current,
    /// In a box, since a part is moved with its call and most have none.
    span: Option<Box<Span>>,
}

impl Part {
    /// The beginning of this process's work in a trace: a call from outside, or a task.
    ///
    /// It is recorded if its caller's trace is; one that begins here, by the ratio that was set.
    pub(crate) fn first(
        name: &'static str,
        kind: SpanKind,
        caller: Option<SpanContext>,
        attributes: impl FnOnce() -> Vec<KeyValue>,
    ) -> Self {
        let current = Current::unrecorded(name, caller.as_ref());
        let Some(export) = export::sampled(caller.as_ref(), current.chance()) else {
            return Self { current, span: None };
        };
        let parent = caller.map_or_else(Context::new, |caller| {
            use opentelemetry::trace::TraceContextExt as _;
            Context::new().with_remote_span_context(caller)
        });
        Self::begin(export, name, kind, attributes(), &parent)
    }

    /// A part of the work that is being done; where none is, the beginning of a trace.
    pub(crate) fn within(
        name: &'static str,
        kind: SpanKind,
        attributes: impl FnOnce() -> Vec<KeyValue>,
    ) -> Self {
        let Some(current) = current() else { return Self::first(name, kind, None, attributes) };
        match export::running() {
            Some(export) if current.recorded => {
                Self::begin(export, name, kind, attributes(), &current.parent())
            }
            _ => Self { current, span: None },
        }
    }

    fn begin(
        export: &export::Export,
        name: &'static str,
        kind: SpanKind,
        attributes: Vec<KeyValue>,
        parent: &Context,
    ) -> Self {
        let builder = SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes);
        let span = export.tracer.build_with_context(builder, parent);
        Self { current: Current::recorded(name, span.span_context()), span: Some(Box::new(span)) }
    }

    /// This part as the work that is being done.
    pub fn current(&self) -> Current {
        self.current
    }

    /// Says that it failed, by a word of the program that says how.
    pub fn failed(&mut self, how: &'static str) {
        self.describe("error.type", how);
        if let Some(span) = &mut self.span {
            span.set_status(Status::error(""));
        }
    }

    /// Adds an attribute, whose value is a word of the program.
    pub(crate) fn describe(&mut self, key: &'static str, word: &'static str) {
        if let Some(span) = &mut self.span {
            span.set_attribute(KeyValue::new(key, word));
        }
    }
}

/// A statement or transaction in a database, within the work that is being done.
///
/// `system` is `postgresql` or `sqlite`, `namespace` the store's name, `operation` what is done in a
/// word (`read`, `write`); never the statement. What the house does by itself (the relay's looking for
/// rows, readiness) belongs to no work and gets no span: each would be a trace of its own.
pub fn database(system: &'static str, namespace: &'static str, operation: &'static str) -> Part {
    if current().is_none() {
        return Part { current: Current::unrecorded(operation, None), span: None };
    }
    Part::within(operation, SpanKind::Client, || {
        vec![
            KeyValue::new("db.system.name", system),
            KeyValue::new("db.namespace", namespace),
            KeyValue::new("db.operation.name", operation),
        ]
    })
}

/// A consumer's work on events of `producer`: the beginning of a trace.
///
/// Use [`Part::current`] and [`Current::scope`] so that what is done, called and logged meanwhile
/// belongs to it.
pub fn consume(consumer: &'static str, producer: &'static str) -> Part {
    Part::first(consumer, SpanKind::Consumer, None, || {
        vec![
            KeyValue::new("messaging.system", "trellis"),
            KeyValue::new("messaging.operation.name", "process"),
            KeyValue::new("messaging.operation.type", "process"),
            KeyValue::new("messaging.destination.name", producer),
            KeyValue::new("messaging.consumer.group.name", consumer),
        ]
    })
}

/// Work of the program itself, such as housekeeping: the beginning of a trace.
pub fn task(name: &'static str) -> Part {
    Part::first(name, SpanKind::Internal, None, Vec::new)
}

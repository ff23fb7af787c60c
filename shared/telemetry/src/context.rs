//! Which trace a piece of work belongs to, as calls carry it (W3C Trace Context).

use std::cell::Cell;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use http::{HeaderMap, HeaderValue};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, propagation};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{IdGenerator as _, RandomIdGenerator};
use propagation::{Extractor, TextMapPropagator as _};

use crate::export;

const TRACEPARENT: &str = "traceparent";

thread_local! {
    static CURRENT: Cell<Option<Current>> = const { Cell::new(None) };
}

/// The work that is being done: what its log lines, its spans and its own calls are found by.
///
/// It is made for every call, since it costs next to nothing; spans are made of those that are recorded.
#[derive(Clone, Copy, Debug)]
pub struct Current {
    trace: TraceId,
    /// The span that what happens now is a part of.
    span: SpanId,
    flags: TraceFlags,
    /// Whether spans are made of it and exported from this process.
    pub(crate) recorded: bool,
    /// What is done: a method's full name, or a task's.
    pub(crate) name: &'static str,
}

/// The work that is being done on this thread.
pub fn current() -> Option<Current> {
    CURRENT.get()
}

impl Current {
    /// Work of which no spans are made: the beginning of a trace, or a part of the caller's.
    pub(crate) fn unrecorded(name: &'static str, parent: Option<&SpanContext>) -> Self {
        let ids = RandomIdGenerator::default();
        let (trace, flags) = parent.map_or_else(
            // Where nobody exports, nobody decides against it: who is called may record it.
            || {
                (
                    ids.new_trace_id(),
                    if export::running().is_some() { TraceFlags::default() } else { TraceFlags::SAMPLED },
                )
            },
            |parent| (parent.trace_id(), parent.trace_flags()),
        );
        Self { trace, span: ids.new_span_id(), flags, recorded: false, name }
    }

    /// Work that has a span.
    pub(crate) fn recorded(name: &'static str, span: &SpanContext) -> Self {
        let (trace, flags) = (span.trace_id(), span.trace_flags());
        Self { trace, span: span.span_id(), flags, recorded: true, name }
    }

    /// The id of the trace, in hexadecimal.
    pub fn trace_id(&self) -> String {
        self.trace.to_string()
    }

    /// The same as a number.
    pub(crate) fn chance(&self) -> u128 {
        u128::from_be_bytes(self.trace.to_bytes())
    }

    /// What a span within this work has as its parent.
    pub(crate) fn parent(&self) -> Context {
        let span = SpanContext::new(self.trace, self.span, self.flags, false, TraceState::NONE);
        Context::new().with_remote_span_context(span)
    }

    /// Names the trace in the headers of a call.
    pub fn inject(&self, headers: &mut HeaderMap) {
        let parent = format!("00-{}-{}-{:02x}", self.trace, self.span, self.flags);
        if let Ok(parent) = HeaderValue::try_from(parent) {
            headers.insert(TRACEPARENT, parent);
        }
    }

    /// Does this work on this thread until what is returned is dropped.
    pub fn enter(&self) -> Entered {
        Entered { before: CURRENT.replace(Some(*self)), not_send: PhantomData }
    }

    /// Does this work wherever the future is polled.
    pub fn scope<F: Future>(self, work: F) -> Within<F> {
        Within { current: self, work }
    }
}

pin_project_lite::pin_project! {
    /// A future that is some work wherever it is polled. It is hardly larger than the one within it, since
    /// one is moved for every call.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Within<F> {
        current: Current,
        #[pin]
        work: F,
    }
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _within = this.current.enter();
        this.work.poll(cx)
    }
}

/// Work is being done on this thread.
#[derive(Debug)]
#[must_use = "the work is current for as long as this is kept"]
pub struct Entered {
    before: Option<Current>,
    /// It belongs to its thread.
    not_send: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}

/// The span of the caller, if the headers name one.
pub(crate) fn caller(headers: &HeaderMap) -> Option<SpanContext> {
    // Most callers name none, and need not be searched.
    headers.get(TRACEPARENT)?;
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(headers));
    let span = context.span().span_context().clone();
    span.is_valid().then_some(span)
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    fn named(parent: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            http::HeaderName::from_static(TRACEPARENT),
            parent.parse().expect("a header"),
        )])
    }

    #[test]
    fn what_a_caller_began_goes_on_under_another_span() {
        let caller = caller(&named(&format!("00-{TRACE}-b7ad6b7169203331-01"))).expect("a span");
        let mut headers = HeaderMap::new();
        Current::unrecorded("test", Some(&caller)).inject(&mut headers);
        let passed_on = headers[TRACEPARENT].to_str().expect("text");
        let parts: Vec<&str> = passed_on.split('-').collect();
        assert_eq!((parts[0], parts[1], parts[3]), ("00", TRACE, "01"));
        assert!(parts[2].len() == 16 && parts[2] != "b7ad6b7169203331", "{passed_on}");
    }

    #[test]
    fn what_is_no_trace_begins_a_new_one() {
        for wrong in ["", "nonsense", "00-00000000000000000000000000000000-b7ad6b7169203331-01"] {
            assert!(caller(&named(wrong)).is_none(), "{wrong}");
        }
        let (one, other) = (Current::unrecorded("test", None), Current::unrecorded("test", None));
        assert_ne!(one.trace_id(), other.trace_id());
    }

    #[test]
    fn work_is_current_until_it_is_left() {
        let (outer, inner) = (Current::unrecorded("outer", None), Current::unrecorded("inner", None));
        let name = || current().map(|current| current.name);
        let within = outer.enter();
        {
            let _deeper = inner.enter();
            assert_eq!(name(), Some("inner"));
        }
        assert_eq!(name(), Some("outer"));
        drop(within);
        assert_eq!(name(), None);
    }
}

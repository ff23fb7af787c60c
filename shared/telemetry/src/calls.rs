//! What every call is told by: rate, errors and duration of its method, its trace and its span.

use std::array;
use std::sync::{LazyLock, OnceLock};
use std::time::Instant;

use http::HeaderMap;
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;

use crate::context::{Current, caller};
use crate::metrics::{self, Gauge, Gauges, Histogram, Histograms, Scale};
use crate::spans::Part;

/// gRPC's status codes by their numbers.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// What a call is counted as that nobody waited for.
const CANCELLED: usize = 1;
const UNKNOWN: usize = 2;

const LABELS: [&str; 3] = ["rpc_system_name", "rpc_method", "rpc_response_status_code"];

static SERVED: LazyLock<Histograms<3>> = LazyLock::new(|| {
    let help = "How long calls took that were served, by method and status code; a stream from its beginning to its end";
    metrics::histograms("rpc_server_call_duration_seconds", help, LABELS, Scale::Calls)
});

static MADE: LazyLock<Histograms<3>> = LazyLock::new(|| {
    let help = "How long calls took that were made to the other services, by method and status code";
    metrics::histograms("rpc_client_call_duration_seconds", help, LABELS, Scale::Calls)
});

static ACTIVE: LazyLock<Gauges<1>> = LazyLock::new(|| {
    let help = "Calls that are being served, streams among them";
    metrics::gauges("trellis_rpc_server_active_calls", help, ["rpc_method"])
});

/// A method, and where its calls are counted. There is one of each for the life of the process.
#[derive(Debug)]
pub struct Method {
    /// The full name, `package.Service/Method`.
    name: &'static str,
    side: Side,
    active: OnceLock<Gauge>,
    /// By status code; made when a call first ends with it.
    durations: [OnceLock<Histogram>; CODES.len()],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Server,
    Client,
}

impl Method {
    /// A method that is served, by its full name: the contract's, never a client's text, so that there
    /// are only as many series as methods.
    pub fn served(name: &'static str) -> Self {
        Self {
            name,
            side: Side::Server,
            active: OnceLock::new(),
            durations: array::from_fn(|_| OnceLock::new()),
        }
    }

    /// A method of another service that is called.
    pub fn called(name: &'static str) -> Self {
        Self { side: Side::Client, ..Self::served(name) }
    }

    fn active(&self) -> &Gauge {
        self.active.get_or_init(|| ACTIVE.with([self.name]))
    }

    fn duration(&self, code: usize) -> &Histogram {
        self.durations[code].get_or_init(|| {
            let family = match self.side {
                Side::Server => &SERVED,
                Side::Client => &MADE,
            };
            family.with(["grpc", self.name, CODES[code]])
        })
    }
}

/// A call under way; counted when it ends, also when nobody waits for its end.
#[derive(Debug)]
pub struct Call {
    method: &'static Method,
    begun: Instant,
    code: usize,
    part: Part,
}

impl Call {
    /// Begins to serve a call, as a part of the trace that its headers name, if they name one.
    pub fn serve(method: &'static Method, headers: &HeaderMap) -> Self {
        method.active().up();
        let part = Part::first(method.name, SpanKind::Server, caller(headers), || attributes(method));
        Self::begin(method, part)
    }

    /// Begins to make a call, as a part of the work that is being done. Its headers are to be given to
    /// [`Current::inject`].
    pub fn make(method: &'static Method) -> Self {
        Self::begin(method, Part::within(method.name, SpanKind::Client, || attributes(method)))
    }

    fn begin(method: &'static Method, part: Part) -> Self {
        Self { method, begun: Instant::now(), code: CANCELLED, part }
    }

    /// This call as the work that is being done.
    pub fn current(&self) -> Current {
        self.part.current()
    }

    /// The code it is answered with.
    pub fn answered(&mut self, code: i32) {
        self.code = usize::try_from(code).ok().filter(|code| *code < CODES.len()).unwrap_or(UNKNOWN);
    }

    /// Why it was refused; asked for only where somebody looks at this call's span.
    pub fn refused(&mut self, reason: impl FnOnce() -> Option<&'static str>) {
        if self.current().recorded
            && let Some(reason) = reason()
        {
            self.part.describe("trellis.reason", reason);
        }
    }

    /// What the conventions call an error: at the client all but OK, at the server what is its own fault.
    fn is_error(&self) -> bool {
        match self.method.side {
            Side::Client => self.code != 0,
            Side::Server => {
                matches!(
                    CODES[self.code],
                    "UNKNOWN"
                        | "DEADLINE_EXCEEDED"
                        | "UNIMPLEMENTED"
                        | "INTERNAL"
                        | "UNAVAILABLE"
                        | "DATA_LOSS"
                )
            }
        }
    }
}

fn attributes(method: &Method) -> Vec<KeyValue> {
    vec![KeyValue::new("rpc.system.name", "grpc"), KeyValue::new("rpc.method", method.name)]
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.method.side == Side::Server {
            self.method.active().down();
        }
        let (took, duration) = (self.begun.elapsed(), self.method.duration(self.code));
        if !self.current().recorded {
            return duration.observe(took);
        }
        duration.observe_traced(took, self.current().trace_id());
        let code = CODES[self.code];
        self.part.describe("rpc.response.status_code", code);
        if self.is_error() {
            self.part.failed(code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Format;

    fn leaked(method: Method) -> &'static Method {
        Box::leak(Box::new(method))
    }

    fn told(line: &str) -> bool {
        Format::Classic.render().lines().any(|told| told == line)
    }

    #[test]
    fn a_call_is_counted_by_the_code_it_was_answered_with() {
        let method = leaked(Method::served("trellis.test.Calls/Answered"));
        let mut call = Call::serve(method, &HeaderMap::new());
        assert!(told(r#"trellis_rpc_server_active_calls{rpc_method="trellis.test.Calls/Answered"} 1"#));
        call.answered(5);
        drop(call);
        assert!(told(
            r#"rpc_server_call_duration_seconds_count{rpc_system_name="grpc",rpc_method="trellis.test.Calls/Answered",rpc_response_status_code="NOT_FOUND"} 1"#
        ));
        assert!(told(r#"trellis_rpc_server_active_calls{rpc_method="trellis.test.Calls/Answered"} 0"#));
    }

    #[test]
    fn a_call_whose_caller_went_away_is_counted_as_cancelled() {
        drop(Call::make(leaked(Method::called("trellis.test.Calls/Abandoned"))));
        assert!(told(
            r#"rpc_client_call_duration_seconds_count{rpc_system_name="grpc",rpc_method="trellis.test.Calls/Abandoned",rpc_response_status_code="CANCELLED"} 1"#
        ));
    }

    #[test]
    fn a_code_that_grpc_does_not_know_is_unknown() {
        let mut call = Call::make(leaked(Method::called("trellis.test.Calls/Odd")));
        for (code, counted) in [(0, 0), (16, 16), (17, UNKNOWN), (-1, UNKNOWN)] {
            call.answered(code);
            assert_eq!(call.code, counted);
        }
    }

    #[test]
    fn a_call_is_a_part_of_the_call_it_is_made_for() {
        let serving = Call::serve(leaked(Method::served("trellis.test.Calls/Outer")), &HeaderMap::new());
        let made = {
            let _within = serving.current().enter();
            Call::make(leaked(Method::called("trellis.test.Calls/Inner")))
        };
        assert_eq!(made.current().trace_id(), serving.current().trace_id());
    }
}

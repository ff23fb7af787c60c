//! What the server counts of its limits.

use std::sync::LazyLock;

use trellis_telemetry::metrics::{self, Counter, Gauge};

/// The figures of this process, whatever servers it has.
pub(crate) static FIGURES: LazyLock<Figures> = LazyLock::new(Figures::new);

pub(crate) struct Figures {
    /// Calls that are worked on.
    pub(crate) working: Gauge,
    /// Calls that wait for their turn.
    pub(crate) waiting: Gauge,
    /// Streams that are open.
    pub(crate) streams: Gauge,
    /// Connections that are open.
    pub(crate) connections: Gauge,
    pub(crate) refused: Refused,
    pub(crate) ended: Ended,
    pub(crate) renewals: Renewals,
}

/// Calls that were refused, by the limit.
pub(crate) struct Refused {
    /// Too many waited already.
    pub(crate) line_full: Counter,
    /// Their turn did not come in time.
    pub(crate) turn_too_late: Counter,
    /// Too many streams were open.
    pub(crate) streams: Counter,
    /// The caller called too often.
    pub(crate) caller_rate: Counter,
    /// Too many calls from the address proved nobody.
    pub(crate) failure_rate: Counter,
    /// Too many answers on the connection were not read.
    pub(crate) unread: Counter,
    /// Too much of requests was being received at once.
    pub(crate) received: Counter,
}

/// Connections that were ended before their client did, by why.
pub(crate) struct Ended {
    pub(crate) no_tls: Counter,
    pub(crate) silent: Counter,
    pub(crate) old: Counter,
    pub(crate) draining: Counter,
    pub(crate) stalled: Counter,
    pub(crate) flooding: Counter,
}

/// New certificates, by what came of them.
pub(crate) struct Renewals {
    pub(crate) done: Counter,
    pub(crate) failed: Counter,
}

impl Figures {
    fn new() -> Self {
        let gauge = |name, help| metrics::gauges(name, help, []).with([]);
        let refused = metrics::counters(
            "trellis_calls_refused_total",
            "Calls that a limit of the server refused, by the limit",
            ["limit"],
        );
        let ended = metrics::counters(
            "trellis_connections_ended_total",
            "Connections that the server ended, by why",
            ["reason"],
        );
        let renewals = metrics::counters(
            "trellis_tls_renewals_total",
            "New certificates that were found, by whether they could be used",
            ["outcome"],
        );
        Self {
            working: gauge("trellis_calls_working", "Calls with one answer that are worked on"),
            waiting: gauge("trellis_calls_waiting", "Calls that wait for their turn"),
            streams: gauge("trellis_streams", "Streams that are open"),
            connections: gauge("trellis_connections", "Connections that are open"),
            refused: Refused {
                line_full: refused.with(["line_full"]),
                turn_too_late: refused.with(["turn_too_late"]),
                streams: refused.with(["streams"]),
                caller_rate: refused.with(["caller_rate"]),
                failure_rate: refused.with(["failure_rate"]),
                unread: refused.with(["unread"]),
                received: refused.with(["received"]),
            },
            ended: Ended {
                no_tls: ended.with(["no_tls"]),
                silent: ended.with(["silent"]),
                old: ended.with(["old"]),
                draining: ended.with(["draining"]),
                stalled: ended.with(["stalled"]),
                flooding: ended.with(["flooding"]),
            },
            renewals: Renewals { done: renewals.with(["done"]), failed: renewals.with(["failed"]) },
        }
    }
}

//! What is counted of the calls to another service, beside the calls themselves.

use std::sync::LazyLock;

use trellis_telemetry::metrics::{self, Counter, Counters, Gauge, Gauges};

static REPEATS: LazyLock<Counters<2>> = LazyLock::new(|| {
    let help = "Calls to another service that were made again, by what had become of them";
    metrics::counters("trellis_rpc_client_repeats_total", help, ["peer", "because"])
});

static CIRCUITS: LazyLock<Gauges<1>> = LazyLock::new(|| {
    let help = "Whether another service is taken to answer: 0 it is, 1 one call is finding out, 2 it is not and calls are refused";
    metrics::gauges("trellis_rpc_client_circuit_state", help, ["peer"])
});

static CONNECTIONS: LazyLock<Gauges<1>> = LazyLock::new(|| {
    let help = "Connections to another service";
    metrics::gauges("trellis_rpc_client_connections", help, ["peer"])
});

/// Why a call is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Because {
    /// There was no connection to send it by.
    Away,
    /// The connection ended before it was sent.
    Unsent,
    /// The other side was leaving as it came.
    Leaving,
    /// The connection broke under it.
    Broken,
    /// The answer asked for it.
    Asked,
}

impl Because {
    const ALL: [Self; 5] = [Self::Away, Self::Unsent, Self::Leaving, Self::Broken, Self::Asked];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Unsent => "unsent",
            Self::Leaving => "leaving",
            Self::Broken => "broken",
            Self::Asked => "asked",
        }
    }
}

/// The series of one service.
#[derive(Debug)]
pub(super) struct Figures {
    repeats: [Counter; Because::ALL.len()],
    pub(super) circuit: Gauge,
}

impl Figures {
    pub(super) fn of(peer: &'static str) -> Self {
        Self {
            repeats: Because::ALL.map(|because| REPEATS.with([peer, because.as_str()])),
            circuit: CIRCUITS.with([peer]),
        }
    }

    pub(super) fn repeated(&self, because: Because) {
        self.repeats[because as usize].add(1);
    }
}

/// The series of the connections to one service.
pub(super) fn connections(peer: &'static str) -> Gauge {
    CONNECTIONS.with([peer])
}

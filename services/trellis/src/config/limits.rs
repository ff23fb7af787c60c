//! The settings that are numbers: what the server bears, and how it ends.

use std::time::Duration;

use trellis_rpc::{Limits, Rate};

use super::{Layers, Refusal, refuse};

/// Calls in work for each core: enough that none is idle while calls wait for the disk or the database,
/// and few enough that each is answered soon.
const CALLS_OF_A_CORE: usize = 64;

/// Seconds that a caller's rate is counted over.
const CALLER_BURST: u32 = 2;

/// The same of calls that prove nobody: a device with an old token tries many times before it gives up.
const FAILURE_BURST: u32 = 10;

/// The most seconds that a server may take to end.
const LONGEST: u64 = 3600;

pub(super) fn read(layers: &Layers) -> Result<Limits, Refusal> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let max_calls = some(layers, "max_calls")?.unwrap_or(cores * CALLS_OF_A_CORE);
    let rate = |key, burst, default| {
        number(layers, key)
            .map(|rate: Option<u32>| rate.map_or(default, |rate| Rate::per_second(rate, burst)))
    };
    let limits = Limits::default();
    Ok(Limits {
        max_connections: some(layers, "max_connections")?.unwrap_or(limits.max_connections),
        max_calls,
        max_waiting: max_calls * 2,
        max_streams: some(layers, "max_streams")?.unwrap_or(limits.max_streams),
        caller_rate: rate("caller_rate", CALLER_BURST, limits.caller_rate)?,
        failure_rate: rate("failure_rate", FAILURE_BURST, limits.failure_rate)?,
        lame_duck: seconds(layers, "lame_duck")?.unwrap_or(limits.lame_duck),
        drain: seconds(layers, "drain")?.unwrap_or(limits.drain),
        ..limits
    })
}

/// The limits that can be set, as `config check` shows them.
pub(super) fn shown(limits: &Limits) -> impl Iterator<Item = (&'static str, String)> {
    let rate =
        |rate: Option<Rate>| rate.map_or(0, |rate| Duration::from_secs(1).as_nanos() / rate.each.as_nanos());
    [
        ("max_connections", limits.max_connections.to_string()),
        ("max_calls", limits.max_calls.to_string()),
        ("max_streams", limits.max_streams.to_string()),
        ("caller_rate", rate(limits.caller_rate).to_string()),
        ("failure_rate", rate(limits.failure_rate).to_string()),
        ("lame_duck", limits.lame_duck.as_secs().to_string()),
        ("drain", limits.drain.as_secs().to_string()),
    ]
    .into_iter()
}

fn number<N: std::str::FromStr>(layers: &Layers, key: &str) -> Result<Option<N>, Refusal> {
    let Some((value, source)) = layers.one(key) else { return Ok(None) };
    value.parse().map(Some).or_else(|_| refuse(format!("{source}: `{key}` must be a whole number.")))
}

/// A number that cannot be zero.
fn some(layers: &Layers, key: &str) -> Result<Option<usize>, Refusal> {
    match number(layers, key)? {
        Some(0) => refuse(format!("`{key}` must be one at least.")),
        // Twice as many can be counted.
        Some(number) if number > u32::MAX as usize => refuse(format!("`{key}` is too large.")),
        number => Ok(number),
    }
}

fn seconds(layers: &Layers, key: &str) -> Result<Option<Duration>, Refusal> {
    match number(layers, key)? {
        Some(seconds) if seconds > LONGEST => refuse(format!("`{key}` must be an hour at most.")),
        seconds => Ok(seconds.map(Duration::from_secs)),
    }
}

//! What is known of the process itself, under the names that Prometheus' clients share.

use std::fs;

use crate::metrics::Figures;

/// The parts of a second in which Linux counts time for programs (`USER_HZ`).
const TICKS: f64 = 100.0;

/// Tells what the process uses; what the machine does not tell (it is no Linux) is left out.
pub(crate) fn tell(figures: &mut Figures) {
    figures.gauge(
        "trellis_build_info",
        "The version of the program; always 1",
        [("version", env!("CARGO_PKG_VERSION"))],
        1.0,
    );
    if let Some(bytes) = status("VmRSS:") {
        figures.gauge("process_resident_memory_bytes", "Memory that the process holds", [], bytes);
    }
    if let Some(bytes) = status("VmSize:") {
        figures.gauge("process_virtual_memory_bytes", "Addresses that the process has taken", [], bytes);
    }
    if let Some(open) = open_files() {
        figures.gauge("process_open_fds", "File descriptors that are open, sockets among them", [], open);
    }
    if let Some(most) = most_files() {
        figures.gauge("process_max_fds", "The most file descriptors that may be open", [], most);
    }
    let Some(times) = Times::read() else { return };
    figures.counter(
        "process_cpu_seconds_total",
        "Processor time that the process has used, its own and the system's for it",
        [],
        times.used,
    );
    if let Some(start) = times.start() {
        figures.gauge("process_start_time_seconds", "When the process began, since 1970", [], start);
    }
}

/// A line of `/proc/self/status` that is told in kilobytes, in bytes.
fn status(name: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024.0)
}

fn open_files() -> Option<f64> {
    // The directory is open itself while it is counted.
    let open = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    u32::try_from(open).ok().map(f64::from)
}

fn most_files() -> Option<f64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

struct Times {
    /// Seconds of processor time.
    used: f64,
    /// Seconds from the machine's start to the process's.
    begun: f64,
}

impl Times {
    fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // The second field is the program's name in brackets and may hold anything.
        let rest = stat.rsplit_once(") ")?.1;
        let fields: Vec<&str> = rest.split(' ').collect();
        // Counted from the third field, the state: proc_pid_stat(5) numbers them from 1.
        let ticks = |number: usize| fields.get(number - 3)?.parse::<f64>().ok().map(|t| t / TICKS);
        Some(Self { used: ticks(14)? + ticks(15)?, begun: ticks(22)? })
    }

    /// Seconds since 1970.
    fn start(&self) -> Option<f64> {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        let machine: f64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        Some(machine + self.begun)
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::Format;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_process_tells_what_it_uses() {
        let text = Format::Classic.render();
        for name in [
            "trellis_build_info",
            "process_resident_memory_bytes",
            "process_virtual_memory_bytes",
            "process_open_fds",
            "process_max_fds",
            "process_cpu_seconds_total",
            "process_start_time_seconds",
        ] {
            let line = text.lines().find(|line| line.starts_with(&format!("{name}{{")));
            let value: f64 = line.and_then(|l| l.rsplit_once(' ')?.1.parse().ok()).expect(name);
            assert!(value >= 0.0 && (value > 0.0 || name == "process_cpu_seconds_total"), "{line:?}");
        }
    }
}

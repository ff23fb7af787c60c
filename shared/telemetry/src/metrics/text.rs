//! The metrics as text.

use std::collections::HashSet;
use std::fmt::Write as _;

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

use super::watch;

/// How metrics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0, with exemplars.
    OpenMetrics,
    /// Prometheus' own text format 0.0.4, for those who do not ask for OpenMetrics.
    Classic,
}

impl Format {
    /// The format for a client that accepts this (the header `Accept`).
    pub fn accepted(accept: Option<&str>) -> Self {
        let asked = accept.unwrap_or_default().contains("application/openmetrics-text");
        if asked { Self::OpenMetrics } else { Self::Classic }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// The metrics of this process as they are now.
    pub fn render(self) -> String {
        let mut asked = Registry::default();
        asked.register_collector(Box::new(watch::ask()));
        let mut text = String::new();
        // Writing into a text fails only where a metric does, and then what is there is still true.
        let _ = text::encode_registry(&mut text, &super::registry())
            .and_then(|()| text::encode_registry(&mut text, &asked))
            .and_then(|()| text::encode_eof(&mut text));
        match self {
            Self::OpenMetrics => text,
            Self::Classic => classic(&text),
        }
    }
}

/// The older format differs in three things: a counter is described under its whole name, no series has
/// an exemplar, and no mark ends it.
fn classic(text: &str) -> String {
    let counters: HashSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut classic = String::with_capacity(text.len());
    for line in text.lines().filter(|line| *line != "# EOF") {
        let described = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE "));
        let written = match described.and_then(|rest| rest.split_once(' ')) {
            Some((name, rest)) if counters.contains(name) => {
                writeln!(classic, "{} {name}_total {rest}", &line[.."# HELP".len()])
            }
            Some(_) => writeln!(classic, "{line}"),
            None => writeln!(classic, "{}", line.split_once(" # ").map_or(line, |(series, _)| series)),
        };
        // A text takes what is written into it.
        debug_assert!(written.is_ok());
    }
    classic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_the_one_that_is_asked_for() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3";
        assert_eq!(Format::accepted(Some(prometheus)), Format::OpenMetrics);
        assert_eq!(Format::accepted(Some("*/*")), Format::Classic);
        assert_eq!(Format::accepted(None), Format::Classic);
    }

    #[test]
    fn the_older_format_is_one() {
        let open = "# HELP a Calls # of them.\n# TYPE a counter\na_total{b=\"c\"} 1 # {trace_id=\"d\"} 1.0 2.0\n\
                    # HELP e Size.\n# TYPE e gauge\ne{} 1\n# EOF\n";
        let expected = "# HELP a_total Calls # of them.\n# TYPE a_total counter\na_total{b=\"c\"} 1\n\
                        # HELP e Size.\n# TYPE e gauge\ne{} 1\n";
        assert_eq!(classic(open), expected);
    }
}

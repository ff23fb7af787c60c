//! The one table of what can be set. `docs/configuration.md` holds it as prose; a test compares them.

use std::fmt::Write as _;

/// One setting: a key of the file, an environment variable and a flag.
#[derive(Debug)]
pub struct Setting {
    /// The key in the configuration file.
    pub key: &'static str,
    /// The flag of `trellis serve`, as its help writes it.
    pub flag: &'static str,
    /// What holds when it is not set, in words.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What may be written.
    pub kind: Kind,
}

/// What may be written as a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One text.
    Text,
    /// Texts; separated by commas in the environment, one or a list in the file.
    List,
    /// `true` or `false`.
    Flag,
    /// A whole number, zero or more.
    Number,
}

impl Setting {
    /// The environment variable, `TRELLIS_DATA_DIR` for `data_dir`.
    pub fn variable(&self) -> String {
        format!("TRELLIS_{}", self.key.to_ascii_uppercase())
    }
}

macro_rules! settings {
    ($($key:literal $kind:ident $flag:literal, $default:literal, $meaning:literal;)*) => {
        /// Every setting there is, in the order of the documentation.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            key: $key, flag: $flag, default: $default, meaning: $meaning, kind: Kind::$kind,
        },)*];
    };
}

settings! {
    "services" List "--service NAME", "all four",
        "The services that this process serves: `outcome`, `profile`, `experience`, `scheduling`.";
    "listen" Text "--listen ADDRESS", "`127.0.0.1:50051`",
        "The address and port of gRPC, gRPC-Web and HTTP. Port 0 takes a free one.";
    "data_dir" Text "--data-dir DIR", "`data`",
        "Where the SQLite files and the keys are kept.";
    "keys_dir" Text "--keys-dir DIR", "`keys` in `data_dir`",
        "Where the keys are kept, if elsewhere. Processes that serve one suite together share the same keys.";
    "database_url" Text "--database-url URL", "SQLite files in `data_dir`",
        "A PostgreSQL database, `postgres://user@host/database`; each service keeps to a schema of its own.";
    "database_replica_url" Text "--database-replica-url URL", "none",
        "A replica of it, which reads of a district go to where a moment's lag does no harm.";
    "database_pooler" Flag "--database-pooler", "`false`",
        "A pooler that hands out a server for each transaction, as PgBouncer does with `pool_mode = transaction`, is before the database: nothing is kept on a connection.";
    "database_connections" Number "--database-connections COUNT", "`6`",
        "How many connections each service may read with, and how many it may write with (SQLite has one writer).";
    "database_wait" Number "--database-wait SECONDS", "`10`",
        "How long a call may wait for a connection or a lock before it is told to try again.";
    "database_statement_timeout" Number "--database-statement-timeout SECONDS", "`20`",
        "How long a statement may run, and, with two seconds more, how long a database that is silent is waited for. A call has 30.";
    "feed_retention_days" Number "--feed-retention-days DAYS", "`30`",
        "After how many days a change leaves the change feeds. Who resumes from before that is told to list again.";
    "feed_compaction_days" Number "--feed-compaction-days DAYS", "`7`",
        "After how many days a change leaves them if a later change of the same resource is there.";
    "audit_days" Number "--audit-days DAYS", "`400`",
        "For how many days the trail of who reached what is kept.";
    "sandboxes" List "--sandbox ID", "none; `sandbox` with `demo`",
        "The districts that vendors try things in, which `ResetSandbox` empties. The clock of a sandbox stands still, and its identifiers are counted. All processes of a suite must name the same.";
    "public_url" Text "--public-url URL", "`http://` or `https://` and the listening address",
        "How clients reach this suite: the start of the calendar links that it hands out.";
    "issuer_url" Text "--issuer-url URL", "none",
        "The issuer whose tokens are trusted: the `iss` of its JWTs. More of them have tables in the file.";
    "issuer_jwks" Text "--issuer-jwks URL", "`/.well-known/jwks.json` under `issuer_url`",
        "Where the issuer's keys are (RFC 7517): an `https` URL, or a file.";
    "issuer_audience" Text "--issuer-audience NAME", "`trellis`",
        "The `aud` that the issuer's tokens must name.";
    "issuer_districts" List "--issuer-district ID", "all but the commons",
        "The districts that the issuer may issue tokens for.";
    "tls_certificate" Text "--tls-certificate FILE", "none",
        "The certificate chain, PEM. With `tls_key` it turns on TLS.";
    "tls_key" Text "--tls-key FILE", "none",
        "The certificate's private key, PEM.";
    "tls_client_ca" Text "--tls-client-ca FILE", "none",
        "The authority, PEM, whose certificates clients must show. The token of one of the suite's services then counts only with such a certificate.";
    "tls_client_optional" Flag "--tls-client-optional", "`false`",
        "With `tls_client_ca`: whoever is none of the suite's services may go without a certificate.";
    "plaintext" Flag "--plaintext", "`false`",
        "Serve without TLS on an address that others can reach, because something before it ends TLS.";
    "dev" Flag "--dev", "`false`",
        "Trust the development issuer, whose key is in `keys_dir` and whose tokens `trellis token` prints.";
    "demo" Flag "--demo", "`false`",
        "As `dev`, and at first start fill a demonstration district.";
    "outcome_url" List "--outcome-url URL", "this process",
        "Where the outcome service is, when it is served elsewhere; several where its processes have no name together.";
    "profile_url" List "--profile-url URL", "this process",
        "Where the profile service is, when it is served elsewhere; several where its processes have no name together.";
    "experience_url" List "--experience-url URL", "this process",
        "Where the experience service is, when it is served elsewhere; several where its processes have no name together.";
    "scheduling_url" List "--scheduling-url URL", "this process",
        "Where the scheduling service is, when it is served elsewhere; several where its processes have no name together.";
    "case_sources" List "--case-source ORIGIN", "none",
        "The CASE servers that frameworks may be imported from by their address, each an origin: `https://case.example.org`.";
    "case_sources_private" Flag "--case-sources-private", "`false`",
        "Lets those of them be reached whose addresses are not public: this machine, its network.";
    "case_source_tokens" Text "--case-source-tokens FILE", "none",
        "A file of the tokens that they want: in each line an origin, a space, and a bearer token. Read again for every request.";
    "max_connections" Number "--max-connections NUMBER", "`10000`",
        "Connections at once; the next one waits. Each takes a file descriptor.";
    "max_calls" Number "--max-calls NUMBER", "64 for each core",
        "Calls that are worked on at once; twice as many wait for their turn, shared fairly between districts, and the others are refused as `OVERLOADED`.";
    "max_streams" Number "--max-streams NUMBER", "`4096`",
        "Streams (watches, imports) at once; more are refused as `OVERLOADED`.";
    "caller_rate" Number "--caller-rate NUMBER", "`1000`",
        "Calls that one person, application or operator may make each second, and twice as many at once; more are refused as `RATE_LIMITED`. Reading a calendar counts as a call of its maker. 0 is no limit.";
    "failure_rate" Number "--failure-rate NUMBER", "`20`",
        "Calls from one address, guesses of a calendar's address among them, that may prove nobody each second, and ten times as many at once. 0 is no limit: for behind a proxy that hides addresses.";
    "lame_duck" Number "--lame-duck SECONDS", "`0`",
        "When told to end: how long it goes on while it says that it is not ready, for a load balancer to notice.";
    "drain" Number "--drain SECONDS", "`20`",
        "When told to end: the time that calls under way have after that.";
    "peer_tls_ca" Text "--peer-tls-ca FILE", "those that the machine trusts",
        "The authorities, PEM, whose certificates the services at `https://` URLs show.";
    "peer_tls_certificate" Text "--peer-tls-certificate FILE", "none",
        "The certificate chain, PEM, that this process shows them. Looked at again, at most once a second, for new connections.";
    "peer_tls_key" Text "--peer-tls-key FILE", "none",
        "That certificate's private key, PEM.";
    "nats_url" List "--nats-url URL", "none",
        "A NATS server with JetStream by way of which the services hear of each other's events, `nats://user:password@host:4222` or `tls://host:4222`; several of one cluster. A token stands alone before the `@`; what is no letter or digit in a password is percent-encoded. Without it they follow each other by calls.";
    "nats_replicas" Number "--nats-replicas NUMBER", "`1`",
        "On how many servers of a NATS cluster each event is kept: 3 of 3, so that one may be away.";
    "nats_tls_ca" Text "--nats-tls-ca FILE", "those that the machine trusts",
        "The authorities, PEM, whose certificates the NATS servers show. TLS is then demanded.";
    "nats_tls_certificate" Text "--nats-tls-certificate FILE", "none",
        "The certificate chain, PEM, that this process shows them. Looked at again, at most once a second, for new connections; TLS is then demanded.";
    "nats_tls_key" Text "--nats-tls-key FILE", "none",
        "That certificate's private key, PEM.";
    "log" Text "--log FILTER", "`info`",
        "What is logged: a level, or levels by module (`info,trellis_store=debug`).";
    "log_format" Text "--log-format FORMAT", "`text`",
        "`text` for people, `json` for a log collector.";
    "otlp_endpoint" Text "--otlp-endpoint URL", "none",
        "Where traces go, by OTLP over gRPC.";
    "trace_sample_ratio" Text "--trace-sample-ratio RATIO", "`1`",
        "The share of the traces beginning here that go there, from `0` to `1`. A caller's own trace goes there if the caller records it.";
    "admin_listen" Text "--admin-listen ADDRESS", "none",
        "An address and port for those who operate it: `/metrics` (then told there alone), `/livez`, `/readyz`, `/log-level`.";
}

/// The table as `docs/configuration.md` holds it.
pub fn table() -> String {
    let mut table = String::from("| key | environment | flag | default | meaning |\n|---|---|---|---|---|\n");
    for setting in SETTINGS {
        let Setting { key, flag, default, meaning, .. } = setting;
        let variable = setting.variable();
        let _ = writeln!(table, "| `{key}` | `{variable}` | `{flag}` | {default} | {meaning} |");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_is_this_one() {
        let page = include_str!("../../../../docs/configuration.md");
        assert!(page.contains(&table()), "docs/configuration.md should hold this table:\n{}", table());
    }
}

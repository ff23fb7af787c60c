//! The tables behind events: what the relay, the feed's retention and dead letters need.

use sea_orm::DbBackend;

/// The step `house_0002_events`.
pub(crate) fn tables(backend: DbBackend) -> Vec<String> {
    let postgres = backend == DbBackend::Postgres;
    let (bytes, uuid) = if postgres { ("BYTEA", "UUID") } else { ("BLOB", "BLOB") };
    let mut statements = vec![
        // Every event at or before it is gone from the feed.
        "ALTER TABLE relay ADD COLUMN floor BIGINT NOT NULL DEFAULT 0".to_owned(),
        // Superseded rows at or before it were looked for.
        "ALTER TABLE relay ADD COLUMN compacted BIGINT NOT NULL DEFAULT 0".to_owned(),
        // The process that gives positions, and until when no other may: PostgreSQL only.
        "ALTER TABLE relay ADD COLUMN holder TEXT NOT NULL DEFAULT ''".to_owned(),
        "ALTER TABLE relay ADD COLUMN lease_until BIGINT NOT NULL DEFAULT 0".to_owned(),
        // How many dead letters of the consumer are neither replayed nor discarded.
        "ALTER TABLE event_checkpoints ADD COLUMN open BIGINT NOT NULL DEFAULT 0".to_owned(),
        format!(
            "CREATE TABLE dead_letters (district TEXT NOT NULL, uid {uuid} NOT NULL, \
             consumer TEXT NOT NULL, producer TEXT NOT NULL, position BIGINT NOT NULL, \
             event_uid {uuid} NOT NULL, kind TEXT NOT NULL, resource TEXT NOT NULL, \
             actor TEXT NOT NULL, event_time BIGINT NOT NULL, payload_type TEXT, payload {bytes}, \
             state TEXT NOT NULL, reason TEXT NOT NULL, attempts INTEGER NOT NULL, \
             create_time BIGINT NOT NULL, update_time BIGINT NOT NULL, PRIMARY KEY (district, uid))"
        ),
        "CREATE UNIQUE INDEX dead_letters_event ON dead_letters (consumer, producer, position)".to_owned(),
        "CREATE INDEX dead_letters_resource ON dead_letters (district, resource)".to_owned(),
        "CREATE INDEX dead_letters_order ON dead_letters (district, create_time, uid)".to_owned(),
    ];
    if !postgres {
        // From now on the writing transaction gives positions: what waits for one comes first.
        statements.push(
            "UPDATE outbox SET position = (SELECT head FROM relay) + given.place FROM (\
             SELECT seq, row_number() OVER (ORDER BY seq) AS place FROM outbox WHERE position IS NULL\
             ) AS given WHERE outbox.seq = given.seq"
                .to_owned(),
        );
        statements.push(
            "UPDATE relay SET head = max(head, (SELECT COALESCE(max(position), 0) FROM outbox))".to_owned(),
        );
    }
    statements
}

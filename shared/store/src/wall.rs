//! The second wall between districts, on `PostgreSQL`: row-level security.
//!
//! Queries are scoped to a district already; here the database says the same again. Every table with
//! a `district` column shows and takes only the rows of the district that the transaction named, or
//! all of them to the house's own work, which names `*`. Where none was named there are no rows.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use trellis_kernel::Result;

use crate::failure;

/// Ordinary tables of the schema that have a district and lack the wall.
const OPEN: &str = "SELECT c.relname::text FROM pg_class c \
    JOIN pg_namespace n ON n.oid = c.relnamespace \
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'district' AND NOT a.attisdropped \
    WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity \
    AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'trellis_district')) \
    ORDER BY 1";

/// The setting is text that the transaction sets; outside of one it is null or empty.
const ALLOWED: &str = "district = current_setting('trellis.district', true) \
    OR current_setting('trellis.district', true) = '*'";

/// Puts the wall around every table that lacks it.
pub(crate) async fn raise<C: ConnectionTrait>(conn: &C, schema: &str) -> Result<()> {
    if conn.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let open = Statement::from_sql_and_values(DbBackend::Postgres, OPEN, [schema.into()]);
    for row in conn.query_all_raw(open).await.map_err(failure)? {
        let table: String = row.try_get_by_index(0).map_err(failure)?;
        let sql = format!(
            "ALTER TABLE \"{table}\" ENABLE ROW LEVEL SECURITY; \
             ALTER TABLE \"{table}\" FORCE ROW LEVEL SECURITY; \
             DROP POLICY IF EXISTS trellis_district ON \"{table}\"; \
             CREATE POLICY trellis_district ON \"{table}\" USING ({ALLOWED}) WITH CHECK ({ALLOWED})"
        );
        conn.execute_unprepared(&sql).await.map_err(failure)?;
    }
    let sql = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user";
    let passes = Statement::from_string(DbBackend::Postgres, sql);
    let row = conn.query_one_raw(passes).await.map_err(failure)?;
    if row.map(|row| row.try_get_by_index(0)).transpose().map_err(failure)? == Some(true) {
        tracing::warn!(
            store = schema,
            "the database role passes by row-level security: use one that is neither superuser nor BYPASSRLS"
        );
    }
    Ok(())
}

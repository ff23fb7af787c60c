//! Vendors' applications and the agreements under which they act.

use sea_orm_migration::prelude::*;

use super::columns::{flag, id, index, json, long, record, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "async_trait makes another signature of a written one")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [applications(), agreements()];
        for table in tables {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in INDEXES {
            manager.create_index(index(name, table, columns)).await?;
        }
        Ok(())
    }
}

/// Name, table and columns after the district.
const INDEXES: &[(&str, &str, &[&str])] = &[("agreements_by_application", "agreements", &["application_id"])];

fn applications() -> TableCreateStatement {
    let columns = vec![text("display_name"), text("vendor"), flag("suspended")];
    record("applications", columns)
}

fn agreements() -> TableCreateStatement {
    let columns = vec![
        id("application_id"),
        text("basis"),
        json("data_classes"),
        json("organizations"),
        text("purpose"),
        long("start_time"),
        long("expire_time"),
        long("revoke_time").null().take(),
    ];
    record("agreements", columns)
}

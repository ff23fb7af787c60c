//! Tokens that were taken back.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, Set};
use trellis_kernel::{Page, PageRequest, Result, Timestamp, Uuid};
use trellis_store::{Keyset, Reader, Scope, Tx, failure, instant};

use super::entities::revoked_token;
use crate::domain::token::Revoked;

/// The table: a token that was taken back stays so.
pub(crate) const TABLE: &str = "revoked_tokens";

/// Keeps that a token was taken back.
pub(crate) async fn insert(tx: &Tx, revoked: &Revoked) -> Result<()> {
    tx.insert(revoked_token::ActiveModel {
        district: sea_orm::NotSet,
        id: Set(revoked.id),
        token_id: Set(revoked.token_id.clone()),
        expire_time: Set(revoked.expire.as_microsecond()),
        create_time: Set(revoked.create_time.as_microsecond()),
    })
    .await
}

/// Puts off the end that is kept of a token, if this one is later; whether the token is kept at all.
///
/// The statement compares, not we: of two at once, the later end stays.
pub(crate) async fn lengthen(tx: &Tx, token_id: &str, expire: Timestamp) -> Result<bool> {
    let kept = by_token(tx, token_id).await?.is_some();
    if kept {
        tx.update_many::<revoked_token::Entity>()
            .col_expr(revoked_token::Column::ExpireTime, Expr::value(expire.as_microsecond()))
            .filter(revoked_token::Column::TokenId.eq(token_id))
            .filter(revoked_token::Column::ExpireTime.lt(expire.as_microsecond()))
            .exec(tx.conn())
            .await
            .map_err(failure)?;
    }
    Ok(kept)
}

/// Deletes what is kept of tokens that ended before a moment and were taken back before another.
pub(crate) async fn delete_ended(tx: &Tx, (ended, revoked): (Timestamp, Timestamp)) -> Result<()> {
    let ended = revoked_token::Column::ExpireTime.lt(ended.as_microsecond());
    let revoked = revoked_token::Column::CreateTime.lt(revoked.as_microsecond());
    let both = tx.delete_many::<revoked_token::Entity>().filter(ended).filter(revoked);
    both.exec(tx.conn()).await.map_err(failure)?;
    Ok(())
}

/// What is kept of the token with this `jti`.
pub(crate) async fn by_token<S: Scope>(scope: &S, token_id: &str) -> Result<Option<Revoked>> {
    let select = scope.find::<revoked_token::Entity>().filter(revoked_token::Column::TokenId.eq(token_id));
    select.one(scope.conn()).await.map_err(failure)?.map(read).transpose()
}

/// Whether the token with this `jti` was taken back.
pub(crate) async fn is_revoked(reader: &Reader, token_id: &str) -> Result<bool> {
    let select = reader.find::<revoked_token::Entity>().filter(revoked_token::Column::TokenId.eq(token_id));
    let select = select.select_only().column(revoked_token::Column::Id).into_tuple::<Uuid>();
    Ok(select.one(reader.conn()).await.map_err(failure)?.is_some())
}

/// A page of the tokens that have not ended by `now`, the oldest record first.
pub(crate) async fn page(reader: &Reader, request: &PageRequest, now: Timestamp) -> Result<Page<Revoked>> {
    let select = reader
        .find::<revoked_token::Entity>()
        .filter(revoked_token::Column::ExpireTime.gt(now.as_microsecond()));
    let keys = Keyset::by(revoked_token::Column::Id);
    let weigh = |row: &revoked_token::Model| 300 + row.token_id.len();
    let page = trellis_store::page(reader, select, keys, request, "ListRevokedTokens", weigh).await?;
    let items = page.items.into_iter().map(read).collect::<Result<_>>()?;
    Ok(Page { items, next: page.next })
}

fn read(row: revoked_token::Model) -> Result<Revoked> {
    Ok(Revoked {
        id: row.id,
        token_id: row.token_id,
        expire: instant(row.expire_time)?,
        create_time: instant(row.create_time)?,
    })
}

//! Feeds of learners' calendars.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use trellis_kernel::{Failure, Result, Uuid};
use trellis_store::{Scope, Tx, failure, instant};

use crate::domain::feed::Feed;
use entity::{Column, Entity, Model};

mod entity {
    //! The rows.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "feeds")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) district: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) learner: Uuid,
        pub(crate) creator: Uuid,
        pub(crate) digest: String,
        pub(crate) create_time: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    trellis_store::scoped!(self);
}

/// Keeps a new feed with the digest of its token.
pub(crate) async fn insert(tx: &Tx, feed: &Feed, digest: String) -> Result<()> {
    let Feed { id, learner, creator, created } = *feed;
    tx.insert(entity::ActiveModel {
        district: Set(String::new()),
        id: Set(id),
        learner: Set(learner),
        creator: Set(creator),
        digest: Set(digest),
        create_time: Set(created.as_microsecond()),
    })
    .await
}

/// How many feeds a learner has.
pub(crate) async fn count<S: Scope>(scope: &S, learner: Uuid) -> Result<u64> {
    scope.find::<Entity>().filter(Column::Learner.eq(learner)).count(scope.conn()).await.map_err(failure)
}

/// Deletes a feed of a learner; false when there is none.
pub(crate) async fn delete(tx: &Tx, learner: Uuid, id: Uuid) -> Result<bool> {
    let delete = tx.delete_many::<Entity>().filter(Column::Id.eq(id)).filter(Column::Learner.eq(learner));
    Ok(delete.exec(tx.conn()).await.map_err(failure)?.rows_affected == 1)
}

/// The feed whose token has this digest.
pub(crate) async fn of_digest<S: Scope>(scope: &S, digest: &str) -> Result<Option<Feed>> {
    let row = scope.find::<Entity>().filter(Column::Digest.eq(digest)).one(scope.conn()).await;
    row.map_err(failure)?.map(Feed::try_from).transpose()
}

impl TryFrom<Model> for Feed {
    type Error = Failure;

    fn try_from(row: Model) -> Result<Self> {
        let Model { district: _, id, learner, creator, digest: _, create_time } = row;
        Ok(Self { id, learner, creator, created: instant(create_time)? })
    }
}

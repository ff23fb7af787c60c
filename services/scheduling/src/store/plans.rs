//! Plans.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use trellis_kernel::{Failure, Page, PageRequest, Result, Timestamp, Uuid};
use trellis_store::{Document, Keyset, Scope, Tx, failure, instant, page};

use super::{changed, narrow, stamps, wide};
use crate::domain::plan::{Counts, Plan, State};
use entity::{Column, Entity, Model};

mod entity {
    //! The rows.

    use sea_orm::entity::prelude::*;
    use trellis_store::Document;

    use crate::domain::plan::Made;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "plans")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) district: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) timetable: Uuid,
        pub(crate) seed: i64,
        pub(crate) state: String,
        pub(crate) revision: i32,
        pub(crate) publish_time: Option<i64>,
        pub(crate) learner_count: i32,
        pub(crate) request_count: i32,
        pub(crate) placement_count: i32,
        pub(crate) first_choice_count: i32,
        pub(crate) unmet_count: i32,
        pub(crate) create_time: i64,
        pub(crate) update_time: i64,
        pub(crate) version: i64,
        pub(crate) made: Option<Document<Made>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    trellis_store::scoped!(self);
}

const DRAFT: &str = "draft";
const PUBLISHED: &str = "published";
const REPLACED: &str = "replaced";

/// Keeps a new plan.
pub(crate) async fn insert(tx: &Tx, plan: &Plan) -> Result<()> {
    let Plan { id, stamps, timetable, seed, state, revision, published, counts, made } = plan.clone();
    let Counts { learners, requests, placements, first_choices, unmet } = counts;
    tx.insert(entity::ActiveModel {
        district: Set(String::new()),
        id: Set(id),
        timetable: Set(timetable),
        seed: Set(seed),
        state: Set(word(state).to_owned()),
        revision: Set(wide(revision)?),
        publish_time: Set(published.map(Timestamp::as_microsecond)),
        learner_count: Set(wide(learners)?),
        request_count: Set(wide(requests)?),
        placement_count: Set(wide(placements)?),
        first_choice_count: Set(wide(first_choices)?),
        unmet_count: Set(wide(unmet)?),
        create_time: Set(stamps.created.as_microsecond()),
        update_time: Set(stamps.updated.as_microsecond()),
        version: Set(stamps.version),
        made: Set(made.map(Document)),
    })
    .await
}

/// Keeps the next version of a plan: its state, revision and publication.
pub(crate) async fn update(tx: &Tx, plan: &Plan) -> Result<()> {
    let done = tx
        .update_many::<Entity>()
        .col_expr(Column::State, Expr::value(word(plan.state)))
        .col_expr(Column::Revision, Expr::value(wide(plan.revision)?))
        .col_expr(Column::PublishTime, Expr::value(plan.published.map(Timestamp::as_microsecond)))
        .col_expr(Column::UpdateTime, Expr::value(plan.stamps.updated.as_microsecond()))
        .col_expr(Column::Version, Expr::value(plan.stamps.version))
        .filter(Column::Id.eq(plan.id))
        .filter(Column::Version.eq(plan.stamps.version - 1))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    changed(done.rows_affected)
}

/// The plans with these ids; those that do not exist are left out.
pub(crate) async fn some<S: Scope>(scope: &S, ids: &[Uuid]) -> Result<Vec<Plan>> {
    let select = scope.find::<Entity>().filter(Column::Id.is_in(ids.iter().copied()));
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// The plan of a timetable with this id, if it exists.
pub(crate) async fn find<S: Scope>(scope: &S, timetable: Uuid, id: Uuid) -> Result<Option<Plan>> {
    let plans = some(scope, &[id]).await?;
    Ok(plans.into_iter().find(|plan| plan.timetable == timetable))
}

/// The next plans that are or were published, in the order of their ids.
pub(crate) async fn batch<S: Scope>(scope: &S, after: Option<Uuid>, limit: u64) -> Result<Vec<Plan>> {
    let select = scope.find::<Entity>().filter(Column::State.ne(DRAFT));
    let mut select = select.order_by_asc(Column::Id).limit(limit);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// A page of the plans of a timetable, the newest first, with or without drafts.
pub(crate) async fn list<S: Scope>(
    scope: &S,
    timetable: Uuid,
    drafts: bool,
    request: &PageRequest,
) -> Result<Page<Plan>> {
    let mut select = scope.find::<Entity>().filter(Column::Timetable.eq(timetable));
    if !drafts {
        select = select.filter(Column::State.ne(DRAFT));
    }
    let keys = Keyset::by_desc(Column::CreateTime).then_desc(Column::Id);
    let context = format!("plans {timetable} {drafts}");
    let rows = page(scope, select, keys, request, &context, |_: &Model| 1000).await?;
    Ok(Page { items: read(rows.items)?, next: rows.next })
}

const fn word(state: State) -> &'static str {
    match state {
        State::Draft => DRAFT,
        State::Published => PUBLISHED,
        State::Replaced => REPLACED,
    }
}

fn read(rows: Vec<Model>) -> Result<Vec<Plan>> {
    rows.into_iter().map(Plan::try_from).collect()
}

impl TryFrom<Model> for Plan {
    type Error = Failure;

    fn try_from(row: Model) -> Result<Self> {
        let Model {
            district: _,
            id,
            timetable,
            seed,
            state,
            revision,
            publish_time,
            learner_count,
            request_count,
            placement_count,
            first_choice_count,
            unmet_count,
            create_time,
            update_time,
            version,
            made,
        } = row;
        let state = match state.as_str() {
            DRAFT => State::Draft,
            PUBLISHED => State::Published,
            REPLACED => State::Replaced,
            _ => return Err(Failure::internal("a plan is in a state that is not known here")),
        };
        Ok(Self {
            id,
            stamps: stamps(create_time, update_time, version)?,
            timetable,
            seed,
            state,
            revision: narrow(revision)?,
            published: publish_time.map(instant).transpose()?,
            counts: Counts {
                learners: narrow(learner_count)?,
                requests: narrow(request_count)?,
                placements: narrow(placement_count)?,
                first_choices: narrow(first_choice_count)?,
                unmet: narrow(unmet_count)?,
            },
            made: made.map(|made| made.0),
        })
    }
}

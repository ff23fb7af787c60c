//! What plans did with each request. The row of a request that was met is the placement.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use trellis_kernel::{Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Document, Keyset, Scope, Tx, failure, instant, page};

use super::{narrow, timetables};
use crate::domain::decision::{Decision, Demand, Holders, Refusal, Verdict};
use crate::domain::plan::Outcome;
use crate::domain::request::Kind;
use entity::{Column, Entity, Model};

mod entity {
    //! The rows.

    use sea_orm::entity::prelude::*;
    use trellis_store::Document;

    use crate::domain::decision::Refusal;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "plan_outcomes")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) district: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) plan: Uuid,
        pub(crate) learner: Uuid,
        pub(crate) offering: Uuid,
        pub(crate) rank: i32,
        pub(crate) verdict: String,
        pub(crate) clashes_with: Option<Uuid>,
        pub(crate) create_time: i64,
        pub(crate) refusal: Option<Document<Refusal>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    trellis_store::scoped!(self);
}

const PLACED: &str = "placed";
const HELD: &str = "held";
const FULL: &str = "full";
const CLASH: &str = "clash";

/// Keeps what a plan did.
pub(crate) async fn insert(tx: &Tx, outcomes: &[Outcome]) -> Result<()> {
    let row = |outcome: &Outcome| {
        let Outcome { id, plan, created, decision: Decision { demand, verdict } } = outcome.clone();
        let (word, refusal) = match verdict {
            Verdict::Placed => (PLACED, None),
            Verdict::Held => (HELD, None),
            Verdict::Refused(refusal) if refusal.holders.is_some() => (FULL, Some(refusal)),
            Verdict::Refused(refusal) => (CLASH, Some(refusal)),
        };
        // What a release before this one reads.
        let clash = refusal.as_ref().filter(|refusal| refusal.holders.is_none());
        let clashes_with = clash.and_then(|refusal| refusal.clashes.first()).copied();
        entity::ActiveModel {
            district: Set(String::new()),
            id: Set(id),
            plan: Set(plan),
            learner: Set(demand.learner),
            offering: Set(demand.offering),
            rank: Set(i32::from(demand.kind.rank())),
            verdict: Set(word.to_owned()),
            clashes_with: Set(clashes_with),
            create_time: Set(created.as_microsecond()),
            refusal: Set(refusal.map(Document)),
        }
    };
    tx.insert_many(outcomes.iter().map(row).collect()).await
}

/// What a plan did with the requests of a learner: what is required, then the ranked list.
pub(crate) async fn of_learner<S: Scope>(scope: &S, plan: Uuid, learner: Uuid) -> Result<Vec<Outcome>> {
    let select = scope.find::<Entity>().filter(Column::Plan.eq(plan)).filter(Column::Learner.eq(learner));
    let select = select.order_by_asc(Column::Rank).order_by_asc(Column::Id);
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// The placements of a plan.
pub(crate) async fn placements<S: Scope>(scope: &S, plan: Uuid) -> Result<Vec<Outcome>> {
    let select = scope.find::<Entity>().filter(Column::Plan.eq(plan)).filter(Column::Verdict.eq(PLACED));
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// The placements of a learner in any of the plans.
pub(crate) async fn placements_in<S: Scope>(
    scope: &S,
    plans: &[Uuid],
    learner: Uuid,
) -> Result<Vec<Outcome>> {
    let select = scope
        .find::<Entity>()
        .filter(Column::Plan.is_in(plans.iter().copied()))
        .filter(Column::Learner.eq(learner))
        .filter(Column::Verdict.eq(PLACED))
        .order_by_asc(Column::Id);
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// A page of the placements of a learner in a plan: what is required first, then by rank.
pub(crate) async fn list_placements<S: Scope>(
    scope: &S,
    plan: Uuid,
    learner: Uuid,
    request: &PageRequest,
) -> Result<Page<Outcome>> {
    let select = scope
        .find::<Entity>()
        .filter(Column::Plan.eq(plan))
        .filter(Column::Learner.eq(learner))
        .filter(Column::Verdict.eq(PLACED));
    let keys = Keyset::by(Column::Rank).then(Column::Id);
    list(scope, select, keys, request, &format!("placements {plan} {learner}")).await
}

/// A page of the required requests that a plan could not meet.
pub(crate) async fn list_unmet<S: Scope>(
    scope: &S,
    plan: Uuid,
    request: &PageRequest,
) -> Result<Page<Outcome>> {
    let select = scope
        .find::<Entity>()
        .filter(Column::Plan.eq(plan))
        .filter(Column::Rank.eq(0))
        .filter(Column::Verdict.is_in([FULL, CLASH]));
    list(scope, select, Keyset::by(Column::Id), request, &format!("unmet {plan}")).await
}

/// The placements with these ids that are in published plans.
pub(crate) async fn live<S: Scope>(scope: &S, ids: &[Uuid]) -> Result<Vec<Outcome>> {
    let select = published(scope).filter(Column::Id.is_in(ids.iter().copied()));
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// The next placements of published plans in the order of their ids.
pub(crate) async fn batch<S: Scope>(scope: &S, after: Option<Uuid>, limit: u64) -> Result<Vec<Outcome>> {
    let mut select = published(scope).order_by_asc(Column::Id).limit(limit);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    read(select.all(scope.conn()).await.map_err(failure)?)
}

fn published<S: Scope>(scope: &S) -> Select<Entity> {
    use timetables::entity as timetable;
    let plans = Query::select()
        .column(timetable::Column::PublishedPlan)
        .from(timetable::Entity)
        .and_where(timetable::Column::District.eq(scope.district().as_str()))
        .and_where(timetable::Column::PublishedPlan.is_not_null())
        .to_owned();
    scope.find::<Entity>().filter(Column::Verdict.eq(PLACED)).filter(Column::Plan.in_subquery(plans))
}

async fn list<S: Scope>(
    scope: &S,
    select: Select<Entity>,
    keys: Keyset<Entity>,
    request: &PageRequest,
    context: &str,
) -> Result<Page<Outcome>> {
    // An explanation quotes the titles of all that is in the way.
    let weigh =
        |row: &Model| 2000 + row.refusal.iter().map(|refusal| 400 * refusal.0.clashes.len()).sum::<usize>();
    let rows = page(scope, select, keys, request, context, weigh).await?;
    Ok(Page { items: read(rows.items)?, next: rows.next })
}

fn read(rows: Vec<Model>) -> Result<Vec<Outcome>> {
    rows.into_iter().map(Outcome::try_from).collect()
}

impl TryFrom<Model> for Outcome {
    type Error = Failure;

    fn try_from(row: Model) -> Result<Self> {
        let Model {
            district: _,
            id,
            plan,
            learner,
            offering,
            rank,
            verdict,
            clashes_with,
            create_time,
            refusal,
        } = row;
        let refused = |holders| {
            let before = Refusal { holders, clashes: clashes_with.into_iter().collect() };
            Verdict::Refused(refusal.map_or(before, |refusal| refusal.0))
        };
        let verdict = match verdict.as_str() {
            PLACED => Verdict::Placed,
            HELD => Verdict::Held,
            FULL => refused(Some(Holders::default())),
            CLASH => refused(None),
            _ => return Err(Failure::internal("an outcome of a plan is not one that is known here")),
        };
        let demand = Demand { learner, kind: Kind::from_rank(narrow(rank)?), offering };
        Ok(Self { id, plan, created: instant(create_time)?, decision: Decision { demand, verdict } })
    }
}

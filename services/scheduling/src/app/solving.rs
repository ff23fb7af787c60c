//! A solve while it runs: reads what is asked, searches on a thread of its own, and keeps the plan.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{self, UnboundedSender};
use tokio_util::sync::CancellationToken;
use trellis_kernel::{Failure, JobState, Kind, Reason, Result, Uuid};
use trellis_rpc::jobs::Running;
use trellis_store::{Change, Tx, Write};
use trellis_timetable::{Aim, Budget, Options, Plan as Found, Progress, solve};

use super::App;
use crate::domain::Stamps;
use crate::domain::decision::{Decision, Demand};
use crate::domain::plan::{Counts, Made, Outcome, Plan, State};
use crate::domain::solve::{Asked, Best, Order, Phase, Reached, Solve};
use crate::domain::solving::effort;
use crate::domain::solving::fairness::{Fairness, Grades, Price};
use crate::domain::solving::ground::{Dated, Ground, Inputs};
use crate::store;

/// How often those who watch are told, and the best plan is counted for them.
const SHOWN: Duration = Duration::from_millis(500);
/// The longest search by an effort, which no clock ends.
const LONGEST: Duration = Duration::from_hours(1);

/// A solve that runs.
pub(super) struct Job {
    pub(super) app: Arc<App>,
    /// By whom and by what right it was asked for.
    pub(super) change: Change,
    pub(super) solve: Solve,
    pub(super) running: Running<Solve>,
}

/// What a search has come to.
enum News {
    Reached(Phase, Reached, Option<Best>),
    Found(Result<Outcomes>),
}

/// What came of a search.
struct Outcomes {
    decisions: Vec<Decision>,
    reached: Reached,
    best: Best,
    fairness: Fairness,
}

impl Job {
    /// Makes the plan, unless it is told to end with nothing.
    pub(super) async fn run(mut self) {
        let (cancelled, alive) = (self.running.cancelled(), self.beat());
        let made = tokio::select! {
            made = self.make() => made.map(Some),
            () = cancelled.cancelled() => Ok(None),
            () = alive => Ok(None),
        };
        let reason = match made {
            Ok(Some(())) => return,
            Ok(None) => None,
            Err(failure) => {
                tracing::error!(%failure, "a plan could not be made");
                Some(failure.reason())
            }
        };
        if let Err(failure) = self.end(reason).await {
            tracing::error!(%failure, "the end of a solve could not be kept");
        }
    }

    async fn make(&mut self) -> Result<()> {
        let _turn = Arc::clone(&self.app.searching).acquire_owned().await.map_err(Failure::internal)?;
        let inputs = self.inputs().await?;
        let grades = self.grades(&inputs).await;
        let found = self.search(inputs, grades).await?;
        self.show(Phase::Writing);
        self.keep(found).await
    }

    /// What is asked for now, and what is offered.
    async fn inputs(&self) -> Result<Inputs> {
        let reader = self.app.store.read_latest(&self.change.district);
        let lost = || Failure::internal("the timetable of a solve is gone");
        let timetable = store::timetables::find(&reader, self.solve.timetable).await?.ok_or_else(lost)?;
        // The requests first: an offering that comes meanwhile is then only one that nobody asks for.
        let requests = store::requests::of_timetable(&reader, timetable.id).await?;
        let offerings = store::offerings::of_timetable(&reader, timetable.id).await?;
        let calendar = store::calendars::referred(&reader, timetable.calendar).await?;
        let demands = requests.into_iter().map(|request| Dated {
            demand: Demand { learner: request.learner, kind: request.kind, offering: request.offering },
            time: request.stamps.created,
        });
        Inputs::new(&calendar.term, &offerings, demands.collect())
    }

    /// The grades of those who ask, by which fairness is told. Nothing when the roster does not say: a plan is not
    /// held up by it.
    async fn grades(&self, inputs: &Inputs) -> Option<Grades> {
        let grades = self.app.grades(&self.change.district, inputs.learners()).await;
        grades.inspect_err(|failure| tracing::warn!(%failure, "a plan does not tell of grades")).ok()
    }

    /// Searches on a thread of its own, which neither keeps calls waiting nor the process from ending.
    async fn search(&mut self, inputs: Inputs, grades: Option<Grades>) -> Result<Outcomes> {
        let (sender, mut news) = mpsc::unbounded_channel();
        let search = Search {
            asked: self.solve.asked.clone(),
            grades,
            cancel: self.running.cancelled(),
            finish: self.running.finished(),
            sender,
        };
        std::thread::Builder::new()
            .name("solve".to_owned())
            .spawn(move || search.run(inputs))
            .map_err(Failure::internal)?;
        while let Some(news) = news.recv().await {
            match news {
                News::Reached(phase, reached, best) => {
                    self.solve.reached = reached;
                    self.solve.best = best.or(self.solve.best);
                    self.show(phase);
                }
                News::Found(found) => return found,
            }
        }
        Err(Failure::internal("the search for a plan ended without one"))
    }

    fn show(&mut self, phase: Phase) {
        self.solve.phase = phase;
        self.running.show(self.solve.clone());
    }

    /// Keeps the plan, and that the solve has ended with it, together.
    async fn keep(&mut self, found: Outcomes) -> Result<()> {
        let Outcomes { decisions, reached, best, fairness } = found;
        let tx = self.tx(self.change.clone()).await?;
        let plan = Plan {
            id: tx.new_id(),
            stamps: Stamps::new(tx.now()),
            timetable: self.solve.timetable,
            seed: self.solve.asked.seed,
            state: State::Draft,
            revision: 0,
            published: None,
            counts: best.counts,
            made: Some(Made { solve: self.solve.id, price: best.price, fairness }),
        };
        let created = tx.now();
        let outcome = |decision| Outcome { id: tx.new_id(), plan: plan.id, created, decision };
        let outcomes: Vec<Outcome> = decisions.into_iter().map(outcome).collect();
        let (reached, best, made) = (reached, Some(best), Some(plan.id));
        let solve = Solve { reached, best, plan: made, ..self.solve.clone() };
        let solve = solve.end(JobState::Succeeded, tx.now());
        store::plans::insert(&tx, &plan).await?;
        store::outcomes::insert(&tx, &outcomes).await?;
        if !store::solves::update(&tx, &solve).await? {
            return Err(Failure::aborted(Reason::StateConflict, "The solve was ended meanwhile."));
        }
        // Told to nobody: a draft is the school's own.
        tx.commit(()).await?;
        self.solve = solve;
        self.running.show(self.solve.clone());
        Ok(())
    }

    /// Keeps that it has ended without a plan: for a reason, or because it was told to.
    async fn end(&mut self, reason: Option<Reason>) -> Result<()> {
        let tx = self.tx(self.own()).await?;
        let solve = self.solve.clone();
        let solve = match reason {
            Some(reason) => solve.fail(reason, tx.now()),
            None => solve.end(JobState::Cancelled, tx.now()),
        };
        // It may have succeeded at the last moment.
        let ended = store::solves::update(&tx, &solve).await?;
        tx.commit(()).await?;
        if ended {
            self.running.show(solve);
        }
        Ok(())
    }

    /// What the service does by itself, of which nothing is on the trail.
    fn own(&self) -> Change {
        Change { grounds: None, ..self.change.clone() }
    }

    async fn tx(&self, change: Change) -> Result<Tx> {
        begin(&self.app, change).await
    }

    /// Says every few seconds that it lives, for the other processes on this database: they know by it when its
    /// server has ended under it. Ends when it was told in one of them to end with nothing.
    fn beat(&self) -> impl Future<Output = ()> + use<> {
        let (app, change, id) = (Arc::clone(&self.app), self.own(), self.solve.id);
        async move {
            if app.store.is_embedded() {
                std::future::pending::<()>().await;
            }
            loop {
                tokio::time::sleep(JobState::BEAT).await;
                match beat(&app, &change, id).await {
                    Ok(Some(Order::Cancel)) => {
                        app.jobs.cancel(&change.district, id);
                        return;
                    }
                    Ok(Some(Order::Finish)) => app.jobs.finish(&change.district, id),
                    Ok(None) => {}
                    // Its sandbox was emptied, by another process.
                    Err(failure) if failure.kind() == Kind::FailedPrecondition => {
                        app.jobs.cancel(&change.district, id);
                        return;
                    }
                    Err(failure) => tracing::debug!(%failure, "a solve could not say that it lives"),
                }
            }
        }
    }
}

async fn begin(app: &App, change: Change) -> Result<Tx> {
    match app.store.write::<()>(change).await? {
        Write::Begin(tx) => Ok(tx),
        Write::Replay(()) => Err(Failure::internal("a change without a request_id was replayed")),
    }
}

async fn beat(app: &App, change: &Change, id: Uuid) -> Result<Option<Order>> {
    let tx = begin(app, change.clone()).await?;
    if let Some(solve) = app.jobs.now(&change.district, id) {
        store::solves::update(&tx, &solve).await?;
    }
    let order = store::solves::order(&tx, id).await?;
    tx.commit(()).await?;
    Ok(order)
}

/// The search itself, which knows nothing of where it runs.
struct Search {
    asked: Asked,
    grades: Option<Grades>,
    cancel: CancellationToken,
    finish: CancellationToken,
    sender: UnboundedSender<News>,
}

impl Search {
    fn run(self, inputs: Inputs) {
        let found = self.found(inputs);
        self.tell(News::Found(found));
    }

    /// Nobody listens once the solve was told to end with nothing.
    fn tell(&self, news: News) {
        let _ = self.sender.send(news);
    }

    fn found(&self, inputs: Inputs) -> Result<Outcomes> {
        let Some(ground) = Ground::lay(inputs, self.asked.seed)? else { return Ok(Outcomes::of_nobody()) };
        let budget = match self.asked.effort.as_str() {
            "" => Budget::Time(self.asked.limit),
            text => Budget::Effort(effort::read(text)?),
        };
        let options = Options {
            seed: self.asked.seed.cast_unsigned(),
            workers: 1,
            budget,
            enough: ground.enough(self.asked.enough),
            show: Some(SHOWN),
        };
        let mut told = None;
        let found = solve(&ground.problem, &options, |progress| self.watch(&ground, progress, &mut told));
        let found = found.map_err(Failure::internal)?;
        let (decisions, best) = weigh(&ground, &found.plan);
        let reached =
            Reached { moves: found.moves, elapsed: found.elapsed, effort: effort::write(&found.effort) };
        let fairness = ground.fairness(&found.plan, &decisions, self.asked.seed, self.grades.as_ref())?;
        Ok(Outcomes { decisions, reached, best, fairness })
    }

    /// Tells of progress, unless it did so only just now, and says whether to go on.
    fn watch(&self, ground: &Ground, progress: &Progress, told: &mut Option<Duration>) -> ControlFlow<()> {
        if progress.plan.is_some() || told.is_none_or(|told| progress.elapsed >= told + SHOWN) {
            *told = Some(progress.elapsed);
            self.tell(Self::reached(ground, progress));
        }
        let is_over = self.cancel.is_cancelled()
            || self.finish.is_cancelled()
            || self.sender.is_closed()
            || progress.elapsed >= LONGEST;
        if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn reached(ground: &Ground, progress: &Progress) -> News {
        let phase = if progress.aim == Aim::Feasible { Phase::Requirements } else { Phase::Improving };
        let reached = Reached { moves: progress.moves, elapsed: progress.elapsed, effort: String::new() };
        let best = progress.plan.as_ref().map(|plan| weigh(ground, plan).1);
        News::Reached(phase, reached, best)
    }
}

impl Outcomes {
    /// Of a timetable in which nobody asks for anything.
    fn of_nobody() -> Self {
        Self {
            decisions: Vec::new(),
            reached: Reached::default(),
            best: Best { counts: Counts::default(), price: Price::default() },
            fairness: Fairness::default(),
        }
    }
}

/// What a plan of the engine means for each request, and what it comes to.
fn weigh(ground: &Ground, plan: &Found) -> (Vec<Decision>, Best) {
    let decisions = ground.decide(plan);
    let best = Best { counts: Counts::of(&decisions), price: ground.price(&decisions) };
    (decisions, best)
}

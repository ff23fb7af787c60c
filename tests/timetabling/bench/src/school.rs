//! A school with learners who ask for electives, of any size: how fast it is placed, how fair that is, what a
//! lost facilitator changes and how fast everything unplaced is explained.
#![expect(clippy::cast_precision_loss, reason = "what is counted is far below 2^52")]

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use trellis_timetable::{
    Budget, Builder, Component, Configuration, Cost, Explainer, FacilitatorId, Fault, Horizon, Kind, Learner,
    Offering, OfferingId, Options, Pattern, Plan, Priority, Problem, Request, Section, SpaceId, Weight,
    compare,
};

use crate::chance::Chance;
use crate::comparison::{self, DRAWS};

/// The blocks of a day.
const BLOCKS: u16 = 8;
/// What each learner asks for.
const REQUESTS: usize = 6;
/// How many learners a section takes.
const CAPACITY: u32 = 25;
/// How many sections a facilitator has of the eight that there are blocks for.
const LOAD: usize = 5;
/// How many facilitators could lead a section.
const QUALIFIED: usize = 5;

/// A school, and what it takes to build it again with less.
pub(crate) struct School {
    learners: Vec<Vec<[usize; 3]>>,
    grades: Vec<u32>,
    /// How many sections each offering has.
    sections: Vec<usize>,
    spaces: usize,
    facilitators: usize,
}

impl School {
    /// A school of so many learners: an offering for eight of them, a space for sixteen. What they ask for is
    /// of chance, some offerings being asked for much more than others.
    pub(crate) fn new(learners: usize, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let offerings = (learners * 12 / 100).max(12);
        let mut asked = vec![0_usize; offerings];
        let mut wishes = Vec::with_capacity(learners);
        let mut grades = Vec::with_capacity(learners);
        for _ in 0..learners {
            let mut chosen = BTreeSet::new();
            let mut requests = Vec::new();
            while requests.len() < REQUESTS {
                // The least of two makes the first offerings the most wanted.
                let mut one = || chance.below(offerings).min(chance.below(offerings));
                let options = [one(), one(), one()];
                if options.iter().collect::<BTreeSet<_>>().len() == 3 && chosen.insert(options[0]) {
                    asked[options[0]] += 1;
                    requests.push(options);
                }
            }
            wishes.push(requests);
            grades.push(u32::try_from(chance.below(4)).unwrap_or(0) + 9);
        }
        // As many seats as are asked for first, less a part of a section: some must be content with less.
        let sections: Vec<usize> = asked.iter().map(|asked| (asked / CAPACITY as usize).max(1)).collect();
        let all: usize = sections.iter().sum();
        Self {
            learners: wishes,
            grades,
            spaces: (learners * 6 / 100).max(all.div_ceil(usize::from(BLOCKS)) + 1),
            facilitators: all.div_ceil(LOAD) + QUALIFIED,
            sections,
        }
    }

    /// The problem, perhaps without a facilitator.
    pub(crate) fn problem(&self, lost: Option<FacilitatorId>) -> Result<Problem, Fault> {
        let horizon = Horizon::new(1, 5, BLOCKS)?;
        let blocks: Vec<Pattern> =
            (0..BLOCKS).map(|block| horizon.pattern(1, 0b1_1111, block, 1)).collect::<Result<_, _>>()?;
        let mut builder = Builder::new(horizon);
        let spaces: Vec<SpaceId> = (0..self.spaces).map(|_| builder.space(Vec::new())).collect();
        let facilitators: Vec<FacilitatorId> =
            (0..self.facilitators).map(|_| builder.facilitator(Vec::new())).collect();
        let mut offerings: Vec<OfferingId> = Vec::new();
        let mut number = 0;
        for count in &self.sections {
            let mut sections = Vec::new();
            for _ in 0..*count {
                let first = number / LOAD;
                number += 1;
                let led = (first..first + QUALIFIED).map(|place| facilitators[place % facilitators.len()]);
                let led = led.filter(|id| Some(*id) != lost).map(|id| (id, 0)).collect();
                // Half of the spaces suit a section, and some better than others.
                let suits = spaces.iter().filter(|space| space.index() % 2 == offerings.len() % 2);
                sections.push(builder.section(Section {
                    spaces: suits.map(|space| (*space, u32::from(space.index() % 3 == 0))).collect(),
                    facilitators: led,
                    capacity: CAPACITY,
                    least: (8, Weight::Soft(5)),
                    ..Section::at(blocks.iter().copied())
                }));
            }
            if sections.len() > 1 {
                builder.rule(Kind::DifferentTime, Weight::Soft(20), sections.clone());
            }
            let components = vec![Component { sections }];
            offerings.push(builder.offering(Offering { configurations: vec![Configuration { components }] }));
        }
        for (requests, group) in self.learners.iter().zip(&self.grades) {
            let request = |options: &[usize; 3]| Request {
                options: options.iter().zip([0, 100, 250]).map(|(id, cost)| (offerings[*id], cost)).collect(),
                unplaced: Priority::Requested.unplaced(),
            };
            let requests = requests.iter().map(request).collect();
            builder.learner(Learner { requests, closed: Vec::new(), group: *group, spared: 0 });
        }
        builder.build()
    }
}

/// The students of a roster: the roles of OneRoster 1.2 or the users of 1.1.
pub(crate) fn students(roster: &Path) -> Result<usize, String> {
    let failed = |error: csv::Error| format!("{}: {error}", roster.display());
    let mut reader = csv::Reader::from_path(roster).map_err(failed)?;
    let headers = reader.headers().map_err(failed)?.clone();
    let column = headers.iter().position(|header| header == "role");
    let column = column.ok_or_else(|| format!("{}: there is no column role", roster.display()))?;
    let mut students = 0;
    for record in reader.records() {
        students += usize::from(record.map_err(failed)?.get(column) == Some("student"));
    }
    Ok(students)
}

/// What a run of a school shows.
pub(crate) fn show(learners: usize, seconds: f64, workers: usize, seed: u64) -> Result<(), String> {
    let words = |fault: Fault| format!("a school of {learners}: {fault}");
    let school = School::new(learners, seed);
    let problem = school.problem(None).map_err(words)?;
    println!(
        "{learners} learners, {} requests, {} offerings, {} sections, {} spaces, {} facilitators",
        problem.requests(),
        school.sections.len(),
        problem.sections(),
        school.spaces,
        school.facilitators
    );
    let (mut feasible, mut curve) = (None, Vec::new());
    let mut next = Duration::from_secs(1);
    let options = Options {
        seed,
        workers,
        budget: Budget::Time(Duration::from_secs_f64(seconds)),
        ..Options::default()
    };
    let solution = trellis_timetable::solve(&problem, &options, |progress| {
        if progress.cost.hard == 0 && progress.cost.soft > 0 && feasible.is_none() {
            feasible = Some(progress.elapsed);
        }
        if progress.elapsed >= next && feasible.is_some() {
            curve.push(format!("{:.0} s {}", progress.elapsed.as_secs_f64(), progress.cost.soft));
            next *= 2;
        }
        ControlFlow::Continue(())
    })
    .map_err(words)?;
    let first = feasible.map_or_else(|| String::from("none"), |time| format!("{:.1} s", time.as_secs_f64()));
    println!("  first feasible plan: {first}; cost: {}, at the end {:?}", curve.join(", "), solution.cost);
    println!(
        "  {:.2} M moves/s; {} MB at most",
        solution.moves as f64 / solution.elapsed.as_secs_f64() / 1e6,
        peak()
    );
    let grade = |group: u32| format!("grade {group}");
    let comparison = compare(&problem, &solution.plan, DRAWS, seed).map_err(words)?;
    print!("{}", comparison::lines(&comparison, grade));
    explain(&problem, &solution.plan).map_err(words)?;
    replan(&school, &solution.plan, seed).map_err(words)
}

/// The most memory that this process had, in MB; 0 where the machine does not tell.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn explain(problem: &Problem, plan: &Plan) -> Result<(), Fault> {
    let begun = Instant::now();
    let explainer = Explainer::new(problem, plan)?;
    let ready = begun.elapsed();
    let (mut longest, mut unplaced, mut open) = (Duration::ZERO, 0, 0);
    for number in 0..plan.seats.len() {
        if plan.seats[number].is_none() {
            let begun = Instant::now();
            let id = problem.request_at(number).ok_or(Fault::Unknown("request"))?;
            let explanation = explainer.request(id)?;
            longest = longest.max(begun.elapsed());
            unplaced += 1;
            open += usize::from(explanation.ways.iter().any(|way| way.obstacles.is_empty() && way.soft < 0));
        }
    }
    println!(
        "  {unplaced} requests are unplaced, each explained in {:.1} ms at most (after {:.1} ms); {open} of them for no reason",
        longest.as_secs_f64() * 1e3,
        ready.as_secs_f64() * 1e3
    );
    Ok(())
}

/// A facilitator is lost.
fn replan(school: &School, published: &Plan, seed: u64) -> Result<(), Fault> {
    let Some(lost) = published.placements.iter().find_map(|placement| placement.facilitator) else {
        return Ok(());
    };
    let problem = school.problem(Some(lost))?;
    let theirs: BTreeSet<usize> = published
        .placements
        .iter()
        .enumerate()
        .filter(|(_, placement)| placement.facilitator == Some(lost))
        .map(|(section, _)| section)
        .collect();
    let seats = published.seats.iter().enumerate();
    let had: BTreeSet<usize> = seats
        .filter(|(_, seat)| {
            seat.iter().flat_map(|seat| &seat.sections).any(|id| theirs.contains(&id.index()))
        })
        .map(|(request, _)| problem.learner_of(request))
        .collect();
    let begun = Instant::now();
    let options = Options { seed, budget: Budget::Time(Duration::from_secs_f64(2.4)), ..Options::default() };
    let alternatives =
        trellis_timetable::replan(&problem, published, &options, |_| ControlFlow::Continue(()))?;
    println!(
        "  without facilitator {}, who had {} sections with {} learners, after {:.1} s:",
        lost.index(),
        theirs.len(),
        had.len(),
        begun.elapsed().as_secs_f64()
    );
    let before = problem_cost(school, published)?;
    for alternative in alternatives {
        let beyond = alternative.affected.iter().filter(|learner| !had.contains(&learner.index())).count();
        println!(
            "    {} sections at another time, {} elsewhere or led by another, {} learners affected, of whom {beyond} ({:.1} %) were not of that facilitator; cost {:?}, before {:?}",
            alternative.retimed.len(),
            alternative.rehoused.len(),
            alternative.affected.len(),
            beyond as f64 / school.learners.len() as f64 * 100.0,
            alternative.cost,
            before
        );
    }
    Ok(())
}

fn problem_cost(school: &School, plan: &Plan) -> Result<Cost, Fault> {
    school.problem(None)?.cost_of(plan)
}

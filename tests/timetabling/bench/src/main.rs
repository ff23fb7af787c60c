//! Runs the timetable engine on public problems, scores what it makes with a checker that shares nothing with
//! it, and prints how that compares with what is known.

mod chance;
mod comparison;
mod curricula;
mod enrolment;
mod files;
mod itc2019;
mod preferences;
mod school;
mod sheet;
mod table;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use trellis_timetable::{Budget, Effort, Options, Placement, Problem, Solution};
use trellis_timetabling::{Problem as Read, Score};

use crate::table::{Row, Table};

/// Measures the timetable engine.
#[derive(Debug, Parser)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs it on public problems, and scores what it makes.
    Public(Arguments),
    /// Runs it on schools of several sizes.
    School(Schools),
    /// Runs it on what students said about courses, and compares what they get with taking turns.
    Preferences(Preferences),
}

#[derive(Debug, Args)]
struct Preferences {
    /// The folder of the answers, the questions and the list of courses, named as their source names them.
    folder: PathBuf,
    /// How many hundredths of its seats each section has; a run for each.
    #[arg(long, value_delimiter = ',', default_value = "100", value_parser = clap::value_parser!(u32).range(1..=1000))]
    seats: Vec<u32>,
    /// How long each run has.
    #[arg(long, default_value_t = 30.0, value_parser = parse_seconds)]
    seconds: f64,
    /// How many workers each run has.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Where chance begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Args)]
struct Schools {
    /// How many learners each school has.
    #[arg(long, value_delimiter = ',', default_value = "100,300,1000,3000,10000")]
    learners: Vec<usize>,
    /// A school as large as the students of this roster: the roles.csv of OneRoster 1.2, or users.csv of 1.1.
    #[arg(long)]
    roster: Option<PathBuf>,
    /// How long each run has.
    #[arg(long, default_value_t = 30.0, value_parser = parse_seconds)]
    seconds: f64,
    /// How many workers each run has.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Where chance begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Args)]
struct Arguments {
    /// Problems in .tim, .ctt or the XML of ITC 2019, and folders of them.
    #[arg(required = true)]
    instances: Vec<PathBuf>,
    /// How long each run has.
    #[arg(long, default_value_t = 300.0, value_parser = parse_seconds)]
    seconds: f64,
    /// Runs each problem with the seeds from 1 to this.
    #[arg(long, default_value_t = 5)]
    seeds: u64,
    /// How many workers each run has.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Where the solutions go, as INSTANCE.SEED.sln, .sol or .xml.
    #[arg(long, default_value = "target/timetable")]
    out: PathBuf,
    /// Does every run twice, the second time by the effort of the first, and compares the plans.
    #[arg(long)]
    repeat: bool,
}

fn parse_seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 1e6 => Ok(seconds),
        _ => Err("expected seconds, more than none".to_owned()),
    }
}

fn main() -> ExitCode {
    let done = match Program::parse().command {
        Command::Public(arguments) => run(&arguments),
        Command::School(schools) => show(&schools).map(|()| true),
        Command::Preferences(asked) => prefer(&asked).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(words) => {
            eprintln!("{words}");
            ExitCode::from(2)
        }
    }
}

fn show(schools: &Schools) -> Result<(), String> {
    let of_roster = schools.roster.as_deref().map(school::students).transpose()?;
    for learners in of_roster.iter().chain(schools.learners.iter().filter(|_| of_roster.is_none())) {
        school::show(*learners, schools.seconds, schools.workers, schools.seed)?;
    }
    Ok(())
}

fn prefer(asked: &Preferences) -> Result<(), String> {
    let survey = preferences::read(&asked.folder)?;
    let budget = Budget::Time(Duration::from_secs_f64(asked.seconds));
    let options = Options { seed: asked.seed, workers: asked.workers, budget, ..Options::default() };
    for seats in &asked.seats {
        preferences::show(&survey, *seats, &options)?;
    }
    Ok(())
}

/// Runs everything. Whether the checker agreed with the engine every time.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let files = files::instances(&arguments.instances)?;
    std::fs::create_dir_all(&arguments.out)
        .map_err(|error| format!("{}: {error}", arguments.out.display()))?;
    let mut table = Table::new()?;
    for file in &files {
        let read = files::read(file)?;
        let problem = problem(&read).map_err(|fault| format!("{}: {fault}", file.display()))?;
        for seed in 1..=arguments.seeds {
            table.add(attempt(arguments, file, &read, &problem, seed)?);
        }
        table.sum_up();
    }
    Ok(table.finish())
}

/// The problem as the engine takes it.
fn problem(read: &Read) -> Result<Problem, trellis_timetable::Fault> {
    match read {
        Read::Enrolment(read) => enrolment::problem(read),
        Read::Curricula(read) => curricula::problem(read),
        Read::Itc2019(read) => itc2019::problem(read),
    }
}

/// One run, and what the checker says of it.
fn attempt(
    arguments: &Arguments,
    file: &Path,
    read: &Read,
    problem: &Problem,
    seed: u64,
) -> Result<Row, String> {
    let name = files::name(file);
    let budget = Budget::Time(Duration::from_secs_f64(arguments.seconds));
    let options = Options { seed, workers: arguments.workers, budget, ..Options::default() };
    let solve = |options: &Options| {
        trellis_timetable::solve(problem, options, |_| ControlFlow::Continue(()))
            .map_err(|fault| format!("{name}: {fault}"))
    };
    let solution = solve(&options)?;
    let repeated = if arguments.repeat {
        let budget = Budget::Effort(Effort::clone(&solution.effort));
        Some(solve(&Options { budget, ..options })?.plan == solution.plan)
    } else {
        None
    };
    let (text, ending) = written(read, &name, &solution, arguments.workers);
    let out = arguments.out.join(format!("{name}.{seed}.{ending}"));
    std::fs::write(&out, &text).map_err(|error| format!("{}: {error}", out.display()))?;
    let score: Score = read.score(&text).map_err(|fault| format!("{}: {fault}", out.display()))?;
    Ok(Row { name, seed, solution, score, repeated })
}

/// The solution in the format of its competition, and how its file ends.
fn written(read: &Read, name: &str, solution: &Solution, workers: usize) -> (String, &'static str) {
    let placed: &[Placement] = &solution.plan.placements;
    match read {
        Read::Enrolment(_) => (enrolment::solution(placed), "sln"),
        Read::Curricula(read) => (curricula::solution(read, placed), "sol"),
        Read::Itc2019(read) => (itc2019::solution(read, name, solution, workers), "xml"),
    }
}

#[cfg(test)]
mod tests;

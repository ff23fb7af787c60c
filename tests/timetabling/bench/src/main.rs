//! Runs the timetable engine on public problems, and scores what it makes.
mod curricula;
mod enrolment;
mod itc2019;

use std::path::PathBuf;
use std::time::{Duration, Instant};
use trellis_timetable::{Mix, OfferingId, Pattern, SectionId, SpaceId, Tuning};
use trellis_timetabling::Problem;

pub(crate) type Placed = (Pattern, Option<SpaceId>);
pub(crate) type Seated = Option<(OfferingId, Vec<SectionId>)>;

fn env<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn main() {
    let files: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let seconds: f64 = env("SECONDS_", 20.0);
    let seeds: u64 = env("SEEDS", 1);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let read = Problem::read(&text).unwrap();
        let problem = match &read {
            Problem::Enrolment(p) => enrolment::problem(p),
            Problem::Curricula(p) => curricula::problem(p),
            Problem::Itc2019(p) => itc2019::problem(p),
        }.unwrap();
        let has_students = problem.requests() > 0;
        let d = match &read { Problem::Enrolment(_) => (20.0, 0.3, 100, [0, 300, 400, 0]), Problem::Curricula(_) => (20.0, 0.15, 100, [0, 400, 200, 0]), _ => (100.0, 0.5, 1000, [if has_students { 300 } else { 0 }, 200, 0, 100]) };
        let tuning = Tuning { start: env("T0", d.0), end: env("T1", d.1), hard: env("HARD", d.2), epoch: env("EPOCH", 10_000),
            mix: Mix { seats: env("SEATS", d.3[0]), swap: env("SWAP", d.3[1]), chain: env("CHAIN", d.3[2]), eject: env("EJECT", d.3[3]) },
            rounds: std::env::var("ROUNDS").ok().map_or(vec![0.1, 0.9], |v| v.split(',').map(|x| x.parse().unwrap()).collect()) };
        let (mut sum, mut worst) = (0, 0);
        for seed in 1..=seeds {
            let begun = Instant::now();
            let solved = trellis_timetable::solve(&problem, seed, Duration::from_secs_f64(seconds), &tuning);
            let took = begun.elapsed().as_secs_f64();
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let solution = match &read {
                Problem::Enrolment(_) => enrolment::solution(&solved.sections),
                Problem::Curricula(p) => curricula::solution(p, &solved.sections),
                Problem::Itc2019(p) => itc2019::solution(p, &name, &solved.sections, &solved.seats, (took as u64, 1)),
            };
            let score = read.score(&solution).unwrap();
            sum += score.cost(); worst = worst.max(score.cost());
            println!("{name} seed {seed} engine {:?} recount {:?} checker feasible={} {} moves/s {:.2}M in {:.1}s", solved.cost, solved.recount, score.is_feasible(), score.cost(), solved.moves as f64 / took / 1e6, took);
            if env("SHOW", 0) == 1 { println!("{score}"); }
        }
        println!("== {} mean {:.1}", file.display(), sum as f64 / seeds as f64); let _ = worst;
    }
}

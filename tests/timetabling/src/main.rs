//! Scores a solution of a public timetabling problem: `trellis-timetabling comp01.ctt comp01.sol`.

use std::process::ExitCode;

use trellis_timetabling::Problem;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [problem, solution] = &arguments[..] else {
        eprintln!(
            "Usage: trellis-timetabling PROBLEM SOLUTION\n\nA problem in .tim with its .sln, in .ctt with its .sol, or of ITC 2019 with its solution, both in XML."
        );
        return ExitCode::from(2);
    };
    match scored(problem, solution) {
        Ok(words) => {
            println!("{words}");
            ExitCode::SUCCESS
        }
        Err(words) => {
            eprintln!("{words}");
            ExitCode::FAILURE
        }
    }
}

fn scored(problem: &str, solution: &str) -> Result<String, String> {
    let read = |path: &str| std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let (told, answered) = (read(problem)?, read(solution)?);
    let known = Problem::read(&told).map_err(|fault| format!("{problem}: {fault}"))?;
    let score = known.score(&answered).map_err(|fault| format!("{solution}: {fault}"))?;
    Ok(score.to_string())
}

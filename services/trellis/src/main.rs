//! The `trellis` program.

use std::process::ExitCode;

use clap::Parser as _;
use trellis_suite::cli::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("trellis: no runtime could be made: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(cli.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("trellis: {stop}");
            ExitCode::from(stop.code())
        }
    }
}

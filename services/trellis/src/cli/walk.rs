//! `journey`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use trellis_kernel::{Clock as _, District, SystemClock};

use super::{Format, Stop};
use crate::client::Endpoint;
use crate::demo;
use crate::journey::{Journey, Trouble};
use crate::tokens::Minter;

#[derive(Debug, Args)]
pub(super) struct Walk {
    /// Where the suite is; it must trust the development issuer (`serve --dev` or `--demo`).
    #[arg(long, value_name = "URL", env = "TRELLIS_ENDPOINT", default_value = "http://127.0.0.1:50051")]
    endpoint: String,
    /// The district that the journey takes place in; it gets the demonstration's roster.
    #[arg(long, value_name = "ID", default_value = "journey")]
    district: District,
    /// Where the suite keeps its data; the development issuer's key is in `keys` there.
    #[arg(long, value_name = "DIR", env = "TRELLIS_DATA_DIR", default_value = "data")]
    data_dir: PathBuf,
    /// Where the suite keeps its keys, if elsewhere.
    #[arg(long, value_name = "DIR", env = "TRELLIS_KEYS_DIR")]
    keys_dir: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

impl Walk {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let endpoint = Endpoint::at(&self.endpoint)
            .map_err(|_| Stop::Usage(format!("{} is no URL of a suite.", self.endpoint)))?;
        let keys = self.keys_dir.unwrap_or_else(|| self.data_dir.join("keys"));
        let minter = Minter::open(&keys, Arc::new(SystemClock))?;
        let input = demo::input(self.district, SystemClock.now()).map_err(Stop::failed)?;
        let mut steps = Vec::new();
        let text = self.output == Format::Text;
        let walked = Journey::new(endpoint, minter, input)
            .walk(|step| {
                if text {
                    println!("{:>2}. {}", step.number, step.title);
                    for line in &step.lines {
                        println!("      {line}");
                    }
                }
                steps.push(step.clone());
            })
            .await;
        match walked {
            Ok(traces) if text => {
                println!("The learner's level: {}", traces.level);
                Ok(())
            }
            Ok(traces) => {
                let told = serde_json::json!({ "steps": steps, "resources": traces });
                println!("{}", serde_json::to_string_pretty(&told).map_err(Stop::failed)?);
                Ok(())
            }
            Err(stumble) => Err(match &stumble.trouble {
                Trouble::Refused(status) => match Stop::refused(&self.endpoint, status) {
                    unreachable @ Stop::Unreachable(_) => unreachable,
                    _ => Stop::Failed(stumble.to_string()),
                },
                Trouble::Wrong(_) => Stop::Failed(stumble.to_string()),
            }),
        }
    }
}

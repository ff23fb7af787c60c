//! `serve` and `migrate`.

use tokio::signal::unix::{SignalKind, signal};
use trellis_telemetry::{LogFormat, Options};

use super::{Settings, Stop};
use crate::config::{Config, Service};
use crate::demo;
use crate::suite::{self, Sources};

pub(super) async fn serve(settings: &Settings) -> Result<(), Stop> {
    let config = settings.config()?;
    config.check()?;
    let _telemetry = trellis_telemetry::init(&telemetry(&config))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Stop::failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Stop::failed)?;
    let running = suite::start(&config, Sources::default()).await?;
    println!("Trellis is listening on {}.", running.address);
    let work = async {
        if config.demo {
            println!("{}", demo::prepare(&config, &running).await?);
        }
        // Nothing more to do but to serve.
        std::future::pending::<Result<(), Stop>>().await
    };
    let done = tokio::select! {
        done = work => done,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    running.stop().await?;
    done
}

pub(super) async fn migrate(settings: &Settings) -> Result<(), Stop> {
    let config = settings.config()?;
    let _telemetry = trellis_telemetry::init(&telemetry(&config))?;
    suite::migrate(&config).await?;
    let names: Vec<&str> = config.services.iter().map(|service| service.name()).collect();
    println!("The databases are up to date: {}.", names.join(", "));
    Ok(())
}

fn telemetry(config: &Config) -> Options {
    let service = match config.services.as_slice() {
        [one] => format!("trellis-{}", one.name()),
        some if some.len() == Service::ALL.len() => "trellis".to_owned(),
        some => format!("trellis-{}", some.iter().map(|s| s.name()).collect::<Vec<_>>().join("-")),
    };
    Options {
        service,
        otlp_endpoint: config.otlp_endpoint.clone(),
        log_format: if config.log_json { LogFormat::Json } else { LogFormat::Text },
        log_level: config.log.clone(),
    }
}

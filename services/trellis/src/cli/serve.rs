//! `serve` and `migrate`.

use tokio::signal::unix::{SignalKind, signal};
use trellis_telemetry::{LogFormat, Options};

use super::{Settings, Stop};
use crate::config::{Config, Service};
use crate::suite::{self, Sources};
use crate::{demo, descriptors};

pub(super) async fn serve(settings: &Settings) -> Result<(), Stop> {
    let config = settings.config()?;
    config.check()?;
    let _telemetry = trellis_telemetry::init(&telemetry(&config))?;
    descriptors::raise(config.limits.max_connections);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Stop::failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Stop::failed)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(Stop::failed)?;
    let running = suite::start(&config, Sources::default()).await?;
    println!("Trellis is listening on {}.", running.address);
    if let Some(address) = running.admin_address {
        println!("Its operators are answered on {address}.");
    }
    let work = async {
        if config.demo {
            println!("{}", demo::prepare(&config, &running).await?);
        }
        // Nothing more to do but to serve.
        std::future::pending::<Result<(), Stop>>().await
    };
    let read_again = async {
        while hangup.recv().await.is_some() {
            log_as_configured(settings);
        }
        std::future::pending::<Result<(), Stop>>().await
    };
    let done = tokio::select! {
        done = work => done,
        done = read_again => done,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    running.stop().await?;
    done
}

/// Reads the configuration again for the one setting that can change while it is served: `log`. What is
/// wrong is logged, and all stays as it was.
fn log_as_configured(settings: &Settings) {
    let read = settings.config().map_err(Stop::from);
    let Some(level) = trellis_telemetry::log_level() else { return };
    if let Err(stop) = read.and_then(|config| level.set(&config.log).map_err(Stop::from)) {
        tracing::error!(%stop, "the configuration was read again and cannot be followed");
    }
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
        trace_sample_ratio: config.trace_sample_ratio,
        log_format: if config.log_json { LogFormat::Json } else { LogFormat::Text },
        log: config.log.clone(),
    }
}

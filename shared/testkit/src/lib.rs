//! What the tests of every crate share: a PostgreSQL of their own and a pooler before it, NATS servers, certificates,
//! and with the feature `suite` the whole suite on a free port.

pub mod certificates;
mod kept;
pub mod nats;
pub mod pooler;
mod ports;
pub mod postgres;
#[cfg(feature = "suite")]
mod process;
#[cfg(feature = "suite")]
mod refusal;
#[cfg(feature = "suite")]
mod school;
#[cfg(feature = "suite")]
mod suite;

pub use ports::free_port;
#[cfg(feature = "suite")]
pub use process::{Extra, Processes, binary};
#[cfg(feature = "suite")]
pub use refusal::{reason, refused, violations};
#[cfg(feature = "suite")]
pub use school::School;
#[cfg(feature = "suite")]
pub use suite::{Backend, Caller, Role, Setup, Shape, Suite};

/// Runs a test's future to its end on a runtime with several workers, as the server has.
///
/// # Panics
///
/// When the runtime cannot be made.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime for the test")
        .block_on(test)
}

/// Makes two tests of one body: `name::sqlite` and `name::postgres`, each with a suite of its own.
///
/// ```text
/// trellis_testkit::on_each_database!(
///     async fn a_framework_is_read_back(suite: Suite) {
///         let caller = suite.operator("grand-bend");
///     }
/// );
/// ```
#[cfg(feature = "suite")]
#[macro_export]
macro_rules! on_each_database {
    ($(#[$attribute:meta])* async fn $name:ident($suite:ident: Suite) $body:block) => {
        $(#[$attribute])*
        mod $name {
            use super::*;

            async fn body($suite: $crate::Suite) $body

            #[test]
            fn sqlite() {
                $crate::run(async { body($crate::Suite::start($crate::Backend::Sqlite).await).await });
            }

            #[test]
            fn postgres() {
                $crate::run(async { body($crate::Suite::start($crate::Backend::Postgres).await).await });
            }
        }
    };
}

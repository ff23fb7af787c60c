//! What the tests of every crate share: a PostgreSQL of their own, and with the feature `suite` the
//! whole suite on a free port.

pub mod postgres;

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

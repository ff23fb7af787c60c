//! A database that refuses what the suite relies on it to take.

use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};
use trellis_testkit::Suite;

/// Makes profile's database refuse every new entry of a learner. PostgreSQL then says the whole row in the
/// detail of its error.
pub(super) async fn entries(suite: &Suite) {
    if let Some(url) = suite.database_url() {
        let mut connection = PgConnection::connect(url).await.expect("the suite's database");
        let refuse = "ALTER TABLE profile.entries ADD CONSTRAINT nothing_new CHECK (false) NOT VALID";
        connection.execute(refuse).await.expect("a constraint");
        return;
    }
    let file = format!("sqlite://{}", suite.directory().join("profile.db").display());
    let mut connection = SqliteConnection::connect(&file).await.expect("the suite's database");
    let refuse = "CREATE TRIGGER nothing_new BEFORE INSERT ON entries \
                  BEGIN SELECT RAISE(ABORT, 'nothing new'); END";
    connection.execute(refuse).await.expect("a trigger");
}

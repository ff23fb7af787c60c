//! The store on real databases: an SQLite file and a PostgreSQL with an ordinary role.

mod feeding;
mod filtering;
mod migrating;
mod paging;
mod place;
mod sealing;
mod writing;

//! Queries that cannot forget their district.

use sea_orm::{ColumnTrait, ConnectionTrait, DeleteMany, EntityTrait, QueryFilter, Select, UpdateMany};
use trellis_kernel::District;

use crate::Sealer;
use crate::conn::ReadConn;

/// A table whose rows each belong to a district. Implement it with [`scoped!`](crate::scoped).
pub trait Scoped: EntityTrait {
    /// The column that holds the district.
    fn district_column() -> Self::Column;
}

/// Implements [`Scoped`] for the entity of a module: `scoped!(goal);`, its column being `district`.
#[macro_export]
macro_rules! scoped {
    ($($entity:ident)::+) => {
        impl $crate::Scoped for $($entity)::+::Entity {
            fn district_column() -> Self::Column {
                $($entity)::+::Column::District
            }
        }
    };
}

/// A way to the rows of one district: a [`Reader`] or a [`Tx`](crate::Tx).
pub trait Scope: Sync {
    /// The connection that queries run on.
    type Conn: ConnectionTrait;

    /// The connection that queries run on.
    fn conn(&self) -> &Self::Conn;

    /// The district.
    fn district(&self) -> &District;

    /// What seals the tokens of lists.
    fn sealer(&self) -> &Sealer;

    /// Selects rows of the district.
    fn find<E: Scoped>(&self) -> Select<E> {
        E::find().filter(E::district_column().eq(self.district().as_str()))
    }

    /// Changes rows of the district.
    fn update_many<E: Scoped>(&self) -> UpdateMany<E> {
        E::update_many().filter(E::district_column().eq(self.district().as_str()))
    }

    /// Deletes rows of the district.
    fn delete_many<E: Scoped>(&self) -> DeleteMany<E> {
        E::delete_many().filter(E::district_column().eq(self.district().as_str()))
    }
}

/// Reads in one district, each query on a connection of its own. The database refuses it any change.
#[derive(Clone, Debug)]
pub struct Reader {
    conn: ReadConn,
    district: District,
    sealer: Sealer,
}

impl Reader {
    pub(crate) const fn new(conn: ReadConn, district: District, sealer: Sealer) -> Self {
        Self { conn, district, sealer }
    }
}

impl Scope for Reader {
    type Conn = ReadConn;

    fn conn(&self) -> &ReadConn {
        &self.conn
    }

    fn district(&self) -> &District {
        &self.district
    }

    fn sealer(&self) -> &Sealer {
        &self.sealer
    }
}

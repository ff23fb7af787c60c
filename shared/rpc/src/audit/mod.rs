//! Who reached what: kept by the guards of a service in its store, and told by one service for all the
//! stores of a process.

mod cursor;
mod serve;

use std::sync::Arc;

use async_trait::async_trait;
use trellis_auth::{Access, Trail};
use trellis_kernel::Result;
use trellis_store::{Audit, Store};

pub use serve::AccessTrail;

/// The trail of a service's guards: its own store's.
pub fn trail(store: &Store) -> Arc<dyn Trail> {
    Arc::new(StoreTrail(store.audit()))
}

struct StoreTrail(Audit);

#[async_trait]
impl Trail for StoreTrail {
    async fn record(&self, access: Access) -> Result<()> {
        self.0.record(kept(access)).await
    }

    async fn record_now(&self, access: Access) -> Result<()> {
        self.0.record_now(kept(access)).await
    }
}

fn kept(access: Access) -> trellis_store::Access {
    let Access { district, actor, token_id, method, data_class, relations, learners } = access;
    trellis_store::Access {
        district,
        actor,
        token_id,
        method,
        data_class: data_class.into(),
        relations,
        learners,
    }
}

//! Who is believed, and who may.

mod authority;
mod guard;
mod issuers;
mod lasting;
mod remembered;
mod rotation;
mod rules;

use std::sync::Arc;

use jiff::SignedDuration;
use tonic::metadata::MetadataMap;
use trellis_auth::{Authority, Claims, DEV_ISSUER, Issuer, Keys, SERVICE_ISSUER, ServiceIdentity, Signer};
use trellis_kernel::{District, FixedClock, Party, Scopes, Timestamp};

/// An installation that trusts its own services and one issuer.
struct House {
    clock: Arc<FixedClock>,
    issuer: Signer,
    services: Arc<Signer>,
    directory: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let open = |file: &str, name: &str| Signer::open(&directory.path().join(file), name).expect("a key");
        Self {
            clock: Arc::new(FixedClock::at(Timestamp::from_second(1_800_000_000).expect("a moment"))),
            issuer: open("issuer.pem", DEV_ISSUER),
            services: Arc::new(open("services.pem", SERVICE_ISSUER)),
            directory,
        }
    }

    fn authority(&self, districts: &[&str]) -> Authority {
        let issuer = Issuer::new(DEV_ISSUER, Keys::Fixed(self.issuer.public_keys()))
            .districts(districts.iter().map(|id| district(id)).collect());
        Authority::new(vec![issuer], &self.services, self.clock.clone()).expect("an authority")
    }

    fn claims(&self, party: &Party, scopes: &str) -> Claims {
        use trellis_kernel::Clock;
        let end = self.clock.now() + SignedDuration::from_hours(1);
        Claims::new(DEV_ISSUER, district("grand-bend"), party, &Scopes::parse(scopes), end)
    }

    fn call(&self, party: &Party, scopes: &str) -> MetadataMap {
        metadata(&self.issuer.mint(&self.claims(party, scopes)).expect("a token"))
    }

    fn service(&self) -> ServiceIdentity {
        ServiceIdentity::new("experience", self.services.clone(), self.clock.clone())
    }
}

fn district(id: &str) -> District {
    District::parse(id).expect("a district")
}

fn metadata(token: &str) -> MetadataMap {
    let mut metadata = MetadataMap::new();
    metadata.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    metadata
}

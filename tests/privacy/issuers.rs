//! Tokens of identity providers, as the real program is told to trust them: one by a file of keys, one by
//! its own server.

use std::path::Path;

use axum::Router;
use axum::routing::get;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tonic::Code;
use trellis_auth::{Claims, Signer};
use trellis_contracts::common::WhoAmIRequest;
use trellis_contracts::common::identity_service_client::IdentityServiceClient;
use trellis_kernel::{District, Party, Scopes};
use trellis_testkit::{Backend, Suite, run};

/// An identity provider.
struct Provider {
    signer: Signer,
    audience: &'static str,
    district: &'static str,
}

impl Provider {
    fn new(directory: &Path, name: &str, audience: &'static str, district: &'static str) -> Self {
        let issuer = format!("https://{name}.example.org");
        let signer = Signer::open(&directory.join(format!("{name}.pem")), &issuer).expect("a key");
        Self { signer, audience, district }
    }

    fn keys(&self) -> String {
        serde_json::to_string(&self.signer.public_keys()).expect("JSON")
    }

    fn token(&self, suite: &Suite, change: &[(&str, &str)]) -> String {
        let district = District::parse(self.district).expect("a district");
        let expire = suite.now() + SignedDuration::from_hours(1);
        let claims =
            Claims::new(self.signer.issuer(), district, &Party::Operator, &Scopes::parse("*"), expire);
        let mut claims: Value = serde_json::to_value(claims).expect("JSON");
        for (claim, value) in [("aud", self.audience)].iter().chain(change) {
            claims[*claim] = json!(value);
        }
        self.signer.mint(&serde_json::from_value(claims).expect("claims")).expect("a token")
    }
}

/// The districts of whoever a token names; or how it is refused.
async fn districts(suite: &Suite, token: &str) -> Result<Vec<String>, Code> {
    let answer = IdentityServiceClient::new(suite.endpoint().with(token)).who_am_i(WhoAmIRequest {}).await;
    answer.map(|me| me.into_inner().districts).map_err(|refused| refused.code())
}

#[test]
fn each_provider_is_believed_for_its_own_audience_and_districts() {
    run(async {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name).display().to_string();
        let state = Provider::new(directory.path(), "state", "trellis-state", "grand-bend");
        let school = Provider::new(directory.path(), "school", "trellis-school", "elsewhere");
        std::fs::write(path("state.json"), state.keys()).expect("writing");
        let keys = school.keys();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().route("/keys", get(move || async move { keys }));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        let table = format!(
            "[[issuers]]\nurl = '{}'\njwks = 'http://{address}/keys'\naudience = '{}'\ndistricts = ['{}']\n",
            school.signer.issuer(),
            school.audience,
            school.district
        );
        std::fs::write(path("trellis.toml"), table).expect("writing");
        let flags = [
            ["--config", &path("trellis.toml")],
            ["--log", "error"],
            ["--issuer-url", state.signer.issuer()],
            ["--issuer-jwks", &path("state.json")],
            ["--issuer-audience", state.audience],
            ["--issuer-district", state.district],
        ];
        let log = tempfile::tempfile().expect("a file");
        let suite = Suite::program(Backend::Sqlite, flags.as_flattened(), &log).await;

        for (one, other) in [(&state, &school), (&school, &state)] {
            let name = one.signer.issuer();
            let own = districts(&suite, &one.token(&suite, &[])).await;
            assert_eq!(own, Ok(vec![format!("districts/{}", one.district)]), "{name} for its own");
            // Its signature and all else are good.
            for claim in [("trellis_district", other.district), ("aud", other.audience)] {
                let token = one.token(&suite, &[claim]);
                assert_eq!(districts(&suite, &token).await, Err(Code::Unauthenticated), "{name}: {claim:?}");
            }
            // The other has no such key; or might have made it since its keys were read a moment ago.
            let token = one.token(&suite, &[("iss", other.signer.issuer())]);
            let refused = districts(&suite, &token).await.expect_err("the key is another's");
            assert!([Code::Unauthenticated, Code::Unavailable].contains(&refused), "{name}: {refused:?}");
        }
    });
}

//! Bearer tokens: whatever a stranger writes into the three parts of a JWT proves nobody.
#![no_main]

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;
use tonic::metadata::{MetadataMap, MetadataValue};
use trellis_auth::{Authority, DEV_ISSUER, Issuer, Keys, Signer};
use trellis_kernel::SystemClock;

struct House {
    authority: Authority,
    runtime: Runtime,
    kid: String,
}

static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let directory = tempfile::tempdir().expect("a directory for the key");
    let signer = Signer::open(&directory.path().join("key"), DEV_ISSUER).expect("a key");
    let keys = signer.public_keys();
    let kid = keys.keys[0].common.key_id.clone().expect("our keys have ids");
    let issuer = Issuer::new(DEV_ISSUER, Keys::Fixed(keys));
    let authority = Authority::new(vec![issuer], &signer, Arc::new(SystemClock)).expect("one issuer");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    House { authority, runtime, kid }
});

fn proves_nobody(token: &str) {
    let Ok(value) = MetadataValue::try_from(format!("Bearer {token}")) else { return };
    let mut metadata = MetadataMap::new();
    metadata.insert("authorization", value);
    let proved = HOUSE.runtime.block_on(HOUSE.authority.authenticate(&metadata));
    assert!(proved.is_err(), "a token that nobody signed was believed");
}

fuzz_target!(|input: (&str, &str, &[u8])| {
    let (header, claims, signature) = input;
    proves_nobody(header);
    // `KID` stands for the id of a key that is trusted, which no random text finds.
    let header = URL_SAFE_NO_PAD.encode(header.replace("KID", &HOUSE.kid));
    let claims = URL_SAFE_NO_PAD.encode(claims);
    proves_nobody(&format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature)));
});

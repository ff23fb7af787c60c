//! `token revoke`.

use std::io::Read as _;

use clap::Args;
use trellis_auth::Claims;
use trellis_contracts::profile::RevokeTokenRequest;
use trellis_contracts::profile::token_service_client::TokenServiceClient;
use trellis_kernel::{District, Ids as _, RandomIds};

use super::import::Client;
use super::output::json;
use super::{Format, Stop};

/// Takes a token back: every service refuses it within a second.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The token, or its `jti` with --district; `-` reads it from standard input.
    #[arg(id = "taken_back", value_name = "TOKEN")]
    token: String,
    /// The district that it is for, where the token itself is not at hand.
    #[arg(long, value_name = "ID")]
    district: Option<District>,
    #[command(flatten)]
    client: Client,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

/// What of a token says which it is.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    jti: Option<String>,
    exp: Option<i64>,
    district: Option<District>,
}

impl Revoke {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let given = if self.token == "-" { standard_input()? } else { self.token };
        let Named { jti, exp, district } = named(given.trim())?;
        let usage = |words: &str| Stop::Usage(words.to_owned());
        let token_id = jti.ok_or_else(|| {
            usage(
                "The token has no jti, so it cannot be taken back by itself: have its issuer change its key.",
            )
        })?;
        let district = self.district.or(district);
        let district = district.ok_or_else(|| usage("Say which district it is for: --district ID."))?;
        let request = RevokeTokenRequest {
            parent: format!("districts/{district}"),
            token_id,
            expire_time: exp.map(|seconds| prost_types::Timestamp { seconds, nanos: 0 }),
            request_id: RandomIds.next().to_string(),
        };
        let caller = self.client.caller()?;
        let revoked = TokenServiceClient::new(caller).revoke_token(request).await;
        let revoked = revoked.map_err(|status| Stop::refused(&self.client.endpoint, &status))?.into_inner();
        match self.output {
            Format::Json => println!("{}", json(&revoked)?),
            Format::Text => println!("The token {} is taken back.", revoked.token_id),
        }
        Ok(())
    }
}

/// What a token says of itself; a text that is no token is the `jti` of one.
fn named(given: &str) -> Result<Named, Stop> {
    if given.matches('.').count() != 2 {
        return Ok(Named { jti: Some(given.to_owned()), exp: None, district: None });
    }
    let claims =
        Claims::unverified(given).map_err(|_| Stop::Usage("This is no token of ours.".to_owned()))?;
    Ok(Named { jti: claims.jti, exp: Some(claims.exp), district: claims.trellis_district })
}

fn standard_input() -> Result<String, Stop> {
    let mut text = String::new();
    std::io::stdin().take(64 * 1024).read_to_string(&mut text).map_err(Stop::failed)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use trellis_kernel::{Party, Scopes, SystemClock};

    use super::*;
    use crate::tokens::Minter;

    #[test]
    fn a_token_says_which_it_is_and_anything_else_is_a_name() {
        let directory = tempfile::tempdir().expect("a directory");
        let minter = Minter::open(directory.path(), Arc::new(SystemClock)).expect("an issuer");
        let district = District::parse("grand-bend").expect("a district");
        let life = jiff::SignedDuration::from_hours(1);
        let mint = || minter.mint(&district, &Party::Operator, &Scopes::default(), life).expect("a token");
        let (one, other) = (named(&mint()).expect("a token"), named(&mint()).expect("a token"));
        assert!(one.jti.is_some() && one.jti != other.jti, "each has a name of its own");
        assert!(one.exp.is_some() && one.district == Some(district));
        let found = named("01900000-0000-7000-8000-000000000001").expect("a name");
        assert_eq!(found.jti.as_deref(), Some("01900000-0000-7000-8000-000000000001"));
        assert!(named("a.b.c").is_err());
    }
}

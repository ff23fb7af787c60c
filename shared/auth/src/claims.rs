//! What a token says (RFC 7519), and the actor that it makes.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Actor, District, Failure, Party, Result, Scopes, Timestamp, Uuid};

/// The longest `jti`, in characters: as much as a token can be taken back by, and the trail keep.
const MAX_TOKEN_ID: usize = 256;

/// The claims of a token.
///
/// `trellis_kind` and what belongs to it are ours; the others are registered names. There is no claim for
/// a role: roles come from the roster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// Whom it names, in the issuer's own words.
    pub sub: String,
    /// For whom it was issued: `trellis`.
    pub aud: Audience,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// Before when it is not valid, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// When it was issued, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// What it is called, so that it can be taken back (RFC 7519, section 4.1.7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// What it allows: scopes with spaces between (RFC 8693, section 4.2).
    #[serde(default)]
    pub scope: String,
    /// What the subject is: `person`, `application`, `operator` or, from the suite itself, `service`.
    pub trellis_kind: Subject,
    /// The district that it is for; services have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trellis_district: Option<District>,
    /// The person or application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trellis_id: Option<Uuid>,
    /// For a service, on whose behalf it calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trellis_on_behalf_of: Option<Box<Claims>>,
}

/// An audience, or several.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Audience {
    pub(crate) fn holds(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

/// What a token's subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A person of the roster.
    Person,
    /// A vendor's product.
    Application,
    /// The district's own IT.
    Operator,
    /// A service of the suite.
    Service,
}

impl Claims {
    /// The claims of a token for a person, an application or an operator of a district.
    pub fn new(
        issuer: &str,
        district: District,
        party: &Party,
        scopes: &Scopes,
        expire_time: Timestamp,
    ) -> Self {
        let (kind, id, sub) = match party {
            Party::Person(id) => (Subject::Person, Some(*id), format!("people/{id}")),
            Party::Application(id) => (Subject::Application, Some(*id), format!("applications/{id}")),
            Party::Operator => (Subject::Operator, None, "operator".to_owned()),
            Party::Service { name, .. } => (Subject::Service, None, format!("services/{name}")),
        };
        Self {
            iss: issuer.to_owned(),
            sub,
            aud: Audience::One(crate::AUDIENCE.to_owned()),
            exp: expire_time.as_second(),
            nbf: None,
            iat: None,
            jti: None,
            scope: scopes.to_string(),
            trellis_kind: kind,
            trellis_district: Some(district),
            trellis_id: id,
            trellis_on_behalf_of: None,
        }
    }

    /// What a token says of itself, whoever signed it: to name it, and to believe nothing.
    pub fn unverified(token: &str) -> Result<Self> {
        jsonwebtoken::dangerous::insecure_decode_claims(token)
            .map_err(|_| Failure::unauthenticated("The token is not well formed."))
    }

    /// The claims of an actor, for a service that calls on its behalf.
    pub(crate) fn of(actor: &Actor) -> Option<Self> {
        let district = actor.district.clone()?;
        let mut claims =
            Self::new(crate::SERVICE_ISSUER, district, &actor.party, &actor.scopes, actor.expire_time);
        claims.sub.clone_from(&actor.subject);
        claims.jti.clone_from(&actor.token_id);
        Some(claims)
    }

    /// The actor that these claims name. Only the suite's own tokens (`own`) may name a service.
    pub(crate) fn into_actor(self, own: bool) -> Result<Actor> {
        let incomplete =
            || Failure::unauthenticated("The token's claims are not complete: see docs/tokens.md.");
        let party = match self.trellis_kind {
            Subject::Person => Party::Person(self.trellis_id.ok_or_else(incomplete)?),
            Subject::Application => Party::Application(self.trellis_id.ok_or_else(incomplete)?),
            Subject::Operator => Party::Operator,
            Subject::Service if own => {
                let name = self.sub.strip_prefix("services/").ok_or_else(incomplete)?.to_owned();
                let on_behalf_of = match self.trellis_on_behalf_of {
                    Some(claims) if claims.trellis_kind != Subject::Service => {
                        Some(Box::new(claims.into_actor(false)?))
                    }
                    Some(_) => return Err(incomplete()),
                    None => None,
                };
                Party::Service { name, on_behalf_of }
            }
            Subject::Service => {
                return Err(Failure::unauthenticated("Only the suite itself issues tokens of services."));
            }
        };
        if self.jti.as_deref().is_some_and(|jti| !can_be_called(jti)) {
            return Err(Failure::unauthenticated(
                "The token's `jti` must have 1 to 256 characters, and no control characters among them.",
            ));
        }
        if self.trellis_district.is_none() && !matches!(party, Party::Service { .. }) {
            return Err(incomplete());
        }
        Ok(Actor {
            subject: self.sub,
            party,
            district: self.trellis_district,
            scopes: Scopes::parse(&self.scope),
            expire_time: Timestamp::from_second(self.exp).map_err(|_| incomplete())?,
            token_id: self.jti,
        })
    }
}

/// Whether a token can be called so: it is kept with everything that the token reads and changes.
fn can_be_called(jti: &str) -> bool {
    let mut characters = jti.chars();
    !jti.is_empty()
        && characters.by_ref().take(MAX_TOKEN_ID).all(|c| !c.is_control())
        && characters.next().is_none()
}

//! Where a list that is merged from several stores goes on.

use std::collections::BTreeMap;

use trellis_kernel::{Failure, Reason, Result, Timestamp};

/// The place in each store's own list, and the moment before which the whole list lies: accesses that come
/// while a client turns the pages are not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) end: Timestamp,
    /// By store: the token of its next page (empty for its first); a store whose list is done is not here.
    pub(super) places: BTreeMap<&'static str, String>,
}

impl Cursor {
    /// At the beginning of the lists of these stores.
    pub(super) fn start(end: Timestamp, stores: impl Iterator<Item = &'static str>) -> Self {
        Self { end, places: stores.map(|store| (store, String::new())).collect() }
    }

    /// As a page token. What it says is no secret, and each store opens only what it sealed itself.
    pub(super) fn write(&self) -> String {
        let places: Vec<String> =
            self.places.iter().map(|(store, token)| format!("{store}={token}")).collect();
        format!("{}~{}", self.end.as_microsecond(), places.join("~"))
    }

    /// Reads a page token; it can only name these stores.
    pub(super) fn read(token: &str, stores: &[&'static str]) -> Result<Self> {
        Self::parts(token, stores).ok_or_else(|| {
            Failure::invalid(Reason::InvalidPageToken, "The page token is not one that this list gave.")
                .violation("page_token", "must be the next_page_token of the same list with the same filter")
        })
    }

    fn parts(token: &str, stores: &[&'static str]) -> Option<Self> {
        let mut parts = token.split('~');
        let end = Timestamp::from_microsecond(parts.next()?.parse().ok()?).ok()?;
        let mut places = BTreeMap::new();
        for part in parts {
            let (store, token) = part.split_once('=')?;
            let store = stores.iter().copied().find(|known| *known == store)?;
            if places.insert(store, token.to_owned()).is_some() {
                return None;
            }
        }
        (!places.is_empty()).then_some(Self { end, places })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_where_each_store_goes_on() {
        let stores = ["outcome", "profile"];
        let end = Timestamp::from_microsecond(1_800_000_000_000_007).expect("a moment");
        let mut cursor = Cursor::start(end, stores.into_iter());
        cursor.places.insert("profile", "a-Token_=".to_owned());
        assert_eq!(Cursor::read(&cursor.write(), &stores).expect("ours"), cursor);
        cursor.places.remove("outcome");
        assert_eq!(Cursor::read(&cursor.write(), &stores).expect("ours"), cursor);
        for wrong in ["", "x", "7", "7~", "7~profile", "7~other=", "7~profile=~profile=", "x~profile="] {
            let refused = Cursor::read(wrong, &stores).expect_err(wrong);
            assert_eq!(refused.reason(), Reason::InvalidPageToken);
        }
    }
}

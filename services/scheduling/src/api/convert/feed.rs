//! Feeds.

use trellis_contracts::scheduling as proto;
use trellis_contracts::values::timestamp;
use trellis_kernel::District;

use crate::app::feeds::Given;
use crate::domain::feed::Feed;
use crate::domain::names;

/// A new feed as its maker sees it.
pub(crate) fn message(district: &District, given: Given) -> proto::Feed {
    let Given { feed: Feed { id, learner, creator: _, created }, url } = given;
    proto::Feed {
        name: names::feed(district, learner, id).to_string(),
        uid: id.to_string(),
        create_time: Some(timestamp(created)),
        url,
    }
}

//! `ListChanges`.

use prost::Message as _;
use trellis_kernel::{Actor, District, PageSize, Result};
use trellis_store::PAGE_BYTES;

use super::{ChangeFeed, Listed, Resources};

/// How many batches of rows one answer reads at most: who may see little of a long feed is handed a
/// token half-way rather than kept waiting.
const BATCHES: usize = 10;

impl<R: Resources> ChangeFeed<R> {
    /// The changes after a token; from the oldest that is kept on, when it is empty. Where the feed no
    /// longer holds what a token stands for, it is refused with `RESUME_TOKEN_TOO_OLD`.
    pub async fn list(
        &self,
        actor: &Actor,
        district: &District,
        resume_token: &str,
        page_size: i32,
    ) -> Result<Listed<R::Message>> {
        let size = usize::from(PageSize::parse(page_size)?.get());
        let tokens = self.store.feed(district);
        let mut place = match tokens.open(resume_token)? {
            Some(place) => place,
            None => tokens.beginning().await?,
        };
        let sight = self.sight(actor, district, "ListChanges");
        let (mut changes, mut bytes, mut more) = (Vec::new(), 0, true);
        for _ in 0..BATCHES {
            let wanted = size - changes.len();
            let part = tokens.read(place, wanted as u64).await?;
            more = part.full;
            for (at, change) in sight.changes(&tokens, &part).await? {
                let message = self.resources.compose(change);
                bytes += message.encoded_len();
                if bytes > PAGE_BYTES && !changes.is_empty() {
                    // The one before is where the next answer begins.
                    return Ok(Listed { changes, resume_token: tokens.token(place), more: true });
                }
                place = at;
                changes.push(message);
            }
            place = part.place;
            if !more || changes.len() >= size {
                break;
            }
        }
        Ok(Listed { changes, resume_token: tokens.token(place), more })
    }
}

//! Where the pages of a list are (CASE 1.1, REST binding, section 3.1; links: RFC 8288).

use axum::http::header::LINK;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;

use crate::domain::case::query::Query;

/// How many there are in all.
const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

/// The parameters of a request.
pub(super) fn parameters(query: &str) -> Vec<(String, String)> {
    // Only its query is read, so any address will do.
    let mut url = Url::parse("http://localhost").ok();
    if let Some(url) = &mut url {
        url.set_query(Some(query));
    }
    url.iter().flat_map(Url::query_pairs).map(|(name, value)| (name.into(), value.into())).collect()
}

/// How many there are, and where the other pages of a list at `url` are.
pub(super) fn headers(url: &str, parameters: &[(String, String)], query: &Query, total: usize) -> HeaderMap {
    let Query { limit, offset, .. } = *query;
    let last = total.saturating_sub(1) / limit * limit;
    let mut links = Vec::new();
    if offset.saturating_add(limit) < total {
        links.push(("next", offset + limit));
    }
    if offset > 0 {
        links.push(("prev", offset.min(last + limit).saturating_sub(limit)));
    }
    if total > 0 {
        links.extend([("first", 0), ("last", last)]);
    }
    let links = links.into_iter().filter_map(|(relation, offset)| {
        Some(format!("<{}>; rel=\"{relation}\"", at(url, parameters, limit, offset)?))
    });
    let mut headers = HeaderMap::new();
    headers.insert(TOTAL, HeaderValue::from(total));
    let links = links.collect::<Vec<_>>().join(", ");
    if let Ok(links) = HeaderValue::try_from(links)
        && !links.is_empty()
    {
        headers.insert(LINK, links);
    }
    headers
}

/// The same list from another place on.
fn at(url: &str, parameters: &[(String, String)], limit: usize, offset: usize) -> Option<Url> {
    let mut url = Url::parse(url).ok()?;
    let mut pairs = url.query_pairs_mut();
    for (name, value) in parameters.iter().filter(|(name, _)| name != "limit" && name != "offset") {
        pairs.append_pair(name, value);
    }
    pairs.append_pair("limit", &limit.to_string()).append_pair("offset", &offset.to_string());
    drop(pairs);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::write::Version;

    fn links(query: &str, total: usize) -> String {
        let parameters = parameters(query);
        let asked = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let query = Query::read(asked, Version::V1p1).expect("a query");
        let headers = headers("https://a.example/CFDocuments", &parameters, &query, total);
        assert_eq!(headers[TOTAL], total.to_string());
        headers.get(LINK).map(|link| link.to_str().expect("text").to_owned()).unwrap_or_default()
    }

    #[test]
    fn links_lead_to_the_other_pages_and_keep_what_was_asked() {
        let told = links("filter=title~%27a%26b%27&limit=10&offset=10", 503);
        let asked = "https://a.example/CFDocuments?filter=title%7E%27a%26b%27&limit=10&offset=";
        let expected = [("next", 20), ("prev", 0), ("first", 0), ("last", 500)];
        let expected = expected.map(|(relation, offset)| format!("<{asked}{offset}>; rel=\"{relation}\""));
        assert_eq!(told, expected.join(", "));
    }

    #[test]
    fn the_last_page_has_no_next_and_one_beyond_it_leads_back() {
        assert!(!links("limit=10&offset=500", 503).contains("next"));
        assert!(links("limit=10&offset=500", 503).contains("offset=490>; rel=\"prev\""));
        assert!(links("limit=10&offset=900", 503).contains("offset=500>; rel=\"prev\""));
        assert!(links("limit=10", 500).contains("offset=490>; rel=\"last\""));
        assert_eq!(links("", 0), "");
    }
}

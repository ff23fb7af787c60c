"""Walks a CASE provider from its description to everything that is linked, by HTTP alone.

    walk.py BASE [TOKEN]

Tells each answer as a line of JSON: the collection it was asked from, the status, the body. Ends with a
line that says what was dead: links of the provider's own that were not answered with 200.
"""

import json
import sys
import urllib.error
import urllib.request

BASE, TOKEN = sys.argv[1], (sys.argv[2:] or [None])[0]
ORIGIN = BASE.split("/case/")[0]


def get(url):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"} if TOKEN else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, json.load(refused)


def links(value):
    """Every reference in an answer: an object with an identifier and a URI, wherever it stands."""
    if isinstance(value, dict):
        if isinstance(value.get("uri"), str) and "identifier" in value:
            yield value
        for key, inner in value.items():
            if key != "extensions":
                yield from links(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from links(inner)


def pages(url):
    """The documents of a list, page after page, by the links of its headers."""
    while url:
        status, headers, body = get(url)
        if status != 200:
            return
        tell("CFDocuments", status, body)
        yield from body["CFDocuments"]
        rels = [part.split(";") for part in (headers.get("Link") or "").split(", ")]
        url = next((part[0].strip("<> ") for part in rels if 'rel="next"' in part[-1]), None)


def tell(collection, status, body):
    print(json.dumps({"collection": collection, "status": status, "body": body}))


seen, dead, elsewhere = {}, [], 0


def follow(url, collection):
    """Asks for something once, and for whatever it links to; answers with what it says."""
    global elsewhere
    if url in seen:
        return seen[url]
    seen[url] = None
    status, _, body = get(url)
    if status != 200:
        dead.append([url, status])
        return None
    seen[url] = body
    tell(collection, status, body)
    for link in links(body):
        if not link["uri"].startswith(ORIGIN + "/case/"):
            elsewhere += 1
        elif "#" not in link["uri"]:
            follow(link["uri"], link["uri"].rsplit("/", 2)[1])
    return body


version = BASE.rstrip("/").rsplit("/", 1)[1]
status, _, described = get(f"{BASE}/discovery/imscase{version}_openapi3_v1p0.json")
assert status == 200, status
server = described["servers"][0]["url"]
paths = set(described["paths"])

for document in pages(f"{server}/CFDocuments?limit=2"):
    identifier = document["identifier"]
    follow(f"{server}/CFDocuments/{identifier}", "CFDocuments/one")
    package = follow(document["CFPackageURI"]["uri"], "CFPackages")
    if package is None:
        continue
    for item in package.get("CFItems", []):
        follow(f"{server}/CFItems/{item['identifier']}", "CFItems")
    linked = {node["identifier"] for association in package.get("CFAssociations", [])
              for node in (association["originNodeURI"], association["destinationNodeURI"])}
    for item in package.get("CFItems", []):
        if item["identifier"] in linked:
            follow(f"{server}/CFItemAssociations/{item['identifier']}", "CFItemAssociations")
    for association in package.get("CFAssociations", []):
        follow(f"{server}/CFAssociations/{association['identifier']}", "CFAssociations")
    for collection, entries in package.get("CFDefinitions", {}).items():
        if f"/{collection}/{{sourcedId}}" in paths:
            for entry in entries:
                follow(f"{server}/{collection}/{entry['identifier']}", collection)
    for rubric in package.get("CFRubrics", []):
        follow(f"{server}/CFRubrics/{rubric['identifier']}", "CFRubrics")

print(json.dumps({"dead": dead, "elsewhere": elsewhere, "paths": sorted(paths)}))

"""Looks at the reference that was written: its links, its markup, and that it holds the whole contract.

    python3 docs/reference/check.py target/docs/reference

It reads the pages as a browser would, and the contract from the descriptor set that lies beside them; it shares
nothing with what wrote them.
"""

import json
import posixpath
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

from google.protobuf import descriptor_pb2

VOID = {"input", "link", "meta"}
# All that the pages are made of: what a text says in angle brackets would be another.
ELEMENTS = VOID | set(
    "html head title script body header nav main section div span form label ul ol li dl dt dd p a h1 h2 h3 h4 small "
    "button strong em code pre table thead tbody tr th td details summary".split()
)
ATTRIBUTES = set(
    "lang charset name content rel href src defer class id tabindex role hidden for type placeholder autocomplete "
    "aria-label aria-current aria-expanded aria-controls aria-autocomplete data-root download scope title".split()
)
LANDMARKS = {"main": 1, "h1": 1, "header": 1, "title": 1}


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.wrong = []
        self.open = []
        self.ids = set()
        self.links = []
        self.counts = {}
        self.labelled = set()
        self.inputs = set()
        self.level = 0
        if not text.startswith("<!doctype html>\n"):
            self.wrong.append("has no doctype")
        self.feed(text)
        self.close()
        if self.open:
            self.wrong.append(f"leaves {self.open} open")
        for element, number in LANDMARKS.items():
            if self.counts.get(element, 0) != number:
                self.wrong.append(f"holds {self.counts.get(element, 0)} of {element}, not {number}")
        if unlabelled := self.inputs - self.labelled:
            self.wrong.append(f"holds inputs without a label: {sorted(unlabelled)}")

    def handle_starttag(self, tag, attributes):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        given = dict(attributes)
        if len(given) != len(attributes):
            self.wrong.append(f"repeats an attribute of {tag}")
        if tag not in ELEMENTS:
            self.wrong.append(f"holds <{tag}>, at line {self.getpos()[0]}")
        if unknown := sorted(set(given) - ATTRIBUTES):
            self.wrong.append(f"holds {tag} with {unknown}")
        if name := given.get("id"):
            if name in self.ids:
                self.wrong.append(f"holds the anchor {name} twice")
            self.ids.add(name)
        if tag == "input":
            self.inputs.add(given.get("id"))
        if "for" in given:
            self.labelled.add(given["for"])
        if tag == "html" and not given.get("lang"):
            self.wrong.append("does not say its language")
        if tag in ("h1", "h2", "h3", "h4"):
            level = int(tag[1])
            if level > self.level + 1:
                self.wrong.append(f"goes from h{self.level} to {tag}")
            self.level = level
        for name in ("href", "src"):
            if name in given:
                self.links.append((tag, given[name]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"closes {tag} where it is not open, at line {self.getpos()[0]}")


def main(folder):
    root = Path(folder)
    wrong = []
    pages = {}
    for path in sorted(root.rglob("*.html")):
        name = path.relative_to(root).as_posix()
        pages[name] = Page(path.read_text(encoding="utf-8"))
        wrong += [f"{name} {what}" for what in pages[name].wrong]

    def leads(page, href):
        path, _, anchor = href.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
        if anchor:
            return target in pages and anchor in pages[target].ids
        return (root / target).is_file()

    for name, page in pages.items():
        for tag, href in page.links:
            address = urlsplit(href)
            if address.scheme or address.netloc:
                # A link may lead out; nothing may be fetched from there.
                if tag != "a" or address.scheme != "https":
                    wrong.append(f"{name} asks {href} of the network")
            elif not leads(name, href):
                wrong.append(f"{name} links to {href}, which is not there")

    index = search_index(root / "search-index.js")
    for entry in index:
        if not leads("index.html", entry["href"]):
            wrong.append(f"the search leads to {entry['href']}, which is not there")
    anchors = {f"{name}#{anchor}" for name, page in pages.items() for anchor in page.ids}
    wrong += uncovered((root / "trellis.binpb").read_bytes(), index, anchors)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    links = sum(len(page.links) for page in pages.values())
    print(f"{len(pages)} pages, {links} links and {len(index)} entries of the search are as they should be")
    return 0


def search_index(path):
    text = path.read_text(encoding="utf-8").removeprefix("window.searchIndex = ")
    return json.loads(text.rstrip().removesuffix(";"))


def uncovered(encoded, index, anchors):
    """What the contract holds and the search does not find by its name, or the place it finds does not show."""
    found = {}
    for entry in index:
        found.setdefault((entry["of"], entry["title"]), entry["href"])
    for file in descriptor_pb2.FileDescriptorSet.FromString(encoded).file:
        if not file.package.startswith("trellis."):
            continue
        for service in file.service:
            full_name = f"{file.package}.{service.name}"
            if (file.package, service.name) not in found:
                yield f"the search does not find {full_name}"
            for method in service.method:
                if (full_name, method.name) not in found:
                    yield f"the search does not find {full_name}/{method.name}"
        for made, parts in [(m, m.field) for m in file.message_type] + [(e, e.value) for e in file.enum_type]:
            href = found.get((file.package, made.name))
            if href is None:
                yield f"the search does not find {file.package}.{made.name}"
                continue
            for part in parts:
                if f"{href}.{part.name}" not in anchors:
                    yield f"{file.package}.{made.name}.{part.name} has no anchor"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))

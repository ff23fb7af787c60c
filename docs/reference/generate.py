"""Writes the reference of the contract: static pages that need no server and ask nothing of the network.

    python3 docs/reference/generate.py trellis.binpb target/docs/reference

The descriptor set must hold its comments and imports (`buf build --as-file-descriptor-set`). Examples and errors
come from tests/contract/cases. Nothing is written while the contract leaves a comment, an access option or an example
out. The same input gives the same bytes. check.py looks at what was written.
"""

import json
import posixpath
import shutil
import sys
from pathlib import Path

from contract import Contract, first_sentence
from examples import Cases
from markup import Markdown, el, text_of, written
from pages import Pages, Site, facts

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# The documents that belong to the reference, and their pages.
DOCUMENTS = {
    "docs/guides/vendor.md": "guide.html",
    "proto/README.md": "calls.html",
    "docs/tokens.md": "tokens.html",
    "docs/roles.md": "roles.html",
    "tests/policy/matrix.md": "access.html",
    "docs/contract-changes.md": "changes.html",
    "docs/errors/README.md": "errors/index.html",
    **{
        f"docs/errors/{path.name}": f"errors/{path.stem}.html"
        for path in sorted((ROOT / "docs/errors").glob("*.md"))
        if path.name != "README.md"
    },
}

# What is the reference itself.
SELF = {"docs/reference/README.md": "index.html"}

MENU = [
    ("index.html", "Contract"),
    ("guide.html", "Guide"),
    ("calls.html", "Calls"),
    ("resources.html", "Resources"),
    ("access.html", "Access"),
    ("errors/index.html", "Errors"),
    ("changes.html", "Changes"),
]


def main(encoded_path, out_path):
    contract = Contract(Path(encoded_path).read_bytes())
    cases = Cases(ROOT / "tests/contract/cases", contract)
    if missing := [*contract.missing, *cases.missing()]:
        print("\n".join(missing), file=sys.stderr)
        return 1
    reasons = {name.split("/")[-1].removesuffix(".md") for name in DOCUMENTS if name.startswith("docs/errors/")}
    site = Site(contract, reasons - {"README"})
    pages = Pages(site, cases)
    made = [pages.start(), pages.resources(), pages.well_known()]
    for file in contract.files:
        made.append(pages.service(file) if file.services else pages.types(file))
    for source, page in DOCUMENTS.items():
        made.append(document(source, page, pages))
    out = Path(out_path)
    shutil.rmtree(out, ignore_errors=True)
    for page, title, body, toc in made:
        path = out / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(layout(site, page, title, body, toc)), encoding="utf-8")
    found = json.dumps(pages.index, ensure_ascii=False, indent=0)
    (out / "search-index.js").write_text(f"window.searchIndex = {found};\n", encoding="utf-8")
    for name in ("reference.css", "reference.js"):
        shutil.copyfile(HERE / name, out / name)
    shutil.copyfile(encoded_path, out / "trellis.binpb")
    print(
        f"{len(contract.methods)} methods of {len(contract.services)} services on {len(made)} pages: {out}/index.html"
    )
    return 0


def document(source, page, pages):
    """A document of the repository as a page; what it links to and has no page here is named by its path."""

    def link(shown, href):
        if "://" in href:
            return el("a", shown, href=href)
        path, _, anchor = href.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path)) if path else source
        if leads := (DOCUMENTS | SELF).get(target):
            return pages.site.link(f"{leads}#{anchor}" if anchor else leads, page, shown)
        return el("span", shown, " (", el("code", target), ")")

    read = Markdown((ROOT / source).read_text(encoding="utf-8"), link)
    reason = Path(source).stem
    body, toc = list(read.elements), [(anchor, text) for level, text, anchor in read.headings if level == 2]
    if reason in pages.refused:
        rows = [
            (pages.site.link(pages.site.places[method.path], page, el("code", method.name)), method.service)
            for method in pages.refused[reason]
        ]
        body += [el("h2", "Methods whose cases show it", id="methods"), facts(rows)]
        toc.append(("methods", "Methods"))
    kind = "error" if page.startswith("errors/") and reason != "README" else "page"
    told = [text_of(element) for element in read.elements if element.tag == "p"]
    summary = next((text for text in told if not text.startswith("Status:")), "")
    pages.find(kind, read.title, "", page, first_sentence(summary), " ".join(text for _, text, _ in read.headings))
    return page, read.title, body, toc


def layout(site, page, title, body, toc):
    def to(target):
        return site.href(target, page)

    menu = [
        el("li", el("a", name, href=to(target), aria_current="page" if target == page else None))
        for target, name in MENU
    ]
    search = el(
        "form",
        el("label", "Search", for_="search"),
        el(
            "input",
            type="search",
            id="search",
            placeholder="method, type, field, reason",
            autocomplete="off",
            role="combobox",
            aria_expanded="false",
            aria_controls="found",
            aria_autocomplete="list",
        ),
        el("button", "Go", type="submit"),
        el("ul", id="found", role="listbox", aria_label="What was found", hidden=""),
        el("p", id="count", role="status", class_="quiet"),
        role="search",
        hidden="",
        data_root=posixpath.relpath(".", posixpath.dirname(page) or "."),
    )
    beside = None
    if toc:
        items = [el("li", el("a", text, href=f"#{anchor}")) for anchor, text in toc]
        beside = el("nav", el("details", el("summary", "On this page"), el("ul", items)), aria_label="On this page")
    return el(
        "html",
        el(
            "head",
            el("meta", charset="utf-8"),
            el("title", title if page == "index.html" else f"{title} · Trellis"),
            el("meta", name="viewport", content="width=device-width, initial-scale=1"),
            el("meta", name="color-scheme", content="light dark"),
            el("link", rel="stylesheet", href=to("reference.css")),
            el("script", src=to("search-index.js"), defer=""),
            el("script", src=to("reference.js"), defer=""),
        ),
        el(
            "body",
            el("a", "To the content", href="#content", class_="skip"),
            el(
                "header",
                el("a", "Trellis", href=to("index.html"), class_="home"),
                el("nav", el("ul", menu), aria_label="Reference"),
                search,
            ),
            el("div", beside, el("main", el("h1", title), body, id="content", tabindex="-1"), class_="page"),
        ),
        lang="en",
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))

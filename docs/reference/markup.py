"""Elements, and the part of Markdown that the project's documents use, as elements.

Pages are built as trees and written by one serialiser, so that no text can be taken for markup.
"""

import re
import xml.etree.ElementTree as ET
from html import unescape


def el(tag, *children, **attributes):
    """An element; `class_` stands for `class`, `data_root` for `data-root`; children are texts, elements, lists."""
    element = ET.Element(
        tag,
        {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items() if value is not None},
    )
    _fill(element, children)
    return element


def _fill(element, children):
    for child in children:
        if child is None:
            continue
        if isinstance(child, (list, tuple)):
            _fill(element, child)
        elif isinstance(child, str):
            if len(element):
                element[-1].tail = (element[-1].tail or "") + child
            else:
                element.text = (element.text or "") + child
        else:
            element.append(child)


def written(root):
    return "<!doctype html>\n" + ET.tostring(root, encoding="unicode", method="html") + "\n"


def text_of(element):
    return "".join(element.itertext())


def slug(text):
    """The anchor that a heading gets where Markdown is shown elsewhere, so that links fit both."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def code_block(text, label=None):
    """Scrolls sideways on its own, and so must be reachable by keyboard."""
    return el("pre", el("code", text), tabindex="0", role="group", aria_label=label or "Example")


INLINE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\[(?P<text>(?:`[^`]*`|[^\]`])+)\]\((?P<href>[^)]+)\)"
    r"|\*\*(?P<strong>.+?)\*\*"
    r"|(?<![\w*])\*(?P<em>[^*]+)\*(?![\w*])"
    r"|(?P<entity>&\w+;)"
)


def inline(text, link=None, where=None):
    """A line of text. `link` makes an element of a text and its target; `where` says where a word leads, or None."""
    link = link or (lambda children, href: el("span", children))
    found, at = [], 0
    for match in INLINE.finditer(text):
        found += _plain(text[at : match.start()], where)
        at = match.end()
        if match["code"]:
            found.append(_word(match["code"], el("code", match["code"]), where))
        elif match["href"]:
            found.append(link(inline(match["text"]), match["href"]))
        elif match["strong"]:
            found.append(el("strong", inline(match["strong"], link, where)))
        elif match["em"]:
            found.append(el("em", inline(match["em"], link, where)))
        else:
            found.append(unescape(match["entity"]))
    return found + _plain(text[at:], where)


def _word(word, shown, where):
    href = where(word) if where else None
    return el("a", shown, href=href) if href else shown


def _plain(text, where):
    if where is None:
        return [text]
    return [_word(part, part, where) for part in re.split(r"([A-Za-z_][A-Za-z0-9_]*)", text) if part]


class Markdown:
    """A document as elements: headings, paragraphs, lists, tables, code."""

    def __init__(self, text, link):
        self.link = link
        self.lines = text.splitlines()
        self.at = 0
        self.title = ""
        self.headings = []
        self.elements = []
        while self.at < len(self.lines):
            made = self._block()
            # An element without children is false.
            if made is not None:
                self.elements.append(made)

    def _block(self):
        line = self.lines[self.at]
        if not line.strip():
            self.at += 1
            return None
        if line.startswith("```"):
            return self._code()
        if heading := re.match(r"(#+) (.+)", line):
            self.at += 1
            return self._heading(len(heading[1]), heading[2])
        if line.startswith("|"):
            return self._table()
        if re.match(r"(- |\d+\. )", line):
            return self._list()
        return el("p", self._inline(self._while(lambda line: line.strip() and not line.startswith(("```", "#", "|")))))

    def _while(self, holds):
        begin = self.at
        while self.at < len(self.lines) and holds(self.lines[self.at]):
            self.at += 1
        return " ".join(line.strip() for line in self.lines[begin : self.at])

    def _inline(self, text):
        return inline(text, self.link)

    def _heading(self, level, text):
        made = self._inline(text)
        plain = text_of(el("span", made))
        if level == 1:
            self.title = plain
            return None
        self.headings.append((level, plain, slug(plain)))
        return el(f"h{level}", made, id=slug(plain))

    def _code(self):
        self.at += 1
        begin = self.at
        while not self.lines[self.at].startswith("```"):
            self.at += 1
        self.at += 1
        return code_block("\n".join(self.lines[begin : self.at - 1]))

    def _list(self):
        marker = re.compile(r"- |\d+\. ")
        kind = "ul" if self.lines[self.at].startswith("- ") else "ol"
        items = []
        while self.at < len(self.lines) and (found := marker.match(self.lines[self.at])):
            indent = found.end()
            own = [self.lines[self.at][indent:]]
            self.at += 1
            # What is indented belongs to the item, and so do the empty lines before it.
            while self.at < len(self.lines) and self._continues(indent):
                own.append(self.lines[self.at][indent:])
                self.at += 1
            self._while(lambda line: not line.strip())
            inner = Markdown("\n".join(own), self.link).elements
            # An item of one paragraph is shown as its line.
            items.append(el("li", _unwrapped(inner[0]) if len(inner) == 1 else inner))
        return el(kind, items)

    def _continues(self, indent):
        rest = self.lines[self.at :]
        following = next((line for line in rest if line.strip()), "")
        return following.startswith(" " * indent)

    def _table(self):
        rows = []
        while self.at < len(self.lines) and self.lines[self.at].startswith("|"):
            cells = re.split(r"(?<!\\)\|", self.lines[self.at].strip()[1:-1])
            rows.append([cell.strip().replace("\\|", "|") for cell in cells])
            self.at += 1
        head, body = rows[0], rows[2:]
        return table(
            [self._inline(cell) for cell in head],
            [[self._inline(cell) for cell in row] for row in body],
        )


def _unwrapped(paragraph):
    return [paragraph.text or "", *paragraph]


def table(head, rows):
    named = [el("th", cell, scope="col") if any(cell) else el("td") for cell in head]
    return el(
        "div",
        el("table", el("thead", el("tr", named)), el("tbody", [el("tr", [el("td", c) for c in row]) for row in rows])),
        class_="wide",
        tabindex="0",
        role="group",
        aria_label="Table",
    )

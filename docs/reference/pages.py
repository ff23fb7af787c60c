"""The pages of the reference, from the contract, its cases and its documents."""

import posixpath
import re

from contract import NAMED_ONLY, Enum, first_sentence
from examples import ROLES
from markup import code_block, el, inline, table
from rules import MUST_BE_THERE

WELL_KNOWN = {
    "google.protobuf.Any": 'A message of any type, with the type\'s URL: `{"@type": "type.googleapis.com/…", …}`.',
    "google.protobuf.Duration": 'A length of time. In JSON, seconds with an `s`: `"90s"`.',
    "google.protobuf.Empty": "Nothing: `{}`.",
    "google.protobuf.FieldMask": (
        'The fields to change. The JSON mapping writes `"title,minGrade"`; grpcurl wants '
        '`{"paths": ["title", "min_grade"]}`.'
    ),
    "google.protobuf.Timestamp": 'A moment, in UTC. In JSON as RFC 3339 writes it: `"2027-06-11T08:30:00Z"`.',
}
WELL_KNOWN_PAGE = "types/well-known.html"

# What a request may hold that means the same everywhere, and where that is explained.
TRAITS = {
    "request_id": ("safe to repeat", "Takes a request_id: the same request again gets the first reply."),
    "etag": ("etag", "Takes the etag that was last read."),
    "page_token": ("pages", "Answers page by page."),
    "filter": ("filter", "Takes a filter."),
    "order_by": ("order", "Takes an order."),
    "update_mask": ("field mask", "Takes the names of the fields to change."),
    "resume_token": ("resumable", "Goes on from a resume token."),
}

STREAMS = {
    (False, False): "One request, one reply.",
    (False, True): "One request, a stream of replies.",
    (True, False): "A stream of requests, one reply.",
    (True, True): "A stream of requests, a stream of replies.",
}


class Site:
    """What stands where. Every link is made here, and is relative, so that the pages can be read from a folder."""

    def __init__(self, contract, reasons):
        self.contract = contract
        self.reasons = reasons
        self.places = {}
        for file in contract.files:
            page = self.page_of_file(file)
            for service in file.services:
                self.places[service.full_name] = page
                for method in service.methods:
                    self.places[method.path] = f"{page}#{method.name}"
            for made in file.types:
                self.places[made.full_name] = f"{page}#{made.name}"
        for name in WELL_KNOWN:
            self.places[name] = f"{WELL_KNOWN_PAGE}#{name.rsplit('.', 1)[1]}"

    @staticmethod
    def page_of_file(file):
        if file.services:
            return f"services/{file.services[0].full_name}.html"
        return f"types/{file.package}.{file.stem}.html"

    def href(self, target, page):
        path, _, anchor = target.partition("#")
        if path == page and anchor:
            return f"#{anchor}"
        relative = posixpath.relpath(path, posixpath.dirname(page) or ".")
        return f"{relative}#{anchor}" if anchor else relative

    def link(self, target, page, *shown):
        return el("a", *shown, href=self.href(target, page))

    def type(self, full_name, page):
        return self.link(self.places[full_name], page, el("code", full_name.rsplit(".", 1)[1]))

    def error(self, reason):
        return f"errors/{reason}.html"

    def words(self, package, page, service=None):
        """Where a word of a comment leads: a method of the same service, a type of the package, a reason."""

        def where(word):
            if word in self.reasons:
                return self.href(self.error(word), page)
            if not re.match(r"[A-Z][a-z]+[A-Z]\w*$", word):
                return None
            names = [f"{package}.{word}", *([f"{service}/{word}"] if service else [])]
            for name in names:
                if name in self.places:
                    return self.href(self.places[name], page)
            return None

        return where


def prose(text, where=None):
    """A comment: paragraphs parted by an empty line, words in backticks, and lists by dashes."""
    made = []
    for paragraph in text.split("\n\n"):
        lines = paragraph.splitlines()
        if all(line.startswith(("- ", "  ")) for line in lines):
            items = re.split(r"(?m)^- ", paragraph)[1:]
            made.append(el("ul", [el("li", inline(" ".join(item.split()), where=where)) for item in items]))
        else:
            made.append(el("p", inline(" ".join(paragraph.split()), where=where)))
    return made


class Pages:
    """Each method makes the body of a page, and says what the search finds on it."""

    def __init__(self, site, cases):
        self.site = site
        self.contract = site.contract
        self.cases = cases
        self.index = []
        # Where a reason was shown by a case: for the pages of the errors.
        self.refused = {}

    def find(self, kind, title, of, target, summary, words=""):
        self.index.append(
            {"kind": kind, "title": title, "of": of, "href": target, "text": summary.replace("`", ""), "words": words}
        )

    # --- Services ---------------------------------------------------------------------------------

    def service(self, file):
        (service,) = file.services
        page = self.site.page_of_file(file)
        where = self.site.words(file.package, page, service.full_name)
        self.find("service", service.name, file.package, page, first_sentence(service.comment))
        shown = set()
        sections = [self.method(method, file, page, where, shown) for method in service.methods]
        others = [made for made in file.types if made.full_name not in shown]
        overview = table(
            ["Method", "What it does"],
            [
                [
                    self.site.link(f"{page}#{method.name}", page, el("code", method.name)),
                    el("span", inline(first_sentence(method.comment), where=where)),
                ]
                for method in service.methods
            ],
        )
        toc = [(method.name, method.name) for method in service.methods]
        body = [
            el("p", el("code", service.full_name), class_="full"),
            prose(service.comment, where),
            overview,
            sections,
        ]
        if others:
            body.append(el("h2", "Other types", id="types"))
            body += [self.type_section(made, page, "h3", where) for made in others]
            toc += [(made.name, made.name) for made in others]
        return page, service.name, body, toc

    def method(self, method, file, page, where, shown):
        target = f"{page}#{method.name}"
        self.find("method", method.name, method.service, target, first_sentence(method.comment), method.path)
        request = self.contract.messages.get(method.request)
        parts = [
            el("h2", el("a", method.name, href=f"#{method.name}")),
            prose(method.comment, where),
            self.traits(method, request),
            el("h3", "Call"),
            self.call(method, page),
            el("h3", "Who may call it"),
            self.access(method, page),
        ]
        for title, of, stream in (
            ("Request", method.request, method.client_stream),
            ("Reply", method.response, method.server_stream),
        ):
            parts.append(self.side(title, of, stream, file, page, where, shown))
        parts += self.errors(method, page)
        parts += self.example(method, page)
        return el("section", parts, id=method.name, class_="method", aria_label=method.name)

    def traits(self, method, request):
        told = [TRAITS[field.name] for field in (request.fields if request else []) if field.name in TRAITS]
        if method.client_stream:
            told.append(("client stream", STREAMS[True, False]))
        if method.server_stream:
            told.append(("server stream", STREAMS[False, True]))
        if not told:
            return None
        return el("ul", [el("li", word, title=why) for word, why in told], class_="traits", aria_label="In short")

    def call(self, method, page):
        rows = [
            ("gRPC", [el("code", method.path), " ", STREAMS[method.client_stream, method.server_stream]]),
        ]
        for verb, path, body in method.http:
            sends = {"": "", "*": " The body is the request."}.get(body, f" The body is the request's {body}.")
            rows.append(("Through a gateway", [el("code", f"{verb} {path}"), sends]))
        return facts(rows)

    def access(self, method, page):
        access = method.access
        data = self.contract.enums["trellis.common.v1.DataClass"]
        relation = self.contract.enums["trellis.common.v1.Relation"]

        def valued(enum, value):
            target = f"{self.site.places[enum.full_name].split('#')[0]}#{enum.name}.{value}"
            word = value.removeprefix(_screaming(enum.name) + "_").replace("_", " ").lower()
            return [self.site.link(target, page, word), ": ", inline(dict(enum.values)[value])]

        rows = []
        if access.any_caller:
            rows.append(("Caller", "Anyone who can prove who they are, whatever their scopes."))
        else:
            rows.append(("Scope", self.site.link("roles.html", page, el("code", access.scope))))
        rows.append(("Data", el("span", valued(data, access.data_class))))
        if access.relations:
            rows.append(("Callers", el("ul", [el("li", valued(relation, value)) for value in access.relations])))
        if access.resource:
            rows.append(("Decided on", [el("code", access.resource), " of the request"]))
        if access.commons:
            rows.append(("Commons", "Of districts/commons, anyone with the scope may read it."))
        return facts(rows)

    def side(self, title, full_name, stream, file, page, where, shown):
        message = self.contract.messages.get(full_name)
        head = [title, " ", el("small", "a stream of " if stream else "", self.site.type(full_name, page))]
        if message is None or message.file != file.name or full_name in shown:
            return [el("h3", head)]
        shown.add(full_name)
        self.find_type(message, page)
        fields = self.fields(message, page, where) if message.fields else el("p", "Holds nothing.")
        return el("div", el("h3", head), prose(message.comment, where), fields, id=message.name)

    def errors(self, method, page):
        rows = []
        for refusal in self.cases.refusals(method):
            shown = el("span", "for example: ", "; ".join(refusal.cases))
            name = el("code", refusal.status)
            if refusal.reason:
                self.refused.setdefault(refusal.reason, []).append(method)
                name = self.site.link(self.site.error(refusal.reason), page, el("code", refusal.reason))
            rows.append((name, shown))
        every = el(
            "p",
            "Beside these: ",
            self.site.link("errors/index.html#what-any-call-may-be-answered", page, "what any call may be answered"),
            ".",
        )
        return [el("h3", "Errors"), facts(rows), every]

    def example(self, method, page):
        head = el("h3", "Example")
        if method.for_services_only:
            return [head, el("p", "None: only the suite's own services are let in.")]
        example = self.cases.example(method)
        who = f"TOKEN is that of the {example.role.replace('_', ' ')} ({ROLES[example.role]})." if example.role else ""
        made = [head, el("p", f"From the contract case “{example.case}”. ", who)]
        if example.refused:
            link = self.site.link(self.site.error(example.refused), page, el("code", example.refused))
            made.append(el("p", "A suite that is well has nothing to call it with, and answers ", link, "."))
        if example.streams:
            made.append(el("p", "The stream stays open: Ctrl-C ends it."))
        made.append(code_block(example.command, f"Example of {method.name}"))
        if example.variables:
            made.append(el("p", "Put in:"))
            rows = []
            for variable in example.variables:
                told = inline(variable.meaning)
                if variable.source:
                    told = [*told, " (", self.site.link(self.site.places[variable.source], page, "how to make it"), ")"]
                rows.append((el("code", variable.name), told))
            made.append(facts(rows))
        return made

    # --- Types ------------------------------------------------------------------------------------

    def types(self, file):
        page = self.site.page_of_file(file)
        where = self.site.words(file.package, page)
        title = re.sub(r"_", " ", file.stem).capitalize()
        body = [el("p", el("code", file.package), class_="full"), prose(file.comment, where)]
        body += [self.type_section(made, page, "h2", where) for made in file.types]
        return page, title, body, [(made.name, made.name) for made in file.types]

    def type_section(self, made, page, level, where):
        self.find_type(made, page)
        head = el(level, el("a", made.name, href=f"#{made.name}"), " ", el("small", _kind(made)))
        if isinstance(made, Enum):
            inner = [prose(made.comment, where), self.values(made, where)]
        else:
            inner = [prose(made.comment, where), self.resource(made, page)]
            inner.append(self.fields(made, page, where) if made.fields else el("p", "Holds nothing."))
        return el("section", head, inner, id=made.name, aria_label=made.name)

    def find_type(self, made, page):
        if isinstance(made, Enum):
            words = " ".join(value for value, _ in made.values)
        else:
            words = " ".join([*(field.name for field in made.fields), *made.patterns])
        package = made.full_name.rsplit(".", 1)[0]
        self.find(_kind(made), made.name, package, f"{page}#{made.name}", first_sentence(made.comment), words)

    def resource(self, message, page):
        if not message.resource_type:
            return None
        patterns = [el("li", el("code", pattern)) for pattern in message.patterns]
        return el("div", el("p", "A resource, named:"), el("ul", patterns), class_="resource")

    def values(self, enum, where):
        rows = []
        for value, comment in enum.values:
            rows += [
                el("dt", el("code", value), id=f"{enum.name}.{value}"),
                el("dd", prose(comment, where)),
            ]
        return el("dl", rows, class_="fields")

    def fields(self, message, page, where):
        rows, told_oneof = [], None
        for field in message.fields:
            if field.oneof != told_oneof:
                told_oneof = field.oneof
                if told_oneof:
                    rows += [
                        el("dt", "one of: ", el("code", told_oneof), class_="oneof"),
                        el("dd", prose(message.oneofs[told_oneof], where), class_="oneof"),
                    ]
            rows += [
                el(
                    "dt",
                    el("code", field.name),
                    el("span", self.field_type(field, page), class_="type"),
                    id=f"{message.name}.{field.name}",
                    class_="in-oneof" if field.oneof else None,
                ),
                el("dd", prose(field.comment, where), self.asked(field, page)),
            ]
        return el("dl", rows, class_="fields")

    def field_type(self, field, page):
        of = field.type if field.is_scalar else self.site.type(field.type, page)
        if field.map_key:
            return [f"map of {field.map_key} to ", of]
        return ["list of " if field.repeated else "", "optional " if field.optional else "", of]

    def asked(self, field, page):
        told = [el("li", behavior, class_="behavior") for behavior in field.behaviors if behavior != "optional"]
        rules = [rule for rule in field.rules if rule != MUST_BE_THERE or "required" not in field.behaviors]
        told += [el("li", inline(rule)) for rule in rules]
        if field.reference and field.reference != "*":
            told.append(el("li", "names a ", self.resource_link(field.reference, page)))
        if field.child_reference:
            told.append(el("li", "parent of a ", self.resource_link(field.child_reference, page)))
        return el("ul", told, class_="asked") if told else None

    def resource_link(self, resource_type, page):
        name = resource_type.rsplit("/", 1)[1]
        if message := self.contract.resources.get(resource_type):
            return self.site.link(self.site.places[message.full_name], page, el("code", name))
        return self.site.link(f"resources.html#{name}", page, el("code", name))

    def well_known(self):
        body = [el("p", "Types of Protocol Buffers that the contract uses, and how JSON writes them.")]
        for full_name, text in sorted(WELL_KNOWN.items()):
            name = full_name.rsplit(".", 1)[1]
            self.find("message", name, "google.protobuf", f"{WELL_KNOWN_PAGE}#{name}", text)
            body += [el("h2", name, id=name), el("p", el("code", full_name), class_="full"), prose(text)]
        return WELL_KNOWN_PAGE, "Well-known types", body, []

    # --- What is about the whole ------------------------------------------------------------------

    def start(self):
        page = "index.html"
        body = [
            el(
                "p",
                "Every service, method, message and error of Trellis, made from the contract itself. Begin with the ",
                self.site.link("guide.html", page, "guide for vendors"),
                ", or with ",
                self.site.link("calls.html", page, "what all calls have in common"),
                ".",
            ),
            el(
                "p",
                "The contract as one file, with its comments, for tools that take a descriptor set: ",
                el("a", "trellis.binpb", href="trellis.binpb", download="trellis.binpb"),
                ". grpcurl reads it by ",
                el("code", "-protoset trellis.binpb"),
                "; without it, it asks the server.",
            ),
            el(
                "p",
                "The examples are calls of the contract cases, which run against every build. They are written for the "
                "demonstration that ",
                el("code", "make run"),
                " serves, and for bash: set ",
                el("code", "TOKEN"),
                " and what stands under “Put in”, then paste. HTTP paths are for gateways that turn JSON into gRPC; "
                "the suite itself answers gRPC and gRPC-Web.",
            ),
        ]
        toc = []
        for package in self.contract.packages:
            files = [file for file in self.contract.files if file.package == package]
            body.append(el("h2", el("code", package), " ", el("small", stability(package)), id=package))
            toc.append((package, package))
            services = [
                [
                    self.site.link(self.site.places[service.full_name], page, service.name),
                    el("span", inline(first_sentence(service.comment))),
                ]
                for file in files
                for service in file.services
            ]
            types = [
                [
                    self.site.link(self.site.page_of_file(file), page, file.stem.replace("_", " ").capitalize()),
                    el("span", inline(first_sentence(file.comment))),
                ]
                for file in files
                if not file.services
            ]
            for head, rows in (("Service", services), ("Types", types)):
                if rows:
                    body.append(table([head, "What it is"], rows))
        return page, "Reference", body, toc

    def resources(self):
        page = "resources.html"
        named = [
            (resource_type, message.patterns, message.comment, self.site.places[message.full_name])
            for resource_type, message in self.contract.resources.items()
        ]
        named += [(kind, [pattern], text, None) for kind, (pattern, text) in NAMED_ONLY.items()]
        rows = []
        for resource_type, patterns, text, place in sorted(named):
            name = resource_type.rsplit("/", 1)[1]
            shown = self.site.link(place, page, name) if place else name
            rows += [
                el("dt", shown, id=name),
                el("dd", el("ul", [el("li", el("code", p)) for p in patterns]), el("p", inline(first_sentence(text)))),
            ]
            if not place:
                self.find("resource", name, "trellis.dev", f"{page}#{name}", text, " ".join(patterns))
        body = [
            el("p", "What has a name. Every id below the district is a UUID, so that no name holds anything personal."),
            el("dl", rows, class_="fields"),
        ]
        return page, "Resources", body, []


def facts(rows):
    if not rows:
        return None
    return el("dl", [part for name, told in rows for part in (el("dt", name), el("dd", told))], class_="facts")


def stability(package):
    if package.startswith("trellis.internal"):
        return "between the suite's own services: not for vendors, and never stable"
    return "may still change" if "alpha" in package.rsplit(".", 1)[1] else "stable: it only grows"


def _kind(made):
    return "enum" if isinstance(made, Enum) else "resource" if made.resource_type else "message"


def _screaming(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()

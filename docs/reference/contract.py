"""The contract as plain values, read from its descriptor set.

What a vendor would miss is collected in `Contract.missing`: a comment, an access option, words for a rule.
"""

import dataclasses
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

import rules
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGES = "trellis."
FILE_MESSAGES, FILE_ENUMS, FILE_SERVICES = 4, 5, 6
MESSAGE_FIELDS, MESSAGE_ONEOFS, ENUM_VALUES, SERVICE_METHODS = 2, 8, 2, 2

Kind = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    getattr(Kind, f"TYPE_{name.upper()}"): name
    for name in (
        "double float int64 uint64 int32 fixed64 fixed32 bool string bytes uint32 sfixed32 sfixed64 sint32 sint64"
    ).split()
}

BEHAVIORS = {
    1: "optional",
    2: "required",
    3: "output only",
    5: "cannot be changed later",
    8: "identifier",
}

# Resources that stand in names, and that no message holds.
NAMED_ONLY = {
    "trellis.dev/District": (
        "districts/{district}",
        "A district: any organisation that is a tenant. Its id is a word.",
    ),
    "trellis.dev/Learner": (
        "districts/{district}/learners/{learner}",
        "A person as a learner, by the id that they have in `people/{person}`.",
    ),
}


@dataclass
class Field:
    name: str
    comment: str
    type: str
    map_key: str | None
    repeated: bool
    optional: bool
    oneof: str | None
    behaviors: list[str]
    rules: list[str]
    reference: str | None
    child_reference: str | None
    json_name: str

    @property
    def is_scalar(self):
        return self.type in SCALARS.values()


@dataclass
class Message:
    full_name: str
    comment: str
    file: str
    fields: list[Field]
    oneofs: dict[str, str]
    resource_type: str | None
    patterns: list[str]

    @property
    def name(self):
        return self.full_name.rsplit(".", 1)[1]

    def field(self, name):
        return next((f for f in self.fields if name in (f.name, f.json_name)), None)


@dataclass
class Enum:
    full_name: str
    comment: str
    file: str
    values: list[tuple[str, str]]

    @property
    def name(self):
        return self.full_name.rsplit(".", 1)[1]


@dataclass
class Access:
    scope: str
    data_class: str
    resource: str
    relations: list[str]
    commons: bool
    any_caller: bool


@dataclass
class Method:
    name: str
    comment: str
    service: str
    request: str
    response: str
    client_stream: bool
    server_stream: bool
    http: list[tuple[str, str, str]]
    access: Access | None

    @property
    def path(self):
        return f"{self.service}/{self.name}"

    @property
    def for_services_only(self):
        return self.access is not None and self.access.relations == ["RELATION_SERVICE"]


@dataclass
class Service:
    full_name: str
    comment: str
    file: str
    methods: list[Method]

    @property
    def name(self):
        return self.full_name.rsplit(".", 1)[1]

    @property
    def package(self):
        return self.full_name.rsplit(".", 1)[0]


@dataclass
class File:
    name: str
    package: str
    comment: str
    services: list[Service] = dataclasses.field(default_factory=list)
    messages: list[Message] = dataclasses.field(default_factory=list)
    enums: list[Enum] = dataclasses.field(default_factory=list)

    @property
    def stem(self):
        return PurePosixPath(self.name).stem

    @property
    def types(self):
        return [*self.messages, *self.enums]


class Contract:
    def __init__(self, encoded: bytes):
        self.missing: list[str] = []
        self.files: list[File] = []
        described = descriptor_pb2.FileDescriptorSet.FromString(encoded)
        self._pool = descriptor_pool.DescriptorPool()
        for file in described.file:
            self._pool.AddSerializedFile(file.SerializeToString())
        self._field_extensions = self._extensions("google.protobuf.FieldOptions")
        self._method_extensions = self._extensions("google.protobuf.MethodOptions")
        self._message_extensions = self._extensions("google.protobuf.MessageOptions")
        self._enum_values = {
            f"{file.package}.{enum.name}": {value.number: value.name for value in enum.value}
            for file in described.file
            for enum in file.enum_type
        }
        ours = [file for file in described.file if file.package.startswith(PACKAGES)]
        for file in sorted(ours, key=lambda file: (file.package, file.name)):
            self.files.append(self._file(file))
        self.messages = {m.full_name: m for file in self.files for m in file.messages}
        self.enums = {e.full_name: e for file in self.files for e in file.enums}
        self.services = {s.full_name: s for file in self.files for s in file.services}
        self.methods = {m.path: m for s in self.services.values() for m in s.methods}
        self.resources = {m.resource_type: m for m in self.messages.values() if m.resource_type}
        for message in self.messages.values():
            for field in message.fields:
                for named in filter(None, (field.reference, field.child_reference)):
                    if named != "*" and named not in self.resources and named not in NAMED_ONLY:
                        self.missing.append(f"{message.full_name}.{field.name} refers to {named}, which nothing is")

    @property
    def packages(self):
        return sorted({file.package for file in self.files})

    def _extensions(self, options):
        """Decodes options by this set: types that do not know an extension would drop it."""
        decoded = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(options))

        def read(message):
            found = decoded.FromString(message.options.SerializeToString())
            return {f.full_name: value for f, value in found.ListFields() if f.is_extension}

        return read

    def _file(self, file):
        comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}

        def comment(path, of):
            text = _text(comments.get(path, ""))
            if not text:
                self.missing.append(f"{of} has no comment")
            return text

        # What stands above `syntax` is about the file.
        head = _text(comments.get((12,), ""))
        made = File(file.name, file.package, head)
        if not head:
            self.missing.append(f"{file.name} has no comment at its head")
        for i, message in enumerate(file.message_type):
            made.messages.append(self._message(file, message, (FILE_MESSAGES, i), comment))
        for i, enum in enumerate(file.enum_type):
            made.enums.append(_enum(file, enum, (FILE_ENUMS, i), comment))
        for i, service in enumerate(file.service):
            made.services.append(self._service(file, service, (FILE_SERVICES, i), comment))
        return made

    def _message(self, file, message, path, comment):
        full_name = f"{file.package}.{message.name}"
        maps = {}
        for nested in message.nested_type:
            if not nested.options.map_entry:
                self.missing.append(f"{full_name}.{nested.name} is nested, and nested types have no page")
            maps[f".{full_name}.{nested.name}"] = nested
        resource = self._message_extensions(message).get("google.api.resource")
        made = Message(
            full_name=full_name,
            comment=comment(path, full_name),
            file=file.name,
            fields=[],
            oneofs={},
            resource_type=resource.type if resource else None,
            patterns=list(resource.pattern) if resource else [],
        )
        for i, one in enumerate(message.oneof_decl):
            if not any(f.oneof_index == i and f.proto3_optional for f in message.field):
                made.oneofs[one.name] = comment((*path, MESSAGE_ONEOFS, i), f"{full_name}.{one.name}")
        for i, declared in enumerate(message.field):
            of = f"{full_name}.{declared.name}"
            text = comment((*path, MESSAGE_FIELDS, i), of)
            made.fields.append(self._field(of, message, declared, maps, text))
        return made

    def _field(self, of, message, declared, maps, text):
        extensions = self._field_extensions(declared)
        entry = maps.get(declared.type_name)
        typed = entry.field[1] if entry else declared
        reference = extensions.get("google.api.resource_reference")
        told = []
        if stated := extensions.get("buf.validate.field"):
            try:
                told = rules.words(stated, self._enum_values.get(typed.type_name[1:], {}))
            except rules.NoWords as no_words:
                self.missing.append(f"{of}: {no_words}")
        in_oneof = declared.HasField("oneof_index") and not declared.proto3_optional
        return Field(
            name=declared.name,
            comment=text,
            type=SCALARS.get(typed.type, typed.type_name[1:]),
            map_key=SCALARS[entry.field[0].type] if entry else None,
            repeated=declared.label == Kind.LABEL_REPEATED and not entry,
            optional=declared.proto3_optional,
            oneof=message.oneof_decl[declared.oneof_index].name if in_oneof else None,
            behaviors=[BEHAVIORS[b] for b in extensions.get("google.api.field_behavior", [])],
            rules=told,
            reference=(reference.type or None) if reference else None,
            child_reference=(reference.child_type or None) if reference else None,
            json_name=declared.json_name,
        )

    def _service(self, file, service, path, comment):
        full_name = f"{file.package}.{service.name}"
        methods = []
        for i, method in enumerate(service.method):
            of = f"{full_name}/{method.name}"
            extensions = self._method_extensions(method)
            stated = extensions.get("trellis.common.v1.access")
            if stated is None:
                self.missing.append(f"{of} states no access")
            methods.append(
                Method(
                    name=method.name,
                    comment=comment((*path, SERVICE_METHODS, i), of),
                    service=full_name,
                    request=method.input_type[1:],
                    response=method.output_type[1:],
                    client_stream=method.client_streaming,
                    server_stream=method.server_streaming,
                    http=_http(extensions.get("google.api.http")),
                    access=self._access(stated) if stated else None,
                )
            )
        return Service(full_name, comment(path, full_name), file.name, methods)

    def _access(self, stated):
        relations = self._enum_values["trellis.common.v1.Relation"]
        classes = self._enum_values["trellis.common.v1.DataClass"]
        return Access(
            scope=stated.scope,
            data_class=classes[stated.data_class],
            resource=stated.resource,
            relations=[relations[number] for number in stated.relations],
            commons=stated.commons,
            any_caller=stated.any_caller,
        )


def _enum(file, enum, path, comment):
    full_name = f"{file.package}.{enum.name}"
    values = [
        (value.name, comment((*path, ENUM_VALUES, i), f"{full_name}.{value.name}"))
        for i, value in enumerate(enum.value)
    ]
    return Enum(full_name, comment(path, full_name), file.name, values)


def _http(rule):
    if rule is None:
        return []
    verb = rule.WhichOneof("pattern")
    told = [(verb.upper(), getattr(rule, verb), rule.body)]
    for more in rule.additional_bindings:
        told += _http(more)
    return told


def _text(comment):
    """The comment without the space that follows each `//`, paragraphs parted by an empty line."""
    lines = [re.sub(r"^ ", "", line).rstrip() for line in comment.splitlines()]
    return "\n".join(lines).strip()


def first_sentence(text):
    paragraph = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<=[.!?])\s+(?=[A-Z`])", paragraph)[0]

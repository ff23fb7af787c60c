"""The rules of buf.validate in words."""

from datetime import UTC, datetime

IGNORE_IF_ZERO_VALUE = 1
MUST_BE_THERE = "must be there"


class NoWords(Exception):
    """A rule for which there are no words yet: better no reference than one that leaves a rule out."""


def words(stated, enum_values):
    """What a field's rules ask for, one phrase each. `enum_values`: names by number, where it is an enum."""
    told = _words(stated, enum_values)
    if stated.ignore == IGNORE_IF_ZERO_VALUE:
        return [f"may be empty; otherwise {_and(told)}"] if told else []
    return told


def _words(stated, enum_values):
    told = [MUST_BE_THERE] if stated.required else []
    for field, value in stated.ListFields():
        if field.name in ("required", "ignore"):
            continue
        if field.name not in KINDS:
            raise NoWords(f"rules of {field.name} have no words in docs/reference/rules.py")
        told += KINDS[field.name](value, enum_values)
    return told


def _given(rule, *names):
    """The values of those rules, all others being refused."""
    given = {field.name: value for field, value in rule.ListFields()}
    if unknown := sorted(set(given) - set(names)):
        raise NoWords(f"{', '.join(unknown)} has no words in docs/reference/rules.py")
    return [given.get(name) for name in names]


def _range(low, high, of):
    if low is not None and high is not None:
        return [f"{low:,} {of}" if low == high else f"{low:,} to {high:,} {of}"]
    if high is not None:
        return [f"at most {high:,} {of}"]
    return [f"at least {low:,} {of}"] if low is not None else []


def _string(rule, _):
    low, high, prefix, pattern, allowed, uuid, uri = _given(
        rule, "min_len", "max_len", "prefix", "pattern", "in", "uuid", "uri"
    )
    told = _range(low, high, "characters")
    told += [f"begins with `{prefix}`"] if prefix else []
    told += [f"matches `{pattern}`"] if pattern else []
    told += ["one of " + ", ".join(f"`{value}`" for value in allowed)] if allowed else []
    told += ["a UUID"] if uuid else []
    told += ["a URI"] if uri else []
    return told


def _bytes(rule, _):
    low, high = _given(rule, "min_len", "max_len")
    return _range(low, high, "bytes")


def _number(rule, _):
    low, high, finite = _given(rule, "gte", "lte", "finite")
    told = ["a finite number"] if finite else []
    if low is not None and high is not None:
        return [*told, f"from {low:,} to {high:,}"]
    told += [f"{low:,} or more"] if low is not None else []
    return told + ([f"{high:,} or less"] if high is not None else [])


def _timestamp(rule, _):
    first, end = _given(rule, "gte", "lt")
    told = [f"at {_moment(first)} or later"] if first is not None else []
    return told + ([f"before {_moment(end)}"] if end is not None else [])


def _moment(timestamp):
    return f"{datetime.fromtimestamp(timestamp.seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _enum(rule, values):
    defined, refused = _given(rule, "defined_only", "not_in")
    told = ["a value that is listed"] if defined else []
    return told + [f"not `{values[number]}`" for number in refused or []]


def _repeated(rule, values):
    low, high, unique, items = _given(rule, "min_items", "max_items", "unique", "items")
    told = _range(low, high, "items")
    told += ["no item twice"] if unique else []
    return told + (["each item: " + _and(words(items, values))] if items else [])


def _map(rule, values):
    high, keys, each = _given(rule, "max_pairs", "keys", "values")
    told = _range(None, high, "entries")
    told += ["each key: " + _and(words(keys, {}))] if keys else []
    return told + (["each value: " + _and(words(each, values))] if each else [])


def _and(phrases):
    return ", ".join(phrases)


KINDS = {
    "string": _string,
    "bytes": _bytes,
    "int32": _number,
    "int64": _number,
    "double": _number,
    "timestamp": _timestamp,
    "enum": _enum,
    "repeated": _repeated,
    "map": _map,
}

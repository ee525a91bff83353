"""Reading JSON that strangers wrote: what PostgreSQL could not keep is repaired, all faults are named at once.

The usual message costs one decode and one conversion; only a suspicious or faulty one is taken apart slowly.
"""

import json
import re
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

import msgspec

from app.core.errors import Invalid, one_of

MAX_DEPTH = 64
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_WORDS: dict[Any, str] = {str: "a string", bool: "true or false", int: "a whole number", float: "a number"}
_WORDS |= {dict: "an object", list: "an array", tuple: "an array", UUID: "a UUID", NoneType: "null"}
_Shape = TypeVar("_Shape", bound=msgspec.Struct)


def load(body: bytes) -> Any:
    """The JSON value in `body`; NUL characters and halves of surrogate pairs in its strings become U+FFFD.

    Encoding the value again gives JSON that PostgreSQL keeps. Raises `Invalid` when `body` is not JSON in UTF-8 or
    nests deeper than `MAX_DEPTH`.
    """
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        value = _load_slowly(body, error)
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        _measure(value)
    return _scrub(value) if b"\\u0000" in body else value


def read(value: Any, shape: type[_Shape]) -> _Shape:
    """A loaded `value` as `shape`. Raises `Invalid` that names every fault, not only the first."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        found = faults(value, shape) or [fault("body", f"is not accepted: {error}", _accepted(shape))]
        raise invalid(found) from None


def keepable(text: str) -> str:
    """The text with U+FFFD for what PostgreSQL cannot keep (NUL, halves of surrogate pairs)."""
    return _UNKEEPABLE.sub(REPLACEMENT, text)


def invalid(found: list[dict[str, str]]) -> Invalid:
    """One error that carries all `found` faults; its sentence tells the first ones."""
    told = "; ".join(f"{each['where']} {each['what']}" for each in found[:3])
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    return Invalid(f"The message cannot be understood: {told}{more}.", faults=found)


def fault(where: str, what: str, accepted: str) -> dict[str, str]:
    """One fault: the place, what is wrong there, what would be right."""
    return {"where": where, "what": what, "accepted": accepted}


def faults(value: Any, shape: type[msgspec.Struct], where: str = "") -> list[dict[str, str]]:
    """Everything in a loaded `value` that `shape` does not accept; `where` is the path of `value` itself."""
    if not isinstance(value, dict):
        return [fault(where or "body", f"is {_kind(value)}", "an object")]
    found = []
    for field in msgspec.structs.fields(shape):
        path = f"{where}.{field.encode_name}" if where else field.encode_name
        if field.encode_name in value:
            found += _faults_of(value[field.encode_name], field.type, path)
        elif field.required:
            found.append(fault(path, "is missing", _accepted(field.type)))
    return found


def _faults_of(value: Any, kind: Any, path: str) -> list[dict[str, str]]:
    shape = _shape_in(kind)
    if shape is not None and (shape is kind or isinstance(value, dict)) and (found := faults(value, shape, path)):
        return found
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return [fault(path, f"is not accepted: {error}", _accepted(kind))]
    return []


def _shape_in(kind: Any) -> type[msgspec.Struct] | None:
    """The struct that a type is, or is besides null and the like."""
    shapes = [each for each in (kind, *get_args(kind)) if isinstance(each, type) and issubclass(each, msgspec.Struct)]
    return shapes[0] if len(shapes) == 1 else None


def _accepted(kind: Any) -> str:
    """The description that a type carries (`Meta(description=...)`), also inside a union; of a struct its docstring."""
    shape = _shape_in(kind)
    if shape is not None:
        told = (shape.__doc__ or shape.__name__).partition("\n")[0].rstrip(".")
        return told if shape is kind or type(None) not in get_args(kind) else f"{told}; or null"
    for part in (kind, *get_args(kind)):
        for meta in getattr(part, "__metadata__", ()):
            if isinstance(meta, msgspec.Meta) and meta.description:
                return meta.description
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(plain) is Literal:
        return one_of(get_args(plain))
    united = get_args(plain) if get_origin(plain) in (Union, UnionType) else (plain,)
    return " or ".join(_WORDS.get(get_origin(each) or each, getattr(each, "__name__", str(each))) for each in united)


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _load_slowly(body: bytes, first: Exception) -> Any:
    """A second opinion: the standard library accepts half a surrogate pair, which a cut-off emoji leaves behind."""
    try:
        value = json.loads(body.decode(), parse_constant=_no_constant)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise invalid([fault("body", f"is not JSON: {first}", "a JSON object in UTF-8")]) from None
    _measure(value)
    return _scrub(value)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _measure(value: Any, depth: int = 0) -> None:
    if isinstance(value, dict | list):
        if depth == MAX_DEPTH:
            raise _too_deep()
        for part in value.values() if isinstance(value, dict) else value:
            _measure(part, depth + 1)


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return keepable(value)
    if isinstance(value, list):
        return [_scrub(part) for part in value]
    if isinstance(value, dict):
        return {keepable(key): _scrub(part) for key, part in value.items()}
    return value


def _too_deep() -> Invalid:
    return invalid([fault("body", "nests too deeply", f"at most {MAX_DEPTH} levels")])

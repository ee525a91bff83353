"""One webhook request as it came: which of our addresses was called, with what in its query and its form. Pure."""

from urllib.parse import parse_qsl, urlsplit

import msgspec

from app.core import wire

MOST_FIELDS = 500


class Form(dict[str, list[str]]):
    """The fields of a form, each with all its values; `getall` is how the official library asks for them."""

    def getall(self, name: str) -> list[str]:
        """All values of one field."""
        return self[name]


class Webhook(msgspec.Struct, frozen=True):
    """`target` is path and query as sent; `kind` the last part of the path."""

    kind: str
    target: str
    query: dict[str, str]
    form: Form

    def field(self, name: str) -> str | None:
        """The first value of a form field; None where it is missing or empty."""
        return next((value for value in self.form.get(name, ()) if value), None)

    def fields(self) -> dict[str, str]:
        """Every form field with its first value."""
        return {name: values[0] for name, values in self.form.items()}


def read(target: str, body: bytes) -> Webhook:
    """A request by its `target` (path and query) and form body. Raises `Invalid` for a body that is no form."""
    parts = urlsplit(target)
    form = Form()
    for name, value in _pairs(body.decode(errors="replace"), "body"):
        form.setdefault(name, []).append(value)
    query = dict(_pairs(parts.query, "query"))
    return Webhook(kind=parts.path.rpartition("/")[2], target=target, query=query, form=form)


def _pairs(text: str, where: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        accepted = f"application/x-www-form-urlencoded with at most {MOST_FIELDS} fields"
        raise wire.invalid([wire.fault(where, f"is no form: {error}", accepted)]) from None

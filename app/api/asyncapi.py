"""The wires as an AsyncAPI 3 document, made from the types that decode and describe their messages."""

from collections.abc import Iterable
from importlib.metadata import version
from inspect import cleandoc
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.channels import Channel

PATH = "/asyncapi.json"
_SCHEMAS = "#/components/schemas/{name}"
_BINDINGS: dict[str, dict[str, Any]] = {
    "ws": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
    "http": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
}


def document(channels: Iterable[Channel]) -> dict[str, Any]:
    """The document for these channels."""
    channels = tuple(channels)
    shapes = _shapes(channels)
    schemas, components = msgspec.json.schema_components(shapes, ref_template=_SCHEMAS)
    payloads = dict(zip(shapes, schemas, strict=True))
    made = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Callfloor",
            "version": version("callfloor"),
            "description": "The sockets of agents and supervisors, and the signed webhooks of telephone platforms and "
            "to subscribers. The HTTP API is described at /openapi.json.",
        },
        "defaultContentType": "application/json",
        "channels": {channel.name: _channel(channel) for channel in channels},
        "operations": {name: made for channel in channels for name, made in _operations(channel)},
        "components": {
            "schemas": components,
            "messages": {
                shape.__name__: _message(shape, channel, payloads)
                for channel in channels
                for shape in _messages(channel)
            },
        },
    }
    return _draft_7(made)  # type: ignore[no-any-return]


def asyncapi_route(channels: Iterable[Channel]) -> Route:
    """Serves the document; it is made once."""
    body = msgspec.json.encode(document(channels))

    async def asyncapi(request: Request) -> Response:
        return Response(body, media_type="application/json")

    return Route(PATH, endpoint=asyncapi, include_in_schema=False)


def _messages(channel: Channel) -> tuple[type[msgspec.Struct], ...]:
    return (*channel.hears, *channel.tells)


def _shapes(channels: tuple[Channel, ...]) -> list[type[msgspec.Struct]]:
    """Every message and header type once, in order."""
    found = {shape: None for channel in channels for shape in _messages(channel)}
    return [*found, *{channel.headers: None for channel in channels if channel.headers is not None}]


def _channel(channel: Channel) -> dict[str, Any]:
    made: dict[str, Any] = {
        "address": channel.address,
        "title": channel.title,
        "description": channel.description,
        "messages": {
            shape.__name__: {"$ref": f"#/components/messages/{shape.__name__}"} for shape in _messages(channel)
        },
    }
    parameters = [part[1:-1] for part in (channel.address or "").split("/") if part.startswith("{")]
    if parameters:
        made["parameters"] = {name: {"description": f"The id of the {name}."} for name in parameters}
    if channel.protocol == "ws":
        made["bindings"] = _BINDINGS["ws"]
    return made


def _operations(channel: Channel) -> Iterable[tuple[str, dict[str, Any]]]:
    """The server receives what it hears and sends what it tells."""
    for action, shapes in (("receive", channel.hears), ("send", channel.tells)):
        if shapes:
            here = f"#/channels/{channel.name}"
            made: dict[str, Any] = {
                "action": action,
                "channel": {"$ref": here},
                "messages": [{"$ref": f"{here}/messages/{shape.__name__}"} for shape in shapes],
            }
            if channel.protocol == "http":
                made["bindings"] = _BINDINGS["http"]
            yield f"{action}{channel.name[0].upper()}{channel.name[1:]}", made


def _message(
    shape: type[msgspec.Struct], channel: Channel, payloads: dict[type[msgspec.Struct], dict[str, Any]]
) -> dict[str, Any]:
    tag = shape.__struct_config__.tag
    made = {
        "name": str(tag) if tag is not None else shape.__name__,
        "title": shape.__name__,
        "description": shape.__doc__ or "",
        "payload": payloads[shape],
    }
    return made if channel.headers is None else made | {"headers": payloads[channel.headers]}


def _draft_7(part: Any) -> Any:
    """AsyncAPI reads schemas as JSON Schema draft 7, where a tuple's parts stand in `items`."""
    if isinstance(part, list):
        return [_draft_7(each) for each in part]
    if not isinstance(part, dict):
        return part
    plain = {key: _draft_7(each) for key, each in part.items()}
    if "prefixItems" in plain:
        plain |= {"items": plain.pop("prefixItems"), "additionalItems": False}
    if isinstance(plain.get("description"), str):
        plain["description"] = cleandoc(plain["description"])
    return plain

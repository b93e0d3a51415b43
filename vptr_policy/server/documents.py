"""What the OpenAPI document says of bodies and answers, and a page that shows it without the internet."""

import html
import json
from typing import Any, Dict

from vptr_policy.wire import TYPE_NAMES

ARRAY = {
    "type": "object",
    "description": "json_numpy: base64 of the C-order bytes, numpy's name of the type, the shape",
    "properties": {
        "__numpy__": {"type": "string", "contentEncoding": "base64"},
        "dtype": {"type": "string", "pattern": f"^({TYPE_NAMES})$", "examples": ["|u1", "<f4", "<f8"]},
        "shape": {"type": "array", "maxItems": 4, "items": {"type": "integer", "minimum": 0, "maximum": 4096}},
    },
    "required": ["__numpy__", "dtype", "shape"],
}
NUMBERS = {"type": "array", "minItems": 7, "maxItems": 8, "items": {"type": "number", "minimum": -20, "maximum": 20}}
OBSERVATION = {
    "type": "object",
    "properties": {
        "image": {**ARRAY, "description": "RGB uint8 (height, width, 3), as " + ARRAY["description"]},  # type: ignore
        "instruction": {"type": "string", "maxLength": 1000, "description": "a task's name, or words that name it"},
        "proprio": {
            "description": "the Bridge state (7,), or manipulator_gym's 8 numbers; without it, that of the neutral arm",
            "anyOf": [ARRAY, NUMBERS, {"type": "null"}],
        },
        "unnorm_key": {"description": "OpenVLA's; not used"},
    },
    "required": ["image", "instruction"],
}
ENCODED = {
    "type": "object",
    "description": "the observation as one JSON text; the answer is then a JSON text too",
    "properties": {"encoded": {"type": "string"}},
    "required": ["encoded"],
    "additionalProperties": False,
}
ERROR = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
REFUSALS = {
    400: "what was wrong with the request",
    401: "the token is missing or wrong",
    403: "a page of another origin, or a Host that is not this machine's",
    408: "the body did not arrive in time",
    413: "the body is too large",
    503: "too many requests in flight, or the server is shutting down; Retry-After tells when to try again",
    504: "the policy gave no answer in time",
}


def body(*schemas: Dict[str, Any], required: bool = True) -> Dict[str, Any]:
    """An operation's request body, one of ``schemas``."""
    schema = {"anyOf": list(schemas)} if len(schemas) > 1 else schemas[0]
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def answers(description: str, schema: Dict[str, Any], *refusals: int) -> Dict[Any, Any]:
    """An operation's responses."""
    content = {"application/json": {"schema": schema}}
    told: Dict[Any, Any] = {200: {"description": description, "content": content}}
    for status in refusals:
        told[status] = {"description": REFUSALS[status], "content": {"application/json": {"schema": ERROR}}}
    return told


def page(document: Dict[str, Any]) -> str:
    """The OpenAPI document as a page that needs nothing but itself."""
    info = document["info"]
    parts = [f"<h1>{html.escape(info['title'])}</h1><pre>{html.escape(info['description'])}</pre>"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append(f"<h2>{method.upper()} {html.escape(path)}</h2><p>{html.escape(operation['summary'])}</p>")
            parts.append(f"<pre>{html.escape(operation.get('description', ''))}</pre>")
            shown = {name: operation[name] for name in ("requestBody", "responses") if name in operation}
            parts.append(f"<details><summary>schema</summary><pre>{html.escape(json.dumps(shown, indent=1))}</pre>")
            parts.append("</details>")
    style = "body{font:16px sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color-scheme:light dark}"
    return f"<!doctype html><meta charset=utf-8><title>policy server</title><style>{style}</style>{''.join(parts)}"

"""What bodies may be: JSON without traps, and for recipes YAML text too."""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

DEPTH_LIMIT = 64


class BoundedJSONParser(BaseParser):
    """JSON of bounded depth, without NaN and without characters that the database cannot hold."""

    media_type = "application/json"
    is_strict = True

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            data = json.loads(stream.read().decode(), parse_constant=self._refuse if self.is_strict else None)
            clean(data)
        except RecursionError:
            raise ParseError(f"The body nests deeper than {DEPTH_LIMIT} levels.") from None
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}") from None
        return data

    def _refuse(self, name: str) -> None:
        raise ValueError(f"{name} is not a JSON number")


class RecipeJSONParser(BoundedJSONParser):
    """Lets NaN and infinity in, as many clients write them: the recipe check then names the field instead of the byte."""

    is_strict = False


class YamlTextParser(BaseParser):
    """A recipe sent as it stands in a file. It stays text: the recipe parser has the caps and the line numbers."""

    media_type = "application/yaml"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            text = stream.read().decode()
            clean(text)
        except ValueError as error:
            raise ParseError(f"The body is not UTF-8 text: {error}") from None
        return {"recipe": text}


def is_storable_text(text: str) -> bool:
    """Postgres holds neither NUL nor half a character (a lone surrogate), which JSON can spell."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def clean(value: Any, depth: int = 0) -> None:
    """Raises ValueError for NUL and lone surrogates, RecursionError beyond DEPTH_LIMIT."""
    if depth > DEPTH_LIMIT:
        raise RecursionError
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("a text holds the character NUL")
        value.encode()
    elif isinstance(value, dict):
        for name, inner in value.items():
            clean(name, depth + 1)
            clean(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            clean(inner, depth + 1)

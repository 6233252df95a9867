"""What people upload, in a form that Postgres stores: its JSON knows no NaN, no NUL and no half characters."""

import math
from datetime import date
from typing import Any


def text_safe(text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()


def json_safe(value: Any) -> Any:
    if isinstance(value, dict):
        return {text_safe(str(key)): json_safe(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [json_safe(inner) for inner in value]
    if isinstance(value, str):
        return text_safe(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, bool | int | float) or value is None else text_safe(str(value))

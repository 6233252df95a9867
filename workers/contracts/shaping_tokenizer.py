"""The tokenizer of a merge's document into the form of its record.

In a document it is a text (`base`, `union`, or a model), or keys and values as mergekit has them. A row's source is a text (a
model), or `{kind: model_token, model, token | token_id}`, or `{kind: zero}`.
"""

from typing import Any

from workers.contracts.complaints import Complaints, nearest, quoted
from workers.contracts.parameters import check_range
from workers.contracts.paths import Path
from workers.contracts.records import Record
from workers.contracts.tokenizing import MAX_PAD, MAX_TOKENS, TokenizerRule, TokenRule, TokenSource

_KINDS = ("model_token", "zero")


def shape_tokenizer(value: Any, path: Path, complaints: Complaints) -> Any:
    """The value of `tokenizer` as the record reads it; what it cannot read is complained of and left out."""
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, dict):
        complaints.add(
            "wrong_type", path, f"tokenizer is {quoted(value)}, it needs base, union, a model, or keys and values."
        )
        return None
    _check_keys(value, path, TokenizerRule, complaints)
    shaped: dict[str, Any] = {}
    for key in ("source", "base"):
        if isinstance(value.get(key), str):
            shaped[key] = value[key]
        elif value.get(key) is not None:
            complaints.add("wrong_type", (*path, key), f"{key} is {quoted(value[key])}, it needs text.")
    multiple = value.get("pad_to_multiple_of")
    if multiple is not None:
        where = (*path, "pad_to_multiple_of")
        if type(multiple) is not int:
            complaints.add("wrong_type", where, f"pad_to_multiple_of is {quoted(multiple)}, it needs a whole number.")
        elif check_range("pad_to_multiple_of", multiple, where, complaints, minimum=1, maximum=MAX_PAD):
            shaped["pad_to_multiple_of"] = multiple
    tokens = value.get("tokens") or {}
    if not isinstance(tokens, dict):
        complaints.add(
            "wrong_type", (*path, "tokens"), f"tokens is {quoted(tokens)}, it needs a token and its rule per line."
        )
    elif len(tokens) > MAX_TOKENS:
        complaints.add("too_many", (*path, "tokens"), f"{len(tokens)} tokens have rules, at most {MAX_TOKENS} may.")
    else:
        shaped["tokens"] = {
            token: rule
            for token, given in tokens.items()
            if (rule := _rule(token, given, (*path, "tokens", token), complaints)) is not None
        }
    return shaped


def _rule(token: Any, given: Any, path: Path, complaints: Complaints) -> dict[str, Any] | None:
    if not isinstance(token, str) or not token or len(token) > 512:
        complaints.add("wrong_type", path, f"{quoted(token)} is no token: it needs text of 1 to 512 characters.")
        return None
    if not isinstance(given, dict):
        complaints.add(
            "wrong_type", path, f"The rule of {quoted(token)} is {quoted(given)}, it needs source and force."
        )
        return None
    _check_keys(given, path, TokenRule, complaints)
    force = given.get("force", False)
    if not isinstance(force, bool):
        complaints.add("wrong_type", (*path, "force"), f"force is {quoted(force)}, it needs true or false.")
        force = False
    return {"source": _source(given.get("source"), (*path, "source"), complaints), "force": force}


def _source(given: Any, path: Path, complaints: Complaints) -> dict[str, Any] | None:
    if given is None:
        return None
    if isinstance(given, str):
        return {"kind": "model", "model": given}
    if not isinstance(given, dict):
        complaints.add(
            "wrong_type", path, f"source is {quoted(given)}, it needs a model, or keys and values with kind."
        )
        return None
    kind = given.get("kind")
    if kind == "model" and isinstance(given.get("model"), str):  # as a record writes it
        return {"kind": "model", "model": given["model"]}
    if kind not in _KINDS:
        meant = nearest(str(kind), _KINDS) if kind is not None else None
        repair = [complaints.replace((*path, "kind"), meant)] if meant else []
        complaints.add(
            "unknown_choice", (*path, "kind"), f"kind is {quoted(kind)}: it must be model_token or zero.", repair=repair
        )
        return None
    if kind == "zero":
        return {"kind": "zero"}
    _check_keys(given, path, TokenSource, complaints)
    if not isinstance(given.get("model"), str):
        complaints.add("missing_key", (*path, "model"), "model is missing: whose token this row is.")
        return None
    token, place = given.get("token"), given.get("token_id")
    if (token is None) == (place is None):
        complaints.add("missing_key", path, "A row of another token needs either token or token_id.")
        return None
    if token is not None and not isinstance(token, str):
        complaints.add("wrong_type", (*path, "token"), f"token is {quoted(token)}, it needs text.")
        return None
    if place is not None and (type(place) is not int or not 0 <= place <= 2**31):
        complaints.add(
            "wrong_type", (*path, "token_id"), f"token_id is {quoted(place)}, it needs a whole number from 0 up."
        )
        return None
    return {"kind": "model_token", "model": given["model"], "token": token, "token_id": place}


def _check_keys(value: dict[str, Any], path: Path, record: type[Record], complaints: Complaints) -> None:
    known = sorted(record.model_fields)
    for key in value:
        if key not in known:
            meant = nearest(str(key), known)
            repair = [complaints.rename((*path, key), meant)] if meant and meant not in value else []
            complaints.add(
                "unknown_key", (*path, key), f"{quoted(key)} is not a key here." + (f" Did you mean {meant}?" if meant else ""),
                repair=[*repair, complaints.remove((*path, key))],
            )  # fmt: skip

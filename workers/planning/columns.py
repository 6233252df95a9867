"""Which column of a dataset plays which role of a task: as the asker says, else by the names that people give such columns."""

from collections.abc import Mapping

from workers.contracts.complaints import nearest
from workers.contracts.findings import Finding
from workers.contracts.tasks import TASKS, Column, Task

# Roles in the words of the task table, each with the names that mean it, the surest first. The role's own name comes before.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "image": ("images", "img", "picture", "pixel_values"),
    "label": ("labels", "class", "target", "category", "sentiment", "species", "answer", "answerkey", "gold", "y"),
    "text": ("sentence", "sentence1", "sentence_1", "content", "document", "docstring", "text1", "premise", "review"),
    "text_pair": ("sentence2", "sentence_2", "text2", "hypothesis", "pair"),
    "target": ("score", "label", "labels", "value", "similarity", "y"),
    "features": ("x", "inputs", "data"),
    "question": ("query", "prompt", "ctx", "context", "input", "instruction"),
    "choices": ("options", "endings", "answers"),
    "answer": ("answers", "target", "output", "response", "completion"),
    "query": ("question", "anchor"),
    "document": ("passage", "positive", "context", "text"),
}
INDEX = "index"
NUMERIC = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "halffloat", "float", "double", "bool")  # fmt: skip
TEXTUAL = ("string", "large_string", "string_view")
# What a column may hold, by the kind that a role asks for.
_HOLDS: dict[str, str] = {
    "image": "pictures", "text": "text", "number": "numbers", "numbers": "lists of numbers, or several columns of numbers",
    "class": "class names or whole numbers", "texts": "lists of texts",
}  # fmt: skip


def roles_of(
    task: Task, columns: Mapping[str, str], given: Mapping[str, str], *, name: str, where: str = "data"
) -> tuple[dict[str, tuple[str, ...]], list[Finding]]:
    """The columns of each role, and all that is wrong at once. A role has one column; `features` may be many, in the file's order.

    `columns` are the dataset's, with Arrow types; `given` says role → column, for features also several with commas between.
    Without a list column, features are all columns of numbers that play no other role.
    """
    findings = [
        _finding("column_role_unknown", where, f"{task.label} has no role {role}.", f"Its roles are {_roles(task)}.")
        for role in given if role not in {column.role for column in task.columns}
    ]  # fmt: skip
    chosen: dict[str, tuple[str, ...]] = {}
    for wanted in sorted(task.columns, key=lambda column: column.kind == "numbers"):  # what is left over comes last
        used = {held for held_by in chosen.values() for held in held_by}
        names, finding = _columns_for(wanted, columns, given.get(wanted.role, ""), used, name, where)
        if names:
            chosen[wanted.role] = names
        elif finding is not None and (wanted.required or wanted.role in given):
            findings.append(finding)
    return {column.role: chosen[column.role] for column in task.columns if column.role in chosen}, findings


def tasks_for(columns: Mapping[str, str]) -> list[Task]:
    """The tasks whose columns are all there, those first that make something of most of them."""
    found = []
    for task in TASKS:
        roles, findings = roles_of(task, columns, {}, name="")
        if not findings:
            found.append((-len({held for names in roles.values() for held in names}), task))
    return [task for _, task in sorted(found, key=lambda pair: pair[0])]


def gold_role(task: Task) -> str:
    """The role that models must not see; "" where the inputs are all there is (language modelling, retrieval)."""
    held = {column.role for column in task.columns}
    return next((role for role in ("label", "target", "answer") if role in held), "")


def fits(kind: str, held: str) -> bool:
    """Whether a column of the Arrow type `held` can play a role of `kind`."""
    if kind == "image":
        return held == "image"
    if kind == "text":
        return held in TEXTUAL
    if kind == "number":
        return held in NUMERIC
    if kind == "numbers":
        return _item(held) in NUMERIC
    if kind == "texts":
        return _item(held) in TEXTUAL
    return held in TEXTUAL or (held in NUMERIC and "float" not in held and held != "double")


def _columns_for(
    wanted: Column, columns: Mapping[str, str], given: str, used: set[str], name: str, where: str
) -> tuple[tuple[str, ...], Finding | None]:
    if given:
        return _given(wanted, columns, given, name, where)
    by_name = {column.lower(): column for column in reversed(list(columns))}
    for spelling in (wanted.role, *SYNONYMS.get(wanted.role, ())):
        held = by_name.get(spelling)
        if held is not None and held not in used and fits(wanted.kind, columns[held]):
            return (held,), None
    if wanted.kind == "numbers":
        left = tuple(held for held, kind in columns.items() if held not in used | {INDEX} and kind in NUMERIC)
        if left:
            return left, None
    alone = [held for held, kind in columns.items() if held not in used and fits(wanted.kind, kind)]
    if len(alone) == 1 and wanted.required and (wanted.kind in ("image", "texts") or wanted.role == "text"):
        return (alone[0],), None
    message = f"{name} has no column for {wanted.role} ({_HOLDS[wanted.kind]}). It has {_listed(columns)}."
    return (), _finding(
        "column_missing", where, message, "Say which column it is under columns, or name it so in the data."
    )


def _given(
    wanted: Column, columns: Mapping[str, str], given: str, name: str, where: str
) -> tuple[tuple[str, ...], Finding | None]:
    names = (
        (given,) if given in columns or wanted.kind != "numbers" else tuple(part.strip() for part in given.split(","))
    )
    missing = [held for held in names if held not in columns]
    if missing:
        meant = nearest(missing[0], columns)
        message = f"{name} has no column {missing[0]}." + (f" Did you mean {meant}?" if meant else "")
        return (), _finding("column_missing", where, message, f"It has {_listed(columns)}.")
    several = len(names) > 1 or columns[names[0]] in NUMERIC
    wrong = [
        held
        for held in names
        if not (fits("number" if wanted.kind == "numbers" and several else wanted.kind, columns[held]))
    ]
    if wrong:
        message = (
            f"The column {wrong[0]} of {name} holds {columns[wrong[0]]}; {wanted.role} needs {_HOLDS[wanted.kind]}."
        )
        return (), _finding("column_type", where, message, "Choose another column, or change the data.")
    return names, None


def _item(held: str) -> str:
    """The item type of a list type: `list<item: float>`, `fixed_size_list<item: double>[4]`; "" for what is no list."""
    if not held.startswith(("list<", "large_list<", "fixed_size_list<")):
        return ""
    return held.partition("<")[2].rpartition(">")[0].partition(": ")[2].removesuffix(" not null")


def _roles(task: Task) -> str:
    return ", ".join(column.role for column in task.columns)


def _listed(columns: Mapping[str, str]) -> str:
    shown = ", ".join(f"{name} ({kind})" for name, kind in list(columns.items())[:12])
    return (shown + (" and more" if len(columns) > 12 else "")) or "none"


def _finding(code: str, where: str, message: str, consequence: str) -> Finding:
    return Finding(code=code, severity="error", message=message, where=where, consequence=consequence)

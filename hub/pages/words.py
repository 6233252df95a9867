"""What things are called on the pages: kinds, relations, states, licence classes."""

from workers.planning.licences import licence_get

ARTIFACT_WORDS = {
    "model": ("Model", "Models"),
    "adapter": ("Adapter", "Adapters"),
    "task_vector": ("Task vector", "Task vectors"),
    "learngene": ("Learngene", "Learngenes"),
    "family": ("Family", "Families"),
    "composition": ("Composition", "Compositions"),
    "pack": ("Pack", "Packs"),
    "learnware": ("Learnware", "Learnwares"),
    "dataset": ("Dataset", "Datasets"),
    "unknown": ("Entry", "Entries"),
}
KIND_NOUNS = {
    "merge": "merge",
    "evaluate": "evaluation",
    "train": "training",
    "extract": "extraction",
    "import": "import",
}
RELATION_WORDS = {
    "base": "base",
    "merge_of": "merge",
    "finetune_of": "fine-tune",
    "adapter_of": "adapter",
    "delta_of": "task vector",
    "quantized_of": "quantised",
    "trained_on": "trained on",
}
STATE_ICONS = {
    "waiting": "clock",
    "queued": "clock",
    "running": "running",
    "cancelling": "square",
    "succeeded": "check",
    "failed": "stop",
    "errored": "alert",
    "cancelled": "square",
}
SEVERITY_ICONS = {"error": "stop", "warning": "alert", "info": "info", "agree": "check"}
NEEDS_WORDS = (
    ("weights", "Weights only", "any models of one shape"),
    ("base", "A common base", "fine-tunes of one model"),
    ("data", "Some data", "a few hundred examples"),
    ("labels", "Labelled data", "a few hundred examples with answers"),
    ("gradients", "Data and training", "examples, and minutes of learning"),
    ("search", "A search", "minutes to hours"),
)


def artifact_word(artifact: str, many: bool = False) -> str:
    one, several = ARTIFACT_WORDS.get(artifact, ARTIFACT_WORDS["unknown"])
    return several if many else one


def plural(count: int, one: str, several: str) -> str:
    return one if count == 1 else several


_LICENCE_CLASSES = {
    "free": "no conditions",
    "permissive": "permissive",
    "weak": "weak copyleft",
    "strong": "copyleft",
    "share_alike": "share alike",
    "non_commercial": "non-commercial",
    "no_derivatives": "no derivatives",
    "community": "community terms",
    "research": "research only",
    "custom": "own terms",
}


def licence_class(licence: str) -> str:
    """One or two words for what a licence asks, for lists."""
    row = licence_get(licence)
    return (
        "attribution" if row.name.startswith("CC-BY-") and row.family == "permissive" else _LICENCE_CLASSES[row.family]
    )

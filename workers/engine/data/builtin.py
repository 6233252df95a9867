"""BUILT-IN DATA: what every worker carries, as splits like any other."""

import numpy as np

from workers.engine.data.columns import ArrayColumn
from workers.engine.data.refusals import refused
from workers.engine.data.splits import Split


def builtin_split(reference: str, split: str) -> Split:
    if reference != "builtin:digits":
        raise refused("data_unknown", f"There is no built-in data {reference}.")
    from workers.engine.digits import SPLITS, domain_split

    if split not in SPLITS:
        raise refused("split_missing", f"{reference} has no split {split}. It has {', '.join(SPLITS)}.")
    images, labels, index = domain_split("clean", split)
    names = tuple(str(digit) for digit in range(10))
    columns = {"images": ArrayColumn(images, type="image"), "labels": ArrayColumn(labels.astype(np.int64), names=names)}
    return Split(reference, split, columns | {"index": ArrayColumn(index)})

"""The digits as they come. Their other domains, on which the demonstration's experts are trained, are in `workers.engine.data.digits`."""

from workers.engine.data.columns import ArrayColumn, Column
from workers.engine.data.digits import domain_split
from workers.planning.builtins import builtin_get


def digits(split: str) -> dict[str, Column]:
    images, labels, index = domain_split("clean", split)
    row = builtin_get("builtin:digits")
    names = row.labels if row else ()
    return {
        "images": ArrayColumn(images, type="image"),
        "labels": ArrayColumn(labels, names=names),
        "index": ArrayColumn(index),
    }

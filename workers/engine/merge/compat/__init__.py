"""Merging as mergekit 0.1.5 computes it: in the number format of the inputs, with its floors and fall-backs.

Used where a recipe says `compat: mergekit`. Methods that are not listed compute in float32 there as well.
"""

_CHANGES = "workers.engine.merge.compat.changes"
_ARCS = "workers.engine.merge.compat.arcs"
_ADAPTIVE = "workers.engine.merge.compat.adaptive"

# Method → where its native arithmetic is.
NATIVE: dict[str, str] = {
    "task_arithmetic": f"{_CHANGES}:task_arithmetic", "ties": f"{_CHANGES}:ties",
    "dare_linear": f"{_CHANGES}:dare_linear", "dare_ties": f"{_CHANGES}:dare_ties",
    "breadcrumbs": f"{_CHANGES}:breadcrumbs", "breadcrumbs_ties": f"{_CHANGES}:breadcrumbs_ties",
    "della": f"{_CHANGES}:della", "della_linear": f"{_CHANGES}:della_linear",
    "nuslerp": f"{_ARCS}:nuslerp", "multislerp": f"{_ARCS}:multislerp", "karcher": f"{_ARCS}:karcher",
    "model_stock": f"{_ADAPTIVE}:model_stock", "sce": f"{_ADAPTIVE}:sce", "arcee_fusion": f"{_ADAPTIVE}:arcee_fusion",
    "nearswap": f"{_ADAPTIVE}:nearswap", "ram": f"{_ADAPTIVE}:ram", "ramplus_tl": f"{_ADAPTIVE}:ramplus_tl",
    "passthrough": f"{_ADAPTIVE}:passthrough",
}  # fmt: skip

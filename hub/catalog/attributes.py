"""`.gitattributes`: which files a repo keeps as LFS."""

from fnmatch import fnmatchcase

SUFFIXES = (
    "safetensors", "bin", "pt", "pth", "ckpt", "onnx", "h5", "gguf", "msgpack", "npz", "npy", "pkl", "pickle", "joblib", "parquet",
    "arrow", "zip", "gz", "tar", "xz", "zst", "model", "tflite", "pb", "ot", "mlmodel", "wasm",
)  # fmt: skip
ATTRIBUTES_FILE = ".gitattributes"
INITIAL_TEXT = "".join(f"*.{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in SUFFIXES)


def lfs_patterns(text: str) -> tuple[str, ...]:
    """The patterns with `filter=lfs`, at most a thousand of them."""
    found = []
    for line in text.splitlines()[:1000]:
        words = line.split()
        if len(words) > 1 and not words[0].startswith("#") and "filter=lfs" in words[1:]:
            found.append(words[0])
    return tuple(found)


def is_lfs_path(path: str, patterns: tuple[str, ...]) -> bool:
    """git's rule: a pattern without a slash is compared with the last part of the path, one with a slash with all of it."""
    name = path.rpartition("/")[2]
    return any(
        fnmatchcase(path, pattern.lstrip("/")) if "/" in pattern else fnmatchcase(name, pattern) for pattern in patterns
    )

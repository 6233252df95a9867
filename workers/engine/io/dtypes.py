"""Number formats: safetensors' names, the recipe's names and torch's."""

import torch

TORCH: dict[str, torch.dtype] = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
    "U64": torch.uint64, "U32": torch.uint32, "U16": torch.uint16, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip
SAFETENSORS: dict[torch.dtype, str] = {dtype: name for name, dtype in TORCH.items()}


def dtype_of(name: str) -> torch.dtype:
    """Torch's format for safetensors' name (`BF16`) or a recipe's (`bfloat16`).

    Raises:
        ValueError: no such format.
    """
    found = TORCH.get(name) or getattr(torch, name, None)
    if not isinstance(found, torch.dtype) or found not in SAFETENSORS:
        raise ValueError(f"There is no number format {name!r}; known are {', '.join(TORCH)}.")
    return found


def recipe_name(dtype: torch.dtype) -> str:
    """`bfloat16` for torch.bfloat16: the name that config.json uses."""
    return str(dtype).removeprefix("torch.")

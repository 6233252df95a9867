"""Arcs and means on the sphere in the format of the inputs. Formulas as in the methods of the same names."""

import torch

from workers.engine.merge.multislerp import cancels
from workers.engine.merge.step import MergeStep


def nuslerp(step: MergeStep, base: torch.Tensor | None, sources: list[torch.Tensor]) -> torch.Tensor:
    """sin((1−t)φ)/sin φ · x_1 + sin(tφ)/sin φ · x_2, each vector normalised before the product that gives cos φ."""
    first, second = step.each("weight")
    t = 0.5 if abs(first + second) < 1e-6 else second / (first + second)
    vectors = sources if base is None else [source - base for source in sources]
    turned = False
    if step.parameters["nuslerp_flatten"] or not step.shape:
        vectors = [vector.reshape(-1) for vector in vectors]
    elif step.parameters["nuslerp_row_wise"]:
        turned, vectors = True, [vector.transpose(0, -1) for vector in vectors]
    one, other = vectors
    units = [vector / vector.norm(dim=-1, keepdim=True).clamp(min=1e-7) for vector in vectors]
    cosine = (units[0] * units[1]).sum(dim=-1, keepdim=True).clamp(-1, 1)
    colinear = 1 - cosine.square() <= 1e-16
    angle = torch.where(colinear, 0, cosine).acos()
    arc = (((1 - t) * angle).sin() * one + (t * angle).sin() * other) / angle.sin()
    arc = torch.where(colinear, (1 - t) * one + t * other, arc)
    arc = (arc.transpose(0, -1) if turned else arc).reshape(step.shape)
    return arc if base is None else base + arc


def multislerp(step: MergeStep, base: torch.Tensor | None, sources: list[torch.Tensor]) -> torch.Tensor:
    """The normalised weighted sum of directions, moved on along a tangent that only rounding makes, at the mean length."""
    if len(sources) == 1:
        return sources[0]
    vectors = torch.stack([source if base is None else source - base for source in sources]).view(len(sources), -1)
    weights = torch.tensor(step.each("weight"), dtype=vectors.dtype)
    if step.parameters["normalize_weights"]:
        weights = weights / weights.sum()
    column, epsilon = weights.view(-1, 1), float(step.parameters["eps"])
    lengths = vectors.norm(dim=-1, keepdim=True)
    units = vectors / (lengths + epsilon)
    mean = (units * column).sum(0)
    length = mean.norm()
    if length < epsilon:
        if len(sources) > 2 and lengths.max() > 0:
            raise cancels(step.name)
        # Two that cancel are added as they are; where nothing changed there is nothing to add.
        merged = vectors[0] * weights[0] + vectors[1] * weights[1]
    else:
        mean = mean / length
        tangent = ((units - (units * mean).sum(-1, keepdim=True) * mean) * column).sum(0)
        reach = tangent.norm() + epsilon
        # ε is nothing in float16: without a tangent there is 0/0, which is left out.
        merged = mean * reach.cos() + (tangent * (reach.sin() / reach) if reach > 0 else 0)
        merged = merged * (lengths.squeeze(-1) * weights).sum()
    return merged.view(step.shape) if base is None else merged.view(step.shape) + base


def karcher(step: MergeStep, base: torch.Tensor | None, sources: list[torch.Tensor]) -> torch.Tensor:
    """Iterated on the tensors: lengths in float32 (float64 for float64), directions and products in the inputs' format."""
    if len(sources) == 1:
        return sources[0]
    dtype, tolerance = sources[0].dtype, float(step.parameters["tol"])
    wide = torch.float64 if dtype == torch.float64 else torch.float32

    def length(tensor: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = torch.linalg.vector_norm(tensor.to(wide))
        return found

    lengths = [length(source) for source in sources]
    units = [
        (source / norm).to(dtype) for source, norm in zip(sources, lengths, strict=True) if norm.item() > tolerance
    ]
    if not units:
        return torch.zeros_like(sources[0])
    share = 1.0 / len(units)
    mean = torch.zeros_like(units[0])
    for unit in units:
        mean += share * unit
    norm = length(mean)
    mean = units[0].clone() if norm.item() < tolerance else (mean / norm).to(dtype)
    for _ in range(int(step.parameters["max_iter"])):
        tangent = torch.zeros_like(mean)
        for unit in units:
            cosine = torch.dot(mean.flatten(), unit.flatten()).clamp(-1.0, 1.0)
            angle = cosine.arccos()
            if angle.item() >= tolerance:
                tangent += share * (angle / angle.sin()) * (unit - cosine * mean)
        reach = length(tangent)
        if reach.item() < tolerance:
            break
        mean = (reach.cos() * mean + reach.sin() * (tangent / reach)).to(dtype)
        norm = length(mean)
        mean = (mean / norm).to(dtype) if norm.item() > tolerance else mean
    every = 1.0 / len(sources)
    return torch.stack([every * norm for norm in lengths]).sum() * mean

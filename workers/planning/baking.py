"""BAKING: a LoRA adapter on its model, tensor by tensor, from headers alone: which tensor is changed by what."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workers.contracts.facts import RepoFacts, TensorFact
from workers.contracts.plans import AdapterChange, Stored
from workers.planning.architectures import shape_of
from workers.planning.bases import head_fields
from workers.planning.lora import PREFIX, LoraError, LoraModule, lora_of
from workers.planning.ties import embedding_of, head_of
from workers.planning.weights import FLOATING
from workers.planning.wording import counted, shape_text

# What else peft's LoRA can do, by the key of its configuration: none of it is a change that its files alone tell.
_VARIANTS = {
    "target_parameters": "changes parameters that are no layers", "trainable_token_indices": "replaces rows of the embeddings",
    "alora_invocation_tokens": "works from certain tokens on only", "layer_replication": "repeats layers of its base",
    "use_qalora": "is QA-LoRA", "use_bdlora": "is block-diagonal", "arrow_config": "chooses between adapters as it runs",
    "kasa_config": "is KaSA", "monteclora_config": "is drawn at random as it runs", "velora_config": "is VeLoRA",
}  # fmt: skip
_MOVED = ("pissa", "olora", "corda", "loftq", "lora_ga")  # starts that take something out of the base's weights first
# Layers of these that keep their weight turned round, [in, out].
_TURNED = {"gpt2", "openai-gpt", "imagegpt", "decision_transformer", "gpt-sw3"}
_TURNED_LAYERS = ("c_attn", "c_proj", "c_fc", "q_attn")
# How transformers calls, inside a model, what its files store under older names.
_RENAMED = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"(^|\.)encoder\.layer\.", r"\1layers."),
        (r"\.attention\.(?:attention|self)\.query\b", ".attention.q_proj"),
        (r"\.attention\.(?:attention|self)\.key\b", ".attention.k_proj"),
        (r"\.attention\.(?:attention|self)\.value\b", ".attention.v_proj"),
        (r"\.attention\.output\.dense\b", ".attention.o_proj"),
        (r"\.intermediate\.dense\b", ".mlp.fc1"),
        (r"\.output\.dense\b", ".mlp.fc2"),
    )
)


@dataclass
class Baked:
    """`tensors` of the model with the adapter on it; `config` what its config.json says otherwise; `untied`: the head is its own now."""

    tensors: dict[str, TensorFact]
    changes: dict[str, AdapterChange] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    untied: str = ""
    added: tuple[str, ...] = ()


def baked(model: RepoFacts, adapter: RepoFacts) -> Baked:
    """What the adapter does to each tensor of the model.

    Raises:
        LoraError: it is no LoRA adapter, is of a kind whose change its files do not tell, or does not fit the model.
    """
    _refuse_variants(adapter.adapter)
    lora = lora_of(adapter, is_baked=True)
    made = Baked(dict(model.tensors), config=head_fields(adapter.config, adapter.adapter))
    names = _Names(model.tensors)
    is_tied = shape_of(model.config).is_tied
    keeps_ties = bool(adapter.adapter.get("ensure_weight_tying"))
    added = []
    for key, fact in lora.whole.items():
        name = re.sub(r"\.(modules_to_save|base_layer|original_module)(?=\.)", "", key.removeprefix(PREFIX))
        found = names.stored(name) or name
        if found not in model.tensors and not (is_tied and embedding_of(found, model.tensors)):
            added.append(found)
        made.changes[found] = AdapterChange(origin=found, whole=Stored(key=key, fact=fact))
        made.tensors[found] = fact
    strangers = []
    for module in lora.modules.values():
        name = f"{module.name}.weight"
        found = names.stored(name)
        if not found and name in made.tensors:
            found = name
        origin = found or (embedding_of(name, model.tensors) if is_tied else "")
        if not origin:
            strangers.append(module.name)
        elif not (keeps_ties and not found):
            _change(made, model, module, adapter.adapter, found or name, origin)
    if strangers:
        message = f"changes {counted(len(strangers), 'module')} that the model does not have, first {strangers[0]}."
        raise LoraError("adapter_misfit", message, "It was made for a model that is built differently.")
    if is_tied and not keeps_ties:
        _untie(made, model)
    made.added = tuple(added)
    _resize(made, model)
    return made


def _refuse_variants(config: Mapping[str, Any]) -> None:
    ways = "Put it on its base with peft's merge_and_unload, and take the model that comes out."
    for key, what in _VARIANTS.items():
        if config.get(key):
            raise LoraError("lora_variant", f"{what} ({key}), which is no fixed change of its base's weights.", ways)
    start = str(config.get("init_lora_weights") or "").lower()
    if start.startswith(_MOVED):
        message = f"started from {start}, which takes a part out of the base's weights: its change is measured from what was left."
        raise LoraError("lora_variant", message, "Save it again as plain LoRA (peft converts it on saving).")


def _change(
    made: Baked, model: RepoFacts, module: LoraModule, config: Mapping[str, Any], name: str, origin: str
) -> None:  # fmt: skip
    fact = made.tensors.get(name) or model.tensors[origin]
    whole = made.changes[name].whole if name in made.changes else None
    if fact.dtype not in FLOATING:
        raise LoraError("quantised", f"changes {name}, which the model stores as {fact.dtype}: codes, and no numbers.")
    out, into = module.b.shape[0], module.a.shape[1:]
    turned, plain = fact.shape == (*into, out), fact.shape == (out, *into)
    if not (turned if module.is_embedding else (turned and len(into) == 1) or plain):
        raise LoraError(
            "adapter_misfit",
            f"is made for {module.name} of {shape_text((*into, out) if module.is_embedding else (out, *into))}; "
            f"the model's is {shape_text(fact.shape)}.",
            "It was made for a model of another size.",
        )  # fmt: skip
    across = (
        module.is_embedding
        or (turned and not plain)
        or (turned and len(into) == 1 and _is_turned(model, module.name, config))
    )
    if module.magnitude is not None and module.magnitude[1].elements != out:
        raise LoraError(
            "adapter_inconsistent",
            f"has {module.magnitude[1].elements} lengths for the {out} outputs of {module.name}.",
        )
    (a, b), magnitude = module.keys, module.magnitude
    made.tensors[name] = fact
    made.changes[name] = AdapterChange(
        origin=origin, whole=whole, a=Stored(key=a, fact=module.a), b=Stored(key=b, fact=module.b), scaling=module.scaling,
        magnitude=None if magnitude is None else Stored(key=magnitude[0], fact=magnitude[1]), across=across,
    )  # fmt: skip
    if config.get("use_dora") and magnitude is None:
        raise LoraError("adapter_inconsistent", f"is a DoRA adapter and holds no lengths for {module.name}.")
    if module.bias is not None:
        _bias(made, module, name.removesuffix(".weight") + ".bias", out)


def _bias(made: Baked, module: LoraModule, name: str, out: int) -> None:
    key, fact = module.bias or ("", None)
    if fact is None or name not in made.tensors or made.tensors[name].elements != out or fact.elements != out:
        raise LoraError("lora_bias", f"adds a bias to {module.name}, which has none of that size.")
    whole = made.changes[name].whole if name in made.changes else None
    made.changes[name] = AdapterChange(
        origin=name, whole=whole, bias=Stored(key=key, fact=fact), scaling=module.scaling
    )


def _is_turned(model: RepoFacts, name: str, config: Mapping[str, Any]) -> bool:
    """Of a square weight no shape tells which axis is which."""
    kind = model.config.get("model_type")
    if kind in _TURNED:
        return name.endswith(_TURNED_LAYERS)
    return bool(config.get("fan_in_fan_out"))


def _untie(made: Baked, model: RepoFacts) -> None:
    """A head and embeddings that were one tensor and are changed apart are two from now on, as they are when the adapter runs."""
    for name in list(made.changes):
        embeddings = embedding_of(name, model.tensors)
        head = name if embeddings and name not in model.tensors else head_of(name)
        if not head or head in model.tensors:
            continue
        if name == "shared.weight":
            raise LoraError("tied_module", "changes shared.weight, which several parts of the model hold in common.")
        made.untied = head
        made.config["tie_word_embeddings"] = False
        embeddings = embeddings or name
        made.tensors.setdefault(head, model.tensors[embeddings])
        made.changes.setdefault(head, AdapterChange(origin=embeddings))


def _resize(made: Baked, model: RepoFacts) -> None:
    """Embeddings that come whole with other rows make another vocabulary."""
    for name, change in made.changes.items():
        is_table = bool(head_of(name)) and change.whole is not None and name in model.tensors
        if is_table and made.tensors[name].shape[0] != model.tensors[name].shape[0] and "vocab_size" in model.config:
            made.config["vocab_size"] = made.tensors[name].shape[0]


class _Names:
    """Finds under which key a model stores what is called `name` inside it, or with one word more or less in front."""

    def __init__(self, tensors: Mapping[str, TensorFact]) -> None:
        self._tensors = tensors
        self._inside: dict[str, str] = {}
        for key in tensors:
            renamed = key
            for pattern, new in _RENAMED:
                renamed = pattern.sub(new, renamed)
            for alias in (renamed, key.partition(".")[2], renamed.partition(".")[2]):
                # What two tensors could be called is the name of neither.
                self._inside[alias] = "" if self._inside.get(alias, key) != key else key

    def stored(self, name: str) -> str:
        for text in (name, name.partition(".")[2]):
            if text in self._tensors:
                return text
            if self._inside.get(text):
                return self._inside[text]
        return ""

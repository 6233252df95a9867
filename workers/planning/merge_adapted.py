"""Models of a merge with an adapter on them, and adapters that stand for the base with themselves on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding, Repair
from workers.contracts.methods import Method
from workers.contracts.plans import Adapted, Plan
from workers.contracts.recipes import MergeRecipe
from workers.contracts.references import adapted_join
from workers.planning.adapter_base import another_base
from workers.planning.baking import Baked, baked
from workers.planning.bases import base_text
from workers.planning.check import Facts
from workers.planning.licences import LicenceInput
from workers.planning.lora import LoraError
from workers.planning.members import Known, Member
from workers.planning.references import PutOn, adapters_of
from workers.planning.wording import NO_SUCH_ENTRY, add, finding, remove, short_name

_WHOLE = ("model", "unknown")


@dataclass
class AdaptedMembers:
    """`members` with those that have an adapter on them seen as the models that these make; without those that cannot be made."""

    members: list[Member] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    made: dict[int, Baked] = field(default_factory=dict)
    inputs: list[Adapted] = field(default_factory=list)
    licensed: list[LicenceInput] = field(default_factory=list)

    @property
    def on_base(self) -> set[int]:
        """The adapters that stand for the base with themselves on it."""
        return {item.position for item in self.inputs if item.adapter == item.position}

    def without(self, findings: Sequence[Finding]) -> list[Finding]:
        """A base that a method has no use for is needed all the same where adapters are put on it."""
        is_needed = self.on_base or any(found.code == "missing_base" for found in self.findings)
        return [found for found in findings if not is_needed or found.code not in {"base_not_needed", "missing_base"}]

    def planned(self, plan: Plan, reference: Known) -> Plan:
        """Config and tokenizer are those of the model below; a head of the adapter's own has its say in the config."""
        if not self.inputs:
            return plan
        below = {item.position: item.model for item in self.inputs}
        own = self.made[reference.member.position].config if reference.member.position in self.made else {}
        copied = dict.fromkeys((below.get(source, source), path) for source, path in plan.copied_files)
        return plan.model_copy(
            update={"adapted": tuple(self.inputs), "copied_files": tuple(copied), "config": {**own, **plan.config}}
        )


def adapted_apply(recipe: MergeRecipe, members: Sequence[Member], method: Method, facts: Facts) -> AdaptedMembers:
    result = AdaptedMembers()
    puts = {put.position: (len(members) + index, put) for index, put in enumerate(adapters_of(recipe))}
    base = next((member for member in members if member.source is None), None)
    for member in members:
        if member.position in puts:
            place, put = puts[member.position]
            _add_pair(result, member, put, place, method, facts)
        elif (
            member.source is not None
            and member.facts is not None
            and member.facts.artifact == "adapter"
            and member.facts.adapter
        ):
            _add_alone(result, member, member.facts, base, puts, method, facts)
        else:
            result.members.append(member)
    return result


def _add_pair(
    result: AdaptedMembers, member: Member, put: PutOn, place: int, method: Method, facts: Mapping[str, RepoFacts | None]
) -> None:  # fmt: skip
    model, adapter = facts.get(put.model), facts.get(put.adapter)
    if adapter is None:
        result.findings.append(
            finding("not_found", "error", member.path, f"{NO_SUCH_ENTRY}: {put.adapter}.", repair=_repair(member))
        )
    elif adapter.artifact != "adapter" or not adapter.adapter:
        message = f"{short_name(put.adapter)} is no adapter, so it cannot be put on {short_name(put.model)}."
        ways = (
            [add((*member.path, "model"), put.model, f"Take {put.model} as it is")] if member.source is not None else []
        )
        result.findings.append(
            finding("wrong_artifact", "error", member.path, message, repair=[*ways, *_repair(member)])
        )
    if model is None or model.artifact not in _WHOLE or adapter is None or adapter.artifact != "adapter":
        # What is wrong with the model is said of it as of any other; what is wrong with the adapter was said.
        if model is None or model.artifact not in _WHOLE:
            result.members.append(replace(member, name=short_name(put.model), text=put.model, facts=model))
        return
    made = _baked(result, member, model, adapter, short_name(put.adapter), method)
    if made is None:
        return
    other = another_base(adapter, short_name(put.adapter), model, put.model, member.path)
    result.findings += [other] if other is not None else []
    result.licensed.append(
        LicenceInput(short_name(put.adapter), adapter.licence, "adapter", adapter.commit, adapter.repo)
    )
    _take(
        result,
        member,
        model,
        adapter,
        made,
        Adapted(position=member.position, model=member.position, adapter=place, changes=made.changes),
    )


def _add_alone(
    result: AdaptedMembers, member: Member, adapter: RepoFacts, base: Member | None, puts: Mapping[int, tuple[int, PutOn]], method: Method,
    facts: Facts,
) -> None:  # fmt: skip
    declared = base_text(adapter)
    if base is None:
        message = f"{member.name} is an adapter: a change of a base, which the recipe has to name."
        pair = adapted_join(declared, member.text)
        ways = [add((*member.path, "model"), pair, f"Put it on {declared}")] if declared else []
        result.findings.append(finding("missing_base", "error", member.path, message, repair=[*ways, *_repair(member)]))
        return
    if base.facts is None or base.facts.artifact not in _WHOLE:
        return  # the base has its own finding
    if base.position in puts:
        message = f"{member.name} is an adapter, and the base has one on it already. Say on which model it goes: model, and adapter beside it."
        result.findings.append(finding("two_adapters", "error", member.path, message, repair=_repair(member)))
        return
    made = _baked(result, member, base.facts, adapter, member.name, method)
    if made is not None:
        # Of repos it is said with the other sources that declare another base.
        other = None if base.facts.repo else another_base(adapter, member.name, base.facts, base.text, member.path)
        result.findings += [other] if other is not None else []
        item = Adapted(position=member.position, model=base.position, adapter=member.position, changes=made.changes)
        _take(result, member, base.facts, adapter, made, item)


def _baked(
    result: AdaptedMembers, member: Member, model: RepoFacts, adapter: RepoFacts, name: str, method: Method
) -> Baked | None:  # fmt: skip
    if method.learn:
        message = f"{name} is an adapter. {method.label} runs its sources on data, which takes whole models."
        ways = "Make the model first: a merge by passthrough with the adapter beside its model."
        result.findings.append(finding("wrong_artifact", "error", member.path, message, ways, _repair(member)))
        return None
    try:
        made = baked(model, adapter)
    except LoraError as error:
        result.findings.append(
            finding(error.code, "error", member.path, f"{name} {error.message}", error.consequence, _repair(member))
        )
        return None
    if made.untied:
        message = f"{name} changes the embeddings or the head of a model whose head is its embeddings."
        consequence = f"The result stores {made.untied} apart, as the two differ where the adapter runs."
        result.findings.append(finding("head_untied", "info", member.path, message, consequence))
    return made


def _take(
    result: AdaptedMembers, member: Member, model: RepoFacts, adapter: RepoFacts, made: Baked, item: Adapted
) -> None:  # fmt: skip
    result.made[member.position] = made
    result.inputs.append(item)
    is_alone = item.adapter == item.position
    licences = dict.fromkeys(licence for licence in (model.licence, adapter.licence) if licence)
    both = " AND ".join(licences) if model.licence and adapter.licence else ""
    config = model.config | made.config
    result.members.append(
        replace(
            member,
            facts=model.model_copy(
                update={
                    "repo": adapter.repo if is_alone else model.repo, "commit": adapter.commit if is_alone else model.commit,
                    "tensors": made.tensors, "config": config, "reference": member.text,
                    "licence": both if is_alone else model.licence, "tensor_digest": "",
                    "base": adapter.base if is_alone else model.base,
                    "labels": adapter.labels if "id2label" in made.config else model.labels,
                    "architecture": adapter.architecture if "architectures" in made.config else model.architecture,
                }
            ),
        )
    )  # fmt: skip


def _repair(member: Member) -> list[Repair]:
    return [] if member.source is None else [remove(member.path, "Remove this source")]

"""TRAIN: is there something to train, does the data fit it, what will it cost, and may the result be passed on?"""

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding, has_errors
from workers.contracts.kinds import kind_get
from workers.contracts.plans import Check, Estimate, LicenceVerdict
from workers.contracts.recipes import TrainRecipe, learning_rate_default
from workers.contracts.tasks import Task, task_get
from workers.planning.architectures import shape_of
from workers.planning.check import Facts
from workers.planning.data_licences import data_licensed, licence_findings_of
from workers.planning.estimate import example_bytes, models_estimate, pass_cost
from workers.planning.heads import head_for
from workers.planning.licences import LicenceInput, licence_judge
from workers.planning.runnable import rows_of
from workers.planning.train_data import held_of, learning_findings
from workers.planning.train_start import lora_findings, start_findings, task_findings
from workers.planning.training import TRAINABLE, has_new_head, task_of
from workers.planning.wording import add, finding, short_name, size_text

# Backward costs twice the forward pass; Adam keeps two numbers beside weight and gradient.
_PASSES = 3
_STATES_ALL, _STATES_LORA = 4, 1
# What the forward pass leaves for the backward one, beside what a forward pass alone holds at any time.
_KEPT = 4
# A learning rate so many times the usual one is warned of.
_RATE_TIMES = 100
# What an update takes in seconds however small the model: gathering examples, hundreds of calls, the optimiser.
_STEP_S = (0.005, 0.06)


def check(recipe: TrainRecipe, facts: Facts) -> Check:
    model = facts.get(recipe.model) if recipe.model is not None else None
    findings = start_findings(recipe, model)
    trained = model or RepoFacts(reference="the architecture", config=dict(recipe.architecture or {}))
    # Of a model that is not there, or not whole, nothing more is known.
    is_known = not has_errors(findings) or (recipe.model is None and recipe.architecture is not None)
    task = None
    if is_known:
        findings += task_findings(recipe, trained.config, model)
        task = _task(recipe, trained)
        if model is not None:
            findings += lora_findings(recipe, model)
    findings += learning_findings(recipe, facts, task, trained, _kept_labels(recipe, task, trained))
    verdict, licence_found = _licence(recipe, facts, model)
    estimate = _estimate(recipe, facts, trained, task)
    findings += [*_rate_findings(recipe), *_precision_findings(recipe), *_memory_findings(recipe, estimate)]
    return Check(findings=(*findings, *licence_found), licence=verdict, estimate=estimate)


def _task(recipe: TrainRecipe, trained: RepoFacts) -> Task | None:
    """None where nothing here trains it: said already."""
    name = task_of(recipe, trained.config)
    return task_get(name) if name in TRAINABLE else None


def _kept_labels(recipe: TrainRecipe, task: Task | None, trained: RepoFacts) -> tuple[str, ...]:
    """The classes that the data has to be mapped to; () where they are the data's own."""
    if task is None or has_new_head(recipe, task.name, trained.config):
        return ()
    if recipe.model is not None:
        return trained.labels
    names = trained.config.get("id2label")
    if not isinstance(names, dict) or not all(str(key).isdecimal() for key in names):
        return ()
    return tuple(str(names[key]) for key in sorted(names, key=int))


def _rate_findings(recipe: TrainRecipe) -> list[Finding]:
    usual = learning_rate_default(recipe.model_dump())
    if recipe.learning_rate < _RATE_TIMES * usual * (1 - 1e-9):
        return []
    message = (
        f"A learning rate of {recipe.learning_rate:g} is {recipe.learning_rate / usual:,.0f} times the usual {usual:g}."
    )
    consequence = "At such a rate the loss mostly rises instead of falling, and the model learns nothing."
    repair = [add(("learning_rate",), usual, f"Use {usual:g}")]
    return [
        finding(
            "learning_rate_high", "warning", ("learning_rate",), message.replace(",", "\u202f"), consequence, repair
        )
    ]


def _precision_findings(recipe: TrainRecipe) -> list[Finding]:
    if recipe.precision != "float16":
        return []
    message = "float16 is trained on a GPU only, and most workers have none."
    consequence = "On a worker without one the job fails. bfloat16 needs no loss scaling and runs anywhere."
    repair = [add(("precision",), "bfloat16", "Use bfloat16")]
    return [finding("precision_needs_gpu", "warning", ("precision",), message, consequence, repair)]


def _memory_findings(recipe: TrainRecipe, estimate: Estimate) -> list[Finding]:
    kind = kind_get(recipe.kind)
    limit = kind.limits.memory_bytes if kind is not None else 0
    if estimate.memory_bytes <= limit:
        return []
    message = f"The training needs about {size_text(estimate.memory_bytes)} of memory; {size_text(limit)} are allowed."
    repair = [add(("lora",), {}, "Train a LoRA adapter")] if recipe.lora is None and recipe.model is not None else []
    smaller = max(1, recipe.batch_size // 4)
    if smaller < recipe.batch_size:
        repair.append(add(("batch_size",), smaller, f"Use a batch size of {smaller}"))
    return [finding("too_large", "error", ("batch_size",), message, "It would be ended half-way.", repair)]


def _estimate(recipe: TrainRecipe, facts: Facts, trained: RepoFacts, task: Task | None) -> Estimate:
    # Rows that nobody has counted (-1) count nothing: the estimate is then a lower bound.
    rows = sum(max(0, rows_of(item, facts)) for item in recipe.data)
    seen = rows * recipe.epochs
    if recipe.max_steps is not None:
        seen = min(seen, recipe.max_steps * recipe.batch_size)
    if not trained.parameters:
        # An architecture need not say its head; the task does.
        head = head_for(task.name) if task is not None else None
        config = {"architectures": [head.suffix] if head is not None else [], **trained.config}
        trained = trained.model_copy(update={"config": config})
        trained = trained.model_copy(update={"parameters": shape_of(trained.config).parameters or 0})
    states = _STATES_ALL if recipe.lora is None else _STATES_LORA
    data = [held for item in recipe.data if (held := held_of(item, facts)) is not None]
    estimate = models_estimate(
        [trained], data, pass_cost(trained) * _PASSES * seen, batch=recipe.batch_size, states=states,
        write_bytes=trained.parameters * 4 if recipe.lora is None else trained.parameters // 10,
    )  # fmt: skip
    steps = -(-seen // recipe.batch_size)
    low, high = estimate.seconds
    seconds = round(low + steps * _STEP_S[0], 1), round(high + steps * _STEP_S[1], 1)
    kept = recipe.batch_size * example_bytes(trained, task.name if task else "") * (_KEPT - 1)
    return estimate.model_copy(update={"memory_bytes": estimate.memory_bytes + kept, "seconds": seconds})


def _licence(recipe: TrainRecipe, facts: Facts, model: RepoFacts | None) -> tuple[LicenceVerdict, list[Finding]]:
    """The model's licence binds the result; what the data's licence means for it is a question, and asked as one."""
    inputs = data_licensed(recipe.data, facts)
    undeclared = []
    if model is not None:
        name = short_name(recipe.model or "")
        inputs.append(LicenceInput(name, model.licence, "model", model.commit, model.repo))
        undeclared = [(("model",), name)] if not model.licence else []
    elif recipe.model is not None:
        return LicenceVerdict(), []
    elif not inputs:
        return LicenceVerdict(verdict="allow", reasons=("The model is new: its licence is yours to choose.",)), []
    is_public = recipe.output is not None and recipe.output.visibility == "public"
    operation = "adapt" if recipe.lora else "train"
    verdict = licence_judge(operation, inputs, is_public=is_public)
    return verdict, licence_findings_of(
        verdict, operation, recipe.data, facts, undeclared, where=("model",), is_public=is_public
    )

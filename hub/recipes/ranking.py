"""A ranking without models is one of every entry that fits the sample and that the asker may read."""

from collections.abc import Iterator

from django.db.models import F, Q

from hub.accounts.models import User
from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import facts_of
from hub.imports.models import ImportedCommit
from hub.recipes.resolution import reference_resolve
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.recipes import AnyRecipe, RankRecipe
from workers.contracts.tasks import TASKS, Task
from workers.planning.bases import ON_A_BASE, base_text
from workers.planning.rank import fit_findings, rank_task
from workers.planning.wording import counted

MOST = 64
LOOKED_AT = 256
_HEADS = {
    "image": ("ForImageClassification", "Model"),
    "text": ("ForSequenceClassification", "ForCausalLM", "LMHeadModel", "ForMaskedLM", "Model"),
    "tabular": (),
}
_TEXT = ("text-", "causal-", "masked-", "sentence-", "retrieval", "multiple-", "generation")


def models_expand(*, user: User, recipe: AnyRecipe) -> tuple[AnyRecipe, list[Finding]]:
    """The recipe with models, best liked first, and a finding that says how they were chosen. Other recipes as they are."""
    if not isinstance(recipe, RankRecipe) or recipe.models or not recipe.data:
        return recipe, []
    item = recipe.data[0]
    data = reference_resolve(user=user, type="dataset", text=item.data)[2]
    task = rank_task(item, data) if data is not None else None
    if data is None or task is None:
        return recipe, []  # the check says what is wrong with the data
    chosen: list[str] = []
    more = False
    for repo, facts, base in _candidates(user, task):
        if not fit_findings(repo.full_name, facts, base, task, (), item=item, facts={item.data: data}):
            if len(chosen) == MOST:
                more = True
                break
            chosen.append(f"{repo.full_name}@{facts.commit}")
    if not chosen:
        return recipe, []  # and here that nothing fits
    message = f"{counted(len(chosen), 'entry', 'entries')} {'fits' if len(chosen) == 1 else 'fit'} this data and will be ranked."
    if more:
        message = (
            f"More than {MOST} entries fit this data. The {MOST} most liked are ranked; name models to rank others."
        )
    finding = Finding(code="models_chosen", severity="info", where="models", message=message)
    return recipe.model_copy(update={"models": tuple(chosen)}), [finding]


def _candidates(user: User, task: Task) -> Iterator[tuple[Repo, RepoFacts, RepoFacts | None]]:
    """Entries that may fit, by their catalogue columns, with facts and base: the most liked, then the most fetched, of them."""
    kind = task.name.partition("-")[0]
    tasks = [row.name for row in TASKS if row.name.startswith(_TEXT if kind == "text" else kind)]
    wanted = Q(task__in=tasks) | Q(artifact__in=ON_A_BASE)
    for head in _HEADS[kind]:
        wanted |= Q(architecture__endswith=head)
    # SECURITY: both what may be seen and what is open: a gate keeps files from who may see the entry.
    repos = list(
        Repo.objects.open_to(user)
        .filter(wanted, type="model", artifact__in=("model", "unknown", *ON_A_BASE)).exclude(head="")
        .order_by("-likes", "-downloads", "-updated_at", "pk")[:LOOKED_AT]
    )  # fmt: skip
    heads = {
        commit.repo_id: commit
        for commit in Commit.objects.filter(repo__in=repos, oid=F("repo__head")).select_related("repo")
    }
    elsewhere = set(
        ImportedCommit.objects.filter(commit__in=heads.values(), mode="metadata").values_list("commit_id", flat=True)
    )
    bases: dict[str, RepoFacts | None] = {}
    for repo in repos:
        commit = heads.get(repo.pk)
        if commit is None or commit.pk in elsewhere:
            continue
        facts = facts_of(commit)
        text = base_text(facts)
        if text and text not in bases:
            bases[text] = reference_resolve(user=user, type="model", text=text)[2]
        yield repo, facts, bases.get(text)

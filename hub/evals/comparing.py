"""Puts a child beside its parents: finds the study and its repetitions, then has the numbers worked out, once."""

import hashlib
from collections import Counter
from dataclasses import replace

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache

from hub.accounts.models import User
from hub.catalog.models import Commit, LineageEdge, Ref, Repo
from hub.evals.models import Evaluation
from hub.evals.records import Comparison
from hub.evals.study import Member, Study, metric_of
from hub.evals.twins import Key, evaluations_at, evaluations_at_oid
from workers.contracts.tasks import METRICS

CACHE_S = 30 * 24 * 3600
RELATIONS = {
    "merge_of": "parent",
    "finetune_of": "parent",
    "adapter_of": "parent",
    "quantized_of": "parent",
    "delta_of": "parent",
    "base": "base",
}
MOST_PAIRS = 64
SEED_PREFIX = "seed-"


def comparison_of(repo: Repo, commit: Commit, *, user: User | AnonymousUser | None) -> Comparison | None:
    """The child at `commit` beside its parents, or None when they were not measured on the same data.

    Where the branches `seed-0`, `seed-1`, … repeat the study and `commit` is one of them, all are taken together: means and
    gain are then over the seeds. Parents that `user` may not read are counted, not named.
    """
    study, hidden = _study(repo, commit, user)
    if study is None:
        return None
    studies = [study]
    for name, head in _seed_heads(repo, commit):
        repetition, _ = _study(repo, head, user)
        if repetition is not None and repetition.shape == study.shape:
            studies.append(replace(repetition, name=name))
    # With repetitions the commit itself is one of the branches: it goes first and is not counted twice.
    chosen = studies[1:] if len(studies) > 1 else studies
    key = _cache_key(chosen, hidden)
    found: Comparison | None = cache.get(key)
    if found is None:
        # Arrays are loaded here only: `hub.compare` has mostly been here before, and the web stays small.
        from hub.evals.studies import comparison_compute

        found = comparison_compute(chosen, hidden=hidden)
        if found is not None:
            cache.set(key, found, CACHE_S)
    return found


def pairs_with_parents(
    repo: Repo, commit: Commit, *, user: User | AnonymousUser | None
) -> list[tuple[Evaluation, Evaluation]]:
    """Each result of the child beside that of each parent and of the base, on the datasets of the comparison; 64 at most."""
    study, _ = _study(repo, commit, user)
    if study is None:
        return []
    child, *others = study.members
    return [(child.rows[key], other.rows[key]) for other in others for key in study.keys][:MOST_PAIRS]


def _study(repo: Repo, commit: Commit, user: User | AnonymousUser | None) -> tuple[Study | None, int]:
    edges = list(LineageEdge.objects.filter(child=commit, relation__in=RELATIONS).order_by("position"))
    readable = {
        row.pk: row
        for row in Repo.objects.visible_to(user, "read").filter(pk__in=[edge.parent_repo_id for edge in edges])
    }
    hidden = sum(edge.parent_repo_id not in readable for edge in edges)
    own = _usable(evaluations_at(repo.pk, commit, user))
    members, missing = [], []
    found = {
        edge.pk: _evaluations_of_parent(readable[edge.parent_repo_id], edge, user) for edge in edges if edge.parent_repo_id in readable
    }  # fmt: skip
    keys, metric = _shared_keys(own, [rows for rows in found.values() if rows])
    if not keys:
        return None, hidden
    members.append(Member(repo.full_name, "child", commit.oid, {key: own[key] for key in keys}))
    for edge in edges:
        rows = found.get(edge.pk)
        if rows is None:
            continue
        name = readable[edge.parent_repo_id].full_name
        if not all(key in rows for key in keys):
            missing.append(name)
            continue
        role = RELATIONS[edge.relation]
        members.append(Member(name, role, edge.parent_commit, {key: rows[key] for key in keys}, edge.weight))
    if not any(member.role == "parent" for member in members):
        return None, hidden
    return Study(SEED_PREFIX + "0", tuple(members), tuple(keys), tuple(missing), metric), hidden


def _evaluations_of_parent(repo: Repo, edge: LineageEdge, user: User | AnonymousUser | None) -> dict[Key, Evaluation]:
    """A parent known by name only (claimed) is taken as it is now."""
    commits = Commit.objects.filter(repo=repo).defer("facts", "findings")
    commit = commits.filter(oid=edge.parent_commit or repo.head).first()
    if commit is None:
        return _usable(evaluations_at_oid(repo.pk, edge.parent_commit, "", user))
    return _usable(evaluations_at(repo.pk, commit, user))


def _usable(rows: dict[Key, Evaluation]) -> dict[Key, Evaluation]:
    return {key: row for key, row in rows.items() if not row.invalid}


def _shared_keys(own: dict[Key, Evaluation], others: list[dict[Key, Evaluation]]) -> tuple[list[Key], str]:
    """Dataset splits of the child that some parent was measured on too, and the one metric that they are put side by side in.

    Of the split that has most, `test` first; of the metric that has most; each dataset once, by its newest definition.
    """
    measured = [key for key, row in own.items() if metric_of(row) and any(key in rows for rows in others)]
    splits = Counter(key[2] for key in sorted(measured))
    if not splits:
        return [], ""
    split = "test" if "test" in splits else splits.most_common(1)[0][0]
    measured = [key for key in measured if key[2] == split]
    # Where parents were measured on different data, what all of them share tells more than what one of them has.
    measured = [key for key in measured if all(key in rows for rows in others)] or measured
    counts = Counter(metric_of(own[key]) for key in measured)
    metric = max((row.name for row in METRICS if row.name in counts), key=lambda name: counts[name])
    newest: dict[str, Key] = {}
    for key in sorted(measured, key=lambda key: own[key].created_at):
        if metric_of(own[key]) == metric:
            newest[key[0]] = key
    return sorted(newest.values()), metric


def _seed_heads(repo: Repo, commit: Commit) -> list[tuple[str, Commit]]:
    """Heads of the branches `seed-*`, when `commit` has the weights of one of them. Its own comes first."""
    refs = (
        Ref.objects.filter(repo=repo, kind="branch", name__startswith=SEED_PREFIX)
        .select_related("commit")
        .defer("commit__facts", "commit__findings")
    )
    heads = [(ref.name, ref.commit) for ref in refs.order_by("name")]
    digest = (commit.manifest or {}).get("tensor_digest")
    is_one = any(
        head.oid == commit.oid or (digest and (head.manifest or {}).get("tensor_digest") == digest) for _, head in heads
    )
    return heads if is_one and len(heads) > 1 else []


def _cache_key(studies: list[Study], hidden: int) -> str:
    """Evaluations never change, so their numbers name the result."""
    rows = [str(row.pk) for study in studies for member in study.members for row in member.rows.values()]
    names = [member.reference for study in studies for member in study.members]
    missing = [name for study in studies for name in study.missing]
    return "comparison:4:" + hashlib.sha256("/".join([*rows, *names, *missing, str(hidden)]).encode()).hexdigest()

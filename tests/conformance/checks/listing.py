"""62 to 65: lists of models."""

from functools import cache

from kit import CARD, Stage, check, same


@cache
def _three(stage: Stage) -> list[str]:
    """Three repos with a tag of their own."""
    repos = []
    for number in range(3):
        repo = stage.id("listed")
        stage.api.create_repo(repo, private=False)
        stage.commit(repo, {"README.md": CARD.format(tag=f"run-{stage.run_name}\n- part-{number}").encode()})
        repos.append(repo)
    return repos


def _ids(found: object) -> list[str]:
    return [model.id for model in found]  # type: ignore[attr-defined]


@check(62, "list_models of an author, over pages")
def author(stage: Stage) -> None:
    repos = _three(stage)
    found = _ids(stage.api.list_models(author=stage.name))
    same(len(found), len(set(found)))
    assert set(repos) <= set(found)
    assert all(one.startswith(f"{stage.name}/") for one in found)
    paged = stage.raw("GET", f"/api/models?author={stage.name}&limit=2")
    same(len(paged.json()), 2)
    assert paged.headers["Link"].startswith(f"<{stage.endpoint}/api/models?"), paged.headers["Link"]
    seen, path = [], f"/api/models?author={stage.name}&limit=2"
    while path:
        page = stage.raw("GET", path)
        seen += [one["id"] for one in page.json()]
        path = (page.headers["Link"] or "").partition(">")[0].removeprefix(f"<{stage.endpoint}")
    same(sorted(seen), sorted(found))


@check(63, "list_models with search, filters, pipeline and limit")
def filters(stage: Stage) -> None:
    repos, mine = _three(stage), f"run-{stage.run_name}"
    same(set(_ids(stage.api.list_models(search=f"listed-{stage.run_name}"))), set(repos))
    same(_ids(stage.api.list_models(filter=[mine, "part-1"])), [repos[1]])
    same(set(_ids(stage.api.list_models(filter=mine, pipeline_tag="text-classification"))), set(repos))
    same(_ids(stage.api.list_models(filter=mine, pipeline_tag="fill-mask")), [])
    same(len(_ids(stage.api.list_models(filter=mine, limit=2))), 2)


@check(64, "list_models in five orders")
def sorts(stage: Stage) -> None:
    repos, mine = _three(stage), f"run-{stage.run_name}"
    for order in ("created_at", "last_modified", "downloads", "likes", "trending_score"):
        same(set(_ids(stage.api.list_models(filter=mine, sort=order))), set(repos))
    same(_ids(stage.api.list_models(filter=mine, sort="created_at")), repos[::-1])


@check(65, "list_models with full, cardData and expand")
def fields(stage: Stage) -> None:
    _three(stage)
    mine = f"run-{stage.run_name}"
    full = next(iter(stage.api.list_models(filter=mine, full=True, cardData=True)))
    assert full.sha
    assert full.siblings
    assert full.last_modified
    same(full.card_data.license, "apache-2.0")
    plain = next(iter(stage.api.list_models(filter=mine)))
    same((plain.siblings, plain.card_data), (None, None))
    some = next(iter(stage.api.list_models(filter=mine, expand=["author"])))
    same((some.author, some.sha), (stage.name, None))

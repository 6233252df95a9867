"""Fills an empty hub: trains the zoo, publishes it, has the first merge made and measured. Taken up where it was after a kill."""

from django.db import connection

from hub.accounts.models import User
from hub.catalog.selectors import commit_resolve, repo_get
from hub.core.errors import NotFound
from hub.demo import catalogue, study
from hub.demo.boards import benchmarks_ensure
from hub.demo.progress import Steps
from hub.demo.training import cache_folder, zoo_train
from hub.evals.selectors import Comparison, comparison_of

MERGED = "demo/digits-merged"


def demo_load(*, user: User, steps: Steps, processes: int = 2) -> Comparison:
    """Each step finds what is there already by name and content, and does the rest."""
    cache = cache_folder()
    steps.begin("Training the demo zoo")
    zoo = zoo_train(cache, steps.tell, processes=processes)
    # The training took minutes, in which the database may have been started again: the next question opens a connection anew.
    connection.close()
    steps.begin("Publishing it")
    catalogue.zoo_publish(user=user, cache=cache, zoo=zoo)
    benchmarks_ensure(user=user, zoo=zoo)
    steps.tell(1, 1, "")
    steps.begin("Merging")
    study.jobs_wait(study.merges_submit(user=user, zoo=zoo), steps.tell)
    study.merges_describe(user=user, zoo=zoo)
    steps.begin("Measuring")
    study.jobs_wait([study.evaluation_submit(user=user, zoo=zoo)], steps.tell)
    comparison = demo_comparison(user)
    if comparison is None:
        raise study.StudyFailed(f"The evaluation ended, but {MERGED} cannot be compared with its parents.")
    return comparison


def demo_comparison(user: User) -> Comparison | None:
    """The first merge beside its parents; None while the demo is not loaded."""
    try:
        repo = repo_get(user=user, full_name=MERGED)
        return comparison_of(repo, commit_resolve(repo, repo.default_branch), user=user)
    except NotFound:
        return None

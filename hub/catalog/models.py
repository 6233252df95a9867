"""Repos, their commits, trees and refs, what was derived from their headers, and how they descend from each other."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Lower

from hub.accounts.models import Namespace
from hub.blobs.models import Blob
from hub.catalog.querysets import RepoQuerySet
from hub.core.models import Identified, TimeStamped


class Repo(Identified, TimeStamped):
    """A named, versioned folder. The columns under `derived` describe the head of the default branch and are rewritten at each commit."""

    TYPES = [("model", "Model"), ("dataset", "Dataset")]
    VISIBILITIES = [("private", "Private"), ("public", "Public")]

    type = models.CharField(max_length=8, choices=TYPES)
    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="repos")
    name = models.CharField(max_length=96)
    visibility = models.CharField(max_length=8, choices=VISIBILITIES, default="private")
    gated = models.CharField(
        max_length=8, blank=True, choices=[("", "Open"), ("auto", "Automatic"), ("manual", "By hand")]
    )
    gate_terms = models.TextField(
        blank=True, max_length=20_000, help_text="Markdown: what who asks for access agrees to"
    )
    disabled_reason = models.CharField(max_length=300, blank=True, help_text="an administrator took it down, and why")
    default_branch = models.CharField(max_length=255, default="main")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    downloads = models.BigIntegerField(default=0)
    likes = models.IntegerField(default=0)

    # derived
    full_name = models.CharField(max_length=200, help_text="namespace/name, for search and sorting")
    head = models.CharField(max_length=40, blank=True)
    artifact = models.CharField(max_length=16, default="unknown")
    architecture = models.CharField(max_length=96, blank=True)
    task = models.CharField(max_length=64, blank=True)
    library = models.CharField(max_length=64, blank=True)
    licence = models.CharField(max_length=96, blank=True)
    languages = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    tags = ArrayField(models.CharField(max_length=128), default=list, blank=True)
    bases = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    parameters = models.BigIntegerField(default=0)
    dtype = models.CharField(max_length=16, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    card = models.JSONField(default=dict, blank=True, help_text="front matter of README.md")
    summary = models.CharField(max_length=300, blank=True)
    words = SearchVectorField(null=True)

    objects = RepoQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("type", "namespace", Lower("name"), name="repo_name_unique_any_case"),
        ]
        indexes = [
            GinIndex(fields=["words"], name="repo_words"),
            GinIndex(fields=["tags"], name="repo_tags"),
            GinIndex(fields=["bases"], name="repo_bases"),
            models.Index(fields=["type", "-updated_at", "id"], name="repo_recent"),
            models.Index(fields=["type", "-created_at", "id"], name="repo_newest"),
            models.Index(fields=["type", "-downloads", "id"], name="repo_downloads"),
            models.Index(fields=["type", "-likes", "id"], name="repo_likes"),
            models.Index(fields=["type", "full_name", "id"], name="repo_by_name"),
            models.Index(fields=["type", "parameters", "id"], name="repo_smallest"),
            models.Index(fields=["type", "-parameters", "id"], name="repo_largest"),
            models.Index(fields=["type", "artifact", "task"], name="repo_facets"),
            models.Index(Lower("full_name"), name="repo_full_name_lower"),
            # Few cards claim numbers: leaderboards look through those alone.
            models.Index(
                fields=["full_name"],
                name="repo_with_claims",
                condition=models.Q(type="model", card__has_key="model-index"),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name


class AccessRequest(Identified, TimeStamped):
    """Somebody asks for the files of a gated repo. `automatic` gates accept at once."""

    STATES = [("pending", "Waiting"), ("accepted", "Accepted"), ("rejected", "Rejected")]

    repo = models.ForeignKey(Repo, on_delete=models.CASCADE, related_name="access_requests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_requests")
    state = models.CharField(max_length=8, choices=STATES, default="pending")
    message = models.CharField(max_length=1000, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repo", "user"], name="access_request_once")]
        indexes = [models.Index(fields=["repo", "state"], name="access_request_state")]


class Like(TimeStamped):
    """`Repo.likes` counts these."""

    repo = models.ForeignKey(Repo, on_delete=models.CASCADE, related_name="liked_by")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="likes")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repo", "user"], name="like_once")]


class RepoRedirect(TimeStamped):
    """The old name of a moved repo."""

    type = models.CharField(max_length=8, choices=Repo.TYPES)
    full_name_lower = models.CharField(max_length=200)
    repo = models.ForeignKey(Repo, on_delete=models.CASCADE, related_name="redirects")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["type", "full_name_lower"], name="redirect_once")]


class Tree(models.Model):
    """One folder, git-like and shared between commits. `oid` is the genuine git tree id."""

    oid = models.CharField(max_length=40, primary_key=True)

    def __str__(self) -> str:
        return self.oid


class TreeEntry(models.Model):
    """A name in a folder: a sub-folder (`subtree`) or a file (`blob`). `oid` is the git id: for LFS files that of the pointer."""

    tree = models.ForeignKey(Tree, on_delete=models.CASCADE, related_name="entries")
    name = models.CharField(max_length=255)
    oid = models.CharField(max_length=40)
    subtree = models.ForeignKey(Tree, null=True, on_delete=models.PROTECT, related_name="+")
    blob = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="tree_entries")
    is_lfs = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tree", "name"], name="tree_entry_once"),
            models.CheckConstraint(
                name="tree_entry_file_or_folder",
                condition=models.Q(subtree__isnull=True, blob__isnull=False)
                | models.Q(subtree__isnull=False, blob__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Commit(TimeStamped):
    """One state of a repo. `oid` is the genuine git commit id. `facts` is a `contracts.facts.RepoFacts`, `manifest` its genepool.json."""

    repo = models.ForeignKey(Repo, on_delete=models.CASCADE, related_name="commits")
    oid = models.CharField(max_length=40)
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="children")
    tree = models.ForeignKey(Tree, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=500)
    message = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    author_name = models.CharField(max_length=200)
    date = models.DateTimeField()
    facts = models.JSONField(default=dict)
    manifest = models.JSONField(default=dict, blank=True)
    findings = models.JSONField(default=list, blank=True, help_text="what header extraction noticed")
    unreachable_since = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="marked by gc: no branch or tag leads here any more"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repo", "oid"], name="commit_once_per_repo")]
        indexes = [models.Index(fields=["oid"], name="commit_oid")]


class Ref(TimeStamped):
    """A branch or a tag."""

    repo = models.ForeignKey(Repo, on_delete=models.CASCADE, related_name="refs")
    kind = models.CharField(max_length=6, choices=[("branch", "Branch"), ("tag", "Tag")])
    name = models.CharField(max_length=255)
    commit = models.ForeignKey(Commit, on_delete=models.PROTECT, related_name="refs")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repo", "kind", "name"], name="ref_once")]


class HeadEntry(models.Model):
    """Every file at the head of every branch, flat: one indexed read for tree, paths-info and resolve."""

    ref = models.ForeignKey(Ref, on_delete=models.CASCADE, related_name="entries")
    path = models.CharField(max_length=1024)
    oid = models.CharField(max_length=40)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    is_lfs = models.BooleanField(default=False)
    last_commit = models.ForeignKey(Commit, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ref", "path"], name="head_entry_once")]

    def __str__(self) -> str:
        return self.path


class LineageEdge(TimeStamped):
    """`child` was made from a parent. Recorded by jobs with the parent's commit; claimed by cards by name only."""

    RELATIONS = [
        ("base", "Base"),
        ("merge_of", "Merge"),
        ("finetune_of", "Fine-tune"),
        ("adapter_of", "Adapter"),
        ("delta_of", "Task vector"),
        ("quantized_of", "Quantised"),
        ("trained_on", "Trained on"),
    ]
    STATES = [
        ("recorded", "Recorded"),
        ("claimed", "Claimed"),
        ("verified", "Verified"),
        ("contradicted", "Contradicted"),
    ]

    child = models.ForeignKey(Commit, on_delete=models.CASCADE, related_name="parent_edges")
    parent_repo = models.ForeignKey(Repo, null=True, on_delete=models.SET_NULL, related_name="child_edges")
    parent_name = models.CharField(max_length=300)
    parent_commit = models.CharField(max_length=40, blank=True)
    relation = models.CharField(max_length=16, choices=RELATIONS)
    state = models.CharField(max_length=12, choices=STATES, default="claimed")
    position = models.PositiveSmallIntegerField(default=0)
    weight = models.FloatField(null=True)

    class Meta:
        indexes = [models.Index(fields=["parent_repo", "relation"], name="lineage_children")]


class Storing(TimeStamped):
    """How the weights of a repo are to be kept: whole, or as their difference from a base. One wish at a time."""

    FORMS = [("delta", "As a difference"), ("plain", "Whole")]
    STATES = [("asked", "Waiting"), ("working", "At work"), ("done", "Done"), ("failed", "Failed")]

    repo = models.OneToOneField(Repo, primary_key=True, on_delete=models.CASCADE, related_name="storing")
    form = models.CharField(max_length=5, choices=FORMS)
    state = models.CharField(max_length=7, choices=STATES, default="asked")
    commit_oid = models.CharField(max_length=40, blank=True)
    base = models.ForeignKey(Repo, null=True, on_delete=models.SET_NULL, related_name="+")
    base_oid = models.CharField(max_length=40, blank=True)
    message = models.CharField(max_length=1000, blank=True)

    def __str__(self) -> str:
        return f"{self.form} {self.state}"


class WeightScan(TimeStamped):
    """Whether a weight file holds NaN or infinity. `tensors` are the first that do, `tensors_count` says how many there are."""

    STATES = [("asked", "Waiting"), ("working", "At work"), ("done", "Done"), ("failed", "Failed")]

    blob = models.OneToOneField(Blob, primary_key=True, on_delete=models.CASCADE, related_name="scan")
    state = models.CharField(max_length=7, choices=STATES, default="asked")
    tensors = models.JSONField(default=list, blank=True, help_text="name, nan, infinite")
    tensors_count = models.IntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at"], name="scan_waiting", condition=models.Q(state__in=["asked", "working"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.blob_id} {self.state}"

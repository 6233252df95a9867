"""/models/…/storage: how the weights are kept, and another way to keep them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from hub.accounts.permissions import scope
from hub.catalog.models import Repo, Storing
from hub.catalog.purge import lfs_files_of
from hub.catalog.selectors import repo_get
from hub.catalog.stored import stored_of
from hub.catalog.storing import storing_ask
from hub.core.api import ApiView


class StorageInput(serializers.Serializer):
    form = serializers.ChoiceField(
        choices=["delta", "plain"],
        help_text="delta: as the difference from a base of this hub; plain: whole, with all history",
    )
    base = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=300,
        help_text="namespace/name[@revision]; default: what the lineage says",
    )
    revision = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="branch, tag or commit; default: the default branch"
    )


class StoredFileOutput(serializers.Serializer):
    path = serializers.CharField()
    sha256 = serializers.CharField()
    size_bytes = serializers.IntegerField(help_text="what readers get, and what quotas count")
    stored_bytes = serializers.IntegerField(help_text="what it takes in the store, beside its base")
    form = serializers.ChoiceField(choices=["delta", "plain"])
    has_plain = serializers.BooleanField(help_text="its own bytes are there too, until the next collection")
    base = serializers.CharField(help_text="a repo with the base that you may see, or empty")


class StorageWishOutput(serializers.Serializer):
    form = serializers.ChoiceField(choices=["delta", "plain"])
    state = serializers.ChoiceField(choices=["asked", "working", "done", "failed"])
    message = serializers.CharField()
    updated_at = serializers.DateTimeField()


class StorageOutput(serializers.Serializer):
    repo = serializers.CharField()
    size_bytes = serializers.IntegerField()
    stored_bytes = serializers.IntegerField()
    files = StoredFileOutput(many=True, help_text="large files with all history, the largest first")
    wish = StorageWishOutput(allow_null=True, help_text="what was asked for last")


class ModelStorageView(ApiView):
    def get_permissions(self) -> list[BasePermission]:
        return [scope("read" if self.request.method == "GET" else "write")()]

    @extend_schema(summary="How its files are stored", responses=StorageOutput)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        repo = repo_get(user=request.user, full_name=f"{namespace}/{name}", action="write")
        return Response(storage_json(repo, request.user))

    @extend_schema(
        summary="Store its weights as the difference from a base, or whole",
        request=StorageInput,
        responses={202: StorageOutput},
    )
    def post(self, request: Request, namespace: str, name: str) -> Response:
        repo = repo_get(user=request.user, full_name=f"{namespace}/{name}", action="admin")
        asked = StorageInput(data=request.data)
        asked.is_valid(raise_exception=True)
        storing_ask(user=request.user, repo=repo, **asked.validated_data)
        return Response(storage_json(repo, request.user), status=202)


def storage_json(repo: Repo, user: Any) -> dict[str, Any]:
    files = stored_of(lfs_files_of(repo), user)
    wish = Storing.objects.filter(repo=repo).first()
    return {
        "repo": repo.full_name,
        "size_bytes": sum(file.size_bytes for file in files),
        "stored_bytes": sum(file.stored_bytes for file in files),
        "files": [
            {
                "path": file.path, "sha256": file.sha256, "size_bytes": file.size_bytes, "stored_bytes": file.stored_bytes,
                "form": "delta" if file.is_delta else "plain", "has_plain": file.has_plain, "base": file.base,
            }
            for file in files
        ],
        "wish": {"form": wish.form, "state": wish.state, "message": wish.message, "updated_at": wish.updated_at} if wish else None,
    }  # fmt: skip

"""The actions of `genepool user` that look at accounts, bound them or end them. The operator of the machine is asked for no rights."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

AS_SET = "as the settings say"
UNTOUCHED = object()  # None is an answer: back to what the settings say


def arguments_add(actions: Any) -> list[argparse.ArgumentParser]:
    listing = actions.add_parser(
        "list", help="list users and organisations", description="Lists who has a namespace here."
    )
    listing.set_defaults(action=_told(_list))
    quota = actions.add_parser(
        "quota",
        help="set how much room and computing time a user or an organisation has",
        description="Without options, shows the quotas. 0 is no limit; `default` goes back to what the settings say.",
    )
    quota.add_argument("name", metavar="NAME")
    quota.add_argument("--bytes", type=_amount, default=UNTOUCHED, help="room for files")
    quota.add_argument(
        "--compute", type=_amount, default=UNTOUCHED, metavar="SECONDS", help="computing time in 30 days"
    )
    quota.set_defaults(action=_told(_quota))
    export = actions.add_parser(
        "export", help="write everything kept about a user", description="Writes one JSON document to standard output."
    )
    export.add_argument("name", metavar="NAME")
    export.set_defaults(action=_told(_export))
    delete = actions.add_parser(
        "delete",
        help="delete an account",
        description="Deletes an account that has no repos and is not the last owner of an organisation. Says what stands in the way.",
    )
    delete.add_argument("name", metavar="NAME")
    delete.add_argument("--yes", action="store_true", help="really")
    delete.set_defaults(action=_told(_delete))
    return [listing, quota, export, delete]


def _amount(text: str) -> int | None:
    return None if text == "default" else int(text)


def _told(action: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace, str | None], int]:
    def run(arguments: argparse.Namespace, _password: str | None) -> int:
        from hub.core.errors import ApplicationError

        try:
            return action(arguments)
        except ApplicationError as error:
            sys.stderr.write(f"genepool: {error}\n")
            return 1

    return run


def _list(arguments: argparse.Namespace) -> int:
    from hub.accounts.models import Namespace

    for space in Namespace.objects.select_related("owner").order_by("name"):
        is_admin = space.owner is not None and space.owner.is_superuser
        sys.stdout.write(f"{space.name}\t{'administrator' if is_admin else space.kind}\n")
    return 0


def _quota(arguments: argparse.Namespace) -> int:
    from hub.accounts.quotas import quota_set
    from hub.accounts.selectors import namespace_get
    from hub.core.errors import NotFound

    try:
        space = namespace_get(arguments.name)
    except NotFound:
        raise NotFound(f"There is no user or organisation {arguments.name!r} here.") from None
    room = space.quota_bytes if arguments.bytes is UNTOUCHED else arguments.bytes
    time = space.quota_compute_s if arguments.compute is UNTOUCHED else arguments.compute
    space = quota_set(asker=None, namespace=space, quota_bytes=room, quota_compute_s=time)
    sys.stdout.write(
        f"{space.name}: {_words(space.quota_bytes, 'bytes')}, {_words(space.quota_compute_s, 's in 30 days')}\n"
    )
    return 0


def _words(value: int | None, unit: str) -> str:
    return f"{unit} {AS_SET}" if value is None else f"no limit of {unit}" if value == 0 else f"{value} {unit}"


def _export(arguments: argparse.Namespace) -> int:
    from django.core.serializers.json import DjangoJSONEncoder

    from hub.accounts.export import account_export
    from hub.accounts.selectors import user_get

    json.dump(account_export(user_get(name=arguments.name)), sys.stdout, cls=DjangoJSONEncoder, indent=2)
    sys.stdout.write("\n")
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    from hub.accounts.leaving import account_remove
    from hub.accounts.selectors import user_get

    user = user_get(name=arguments.name)
    if not arguments.yes:
        sys.stderr.write(f"genepool: this ends the account {user.username} for good. Add --yes if that is meant.\n")
        return 2
    name = user.username
    account_remove(user=user)
    sys.stderr.write(f"The account {name} is deleted.\n")
    return 0

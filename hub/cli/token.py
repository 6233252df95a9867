"""`genepool token create USER --scope …`, on the hub of this machine."""

import argparse
import sys

from hub.cli.environment import activate_or_explain

SCOPES = ("read", "write", "submit", "admin")


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    if not activate_or_explain(arguments.data_dir):
        return 1
    return _create(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="genepool token", description="Access tokens on the hub of this machine.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    create = actions.add_parser(
        "create",
        help="make an access token",
        description="Makes an access token and prints it, alone on standard output and never again: "
        'export GENEPOOL_TOKEN="$(genepool token create alice --scope write --scope submit)"',
    )
    create.add_argument("user", metavar="USER")
    create.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=SCOPES,
        help="may be given more than once; write, submit and admin include read",
    )
    create.add_argument(
        "--repo",
        action="append",
        default=[],
        metavar="NAME/REPO",
        help="good for this repo alone, which is there already, plus reading what is public; datasets/NAME/REPO for data; may be given more than once",
    )
    create.add_argument(
        "--namespace", action="append", default=[], metavar="NAME", help="likewise, for everything in this namespace"
    )
    create.add_argument("--name", default="command line", help="what it is for (default: command line)")
    create.add_argument("--days", type=int, default=90, help="valid for so many days (default 90); 0 never expires")
    create.add_argument("--data-dir", help="data directory of the hub (default: GENEPOOL_DATA, else .genepool)")
    return parser


def _create(arguments: argparse.Namespace) -> int:
    from hub.accounts.selectors import user_get
    from hub.accounts.services import token_create
    from hub.core.errors import ApplicationError

    days = arguments.days or None
    try:
        user = user_get(name=arguments.user)
        token, raw = token_create(
            user=user, name=arguments.name, scopes=arguments.scope, expires_in_days=days, repos=arguments.repo, namespaces=arguments.namespace
        )  # fmt: skip
    except ApplicationError as error:
        sys.stderr.write(f"genepool: {error}\n")
        sys.stderr.writelines(f"  {entry['where']}: {entry['message']}\n" for entry in error.errors)
        return 1
    end = f"until {token.expires_at:%d %B %Y}" if token.expires_at else "without an end"
    sys.stderr.write(f"Token for {user.username} ({', '.join(token.scopes)}), valid {end}. It is shown only now:\n")
    sys.stdout.write(f"{raw}\n")
    return 0

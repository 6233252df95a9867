"""The permission table: every method of every route of the hub, and what each actor gets for it.

The tables are the `.txt` files beside this one. A block is a route as the URL conf spells it, then one line per method and address:

    # api/v1/models/<str:namespace>/<str:name>
    GET api/v1/models/lab/secret   404 200 200 200 200 404 200 | 200 200 200 404 401 401 200

The columns are those of `ACTORS`. `lab/secret` is private, `lab/open` public; {job}, {token}… are things of Alice's that `stage`
made. Requests are sent without a body, so 400 and 422 mean: was let in. A route or a method without a line fails
`test_permissions`, which prints the lines to add, with the statuses of today: judge every one of them before they go in.
"""

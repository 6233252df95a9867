"""45 to 49: what resolve answers, by hand."""

import http.client
from urllib.parse import urlsplit

from kit import Stage, check, pointer, same


@check(45, "ranges")
def ranges(stage: Stage) -> None:
    content, size = stage.zoo.weights, len(stage.zoo.weights)
    path = f"/{stage.zoo.id}/resolve/main/model.safetensors"
    for text, first, last in (
        ("10-99", 10, 99), (f"{size - 5}-", size - 5, size - 1), ("-7", size - 7, size - 1), ("0-0", 0, 0), (f"5-{size + 100}", 5, size - 1),
    ):  # fmt: skip
        answer = stage.follow("GET", path, headers={"Range": f"bytes={text}"})
        same((answer.status, answer.headers["Content-Range"]), (206, f"bytes {first}-{last}/{size}"))
        same(answer.body, content[first : last + 1])
    answer = stage.follow("GET", path, headers={"Range": f"bytes={size}-"})
    same(answer.status, 416)


@check(46, "resume from byte 1000")
def resume(stage: Stage) -> None:
    path = f"/{stage.zoo.id}/resolve/main/model.safetensors"
    begun = stage.follow("GET", path, headers={"Range": "bytes=0-999"}).body
    rest = stage.follow("GET", path, headers={"Range": "bytes=1000-"}).body
    same(begun + rest, stage.zoo.weights)


@check(47, "HEAD with gzip accepted")
def head(stage: Stage) -> None:
    for name in ("config.json", "model.safetensors"):
        answer = stage.raw("HEAD", f"/{stage.zoo.id}/resolve/main/{name}", headers={"Accept-Encoding": "gzip, deflate"})
        assert answer.headers["ETag"] or answer.headers["X-Linked-Etag"]
        same(answer.headers["X-Repo-Commit"], stage.zoo.second)
        same(int(answer.headers["X-Linked-Size"] or answer.headers["Content-Length"]), len(stage.zoo.files[name]))
        assert not answer.headers["Content-Encoding"]
        assert not [header for header in answer.headers if header.lower().startswith("x-xet")]


@check(48, "raw")
def raw(stage: Stage) -> None:
    same(stage.follow("GET", f"/{stage.zoo.id}/raw/main/config.json").body, stage.zoo.files["config.json"])
    same(stage.follow("GET", f"/{stage.zoo.id}/raw/main/model.safetensors").body, pointer(stage.zoo.weights))


@check(49, "resolve with .. and NUL")
def traversal(stage: Stage) -> None:
    parts = urlsplit(stage.endpoint)
    for path in (
        "../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "a%00b",
        "....//etc/passwd",
    ):
        link = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        link.request("GET", f"/{stage.zoo.id}/resolve/main/{path}", headers={"Authorization": f"Bearer {stage.token}"})
        answer = link.getresponse()
        body = answer.read()
        link.close()
        assert 400 <= answer.status < 500, f"{path}: {answer.status}"
        assert b"root:" not in body

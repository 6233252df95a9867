"""`python -m workers.bench.copy IN… OUT`: reads all inputs once and writes as many bytes as the last of them has. The floor of any merge."""

import json
import sys
from pathlib import Path

from workers.jobs.cost import Meter

CHUNK_BYTES = 8 << 20


def main(arguments: list[str]) -> int:
    *inputs, out = map(Path, arguments)
    written = read = 0
    buffer = memoryview(bytearray(CHUNK_BYTES))
    with Meter() as meter:
        with out.open("wb", buffering=0) as target:
            for index, path in enumerate(inputs):
                with path.open("rb", buffering=0) as source:
                    while size := source.readinto(buffer):
                        read += size
                        if index == len(inputs) - 1:
                            written += target.write(buffer[:size])
        cost = meter.cost(read_bytes=read, written_bytes=written)
    print(json.dumps(cost))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Where a merge is carried out: a GPU is used only when it beats the disk, and the plan says why."""

from dataclasses import dataclass

from workers.contracts.methods import Method
from workers.contracts.plans import Plan

# Bytes per second: of a local disk with what reading safetensors takes, and to a GPU and back.
_DISK_RATE, _LINK_RATE = 1e9, 12e9
# What a process needs before a GPU does anything for it: its context, and the kernels it compiles.
_GPU_START_S = 8.0
# Tensors made at a time, and what two cores and a GPU make of factorisations in float64.
_THREADS, _CPU_FLOPS, _GPU_FLOPS = 2, 5e9, 1e11
# Methods whose work for each entry a GPU has kernels for, and those on matrices that stay on the device from end to end.
ON_GPU = frozenset({
    "task_arithmetic", "ties", "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties", "della", "della_linear", "pcb",
    "tsv_m", "iso_c", "iso_cts", "knots", "wudi",
})  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Whether a GPU is worth its while for what the method learns and for the merge itself, and why, in a sentence."""

    learns: bool
    merges: bool
    reason: str

    @property
    def gpu(self) -> bool:
        return self.learns or self.merges


def place_of(plan: Plan, method: Method, *, read: int, write: int, rate: float, operations: float) -> Place:
    """Weighs the CPU against the disk and against a GPU that waits for the same disk.

    cpu = read / (threads·rate) + operations / flops;  disk = (read + write) / disk rate;
    gpu = start + max(disk, (read + write) / link rate) + operations / flops of a GPU.

    Args:
        read, write: bytes of all inputs and of the result.
        rate: bytes of input per second that the method does on one core.
        operations: what goes into taking matrices apart.
    """
    cpu = read / (_THREADS * rate) + operations / _CPU_FLOPS
    disk = (read + write) / _DISK_RATE
    gpu = _GPU_START_S + max(disk, (read + write) / _LINK_RATE) + operations / _GPU_FLOPS
    label, learns = method.label, bool(method.learn)
    if plan.compat is not None:
        return _place(learns, f"The merge runs on the CPU: it is computed as {plan.compat} computes it.")
    if cpu <= disk:
        return _place(
            learns, f"The merge runs on the CPU: {label} keeps up with the disk there, and a GPU would wait for it too."
        )
    if method.name not in ON_GPU:
        return _place(learns, f"The merge runs on the CPU: there are no GPU kernels for {label}.")
    if gpu >= cpu:
        return _place(learns, "The merge runs on the CPU: it is done there before a GPU is ready.")
    took = f"about {_time(gpu)} in place of {_time(cpu)}"
    return Place(
        learns, True, f"The merge runs on a GPU where there is one: {label} is slower than the disk on a CPU ({took})."
    )


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"


def _place(learns: bool, reason: str) -> Place:
    return Place(learns, False, f"Learning runs on a GPU where there is one. {reason}" if learns else reason)

"""Methods that take each matrix apart into its singular vectors, or look for the matrix that disturbs each task least."""

from workers.contracts.methods.knobs import scale
from workers.contracts.methods.row import Method, Parameter

SPECTRAL: tuple[Method, ...] = (
    Method(
        "tsv_m",
        "merge",
        "TSV-M",
        "Keeps the strongest directions of each model's changes and turns them apart before adding them, so that they do not disturb each other.",
        "arXiv:2412.00081",
        "workers.engine.merge.tsv_m:merge",
        "base",
        (scale(),),
        memory="tensor",
    ),
    Method(
        "iso_c",
        "merge",
        "Iso-C",
        "Adds up the changes and gives all their directions the same strength, so that no model's drown the others'.",
        "arXiv:2502.04959",
        "workers.engine.merge.iso_c:merge",
        "base",
        (scale(),),
        memory="tensor",
    ),
    Method(
        "iso_cts",
        "merge",
        "Iso-CTS",
        "Like Iso-C, with some directions set aside for what each model changed on its own.",
        "arXiv:2502.04959",
        "workers.engine.merge.iso_cts:merge",
        "base",
        (
            Parameter(
                "common_space_fraction",
                "number",
                "Shared part",
                "Share of each matrix's directions that goes to what the models have in common. The rest is divided among them.",
                default=0.8,
                minimum=0.0,
                maximum=1.0,
                step=0.05,
            ),
            scale(),
        ),
        memory="tensor",
    ),
)

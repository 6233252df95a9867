"""Methods that keep parts of all models side by side, and choose among them while the result runs."""

from workers.contracts.methods.row import Method, Parameter

# Which of them read the prompts of the experts.
PROMPTED = ("hidden", "hidden_avg", "hidden_last", "cheap_embed")

EXPERTS: tuple[Method, ...] = (
    Method(
        "mixture_of_experts",
        "merge",
        "Mixture of experts",
        "Keeps the feed-forward blocks of all sources as experts; in each layer a router sends every token to a few of them.",
        "arXiv:2401.04088",
        "workers.engine.merge.mixture_of_experts:merge",
        "base",
        (
            Parameter(
                "gate_mode", "choice", "Router from",
                "hidden: what the base makes of the last token of each expert's prompts, layer by layer; hidden_avg: of all their "
                "tokens; cheap_embed: the embeddings of the prompts; random, uniform_random: chance, for training afterwards.",
                default="hidden", choices=("hidden", "hidden_avg", "hidden_last", "cheap_embed", "random", "uniform_random"),
            ),
            Parameter(
                "experts_per_token", "integer", "Experts per token", "How many experts each token goes through.",
                default=2, minimum=1, maximum=256,
            ),
            Parameter(
                "architecture", "choice", "Architecture of the result", "auto takes the one that fits the base.",
                default="auto", choices=("auto", "mixtral", "qwen2_moe", "qwen3_moe"),
            ),
            Parameter(
                "shared", "boolean", "Every token", "Every token goes through this expert, besides the chosen ones (Qwen2-MoE).",
                scope="source", default=False,
            ),
            Parameter(
                "noise_scale", "number", "Noise", "Standard deviation of random numbers added to the expert's weights.",
                scope="source", default=0.0, minimum=0.0, maximum=10.0, step=0.001,
            ),
            Parameter(
                "residual_scale", "number", "Strength", "What the expert adds is multiplied by this.",
                scope="source", default=1.0, minimum=-100.0, maximum=100.0, step=0.05,
            ),
        ),
        minimum_sources=2,
        merges_base=True,
        memory="tensor",
        takes="expert",
        when="Language models that are good at different things and should all stay so, where the result may be larger than each of them.",
    ),
)  # fmt: skip

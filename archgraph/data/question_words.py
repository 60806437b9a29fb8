"""The words that questions and tables take, which the command line lists without loading what answers them."""

#: How a table is written.
FORMATS = ("text", "markdown", "latex", "csv", "json", "html")
CHANGE_FORMATS = ("text", "markdown", "json", "github")
#: What costs are grouped by, in `archgraph.cost.costs.GROUPS`, and what is counted, in `METRICS` there.
GROUP_NAMES = ("node", "scope", "op", "level", "block")
METRIC_NAMES = (
    *("params", "params_trainable", "params_frozen", "params_active", "buffers"),
    *("macs", "elementwise", "flops", "activations", "layer_outputs"),
)
#: How a network is run, in `archgraph.cost.memory`: the recipes are in `PRECISIONS` and `OPTIMIZERS` there.
CHOICES: dict[str, tuple[str, ...]] = {
    "mode": ("inference", "training"),
    "attention": ("math", "flash"),
    "dtype": (
        *("fp32", "bf16", "fp16", "mixed", "bf16-mixed", "bf16-mixed-fp32-grads", "bf16-fsdp"),
        *("bf16-autocast", "bf16-autocast-cpu"),
    ),
    "optimizer": ("sgd", "momentum", "adam", "adamw", "amsgrad", "adafactor", "muon", "adamw-8bit"),
}
ROOFLINE_DTYPES = ("fp32", "bf16", "fp16", "mixed", "tf32")

"""Words that settings of recipes can be."""

OPTIMIZERS = ("adam", "adamw", "sgd", "matconvnet_sgd")
SCHEDULES = ("cosine", "constant", "drops", "plateau")
BALANCES = ("weights",)
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")

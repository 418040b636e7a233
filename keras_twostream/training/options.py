"""Words that settings of recipes can be; how a recipe is followed."""

import dataclasses
from pathlib import Path

OPTIMIZERS = ("adam", "adamw", "sgd", "matconvnet_sgd")
SCHEDULES = ("cosine", "constant", "drops", "plateau")
BALANCES = ("weights",)
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """What a training needs that does not change what it learns.

    Attributes:
        cache_dir: Where prepared clips are kept, see `data.cache_clips`, and
            the maps of frozen layers.
        workers: Processes that prepare clips.
        callbacks: Further Keras callbacks.
        jit_compile: As for `keras.Model.compile`: whether XLA compiles the
            network.
        devices: How many devices share every batch; `None` for one.
        deterministic: Whether the same run gives the same weights, to the
            last bit, on GPUs too.
        tensorboard: Whether to write what TensorBoard shows, to `logs` in the
            run folder.
        save_seconds: Seconds after which the state is written within an
            epoch.
        verbose: As for `keras.Model.fit`; 0 also keeps quiet about clips.
    """

    cache_dir: str | None = None
    workers: int | None = None
    callbacks: tuple = ()
    jit_compile: bool | str = "auto"
    devices: int | None = None
    deterministic: bool = False
    tensorboard: bool = False
    save_seconds: float = 600.0
    verbose: int | str = "auto"

    @property
    def progress(self):
        """Whether to show progress, and to say what was found."""
        return "auto" if self.verbose else False

    @property
    def features_dir(self):
        """Folder for the maps of frozen layers; `None` for the default."""
        return self.cache_dir and Path(self.cache_dir, "features")

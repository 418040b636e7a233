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
        rematerialize: Whether the towers keep the maps of few stages, and
            compute the others again for the gradients: less memory, more
            time. Not of stages whose batch normalisation learns.
        tensorboard: Whether to write what TensorBoard shows, to `logs` in the
            run folder.
        save_seconds: Seconds after which the state is written within an
            epoch.
        verbose: As for `keras.Model.fit`; 0 also keeps quiet about clips.

    Raises:
        ValueError: If there are to be no devices, or no workers.
    """

    cache_dir: str | None = None
    workers: int | None = None
    callbacks: tuple = ()
    jit_compile: bool | str = "auto"
    devices: int | None = None
    deterministic: bool = False
    rematerialize: bool = False
    tensorboard: bool = False
    save_seconds: float = 600.0
    verbose: int | str = "auto"

    def __post_init__(self) -> None:
        for name in ("devices", "workers"):
            count = getattr(self, name)
            if count is not None and count < 1:
                raise ValueError(
                    f"`{name}` must be an integer above zero. Received: {count}"
                )

    @property
    def progress(self):
        """Whether to show progress, and to say what was found."""
        return "auto" if self.verbose else False

    @property
    def features_dir(self):
        """Folder for the maps of frozen layers; `None` for the default."""
        return self.cache_dir and Path(self.cache_dir, "features")

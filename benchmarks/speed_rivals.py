"""What is measured: networks, and what is tried with each of them.

Nothing heavy is imported here: the process that starts the others must stay
small, because Linux passes its peak memory on to them.
"""

from dataclasses import dataclass, field

CLASSES, FLOW_CHANNELS, FRAMES = 101, 20, 5
OURS = "keras_twostream"
# Side of the matrices whose product tells what the machine can do.
CUBE = 4096


@dataclass(frozen=True, kw_only=True)
class Rival:
    """One way to run a network.

    Attributes:
        library: Backend of Keras, or `"pytorch"` for the twin without Keras.
        policy: Dtype policy of Keras.
        jit: `jit_compile` of Keras; whether to `torch.compile`.
        form: What is done to the network, a word of `speed_keras.FORMS`.
        frozen: Whether everything below the fusion is kept as it is.
        against: Name of the rival that its times are divided by.
    """

    library: str = "tensorflow"
    policy: str = "float32"
    jit: bool | str = "auto"
    form: str = "whole"
    frozen: bool = False
    against: str = OURS


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network to measure.

    Attributes:
        title: What it is.
        batch_size: Clips per step.
        shape: Stream -> shape of a sample, `size` pixels a side.
        rivals: Name -> `Rival`; the first one is the library's default.
    """

    title: str
    batch_size: int
    shape: object
    rivals: dict = field(default_factory=dict)


def images(size, *frames):
    """Returns the shapes of frames and of their stacks of flow."""
    return {
        "rgb": (*frames, size, size, 3),
        "flow": (*frames, size, size, FLOW_CHANNELS),
    }


def maps(size):
    """Returns the shapes of both streams' maps at relu5."""
    return dict.fromkeys(("rgb", "flow"), (FRAMES, *[size // 16] * 2, 512))


PYTORCH = {
    "PyTorch, eager": Rival(library="pytorch", jit=False),
    "PyTorch, compiled": Rival(library="pytorch", jit=True),
}
BASIC = {
    OURS: Rival(),
    "XLA": Rival(jit=True),
    "bfloat16": Rival(policy="mixed_bfloat16"),
    "JAX": Rival(library="jax"),
}

NETWORKS = {
    "conv_relu5": Network(
        title="two VGG-M-2048, single frames",
        batch_size=8,
        shape=images,
        rivals=BASIC | PYTORCH,
    ),
    "conv3d_relu5_pool3d_plus": Network(
        title="two VGG-16, T = 5",
        batch_size=2,
        shape=lambda size: images(size, FRAMES),
        rivals=BASIC
        | {
            "one call per frame": Rival(form="frames"),
            "RematScope": Rival(form="remat layers"),
            "remat by block": Rival(form="remat blocks"),
            "JAX, remat by block": Rival(
                library="jax", form="remat blocks", against="JAX"
            ),
            "frozen": Rival(frozen=True),
            "frozen, bfloat16": Rival(
                frozen=True, policy="mixed_bfloat16", against="frozen"
            ),
            "PyTorch, frozen": Rival(
                library="pytorch", jit=False, frozen=True, against="frozen"
            ),
        }
        | PYTORCH,
    ),
    "conv3d_fusion": Network(
        title="the 3D fusion layer alone, T = 5, two maps of 512 channels",
        batch_size=2,
        shape=maps,
        rivals=BASIC
        | {
            "Conv3D": Rival(form="conv3d"),
            "Conv3D, XLA": Rival(form="conv3d", jit=True, against="Conv3D"),
            "Conv3D, JAX": Rival(
                form="conv3d", library="jax", against="Conv3D"
            ),
        }
        | PYTORCH,
    ),
}
QUICK = (OURS, "PyTorch, eager")

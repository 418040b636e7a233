"""What the checkpoints of TSN call their arrays -> torchvision's names."""

import re
from typing import NamedTuple

# What the layer that makes the logits is called from here on.
HEAD = "fc"
# Put in front of all names by `torch.nn.DataParallel`.
PARALLEL = "module."


class Layout(NamedTuple):
    """How a library calls the parts of a TSN.

    Attributes:
        body: Beginning of the names of the image network.
        heads: Names that the layer of the logits may have.
    """

    body: str
    heads: tuple[str, ...]


LAYOUTS = {
    # Without dropout the image network keeps its last layer.
    "tsn-pytorch": Layout("base_model.", ("new_fc", "base_model.fc")),
    "MMAction": Layout("backbone.", ("cls_head.fc_cls",)),
}
# MMAction2 has a convolution and its normalisation as one module; MMAction
# has the names of torchvision.
_MODULES = (
    (re.compile(r"conv(\d)\.conv\."), r"conv\1."),
    (re.compile(r"conv(\d)\.bn\."), r"bn\1."),
    (re.compile(r"downsample\.conv\."), "downsample.0."),
    (re.compile(r"downsample\.bn\."), "downsample.1."),
)


def renamed(tensors):
    """Returns the arrays of a checkpoint by torchvision's names.

    Args:
        tensors: Dict of name -> array. Names of `yjxiong/tsn-pytorch`,
            MMAction or MMAction2, with `module.` in front or without.

    Returns:
        Pair of the library, a name of `LAYOUTS`, and the dict. The layer of
        the logits is `fc` in it; names of other parts are as they were.

    Raises:
        ValueError: If no library has such names.
    """
    plain = {k.removeprefix(PARALLEL): v for k, v in tensors.items()}
    for library, layout in LAYOUTS.items():
        if any(name.startswith(layout.body) for name in plain):
            return library, {_name(k, layout): v for k, v in plain.items()}
    bodies = [layout.body for layout in LAYOUTS.values()]
    raise ValueError(
        f"the names of an image network must begin with one of {bodies}. "
        f"Found: {[*tensors][:4]}"
    )


def _name(name, layout):
    """Returns torchvision's name for one of a library."""
    for head in layout.heads:
        if name.startswith(f"{head}."):
            return HEAD + name.removeprefix(head)
    if not name.startswith(layout.body):
        return name
    name = name.removeprefix(layout.body)
    for pattern, replacement in _MODULES:
        name = pattern.sub(replacement, name)
    return name

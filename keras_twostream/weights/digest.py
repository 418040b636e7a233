"""Which numbers a network holds, as one short text."""

import hashlib

import keras


def weights_digest(model) -> str:
    """Returns the SHA-256 of a network's weights, by their paths.

    It is the same on every backend and whatever the network is compiled
    with; what layers keep for their next draw of chance is left out.

    Args:
        model: `keras.Model`.
    """
    digest = hashlib.sha256()
    for variable in sorted(model.weights, key=lambda v: v.path):
        values = keras.ops.convert_to_numpy(variable)
        digest.update(f"{variable.path} {values.dtype} {values.shape}".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()

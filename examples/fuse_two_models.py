"""Two trained image networks of anybody's, made one of two streams.

Run it: python examples/fuse_two_models.py
"""

import keras
import numpy as np

import keras_twostream

CLASSES, SIZE, FLOW_FIELDS = 5, (64, 64), 10

# Yours would be trained: one on frames, one on flow, whatever their backbones.
spatial = keras.applications.MobileNet(
    input_shape=(*SIZE, 3), alpha=0.25, weights=None, classes=CLASSES
)
temporal = keras.applications.MobileNet(
    input_tensor=keras.Input((*SIZE, 2 * FLOW_FIELDS)),
    alpha=0.25,
    weights=None,
    classes=CLASSES,
)

# Both are cut at this layer; the fused map goes on in the spatial network.
model = keras_twostream.fuse(
    spatial, temporal, at="conv_pw_11_relu", keep_temporal=True
)

rng = np.random.default_rng(0)
inputs = {
    "rgb": rng.uniform(-1, 1, (2, *SIZE, 3)).astype("float32"),
    "flow": rng.uniform(-1, 1, (2, *SIZE, 2 * FLOW_FIELDS)).astype("float32"),
}
print(f"{model.name}: {model.count_params():,} parameters")
for name, tensor in model.input.items():
    print(f"  input {name}: {tensor.shape}")
for name, scores in model.predict(inputs, verbose=0).items():
    print(f"  output {name}: {scores.shape}")

# How much of each stream goes into the fused maps, by weights and by values.
for kind, given in (("by its weights", None), ("as used", inputs)):
    balance = keras_twostream.stream_balance(model, given)
    for fusion, shares in balance.items():
        shown = ", ".join(f"{s} {share:.2f}" for s, share in shares.items())
        print(f"{fusion} {kind}: {shown}")

"""Networks with several losses, compiled and fitted like any other."""

import keras
import numpy as np
import pytest
from networks import inputs_for, tiny

from keras_twostream import layers
from keras_twostream.models.network import TwoStreamModel, answer

LABELS = np.array([0, 1, 2, 1])
LOSS = "sparse_categorical_crossentropy"


def compiled(name, loss=LOSS, **options):
    model = tiny(name, frames=3, **options)
    model.compile(
        optimizer=keras.optimizers.SGD(0.1), loss=loss, metrics=["accuracy"]
    )
    return model


def cross_entropy(scores, labels):
    return -np.log(np.take_along_axis(scores, labels[..., None], -1))[..., 0]


def evaluated(model, labels, **options):
    inputs = inputs_for(model, batch=4)
    outputs = {
        name: np.array(x) for name, x in model(inputs, training=False).items()
    }
    result = model.evaluate(
        inputs, labels, verbose=0, return_dict=True, **options
    )
    return outputs, result


def test_the_losses_of_both_towers_are_added():
    model = compiled("conv_relu5_pool3d_plus")
    outputs, result = evaluated(model, LABELS)
    expected = sum(
        cross_entropy(outputs[name], LABELS).mean()
        for name in ("spatiotemporal", "temporal")
    )
    np.testing.assert_allclose(result["loss"], expected, rtol=1e-4)
    right = outputs["scores"].argmax(-1) == LABELS
    np.testing.assert_allclose(result["accuracy"], right.mean())
    assert {"spatiotemporal_loss", "temporal_loss"} < {*result}


@pytest.mark.parametrize("one_hot", [False, True])
def test_every_step_has_a_loss_and_later_ones_weigh_more(one_hot):
    loss = "categorical_crossentropy" if one_hot else LOSS
    model = compiled("lstm", loss)
    labels = np.eye(5, dtype="float32")[LABELS] if one_hot else LABELS
    outputs, result = evaluated(model, labels)
    steps = outputs["steps"]
    assert steps.shape == (4, 3, 5)
    gains = layers.step_gains(3)
    each = cross_entropy(steps, np.repeat(LABELS[:, None], 3, axis=1))
    expected = (each * gains).sum() / (4 * gains.sum())
    np.testing.assert_allclose(result["loss"], expected, rtol=1e-4)
    mean = np.einsum("btc,t->bc", steps, gains) / gains.sum()
    np.testing.assert_allclose(outputs["scores"], mean, atol=1e-6)


def test_weights_of_samples_reach_every_loss():
    weights = np.array([1.0, 0, 0, 1.0], "float32")
    for name in ("conv_relu5_pool3d_plus", "lstm"):
        model = compiled(name)
        _, some = evaluated(model, LABELS, sample_weight=weights)
        inputs = inputs_for(model, batch=4)
        two = {k: x[[0, 3]] for k, x in inputs.items()}
        alone = model.evaluate(two, LABELS[[0, 3]], verbose=0, return_dict=True)
        np.testing.assert_allclose(some["loss"] * 2, alone["loss"], rtol=1e-4)


def test_losses_and_metrics_by_output_are_taken_as_they_are():
    model = tiny("conv_relu5_pool3d_plus", frames=3)
    model.compile(
        loss={"temporal": LOSS},
        metrics={"temporal": ["accuracy"], "scores": ["accuracy"]},
    )
    outputs, result = evaluated(model, LABELS)
    expected = cross_entropy(outputs["temporal"], LABELS).mean()
    np.testing.assert_allclose(result["loss"], expected, rtol=1e-4)
    assert {"temporal_accuracy", "scores_accuracy"} < {*result}


@pytest.mark.parametrize("name", ["conv_relu5_pool3d_plus", "lstm"])
def test_fitting_moves_both_towers(name):
    model = compiled(name)
    before = [v.numpy().copy() for v in model.trainable_variables]
    inputs = inputs_for(model, batch=4)
    history = model.fit(
        inputs, LABELS, validation_data=(inputs, LABELS), verbose=0
    ).history
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= {*history}
    for old, v in zip(before, model.trainable_variables, strict=True):
        assert np.abs(v.numpy() - old).max() > 0, v.path


def test_a_compiled_network_comes_back(tmp_path):
    model = compiled("conv_relu5_pool3d_plus")
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(again, TwoStreamModel)
    _, first = evaluated(model, LABELS)
    _, second = evaluated(again, LABELS)
    assert first == pytest.approx(second)
    predicted = answer(again.predict(inputs_for(again), verbose=0))
    assert predicted.shape == (2, 5)

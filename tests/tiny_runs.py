"""A training that takes seconds, for tests of what surrounds it."""

from keras_twostream import training
from keras_twostream.data.crop import CropSpec
from keras_twostream.flow.spec import FlowSpec

RECIPE = training.Recipe(
    backbone="vgg_tiny",
    batch_size=4,
    epochs=2,
    image_size=(32, 32),
    flow_frames=2,
    validation_split=0.34,
    flow=FlowSpec(short_side=32, algorithm="dis_ultrafast"),
    crop=CropSpec(flip=False),
)

"""Networks as graphs alone: shapes and names, but no values."""

import contextlib

import keras
from keras.src.backend.common import global_state

# Where Keras keeps variables whose values are still to be made.
WAITING = "uninitialized_variables"


@contextlib.contextmanager
def shapes_only():
    """Builds networks without the values of their variables.

    That takes a tenth of the time and no memory. Keras remembers variables of
    such a scope and would make their values at the next occasion, for nobody:
    here they are forgotten. It has no public function for that.
    """
    waiting = [*(global_state.get_global_attribute(WAITING) or ())]
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        global_state.set_global_attribute(WAITING, waiting)

"""Lets `python -m keras_twostream.cli` do what `keras-twostream` does."""

import sys

from keras_twostream.cli import main

sys.exit(main())

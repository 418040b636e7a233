"""`keras-twostream`: words on the command line -> calls of the package."""

import argparse
import os
import sys

from keras_twostream import __version__
from keras_twostream.cli import (
    comparing,
    demo,
    doctor,
    evaluating,
    models,
    preparing,
    searching,
    sweeping,
    training,
    zoo,
)

GROUPS = (
    *(demo, preparing, doctor, training, searching),
    *(evaluating, sweeping, comparing, models, zoo),
)


def parser():
    """Returns the parser of all verbs."""
    top = argparse.ArgumentParser(
        prog="keras-twostream",
        description="Two-stream (RGB and optical flow) action recognition.",
    )
    top.add_argument("--version", action="version", version=__version__)
    verbs = top.add_subparsers(required=True, metavar="VERB")
    for group in GROUPS:
        for name, (run, add_arguments) in group.VERBS.items():
            verb = verbs.add_parser(
                name,
                help=run.__doc__,
                description=run.__doc__,
                formatter_class=_Defaults,
            )
            verb.set_defaults(call=run)
            add_arguments(verb)
    return top


class _Defaults(argparse.ArgumentDefaultsHelpFormatter):
    """Tells the defaults of options that have one."""

    def _get_help_string(self, action):
        if action.default is None or action.default is False:
            return action.help
        return super()._get_help_string(action)


def main(argv=None):
    """Runs the verb that `argv` names and returns the exit status.

    Returns:
        0; 1 if what was to be verified is wrong, or clips had
        to be left out; 2 if an argument, file or folder cannot be used or a
        package is missing; 130 after Ctrl-C.
    """
    options = vars(parser().parse_args(argv))
    call = options.pop("call")
    # TensorFlow tells of every CPU feature it might use.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        return call(**options) or 0
    except (ValueError, OSError, ImportError) as error:
        print(f"keras-twostream: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("keras-twostream: stopped", file=sys.stderr)
        return 130

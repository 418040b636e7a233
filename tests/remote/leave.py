"""Runs pytest and leaves with its status, whatever libraries do at exit.

tensorflow-io has read S3 in a process that ends: it aborts ("pure virtual
method called"), and the true status is lost.
"""

import os
import sys

import pytest

status = pytest.main(sys.argv[1:])
sys.stdout.flush()
sys.stderr.flush()
os._exit(status)

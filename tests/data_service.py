"""A worker of a `tf.data` service, as a process of its own.

A script: data_service.py DISPATCHER, the address of the dispatcher.
"""

import sys

import tensorflow as tf

if __name__ == "__main__":
    service = tf.data.experimental.service
    worker = service.WorkerServer(
        service.WorkerConfig(
            dispatcher_address=sys.argv[1], heartbeat_interval_ms=100
        )
    )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    worker.join()

"""Settings of the process that have to be made before Keras starts."""

import os


def pool_cpu_memory():
    """Makes TensorFlow keep the memory of tensors on the CPU for reuse.

    By default it returns every large tensor to the system, which then clears
    the pages anew for the next one: a fifth of the time of a VGG-M step
    (benchmarks/model_speed.py). A setting that the user made is left alone.
    """
    os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")
    if hasattr(os, "sysconf"):
        # The pool's own limit would be 64 GiB, whatever the machine has.
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        os.environ.setdefault("TF_CPU_BFC_MEM_LIMIT_IN_MB", str(pages >> 20))

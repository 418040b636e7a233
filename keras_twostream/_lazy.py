"""Imports that wait until they are needed."""

import importlib
import importlib.abc
import importlib.util
import sys


def lazy_exports(package, exports, modules=()):
    """Returns `__getattr__`, `__dir__` and `__all__` for a package.

    Args:
        package: The package's `__name__`.
        exports: Dict of public name -> module that defines it.
        modules: Names of sub-modules that are public too.
    """
    names = sorted({*exports, *modules})

    def get(name):
        if name in exports:
            return getattr(importlib.import_module(exports[name]), name)
        if name in modules:
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get, lambda: names, names


def when_imported(trigger, module):
    """Imports `module` right after `trigger`, or now if that is imported.

    Keras finds custom classes only once they are registered, which happens
    when our layers are imported; importing them from here would cost every
    `--help` and every decoding worker the seconds that Keras takes.
    """
    if trigger in sys.modules:
        importlib.import_module(module)
    else:
        sys.meta_path.insert(0, _AfterImport(trigger, module))


class _AfterImport(importlib.abc.MetaPathFinder):
    """Steps aside at the first import of `trigger`, then imports `module`."""

    def __init__(self, trigger, module):
        self.trigger, self.module = trigger, module

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.trigger:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_both(module):
            execute(module)
            importlib.import_module(self.module)

        vars(spec.loader)["exec_module"] = execute_both
        return spec

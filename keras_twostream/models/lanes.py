"""Which tower of a network the calls of its layers belong to."""

from keras_twostream.layers import StreamMask
from keras_twostream.models.subset import nodes_of


class Lanes:
    """The calls of layers in a network, tower by tower.

    A layer that takes maps of several towers belongs to the first of them;
    if it gives as many back, each of these stays in its tower.

    Args:
        model: Functional `keras.Model`.
        inputs: Input tensor of each tower.

    Attributes:
        nodes: Calls of layers, inputs before results, but for those that ask
            a stream for nothing but the number of samples.
        of: Id of tensor -> number of its tower.
        needed: Ids of nodes on whose result alone all depends that comes
            after it in its tower.
        shared: Ids of tensors that another tower takes.
    """

    def __init__(self, model, inputs):
        self.nodes = [
            node
            for node in nodes_of(model)
            if not isinstance(node.operation, StreamMask)
        ]
        self.of = {id(x): number for number, x in enumerate(inputs)}
        towers: dict[int, list] = {}
        for node in self.nodes:
            for x, source in pairs(node):
                self.of[id(x)] = self.of[id(source)]
            towers.setdefault(self.lane(node), []).append(node)
        self.needed = {
            id(node) for tower in towers.values() for node in _cuts(tower)
        }
        self.shared = {
            id(x)
            for node in self.nodes
            for x in node.input_tensors
            if self.of.get(id(x)) != self.lane(node)
        }

    def lane(self, node):
        """Returns the number of the tower that a node belongs to."""
        return self.of[id(node.outputs[0])]


def pairs(node):
    """Yields every result of a node with the tensor that it is made of."""
    sources, results = node.input_tensors, node.outputs
    for number, x in enumerate(results if sources else ()):
        several = len(results) > 1 and number < len(sources)
        yield x, sources[number if several else 0]


def _cuts(tower):
    """Yields the nodes of a tower on which all later ones depend."""
    reader = {
        id(x): index
        for index, node in enumerate(tower)
        for x in node.input_tensors
    }
    last = -1
    for index, node in enumerate(tower):
        if last <= index:
            yield node
        last = max(last, *(reader.get(id(x), index) for x in node.outputs))

"""The twins of our networks as timed steps."""

import itertools
import os

import torch
from torch import nn
from torch_twin import TWINS


def steps(name, rival, shape, batch):
    """Returns functions of one inference and one training step, and facts."""
    torch.set_num_threads(os.cpu_count())
    model = _in_memory_order(TWINS[name](size=shape["rgb"][-2]))
    if rival.frozen:
        towers = [model.rgb.parameters(), model.flow.parameters()]
        for parameter in itertools.chain(*towers):
            parameter.requires_grad_(False)
    rgb, flow, labels = map(torch.from_numpy, batch)
    labels = labels.long()
    learnt = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(learnt, 1e-4, momentum=0.9)
    network = torch.compile(model) if rival.jit else model

    def infer():
        model.eval()
        with torch.inference_mode():
            logits = network(rgb, flow)
            return torch.softmax(sum(logits) / len(logits), -1).numpy()

    def train():
        model.train()
        optimizer.zero_grad()
        losses = (
            nn.functional.cross_entropy(logits, labels)
            for logits in network(rgb, flow)
        )
        loss = sum(losses)
        loss.backward()
        optimizer.step()
        return loss.item()

    parameters = sum(p.numel() for p in model.parameters())
    return {"inference": infer, "training": train}, {"parameters": parameters}


def _in_memory_order(model):
    """Returns the network with the kernels in the order that suits CPUs."""
    orders = {
        nn.Conv2d: torch.channels_last,
        nn.Conv3d: torch.channels_last_3d,
    }
    for module in model.modules():
        if type(module) in orders:
            module.to(memory_format=orders[type(module)])
    return model


def product(cube):
    """Returns a function of a large float32 product."""
    a = torch.ones(cube, cube)
    return lambda: a @ a

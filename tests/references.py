"""What layers compute, written a second time in plain NumPy."""

import itertools

import numpy as np


def conv3d(x, kernel, bias):
    """Correlates a zero-padded clip with a 3x3x3 kernel, cell by cell."""
    _, time, height, width, _ = x.shape
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (1, 1), (0, 0)])
    result = np.zeros((*x.shape[:-1], kernel.shape[-1])) + bias
    for t, i, j in itertools.product(range(3), repeat=3):
        window = padded[:, t : t + time, i : i + height, j : j + width]
        result += window @ kernel[t, i, j]
    return result


def bilinear(a, b, epsilon):
    """Sums outer products place by place and normalises them (eq. 5)."""
    a, b = (x.reshape(len(x), -1, x.shape[-1]) for x in (a, b))
    rows = []
    for left, right in zip(a, b, strict=True):
        product = sum(map(np.outer, left, right)).ravel()
        rows.append(np.sign(product) * np.sqrt(np.abs(product) + epsilon))
    rows = np.stack(rows)
    return rows / np.sqrt((rows**2).sum(axis=1, keepdims=True) + epsilon)


def local_response(x, size=5, kappa=2.0, alpha=1e-4, beta=0.75):
    """Normalises each channel by the energy of its neighbours."""
    result = np.empty_like(x)
    for channel in range(x.shape[-1]):
        first = max(channel - size // 2, 0)
        near = x[..., first : channel + size // 2 + 1]
        energy = kappa + alpha * (near**2).sum(axis=-1)
        result[..., channel] = x[..., channel] / energy**beta
    return result


def ceil_max_pool(x, size, step):
    """Takes the maximum of every window that begins inside the map."""

    def starts(length):
        return [
            start
            for start in range(0, length, step)
            if start == 0 or start - step + size < length
        ]

    return np.stack(
        [
            np.stack(
                [
                    x[:, i : i + size, j : j + size].max(axis=(1, 2))
                    for j in starts(x.shape[2])
                ],
                axis=1,
            )
            for i in starts(x.shape[1])
        ],
        axis=1,
    )
